import { describe, expect, it } from 'vitest'
import type { Channel, LineFrame, Quantity, TwinFrame } from '../../flow.ts'
import { potlineDefinition } from '../../lines/potline.ts'
import { checkDetector } from '../contract.ts'
import type { Finding } from '../finding.ts'
import { processDetector } from './detector.ts'

const CELLS = 2
const definition = potlineDefinition({
  ...{ tenant: 't', line: 'l', cells: ['c1', 'c2'], feeders: 1 },
  ...{ clock: 'stream', origin: 'synthetic' },
})
const tagIndex = (tag: string) => definition.tags.findIndex(found => found.tag === tag)
const [CURRENT, SHOT, DIP] = ['line_current', 'feed_shot_1', 'bath_temperature'].map(tagIndex) as [
  number,
  number,
  number,
]
const UNKNOWN = new Float64Array(definition.tags.length * CELLS).fill(Number.NaN)
const QUALITY = new Uint8Array(UNKNOWN.length)
const AGE_MS = new Float64Array(UNKNOWN.length)
const names = [
  'alumina_share',
  'anode_effect_margin_share',
  'resistance_slope_Ohmps',
  'voltage_noise_V',
  'superheat_K',
  'bath_K',
]
const fields = names.map(name => ({ name }) as Quantity)
const channels = [{ name: 'cell_voltage_V', tag: 'cell_voltage' } as Channel]
const NEED_KGPS = 0.0583
const NO_FAULTS = new Map<number, string>()

interface Second {
  readonly voltage_V?: number
  readonly slope_uOhmpmin?: number
  readonly noise_V?: number
  readonly margin?: number
  readonly superheat_K?: number
  readonly bath_K?: number
  /** Commanded feed of the second, as a ratio of the need. */
  readonly feed?: number
  readonly dip_K?: number
  readonly masked?: boolean
  readonly known?: boolean
  readonly line_A?: number
  /** The second cell is fed and answers like the first. */
  readonly both?: boolean
}

const STEADY = {
  ...{ voltage_V: 4.25, slope_uOhmpmin: 0, noise_V: 0.008, margin: 0.006, superheat_K: 8 },
  ...{ bath_K: 1235, feed: 1 },
}

/** Frames of two cells: the first as told, the second in normal running. */
function frames(tick: number, second: Second): { frame: LineFrame; twin: TwinFrame } {
  const time_ms = tick * 1000
  const known = second.known !== false
  const told = { ...STEADY, ...second }
  const beside = second.both ? told : STEADY
  const values = UNKNOWN.slice()
  if (known) values[CURRENT * CELLS] = second.line_A ?? 350e3
  const feed = (cell: number, ratio: number) => ({
    ...{ tagIndex: SHOT, cell, time_ms, value: ratio * NEED_KGPS },
  })
  const dip = { tagIndex: DIP, cell: 0, taken_ms: time_ms }
  const frame: LineFrame = {
    ...{ tick, time_ms, closed: 'complete', values },
    quality: QUALITY,
    age_ms: AGE_MS,
    events: known ? [feed(0, second.feed ?? 1), feed(1, second.both ? (second.feed ?? 1) : 1)] : [],
    samples: second.dip_K === undefined ? [] : [{ ...dip, value: second.dip_K }],
  }
  const estimates = (cell: typeof told) => [
    0.02 + cell.margin,
    cell.margin,
    cell.slope_uOhmpmin * (1e-6 / 60),
    cell.noise_V,
    cell.superheat_K,
    cell.bath_K,
  ]
  const [first, other] = [
    estimates(told),
    estimates({ ...STEADY, slope_uOhmpmin: beside.slope_uOhmpmin }),
  ]
  const observable = new Uint8Array(names.length * CELLS).fill(known ? 1 : 0)
  const estimate = Float64Array.from(names.flatMap((_, i) => [first[i]!, other[i]!]))
  const twin = {
    ...{ tick, time_ms, estimate },
    std: new Float64Array(estimate.length).fill(0.5),
    observable,
    observed: known
      ? Float64Array.of(told.voltage_V, STEADY.voltage_V)
      : new Float64Array(2).fill(Number.NaN),
    masked: Uint8Array.of(second.masked ? 1 : 0, 0),
    trusted: Uint8Array.of(1, 1),
  } as unknown as TwinFrame
  return { frame, twin }
}

