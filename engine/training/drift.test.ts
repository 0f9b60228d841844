import { describe, expect, it } from 'vitest'
import type { DriftPart } from '../anomaly/drift-part.ts'
import { stateReader, stateWriter } from '../anomaly/state.ts'
import { seededRandom } from '../core/random.ts'
import type { LineDefinition, LineFrame, TwinFrame } from '../flow.ts'
import { potlineDefinition } from '../lines/potline.ts'
import { adwin } from './adwin.ts'
import { driftMonitors } from './drift.ts'
import { fixtureRecord } from './fixture-models.ts'
import { populationStability, spreadOf } from './stability.ts'
import { resolutionOf } from './tag-spread.ts'

const definition: LineDefinition = potlineDefinition({
  ...{ tenant: 't', line: 'l', cells: ['c1', 'c2', 'c3'], feeders: 1 },
  ...{ clock: 'stream', origin: 'synthetic' },
})

describe('ADWIN', () => {
  it('sees a shift of the mean soon, and forgets what was before', () => {
    const random = seededRandom(4)
    const watch = adwin()
    for (let i = 0; i < 1000; i++) expect(watch.take(0.3 + 0.05 * random.normal())).toBe(false)
    let seen = 0
    for (let i = 1; i <= 200 && seen === 0; i++) {
      if (watch.take(0.4 + 0.05 * random.normal())) seen = i
    }
    expect(seen).toBeGreaterThan(0)
    for (let i = 0; i < 500; i++) watch.take(0.4 + 0.05 * random.normal())
    expect(watch.mean()).toBeCloseTo(0.4, 1)
    expect(watch.count()).toBeLessThan(900)
  })

  it('is quiet on a long steady stream, and its mean is the mean', () => {
    const random = seededRandom(5)
    const watch = adwin()
    let changes = 0
    let sum = 0
    for (let i = 0; i < 20_000; i++) {
      const value = 0.5 + 0.1 * random.normal()
      sum += value
      if (watch.take(value)) changes++
    }
    expect(changes).toBe(0)
    expect(watch.count()).toBe(20_000)
    expect(watch.mean()).toBeCloseTo(sum / 20_000, 10)
  })
})

describe('population stability', () => {
  const normal = (seed: number, mean: number) => {
    const random = seededRandom(seed)
    return Array.from({ length: 5000 }, () => mean + random.normal())
  }
  it('is small for the same population and large for another', () => {
    const reference = spreadOf(normal(1, 0))
    expect(populationStability(reference, normal(2, 0))).toBeLessThan(0.02)
    expect(populationStability(reference, normal(2, 1))).toBeGreaterThan(0.25)
  })

  it('is zero for a signal that stands still, and large once it moves', () => {
    const reference = spreadOf(new Array(100).fill(350e3))
    expect(populationStability(reference, new Array(50).fill(350e3))).toBe(0)
    expect(populationStability(reference, new Array(50).fill(351e3))).toBeGreaterThan(1)
  })
})

describe('resolution', () => {
  it('is the coarsest step that values are multiples of', () => {
    const random = seededRandom(1)
    const voltages = Array.from({ length: 500 }, () => 4 + random.uniform())
    const rounded = (step: number) => voltages.map(value => Math.round(value / step) * step)
    expect(resolutionOf(rounded(0.001))).toBe(0.001)
    expect(resolutionOf(rounded(0.05))).toBe(0.05)
    expect(resolutionOf([350_010, 349_980, 350_020])).toBe(10)
    expect(resolutionOf(voltages)).toBeLessThan(1e-4)
  })
})

/** A line at one instant: cell 3 has an alarm. */
function look(minute: number, voltage: number, score: number, residual: number) {
  const time_ms = minute * 60_000
  const cells = definition.cells.length
  const values = new Float64Array(definition.tags.length * cells).fill(voltage)
  const frame = { tick: minute, time_ms, values, quality: new Uint8Array(values.length) }
  const twin = {
    ...{ residual: new Float64Array(cells).fill(residual) },
    ...{ trusted: new Uint8Array(cells).fill(1), masked: new Uint8Array(cells) },
  }
  twin.residual[2] = 1000
  return {
    frame: frame as unknown as LineFrame,
    twin: twin as unknown as TwinFrame,
    scores: Float64Array.of(score, score, 1),
    alarmed: new Set([2]),
  }
}

const bytesOf = (one: DriftPart) => {
  const out = stateWriter()
  one.save(out)
  return out.bytes()
}

