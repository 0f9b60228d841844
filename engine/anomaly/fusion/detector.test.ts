import { describe, expect, it } from 'vitest'
import { checkDetector } from '../contract.ts'
import { fusionRig, genericLine, noise } from './fixture.ts'
import { fusionPlan } from './plan.ts'

/** Ticks until such a small line has learnt and its level stands. */
const LEARNT = 7000

const kept = new Map<string, Uint8Array>()

/** What a detector of such a line holds once it has learnt; each size of line learns once. */
function learntBytes(cells: number, channels: number): Uint8Array {
  const size = `${cells} ${channels}`
  let bytes = kept.get(size)
  if (!bytes) {
    const rig = fusionRig(cells, channels)
    const fill = noise(3)
    for (let i = 0; i < LEARNT; i++) {
      fill(rig.residual)
      rig.tick()
    }
    expect(rig.found).toEqual([])
    bytes = rig.bytes()
    kept.set(size, bytes)
  }
  return bytes
}

/** A rig that has seen quiet running. */
function learnt(cells = 3, channels = 2) {
  const rig = fusionRig(cells, channels)
  rig.restore(learntBytes(cells, channels), LEARNT)
  const fill = noise(5)
  const run = (ticks: number, change?: (residual: Float64Array) => void) => {
    for (let i = 0; i < ticks; i++) {
      fill(rig.residual)
      change?.(rig.residual)
      rig.tick()
    }
  }
  return { rig, run }
}