function watch() {
  const found: Finding[] = []
  const detector = processDetector(definition, { fields, channels })
  let tick = 0
  const take = (second: Second) => {
    const { frame, twin } = frames(++tick, second)
    detector.tick(frame, twin, NO_FAULTS, finding => found.push(finding))
  }
  return {
    found,
    detector,
    take,
    run(seconds: number, second: Second | ((i: number) => Second)) {
      for (let i = 0; i < seconds; i++) take(typeof second === 'function' ? second(i) : second)
    },
    begun: () => found.filter(({ active }) => active).map(({ kind, cell }) => `${kind} ${cell}`),
  }
}

describe('process rules', () => {
  it('call high voltage an anode effect after two seconds and end it when it is over', () => {
    const { run, found, begun } = watch()
    run(100, {})
    run(1, { voltage_V: 20 })
    expect(begun()).toEqual([])
    run(30, { voltage_V: 20 })
    run(60, { voltage_V: 4.3 })
    expect(found.map(({ kind, active }) => [kind, active])).toEqual([
      ['anode-effect', true],
      ['anode-effect', false],
    ])
    expect(found[0]!.text).toBe('anode effect: 20.0 V')
  })

  it('see an anode effect coming while alumina falls and resistance rises, and say when', () => {
    const { run, begun, found } = watch()
    run(2800, {})
    run(450, i => ({ slope_uOhmpmin: 0.035, margin: 0.006 - i * 1e-5 }))
    expect(begun()).toContain('anode-effect-coming 0')
    const coming = found.find(({ kind }) => kind === 'anode-effect-coming')!
    expect(coming.text).toMatch(/in about \d+ min/)
  })

  it('do not take a rising resistance right after a tap or an anode change for one', () => {
    const { run, begun } = watch()
    run(900, {})
    run(600, { masked: true, slope_uOhmpmin: 0.2 })
    run(120, { slope_uOhmpmin: 0.1 })
    expect(begun()).toEqual([])
  })

  it('find that alumina is missing when resistance rises on a cell that is overfed', () => {
    const { run, begun, found } = watch()
    run(7200, {})
    run(2400, { feed: 1.3, slope_uOhmpmin: 0.003 })
    expect(begun()).toEqual(['feed-below-demand 0'])
    expect(found[0]!.causes[0]!.text).toBe('alumina feed below demand')
    expect(found[0]!.text).toMatch(/1\d\d % of the need is commanded/)
  })

  it('expect of a cell what its line does: another rhythm of feeding is no finding', () => {
    const cycle = (both: boolean) => (i: number) =>
      i % 5400 < 2700
        ? { both, feed: 1.25, slope_uOhmpmin: 0.0006 }
        : { both, feed: 0.75, slope_uOhmpmin: -0.0006 }
    const alone = watch()
    alone.run(4 * 5400, cycle(false))
    expect(alone.begun()).toContain('feed-below-demand 0')
    const together = watch()
    together.run(4 * 5400, cycle(true))
    expect(together.begun()).toEqual([])
    // A cell that then leaves the rhythm of its line is still found.
    together.run(5400, { feed: 1.3, slope_uOhmpmin: 0.02 })
    expect(together.begun()).toEqual(['feed-below-demand 0'])
  })

  it('find nothing where resistance falls as overfeeding lets it', () => {
    const { run, begun } = watch()
    run(7200, {})
    run(2400, { feed: 1.3, slope_uOhmpmin: -0.006 })
    expect(begun()).toEqual([])
  })

  it('find a feed above demand where commands stay away and the cell does not run lean', () => {
    const { run, begun, found } = watch()
    run(1600, {})
    run(4800, { feed: 0.7 })
    expect(begun()).toEqual([])
    run(600, { feed: 0.7 })
    expect(begun()).toEqual(['feed-above-demand 0'])
    expect(found[0]!.causes[0]!.text).toBe('a feeder delivers more than its shot')
    run(3000, { feed: 1.4, slope_uOhmpmin: -0.006 })
    expect(found.map(({ active }) => active)).toEqual([true, false])
  })

  it('take what a loss of load left unused for no feed above demand', () => {
    const { run, begun } = watch()
    run(7200, {})
    run(600, { line_A: 330e3 })
    run(7200, { feed: 0.7 })
    expect(begun().filter(kind => kind.startsWith('feed'))).toEqual([])
    run(3600, { feed: 0.7 })
    expect(begun()).toContain('feed-above-demand 0')
  })

  it('take a climbing resistance for the answer to too little feed', () => {
    const { run, begun } = watch()
    run(1600, {})
    run(5400, { feed: 0.7, slope_uOhmpmin: 0.004 })
    expect(begun()).toEqual([])
  })

  it('want three witnesses for a coming effect: a slope without a climb or a loss is none', () => {
    const steep = watch()
    steep.run(2800, {})
    steep.run(1200, { slope_uOhmpmin: 0.035 })
    expect(steep.begun()).toEqual([])
    const lean = watch()
    lean.run(2800, {})
    lean.run(450, i => ({ margin: 0.006 - i * 1e-5 }))
    expect(lean.begun()).toEqual([])
    // So steep and so high that it needs no twin.
    const beyond = watch()
    beyond.run(2800, {})
    beyond.run(600, { slope_uOhmpmin: 0.1 })
    expect(beyond.begun()).toContain('anode-effect-coming 0')
  })

  it('call a noisy cell by its noise', () => {
    const { run, begun, found } = watch()
    run(600, {})
    run(600, { noise_V: 0.045 })
    expect(begun()).toEqual(['noisy-cell 0'])
    expect(found[0]!.text).toMatch(/noisy cell: \d\d mV/)
  })

  it('tell superheat only where the band leaves no doubt', () => {
    const { run, begun } = watch()
    run(3600, { superheat_K: 3.5 })
    expect(begun()).toEqual([])
    run(3600, { superheat_K: 1 })
    expect(begun()).toEqual(['superheat-low 0'])
  })

  it('blame the thermocouple when a dip is off what the twin can believe', () => {
    const { run, take, begun } = watch()
    run(10, {})
    take({ dip_K: 1235 + 4 })
    expect(begun()).toEqual([])
    take({ dip_K: 1235 + 25 })
    expect(begun()).toEqual(['thermocouple-bias 0'])
  })

  it('tell a hot and a cold bath when twin and dip agree', () => {
    const { run, take, begun } = watch()
    run(10, { bath_K: 1254 })
    take({ dip_K: 1254, bath_K: 1212 })
    take({ dip_K: 1212, bath_K: 1212 })
    expect(begun()).toEqual(['bath-temperature-high 0', 'bath-temperature-low 0'])
  })

  it('stay silent where the twin has no such estimate', () => {
    const detector = processDetector(definition, { fields: [], channels })
    const found: Finding[] = []
    for (let tick = 1; tick < 600; tick++) {
      const { frame, twin } = frames(tick, { noise_V: 1, superheat_K: 0 })
      detector.tick(frame, twin, NO_FAULTS, finding => found.push(finding))
    }
    expect(found).toEqual([])
  })
})

checkDetector<Second>({
  name: 'process',
  create() {
    const { detector, take, found, begun } = watch()
    return {
      save: detector.save,
      load: detector.load,
      take,
      scores: () => found.map(({ score }) => score),
      begun: () => begun().length,
    }
  },
  normal: Array.from({ length: 2000 }, (_, i) => ({ slope_uOhmpmin: 0.002 * Math.sin(i / 300) })),
  missing: Array.from({ length: 300 }, () => ({ known: false })),
})
