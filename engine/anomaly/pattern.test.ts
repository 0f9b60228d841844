import { describe, expect, it } from 'vitest'
import type { Channel, LineFrame, Quantity, TwinFrame } from '../flow.ts'
import { potlineDefinition } from '../lines/potline.ts'
import { scoreNow } from '../lines/score-desk.ts'
import { checkDetector } from './contract.ts'
import { CELL_FEATURES, cellFeatures } from './features.ts'
import type { Finding } from './finding.ts'
import { patternDetector } from './pattern.ts'
import type { CellScorer } from './tensorflow/cell-scorer.ts'

const definition = potlineDefinition({
  ...{ tenant: 't', line: 'l', cells: ['c1', 'c2'], feeders: 2 },
  ...{ clock: 'stream', origin: 'synthetic' },
})
const names = {
  fields: [{ name: 'voltage_noise_V' } as Quantity],
  channels: [{ tag: 'cell_voltage' } as Channel],
}
const shotTag = definition.tags.findIndex(({ tag }) => tag === 'feed_shot_2')

interface Second {
  readonly noise_V: number
  readonly shot_kg?: number
  readonly masked?: boolean
}

function frames(tick: number, { noise_V, shot_kg, masked }: Second): [LineFrame, TwinFrame] {
  const time_ms = tick * 1000
  const values = new Float64Array(definition.tags.length * 2).fill(350e3)
  const events = shot_kg ? [{ tagIndex: shotTag, cell: 0, time_ms, value: shot_kg }] : []
  const frame = { tick, time_ms, values, events, samples: [] } as unknown as LineFrame
  const twin = {
    ...{ tick, time_ms, estimate: Float64Array.of(noise_V, 0.008) },
    ...{ std: new Float64Array(2), residual: Float64Array.of(0.5, 0.5) },
    ...{ observable: Uint8Array.of(1, 1), trusted: Uint8Array.of(1, 1) },
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

function watch() {
  const found: Finding[] = []
  const alarmed: Finding[] = []
  const models: { lead: CellScorer | undefined; second: CellScorer | undefined } = {
    ...{ lead: scorer, second: undefined },
  }
  const detector = patternDetector(definition, names, models)
  let tick = 0
  return {
    found,
    alarmed,
    models,
    detector,
    take(second: Second) {
      const [frame, twin] = frames(++tick, second)
      scoreNow(detector.observe(frame, twin))
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

checkDetector<Second>({
  name: 'pattern',
  create() {
    const { detector, take, found } = watch()
    return {
      save: detector.save,
      load: detector.load,
      take,
      scores: () => detector.scores()[0]!.values,
      begun: () => found.length,
    }
  },
  normal: Array.from({ length: 500 }, (_, i) => ({ noise_V: 0.008 + 0.001 * Math.sin(i) })),
  missing: Array.from({ length: 100 }, () => ({ noise_V: Number.NaN })),
})
