import { describe, expect, it } from 'vitest'
import type { Channel, LineDefinition, LineFrame, Quantity, TwinFrame } from '../flow.ts'
import { potlineDefinition } from '../lines/potline.ts'
import { scoreNow } from '../lines/score-desk.ts'
import { checkDetector } from './contract.ts'
import { CELL_FEATURES, cellFeatures } from './features.ts'
import type { Finding } from './finding.ts'
import { patternDetector } from './pattern.ts'
import { type StateArray, stateReader, stateWriter } from './state.ts'
import type { CellScorer } from './tensorflow/cell-scorer.ts'

const definition = potlineDefinition({
  ...{ tenant: 't', line: 'l', cells: ['c1', 'c2'], feeders: 2 },
  ...{ clock: 'stream', origin: 'synthetic' },
})
/** Two hours are 360 of its ticks, and cells take turns every third. */
const slow = { ...definition, tick_ms: 20_000 }
const names = {
  fields: [{ name: 'voltage_noise_V' } as Quantity],
  channels: [{ tag: 'cell_voltage' } as Channel],
}
const shotTag = definition.tags.findIndex(({ tag }) => tag === 'feed_shot_2')

interface Second {
  readonly noise_V: number
  readonly shot_kg?: number
  readonly masked?: boolean
  readonly trusted?: boolean
  /** Default: the one after the last. */
  readonly tick?: number
}

function frames(tick: number, second: Second): [LineFrame, TwinFrame] {
  const { noise_V, shot_kg, masked, trusted = true } = second
  const time_ms = tick * 1000
  const values = new Float64Array(definition.tags.length * 2).fill(350e3)
  const events = shot_kg ? [{ tagIndex: shotTag, cell: 0, time_ms, value: shot_kg }] : []
  const frame = { tick, time_ms, values, events, samples: [] } as unknown as LineFrame
  const twin = {
    ...{ tick, time_ms, estimate: Float64Array.of(noise_V, 0.008) },
    ...{ std: new Float64Array(2), residual: Float64Array.of(0.5, 0.5) },
    ...{ observable: Uint8Array.of(1, 1), trusted: Uint8Array.of(trusted ? 1 : 0, 1) },
    masked: Uint8Array.of(masked ? 1 : 0, 0),
  }
  return [frame, twin as unknown as TwinFrame]
}

/** Stands for a trained model: the error is what the noise differs from its usual level. */
const scorer: CellScorer = {
  ...{ version: 'test/1', features: CELL_FEATURES, threshold: 1, promoted: false },
  score(features, cells, out, parts) {
    for (let cell = 0; cell < cells; cell++) {
      const ratio = features[cell * CELL_FEATURES.length + 4]!
      out[cell] = Number.isNaN(ratio) ? 0 : ratio * ratio
      if (parts) parts[cell * CELL_FEATURES.length + 4] = 1
    }
  },
}

/** The same of the rows of the last minutes: the error is the largest of them. */
const ROWS = 4
const windowScorer: CellScorer = {
  ...scorer,
  version: 'test/9',
  window: { rows: ROWS, step_ms: 60_000, answer: 'window' },
  score(features, rows, out, parts) {
    const one = new Float64Array(1)
    const size = ROWS * CELL_FEATURES.length
    for (let row = 0; row < rows; row++) {
      out[row] = 0
      for (let k = 0; k < ROWS; k++) {
        const from = row * size + k * CELL_FEATURES.length
        scorer.score(features.subarray(from, from + CELL_FEATURES.length), 1, one)
        out[row] = Math.max(out[row]!, one[0]!)
      }
      if (parts) parts[row * CELL_FEATURES.length + 4] = 1
    }
  },
}

function watch(lead: CellScorer = scorer, line: LineDefinition = definition) {
  const found: Finding[] = []
  const alarmed: Finding[] = []
  const models: { lead: CellScorer | undefined; second: CellScorer | undefined } = {
    ...{ lead, second: undefined },
  }
  const detector = patternDetector(line, names, models)
  let tick = 0
  const calls: number[] = []
  return {
    found,
    calls,
    alarmed,
    models,
    detector,
    take(second: Second) {
      tick = second.tick ?? tick + 1
      const [frame, twin] = frames(tick, second)
      const asked = detector.observe(frame, twin)
      calls.push(...asked.map(({ rows }) => rows))
      scoreNow(asked)
      detector.judge(
        twin,
        finding => alarmed.push(finding),
        finding => found.push(finding),
      )
    },
  }
}