const CHANNELS = [{ tag: 'cell_voltage' }]

describe('drift monitors', () => {
  it('propose when scores or residuals move, and say nothing of cells with an alarm', () => {
    const monitors = driftMonitors(definition, CHANNELS)
    const random = seededRandom(2)
    const found = []
    for (let minute = 1; minute < 1200; minute++) {
      const level = minute > 800 ? 0.4 : 0.1
      const score = level + 0.02 * random.normal()
      found.push(...monitors.take(look(minute, 4.3, score, 0.1 * random.normal())))
    }
    expect(found.map(({ monitor }) => monitor)).toContain('score')
    expect(found.map(({ monitor }) => monitor)).not.toContain('residual')
    expect(found[0]!.time_ms).toBeGreaterThan(800 * 60_000)
  })

  it('propose once a day when a tag is spread otherwise or comes in other steps', () => {
    const voltages = (minute: number) => Math.round(4300 + 50 * Math.sin(minute)) / 1000
    const learnt = Array.from({ length: 2000 }, (_, minute) => voltages(minute))
    const record = fixtureRecord(new Uint8Array(), {
      training: {
        ...fixtureRecord(new Uint8Array()).training,
        reference: [{ tag: 'cell_voltage', ...spreadOf(learnt) }],
      },
      inputs: {
        ...fixtureRecord(new Uint8Array()).inputs!,
        tags: [{ tag: 'cell_voltage', unit: 'V', period_ms: 1000, resolution: 0.001 }],
      },
    })
    const run = (change: (value: number) => number) => {
      const monitors = driftMonitors(definition, CHANNELS, () => ({ sha256: 'a', record }))
      const found = []
      for (let minute = 1; minute < 2 * 1440; minute++) {
        found.push(...monitors.take(look(minute, change(voltages(minute)), 0.1, 0)))
      }
      return found.map(({ monitor, tag }) => `${monitor} ${tag}`)
    }
    expect(run(value => value)).toEqual([])
    expect(run(value => value + 0.2)).toEqual(['stability cell_voltage'])
    expect(run(value => Math.round(value * 50) / 50)).toContain('resolution cell_voltage')
  })

  it('propose a new model when all signals changed together after a drift', () => {
    const monitors = driftMonitors(definition, CHANNELS)
    const random = seededRandom(2)
    const found = []
    for (let minute = 1; minute < 1200; minute++) {
      const level = minute > 800 ? 0.4 : 0.1
      const score = level + 0.02 * random.normal()
      const hours = [850, 880, 910].indexOf(minute)
      if (hours >= 0) monitors.event({ time_ms: minute * 60_000, cell: hours - 1, dispersion: 0.7 })
      found.push(...monitors.take(look(minute, 4.3, score, 0.1 * random.normal())))
    }
    const regime = found.filter(({ monitor }) => monitor === 'regime')
    expect(regime).toHaveLength(1)
    expect(regime[0]).toMatchObject({ time_ms: 970 * 60_000 })
    expect(regime[0]!.value).toBeCloseTo(0.7)
  })

  it('go on after a restart as if there were none, in the middle of a day', () => {
    const record = fixtureRecord(new Uint8Array(), {
      training: {
        ...fixtureRecord(new Uint8Array()).training,
        reference: [{ tag: 'cell_voltage', ...spreadOf([4.2, 4.3, 4.4, 4.5]) }],
      },
      inputs: {
        ...fixtureRecord(new Uint8Array()).inputs!,
        tags: [{ tag: 'cell_voltage', unit: 'V', period_ms: 1000, resolution: 0.001 }],
      },
    })
    const monitors = (sha256 = 'a') =>
      driftMonitors(definition, CHANNELS, () => ({ sha256, record }))
    const whole = monitors()
    let cut = monitors()
    const random = seededRandom(2)
    const found: string[][] = [[], []]
    for (let minute = 1; minute < 3000; minute++) {
      const level = minute > 800 ? 0.4 : 0.1
      const now = look(minute, 4.4, level + 0.02 * random.normal(), 0.1 * random.normal())
      if (minute > 750 && minute < 760) {
        for (const one of [whole, cut]) {
          one.event({ time_ms: minute * 60_000, cell: 0, dispersion: 0.8 })
        }
      }
      found[0]!.push(...whole.take(now).map(({ text }) => text))
      found[1]!.push(...cut.take(now).map(({ text }) => text))
      if (minute % 700 !== 0) continue
      const out = stateWriter()
      cut.save(out)
      expect(out.bytes().length).toBeLessThan(6000)
      cut = monitors()
      cut.load(stateReader(out.bytes()))
    }
    expect(found[1]).toEqual(found[0])
    const all = found[0]!.join()
    for (const part of ['mean score moved', 'spread otherwise', 'in steps of', 'dispersion 0.80']) {
      expect(all).toContain(part)
    }
    // Of another model nothing of this is taken.
    const out = stateWriter()
    cut.save(out)
    const other = monitors('b')
    other.load(stateReader(out.bytes()))
    expect(other.due(3000 * 60_000)).toBe(true)
  })

  it('look at the same ticks after a restart between a change of model and the next look', () => {
    const record = (value: number) =>
      fixtureRecord(new Uint8Array(), {
        training: {
          ...fixtureRecord(new Uint8Array()).training,
          reference: [{ tag: 'cell_voltage', ...spreadOf([value, value + 0.1, value + 0.2]) }],
        },
      })
    const models = {
      a: { sha256: 'a', record: record(4.2) },
      b: { sha256: 'b', record: record(4.3) },
      none: undefined,
    }
    let lead: keyof typeof models = 'a'
    const monitors = () => driftMonitors(definition, CHANNELS, () => models[lead])
    const restarted = (one: DriftPart) => {
      const next = monitors()
      next.load(stateReader(bytesOf(one)))
      return next
    }
    const swaps: Readonly<Record<number, keyof typeof models>> = {
      640: 'b',
      1240: 'none',
      1840: 'a',
    }
    const whole = monitors()
    let cut = monitors()
    for (let second = 60; second < 3600; second += 10) {
      if (swaps[second]) {
        lead = swaps[second]!
        for (const one of [whole, cut]) one.renew()
      }
      // Twice: before a look, and just before it.
      if (second % 600 === 40 || second % 600 === 50) cut = restarted(cut)
      expect(bytesOf(cut)).toEqual(bytesOf(whole))
      const now = look(second / 60, 4.3, 0.1, 0.1 * Math.sin(second))
      expect(cut.due(now.frame.time_ms)).toBe(whole.due(now.frame.time_ms))
      const event = { time_ms: 1000 * second, cell: 0, dispersion: 0.8 }
      for (const one of [whole, cut]) {
        one.event(event)
        one.take(now)
      }
      expect(bytesOf(cut)).toEqual(bytesOf(whole))
    }
  })

  it('begin anew where another model led between two looks, restarted then or not', () => {
    const base = fixtureRecord(new Uint8Array())
    const reference = [{ tag: 'cell_voltage', ...spreadOf([4.2, 4.3, 4.4]) }]
    const record = { ...base, training: { ...base.training, reference } }
    let sha256 = 'a'
    const monitors = () => driftMonitors(definition, CHANNELS, () => ({ sha256, record }))
    const restarted = (one: DriftPart) => {
      const next = monitors()
      next.load(stateReader(bytesOf(one)))
      return next
    }
    const whole = monitors()
    whole.take(look(1, 4.3, 0.1, 0))
    const before = bytesOf(whole)
    sha256 = 'b'
    whole.renew()
    const between = restarted(whole)
    sha256 = 'a'
    for (const one of [whole, between]) {
      one.renew()
      expect(one.due(119_000)).toBe(false)
      expect(bytesOf(one)).not.toEqual(before)
    }
    expect(bytesOf(between)).toEqual(bytesOf(whole))
    expect(bytesOf(restarted(whole))).toEqual(bytesOf(whole))
  })

  it('watch the channels of a generic line one by one, and name the one that moved', () => {
    const generic = { ...definition, kind: 'generic' as const }
    const monitors = driftMonitors(generic, [{ tag: 'pressure' }, { tag: 'flow' }])
    const random = seededRandom(2)
    const found = []
    for (let minute = 1; minute < 1200; minute++) {
      const now = look(minute, 4.4, 0, 0)
      const residual = Float64Array.from({ length: 6 }, (_, i) => {
        return 0.1 * random.normal() + (i >= 3 && minute > 800 ? 1 : 0)
      })
      found.push(...monitors.take({ ...now, twin: { ...now.twin, residual } }))
    }
    expect(found.length).toBeGreaterThan(0)
    expect(new Set(found.map(({ monitor, tag }) => `${monitor} ${tag}`))).toEqual(
      new Set(['residual flow']),
    )
  })
})
