import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import type { LineDefinition, LineFrame, TwinFrame } from '../../flow.ts'
import { checkDetector } from '../contract.ts'
import type { Finding } from '../finding.ts'
import { stateReader, stateWriter } from '../state.ts'
import { dynamicWay } from './detector.ts'
import { kindDetector } from './kind-detector.ts'
import { kindPlan } from './kind-plan.ts'

const NAMES = ['flow', 'pressure', 'valve', 'speed']
const definition = (cells: number): LineDefinition => ({
  ...{ tenant: 't', line: 'l', kind: 'generic', clock: 'stream', origin: 'synthetic' },
  ...{ tick_ms: 1000, tags: [], cells: Array.from({ length: cells }, (_, i) => `a${i}`) },
})

/** Each asset's flow wanders; pressure and speed follow it; the valve stands still. */
function plant(seed: number, cells: number) {
  const random = seededRandom(seed)
  const flow = new Float64Array(cells)
  const level = Float64Array.from({ length: cells }, () => 100 * random.normal())
  const observed = new Float64Array(NAMES.length * cells)
  return {
    observed,
    /** `broken`: the asset whose pressure goes the other way. */
    next(broken = -1) {
      for (let a = 0; a < cells; a++) {
        const before = flow[a]!
        flow[a] = 0.9 * before + 0.4 * random.normal()
        const tie = a === broken ? -1 : 1
        observed[a] = level[a]! + flow[a]!
        observed[cells + a] = 5 * level[a]! + tie * 3 * before + 0.3 * random.normal()
        observed[2 * cells + a] = 7
        observed[3 * cells + a] = 2 * before + flow[a]! + 0.2 * random.normal()
      }
      return observed
    },
  }
}

function watch(cells: number, seed = 1, events_per_line_day = 1) {
  const make = () => kindDetector(definition(cells), NAMES, { events_per_line_day })
  const source = plant(seed, cells)
  const found: Finding[] = []
  const frozen = new Uint8Array(cells)
  const masked = new Uint8Array(cells)
  let detector = make()
  let time_ms = 0
  const take = (observed: Float64Array) => {
    time_ms += 1000
    const twin = { time_ms, observed, masked } as unknown as TwinFrame
    detector.tick({ time_ms } as LineFrame, twin, frozen, finding => found.push(finding))
  }
  const bytes = () => {
    const out = stateWriter()
    detector.save(out)
    return out.bytes()
  }
  return {
    ...{ found, frozen, take, bytes, source },
    run(ticks: number, change?: (observed: Float64Array) => void, broken = -1) {
      for (let i = 0; i < ticks; i++) {
        const observed = source.next(broken)
        change?.(observed)
        take(observed)
      }
    },
    scores: () => detector.scores,
    begun: () => found.filter(({ active }) => active),
    restore(from = bytes()) {
      detector = make()
      detector.load(stateReader(from))
    },
  }
}