describe('cell features', () => {
  it('count the shots of every feeder', () => {
    const features = cellFeatures(definition, names)
    for (let tick = 1; tick < 2000; tick++) {
      features.update(...frames(tick, { noise_V: 0.008, shot_kg: tick > 1000 ? 0.1 : 0.05 }))
    }
    const at = CELL_FEATURES.indexOf('feed_rate_deviation')
    expect(features.values[at]).toBeGreaterThan(0.2)
    expect(features.values[CELL_FEATURES.length + at]).toBeCloseTo(0)
  })

  it('hold what the voltage says while an event hides it', () => {
    const features = cellFeatures(definition, names)
    for (let tick = 1; tick < 100; tick++) features.update(...frames(tick, { noise_V: 0.008 }))
    const before = features.values.slice()
    features.update(...frames(100, { noise_V: 5, masked: true }))
    expect(features.values[3]).toBe(before[3])
  })

  it('are NaN where the twin lacks the estimate', () => {
    const features = cellFeatures(definition, names)
    features.update(...frames(1, { noise_V: 0.008 }))
    expect(features.values[CELL_FEATURES.indexOf('alumina')]).toBeNaN()
    expect(features.values[CELL_FEATURES.indexOf('noise_log_V')]).toBeCloseTo(Math.log(0.008), 5)
  })
})

describe('pattern detector', () => {
  it('names the feature that stands out once the means are warm', () => {
    const { take, found } = watch()
    for (let i = 0; i < 7300; i++) take({ noise_V: 0.008 })
    for (let i = 0; i < 400; i++) take({ noise_V: 0.08 })
    expect(found.map(({ cell, active }) => [cell, active])).toEqual([[0, true]])
    expect(found[0]).toMatchObject({
      text: 'unusual pattern, mostly voltage noise beside its usual level',
      causes: [{ text: 'voltage noise beside its usual level', weight: 1 }],
      dispersion: 0,
    })
  })

  it('says nothing in its first two hours', () => {
    const { take, found } = watch()
    for (let i = 0; i < 3000; i++) take({ noise_V: i < 1000 ? 0.008 : 0.08 })
    expect(found).toEqual([])
  })
})

describe('a model that is replaced while it runs', () => {
  it('ends what the old one held and lets the new one see for itself', () => {
    const { take, found, alarmed, models } = watch()
    for (let i = 0; i < 7300; i++) take({ noise_V: 0.008 })
    for (let i = 0; i < 200; i++) take({ noise_V: 0.08 })
    models.lead = { ...scorer, version: 'test/2', promoted: true }
    take({ noise_V: 0.08 })
    expect(found.map(({ active }) => active)).toEqual([true, false])
    for (let i = 0; i < 200; i++) take({ noise_V: 0.08 })
    expect(alarmed.map(({ active, detector }) => [active, detector])).toEqual([
      [true, 'autoencoder test/2'],
    ])
    models.lead = undefined
    take({ noise_V: 0.08 })
    expect(alarmed.map(({ active }) => active)).toEqual([true, false])
  })

  it('scores the shadow beside the champion and keeps the two apart', () => {
    const { take, detector, models } = watch()
    models.second = { ...scorer, version: 'test/2', threshold: 3 }
    for (let i = 0; i < 100; i++) take({ noise_V: 0.008 * (1 + i / 50) })
    const [lead, second] = detector.scores()
    expect([lead!.name, second!.name]).toEqual(['autoencoder', 'autoencoder-shadow'])
    expect(lead!.values[0]).toBeGreaterThan(second!.values[0]!)
    expect(second!.values[0]).toBeGreaterThan(0)
  })
})

