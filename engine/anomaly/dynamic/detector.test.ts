import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import type { Channel, LineDefinition, LineFrame, TwinFrame } from '../../flow.ts'
import { checkDetector } from '../contract.ts'
import type { Finding } from '../finding.ts'
import { dynamicDetector } from './detector.ts'
import { blockThreshold } from './fit.ts'

const display = { unit: '1', scale: 1, offset: 0, digits: 1 }
const channel = (name: string): Channel => ({
  ...{ name, tag: name, unit: '1', text: name, low: -100, high: 100, display },
})
const channels = ['flow', 'pressure', 'frozen', 'absent'].map(channel)
const line = (cells: number): LineDefinition => ({
  ...{ tenant: 't', line: 'rig', kind: 'generic', clock: 'stream', origin: 'synthetic' },
  ...{ tick_ms: 1000, tags: [], cells: Array.from({ length: cells }, (_, i) => `a${i}`) },
})

/** Flow wanders; pressure follows it one tick later, until the fault breaks the tie. */
function rows(seed: number, count: number, faultFrom = Infinity): Float64Array[] {
  const random = seededRandom(seed)
  let flow = 0
  return Array.from({ length: count }, (_, i) => {
    const before = flow
    flow = 0.95 * flow + 0.3 * random.normal()
    const pressure = (i >= faultFrom ? -before : before) + 0.1 * random.normal()
    return Float64Array.of(flow, pressure, 7, Number.NaN)
  })
}

const twinFrame = (time_ms: number, observed: Float64Array): TwinFrame =>
  ({ tick: time_ms / 1000, time_ms, observed, masked: [0], trusted: [1] }) as unknown as TwinFrame

function watch() {
  const found: Finding[] = []
  const detector = dynamicDetector(line(1), { fields: [], channels })
  let time_ms = 0
  return {
    found,
    detector,
    take(row: Float64Array) {
      time_ms += 1000
      const frame = { time_ms } as LineFrame
      detector.tick(frame, twinFrame(time_ms, row), new Uint8Array(1), finding =>
        found.push(finding),
      )
    },
  }
}

describe('dynamic detector', () => {
  it('is silent on normal running of a single asset', () => {
    const { take, found, detector } = watch()
    for (const row of rows(1, 4000)) take(row)
    expect(found).toEqual([])
    expect(detector.scores[0]).toBeGreaterThan(0)
  })

  it('finds a broken tie that no single signal shows, and names a signal of it', () => {
    const { take, found } = watch()
    for (const row of rows(2, 2400, 2000)) take(row)
    const begun = found.filter(({ active }) => active)
    expect(begun[0]!.kind).toBe('unusual-dynamics')
    expect(begun[0]!.time_ms).toBeGreaterThan(2_000_000)
    expect(begun[0]!.time_ms).toBeLessThan(2_060_000)
    expect(['flow', 'pressure']).toContain(begun[0]!.causes[0]!.text)
  })

  it('scores a prefix as it scores the whole', () => {
    const whole = watch()
    const prefix = watch()
    const data = rows(3, 1200)
    const scores: number[] = []
    for (const row of data) {
      whole.take(row)
      scores.push(whole.detector.scores[0]!)
    }
    for (const row of data.slice(0, 1100)) prefix.take(row)
    expect(scores[1099]).toBeGreaterThan(0)
    expect(prefix.detector.scores[0]).toBe(scores[1099])
  })

  it('gives no score where assets have too many signals', () => {
    const many = Array.from({ length: 65 }, (_, c) => channel(`s${c}`))
    const detector = dynamicDetector(line(200), { fields: [], channels: many })
    const observed = new Float64Array(200 * many.length)
    const frame = { time_ms: 1000 } as LineFrame
    detector.tick(frame, twinFrame(1000, observed), new Uint8Array(200), () => {})
    expect(detector.scores.every(score => score === 0)).toBe(true)
  })
})

describe('dynamic detector under slow drift', () => {
  const ASSETS = 6
  const SIGNALS = 4
  const signals = Array.from({ length: SIGNALS }, (_, c) => channel(`s${c}`))

  /** Events of noise with memory whose middle wanders, in ticks of a second. */
  const eventsIn = (ticks: number, seed: number) => {
    const random = seededRandom(seed)
    const detector = dynamicDetector(line(ASSETS), { fields: [], channels: signals })
    const state = new Float64Array(ASSETS * SIGNALS)
    const middle = state.slice()
    const observed = state.slice()
    let begun = 0
    for (let i = 1; i <= ticks; i++) {
      for (let k = 0; k < state.length; k++) {
        state[k] = 0.9 * state[k]! + random.normal()
        middle[k]! += 0.02 * random.normal()
        observed[k] = 50 + state[k]! + middle[k]!
      }
      const twin = { observed, masked: new Uint8Array(ASSETS) } as unknown as TwinFrame
      detector.tick({ time_ms: 1000 * i } as LineFrame, twin, new Uint8Array(ASSETS), found => {
        if (found.active) begun++
      })
    }
    return begun
  }

  it('keeps to the budget of a line of a few assets', () => {
    expect(eventsIn(20_000, 4)).toBeLessThanOrEqual(1)
  })
})

describe('block threshold', () => {
  it('lies above all block maxima and rises as the chance falls', () => {
    const maxima = Float64Array.of(1, 1.2, 0.9, 1.1, 1.05, 0.95)
    expect(blockThreshold(maxima, 1e-3)).toBeGreaterThan(1.2)
    expect(blockThreshold(maxima, 1e-5)).toBeGreaterThan(blockThreshold(maxima, 1e-3))
  })
})

checkDetector<Float64Array>({
  name: 'dynamic',
  create() {
    const { detector, take, found } = watch()
    return {
      save: detector.save,
      load: detector.load,
      take,
      scores: () => detector.scores,
      begun: () => found.filter(({ active }) => active).length,
    }
  },
  normal: rows(4, 1500),
  missing: Array.from({ length: 60 }, () => new Float64Array(4).fill(Number.NaN)),
})