describe('models of many assets', () => {
  it('are those of every line but a potline, whatever its size', () => {
    for (const cells of [1, 15, 10_000]) expect(dynamicWay(definition(cells), 64)).toBe('kind')
    expect(dynamicWay(definition(1), 65)).toBe('none')
    expect(dynamicWay({ ...definition(100), kind: 'potline' }, 3)).toBe('asset')
  })

  it('look back fewer rows on larger lines, and let fewer teach at a time with many signals', () => {
    expect(kindPlan(30, 10, 1000)).toMatchObject({ lags: 3, desks: 17 })
    expect(kindPlan(64, 10, 1000)).toMatchObject({ lags: 2, desks: 39 })
    expect(kindPlan(1000, 10, 1000)).toMatchObject({ lags: 1, desks: 64 })
    expect(kindPlan(1000, 64, 1000)).toMatchObject({ lags: 1, desks: 3 })
  })

  it.each([
    { cells: 100, most: 1500 },
    { cells: 1000, most: 700 },
  ])('take less than $most bytes of each of $cells assets of ten signals', ({ cells, most }) => {
    const names = Array.from({ length: 10 }, (_, c) => `s${c}`)
    const out = stateWriter()
    kindDetector(definition(cells), names, { events_per_line_day: 1 }).save(out)
    expect(out.bytes().length / cells).toBeLessThan(most)
  })

  it('score every asset after 400 ticks and tell nothing of quiet running', () => {
    const rig = watch(40)
    rig.run(400)
    expect(rig.scores().every(score => score > 0 && score < 0.5)).toBe(true)
    rig.run(2000)
    expect(rig.scores().every(score => score > 0)).toBe(true)
    expect(rig.found).toEqual([])
  })

  it('find a broken tie that no single signal shows, name a signal of it, and end', () => {
    const rig = watch(40, 2)
    rig.run(1500)
    rig.run(150, undefined, 17)
    const [first, ...others] = rig.begun()
    expect(first).toMatchObject({ kind: 'unusual-dynamics', cell: 17, detector: 'dynamic' })
    expect(['flow', 'pressure', 'speed']).toContain(first!.causes[0]!.text)
    expect(first!.text).toBe(
      `signals move together otherwise than usual, mostly ${first!.causes[0]!.text}`,
    )
    expect(others).toEqual([])
    rig.run(300)
    expect(rig.found.map(({ cell, active }) => [cell, active])).toEqual([
      [17, true],
      [17, false],
    ])
  })

  it.each([1, 6, 20])('follow a slow drift of each of %i assets without a word', cells => {
    const rig = watch(cells, 3)
    let tick = 0
    rig.run(4000, observed => {
      tick++
      for (let i = 0; i < observed.length; i++) observed[i]! += 4 * Math.sin(tick / 900 + i)
    })
    expect(rig.found).toEqual([])
  })

  it('are one event of the line when many assets change together', () => {
    const rig = watch(20, 4)
    rig.run(1500)
    rig.run(60, observed => {
      for (let a = 0; a < 20; a++) observed[20 + a]! += a % 2 === 0 ? 30 : -30
    })
    const begun = rig.begun()
    expect(begun.length).toBeLessThanOrEqual(4)
    expect(begun.at(-1)).toMatchObject({ cell: -1 })
  })

  it('learn nothing of an asset with another alarm, and begin no event there', () => {
    const rig = watch(20, 5)
    rig.run(1500)
    rig.frozen[3] = 1
    rig.run(900, observed => {
      observed[20 + 3]! += 25
    })
    rig.frozen[3] = 0
    // Had it learnt the shift, normal running would stand out now.
    rig.run(300)
    expect(rig.found).toEqual([])
  })

  it('are the same whatever restarts lie in between, bit for bit', () => {
    const whole = watch(20, 6, 200)
    const second = watch(20, 6, 200)
    for (let i = 0; i < 1800; i++) {
      const observed = whole.source.next(i % 600 > 560 ? 4 : -1)
      if (i % 90 === 0) observed[7] = Number.NaN
      for (const rig of [whole, second]) {
        rig.frozen[2] = Number(i % 400 < 30)
        rig.take(observed)
      }
      if (i % 211 === 0) second.restore()
    }
    expect(whole.begun().length).toBeGreaterThan(0)
    expect(second.found).toEqual(whole.found)
    expect(second.bytes()).toEqual(whole.bytes())
  })
})

const CELLS = 16
const normal = () => {
  const source = plant(7, CELLS)
  return Array.from({ length: 900 }, () => source.next().slice())
}

checkDetector<Float64Array>({
  name: 'dynamic, many assets',
  create() {
    const rig = watch(CELLS)
    return {
      // As text, because the number of bytes grows.
      save: out => out.text(Buffer.from(rig.bytes()).toString('base64')),
      load: from => rig.restore(new Uint8Array(Buffer.from(from.text(), 'base64'))),
      take: rig.take,
      scores: rig.scores,
      begun: () => rig.begun().length,
    }
  },
  normal: normal(),
  missing: Array.from({ length: 60 }, () =>
    new Float64Array(NAMES.length * CELLS).fill(Number.NaN),
  ),
})
