import { expect, test } from 'vitest'
import { foldBuilder } from '../../folding.ts'
import { openShelf } from '../../training/shelf.ts'
import { runLine } from './line.ts'
import { drawFaults, FAULTED_LINE } from './plan.ts'
import { potlineReport } from './report.ts'
import { potlineResult } from './result.ts'
import { processRisk } from './risk.ts'
import { truthOf } from './truth.ts'

test('a seed draws its faults: one a cell, sudden and local effects a third of all', () => {
  const faults = drawFaults(7)
  expect(drawFaults(7)).toEqual(faults)
  expect(drawFaults(8)).not.toEqual(faults)
  const cells = faults.filter(({ kind }) => kind !== 'line-dip').map(({ cell }) => cell)
  expect(new Set(cells).size).toBe(cells.length)
  expect(cells.length).toBeLessThanOrEqual(FAULTED_LINE.cells / 2)
  const count = (...kinds: string[]) => faults.filter(({ kind }) => kinds.includes(kind)).length
  const sudden = count('sudden-effect', 'local-effect')
  expect(sudden / (sudden + count('depletion'))).toBeGreaterThan(0.3)
  for (const { start_s, duration_s } of faults) {
    expect(start_s + duration_s).toBeLessThanOrEqual(FAULTED_LINE.hours * 3600)
  }
})

test('a small line runs through the product and is scored', async () => {
  const shelf = await openShelf('no such registry', () => {})
  const faults = [
    { kind: 'stuck-voltage', start_s: 900, duration_s: 600, cell: 1, feeder: 1, magnitude: 0 },
    { kind: 'sudden-effect', start_s: 1000, duration_s: 300, cell: 2, feeder: 1, magnitude: 30 },
  ] as const
  const watched = runLine({
    ...{ seed: 5, cells: 3, hours: 0.5, faults },
    ...{ buildFold: foldBuilder(shelf), buildRisk: processRisk },
  })
  expect(watched.seconds).toBeGreaterThan(1790)
  expect(watched.minutes).toBe(30)
  expect(watched.effects.map(({ cell }) => cell)).toEqual([2])
  expect(watched.effects[0]!.time_s).toBeGreaterThan(1000)
  expect(watched.effects[0]!.time_s).toBeLessThan(1030)
  const result = potlineResult([{ ...watched, faults: truthOf(faults) }], [])
  expect(result.kinds['stuck-voltage']).toMatchObject({ count: 1, recall: 1, right_at_first: 1 })
  expect(result.kinds['sudden-effect']).toMatchObject({ count: 1, recall: 1, right_at_first: 1 })
  expect(result.effects['without precursor']).toMatchObject({ count: 1, foretold: 0 })
  expect(result.false_faulted.alarms).toBe(0)
  expect(result.false_quiet).toBe(null)
  const text = potlineReport(result)
  expect(text).toContain('simulated')
  expect(text).toMatch(/stuck-voltage +1 +100/)
}, 60_000)