describe('the fused score', () => {
  it('says nothing before its level stands, then shows each stream and itself', () => {
    const rig = fusionRig(2, 2)
    const fill = noise(1)
    for (let i = 0; i < 2000; i++) {
      fill(rig.residual)
      rig.residual[0]! += i > 1000 ? 20 : 0
      rig.tick()
    }
    expect(rig.found).toEqual([])
    expect(rig.scores().map(({ name }) => name)).toEqual([
      ...['nis-seconds', 'nis-minutes', 'cusum', 'cva-residual', 'cva-state', 'fused'],
    ])
    expect(rig.scores().every(({ values }) => values.every(value => value === 0))).toBe(true)
  })

  it('finds a lasting shift of one signal, names it and says that it is alone', () => {
    const { rig, run } = learnt()
    run(200, residual => {
      residual[1 * 3 + 2]! += 2
    })
    const [first] = rig.found
    expect(first).toMatchObject({ kind: 'unusual-running', cell: 2, active: true })
    expect(first!.causes[0]!.text).toContain('tag 2')
    expect(first!.dispersion).toBeLessThan(0.5)
    expect(first!.text).toContain('unlike its normal running: tag 2')
    expect(rig.scores().at(-1)!.values[2]).toBeGreaterThan(0.5)
    expect(rig.found).toHaveLength(1)
  })

  it.each([
    { change: 'of every signal', from: 0, to: 4, least: 0.35, most: 1 },
    { change: 'of one signal', from: 1, to: 2, least: 0, most: 0.25 },
  ])('says how evenly a change $change comes from all', ({ from, to, least, most }) => {
    const { rig, run } = learnt(3, 4)
    run(60, residual => {
      for (let c = from; c < to; c++) residual[c * 3]! *= 4
    })
    const event = rig.found.at(-1)!
    expect(event).toMatchObject({ cell: 0, active: true })
    expect(event.dispersion).toBeGreaterThanOrEqual(least)
    expect(event.dispersion).toBeLessThanOrEqual(most)
  })

  it('ends the event once the cell has been normal for a while', () => {
    const { rig, run } = learnt()
    run(100, residual => {
      residual[0]! += 3
    })
    run(400)
    expect(rig.found.map(({ cell, active }) => [cell, active])).toEqual([
      [0, true],
      [0, false],
    ])
  })

  it('takes what lasts without an alarm for the new normal', () => {
    const { rig, run } = learnt()
    const shifted = (residual: Float64Array) => {
      residual[0]! += 3
    }
    run(3900, shifted)
    expect(rig.found.map(({ active }) => active)).toEqual([true, false])
    run(3000, shifted)
    expect(rig.found).toHaveLength(2)
  })

  it('is one event of the line when many cells change together', () => {
    const { rig, run } = learnt(12, 2)
    run(120, residual => {
      for (let i = 0; i < residual.length; i++) residual[i]! += 3
    })
    const began = rig.found.filter(({ active }) => active)
    expect(began.length).toBeLessThanOrEqual(4)
    expect(began.at(-1)).toMatchObject({ cell: -1 })
    expect(began.at(-1)!.text).toContain('places at once')
  })

  it('begins no event and learns nothing of a cell that has an alarm', () => {
    const { rig, run } = learnt()
    const other = learnt()
    rig.frozen[0] = 1
    run(1500, residual => {
      residual[0]! += 4
    })
    expect(rig.found).toEqual([])
    rig.frozen[0] = 0
    // Had it learnt the shift, normal running would stand out now.
    run(600)
    other.run(2100)
    expect(rig.found).toEqual([])
    run(60, residual => {
      residual[0]! += 4
    })
    expect(rig.found.map(({ cell }) => cell)).toEqual([0])
  })

  it('is silent on cells that are masked or not trusted', () => {
    const { rig, run } = learnt()
    rig.masked[0] = 1
    rig.trusted[1] = 0
    run(300, residual => {
      residual[0]! += 9
      residual[1]! += 9
    })
    expect(rig.found).toEqual([])
  })

  it('is the same whatever restarts lie in between, bit for bit', () => {
    const whole = fusionRig(3, 2, { events_per_line_day: 100 })
    const second = fusionRig(3, 2, { events_per_line_day: 100 })
    const fill = noise(8)
    for (let i = 0; i < 6000; i++) {
      fill(whole.residual)
      if (i % 1500 > 1400) whole.residual[4]! += 3
      second.residual.set(whole.residual)
      for (const rig of [whole, second]) {
        rig.frozen[1] = Number(i % 900 < 40)
        rig.masked[2] = Number(i % 700 < 12)
        rig.tick()
      }
      if (i % 611 === 0) second.restore()
    }
    expect(whole.found.length).toBeGreaterThan(0)
    expect(second.found).toEqual(whole.found)
    expect(second.scores()).toEqual(whole.scores())
    expect(second.bytes()).toEqual(whole.bytes())
  })
})

describe('the plan of a line', () => {
  it('lets large lines take turns, so that a tick has a bounded price', () => {
    const plan = (cells: number, tags: number) =>
      fusionPlan(genericLine(cells, tags).definition, tags)
    expect(plan(1000, 10)).toMatchObject({ every: 1, lags: 2 })
    expect(plan(3000, 10)).toMatchObject({ every: 3, lags: 2 })
    expect(plan(1, 52)).toMatchObject({ every: 1, lags: 1 })
    expect(plan(1, 100)).toMatchObject({ lags: 0 })
  })
})

const fill = noise(4)
checkDetector<Float64Array>({
  name: 'fused',
  create() {
    const rig = fusionRig(2, 2, { events_per_line_day: 1 })
    return {
      // As text, because the number of bytes grows.
      save: out => out.text(Buffer.from(rig.bytes()).toString('base64')),
      load: from => rig.restore(new Uint8Array(Buffer.from(from.text(), 'base64'))),
      take(residual) {
        rig.residual.set(residual)
        rig.tick()
      },
      scores: () => rig.scores().flatMap(({ values }) => [...values]),
      begun: () => rig.found.length,
    }
  },
  normal: Array.from({ length: LEARNT }, () => {
    const row = new Float64Array(4)
    fill(row)
    return row
  }),
  missing: Array.from({ length: 100 }, () => new Float64Array(4).fill(Number.NaN)),
})