describe('a model that takes windows', () => {
  it('scores a cell at its turn once a minute, from its first whole window on', () => {
    const { take, calls, detector } = watch(windowScorer)
    for (let i = 0; i < 7379; i++) take({ noise_V: 0.008 * (1 + i / 5000) })
    expect(calls).toEqual([])
    expect(Array.from(detector.scores()[0]!.values)).toEqual([0, 0])
    for (let i = 7379; i < 7500; i++) take({ noise_V: 0.008 * (1 + i / 5000) })
    // The first cell at tick 7380, 7440 and 7500, the second at 7439 and 7499.
    expect(calls).toEqual([1, 1, 1, 1, 1])
    expect(detector.scores()[0]!.values[0]).toBeGreaterThan(0)
  })

  it('takes no row into them that training leaves out: two hours after a cell is trusted', () => {
    const { take, calls } = watch(windowScorer, slow)
    const callsOf = (ticks: number, change: Partial<Second> = {}) => {
      const before = calls.length
      for (let i = 0; i < ticks; i++) take({ noise_V: 0.008, ...change })
      return calls.length - before
    }
    expect(callsOf(360 + 12)).toBe(3) // 369 and 372 for the first cell, 371 for the other
    expect(callsOf(3)).toBe(2)
    callsOf(1, { trusted: false })
    // Then the other cell alone has its turns, until the first has been trusted for as long again.
    expect(callsOf(370)).toBe(124)
    expect(callsOf(30)).toBe(20)
  })

  it('names the feature that stands out, and begins anew after work on the cell', () => {
    const { take, found, detector } = watch(windowScorer)
    for (let i = 0; i < 7300; i++) take({ noise_V: 0.008 })
    for (let i = 0; i < 400; i++) take({ noise_V: 0.08 })
    expect(found.map(({ cell, text }) => [cell, text])).toEqual([
      [0, 'unusual pattern, mostly voltage noise beside its usual level'],
    ])
    expect(detector.scores()[0]!.values[0]).toBeGreaterThan(0.5)
    for (let i = 0; i < 60; i++) take({ noise_V: 0.08, masked: true })
    expect(detector.scores()[0]!.values[0]).toBe(0)
  })

  it('takes turns with one that takes rows, without a tick that nobody scores', () => {
    const { take, models, detector, found } = watch()
    const shown = () => detector.scores()[0]!.values[0]!
    for (let i = 0; i < 7300; i++) take({ noise_V: 0.008 })
    for (let i = 0; i < 200; i++) take({ noise_V: 0.08 })
    models.lead = windowScorer
    take({ noise_V: 0.08 })
    expect(found.map(({ active }) => active)).toEqual([true, false])
    expect(shown()).toBe(0)
    for (let i = 0; i < 400; i++) take({ noise_V: 0.08 })
    expect(found.at(-1)).toMatchObject({ active: true, detector: 'autoencoder test/9' })
    models.lead = { ...scorer, version: 'test/3' }
    take({ noise_V: 0.08 })
    expect(found.at(-1)).toMatchObject({ active: false, detector: 'autoencoder test/9' })
    expect(shown()).toBeGreaterThan(0.5)
  })

  it('goes on beside a champion of rows, and needs no new window when it is promoted', () => {
    const { take, models, detector } = watch()
    models.second = windowScorer
    for (let i = 0; i < 7400; i++) take({ noise_V: 0.008 * (1 + i / 5000) })
    models.lead = { ...windowScorer, promoted: true }
    models.second = undefined
    for (let i = 0; i < 60; i++) take({ noise_V: 0.014 })
    expect(detector.scores()[0]!.values[0]).toBeGreaterThan(0)
  })
})

describe('a state of before there were windows', () => {
  it('is taken, and its cells fill their windows from then on', () => {
    const before = watch()
    for (let i = 0; i < 100; i++) before.take({ noise_V: 0.008 * (1 + i / 50) })
    const saved = stateWriter()
    before.detector.save(saved)
    const from = stateReader(saved.bytes())
    // Written as then: another name, and neither errors nor rows.
    const old = stateWriter()
    from.text()
    old.text('pattern/2')
    const width = CELL_FEATURES.length
    const copy = (array: StateArray) => {
      from.array(array)
      old.array(array)
    }
    copy(new Float64Array(2 * 13))
    copy(new Float32Array(2 * width))
    copy(new Float64Array(2))
    for (let slot = 0; slot < 2; slot++) {
      copy(new Float64Array(2))
      copy(new Uint8Array(2))
      copy(new Float64Array(2))
      old.text(from.text())
      from.array(new Float64Array(2))
    }
    const after = watch()
    after.detector.load(stateReader(old.bytes()))
    expect(after.detector.scores()[0]!.values).toEqual(before.detector.scores()[0]!.values)
    after.models.lead = windowScorer
    for (let i = 0; i < 7400; i++) after.take({ noise_V: 0.008 * (1 + i / 5000) })
    expect(after.detector.scores()[0]!.values[0]).toBeGreaterThan(0)
  })
})

for (const [name, model, line] of [
  ['pattern', scorer, definition],
  ['pattern of windows', windowScorer, slow],
] as const) {
  checkDetector<Second>({
    name,
    create() {
      const { detector, take, found } = watch(model, line)
      return {
        save: detector.save,
        load: detector.load,
        take,
        scores: () => detector.scores()[0]!.values,
        begun: () => found.length,
      }
    },
    normal: Array.from({ length: 500 }, (_, i) => ({
      ...{ noise_V: 0.008 + 0.001 * Math.sin(i), tick: i + 1 },
    })),
    missing: Array.from({ length: 100 }, (_, i) => ({ noise_V: Number.NaN, tick: 501 + i })),
  })
}
