import { expect, it } from 'vitest'
import type { LogEntry } from '#engine/flow.ts'
import { loggedBatch } from '#engine/lines/fixture-line.ts'
import { potlineDefinition } from '#engine/lines/potline.ts'
import { runEntries } from '#engine/lines/rewind-fixture.ts'
import { CHAOS_LINES, seriesOf } from './lines.ts'
import { POTLINE } from './potline.ts'
import { chaosBatch, impossibleRows, streamBase_ms } from './readings.ts'

/** Advice begins after an hour. */
const BATCHES = 1000
const SEED = 5
const plan = CHAOS_LINES.find(({ kind }) => kind === 'potline')!.producers[0]!
const batchAt = (sequence: number) =>
  chaosBatch(SEED, plan, sequence, streamBase_ms(plan, sequence))

it('gives the same readings again, of which few are impossible', () => {
  let count = 0
  let impossible = 0
  for (let sequence = 1; sequence <= 100; sequence++) {
    const batch = batchAt(sequence)
    expect(batchAt(sequence)).toEqual(batch)
    count += batch.count
    impossible += impossibleRows(plan, batch)
  }
  expect(count).toBeGreaterThan(6000)
  expect(impossible).toBeGreaterThan(0)
  expect(impossible).toBeLessThan(count / 200)
})

it('gives a potline anode effects and broken gauges, alarms that come and go, advice, and a past that changes', async () => {
  const definition = potlineDefinition({
    ...{ tenant: 't', line: 'pots', cells: POTLINE.cells, feeders: POTLINE.feeders },
    ...{ clock: 'stream', origin: 'synthetic' },
  })
  const series = seriesOf(plan)
  const entries: LogEntry[] = Array.from({ length: BATCHES }, (_, i) =>
    loggedBatch(i + 1, { series: i === 0 ? series : [], ...batchAt(i + 1) }),
  )
  const { events, rewinds } = await runEntries(definition, entries)
  const alarms = events.flatMap(one => (one.channel === 'alarm' ? [one.body] : []))
  expect(rewinds).toBeGreaterThan(5)
  expect(alarms.map(({ kind }) => kind)).toContain('voltage-sensor-stuck')
  expect(events.some(({ channel }) => channel === 'advice')).toBe(true)
  expect(alarms.some(({ kind, active }) => kind === 'anode-effect' && active)).toBe(true)
  expect(alarms.some(({ kind, active }) => kind === 'anode-effect' && !active)).toBe(true)
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
})
