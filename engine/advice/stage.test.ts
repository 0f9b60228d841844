import { describe, expect, it } from 'vitest'
import type {
  AlarmRecord,
  DecisionEntry,
  Forecast,
  LineFrame,
  Plan,
  Quantity,
  TwinFrame,
} from '../flow.ts'
import { potlineDefinition, potlineTag } from '../lines/potline.ts'
import { aluminaDemand_kgps } from './feed.ts'
import { adviceStage } from './stage.ts'

const definition = potlineDefinition({
  tenant: 'local',
  line: 'pots',
  cells: ['cell-101', 'cell-102'],
  feeders: 1,
  clock: 'stream',
  origin: 'simulated',
})
const CELLS = 2
const NAMES = {
  alumina_share: [0.027, 0.001],
  superheat_K: [9, 0.5],
  excess_alf3_share: [0.11, 0.005],
  feed_efficiency_1: [1, 0.03],
  current_efficiency_1: [0.945, 0.01],
  pseudo_resistance_Ohm: [7.5e-6, Number.NaN],
  voltage_noise_V: [0.008, Number.NaN],
  voltage_V: [4.25, 0.005],
  resistance_slope_Ohmps: [0, Number.NaN],
} as const
type Name = keyof typeof NAMES
const fields = Object.keys(NAMES).map(name => ({ name }) as Quantity)
const NEED_KGPS = aluminaDemand_kgps(350e3, 0.945)

/** Superheat rises 2 K per mm, alumina follows the feed: enough to see margins move. */
function forecast(_cell: number, plan: Plan): Forecast {
  const rise_K = 2000 * (plan.acd_change_m ?? 0)
  const alumina = 0.027 * (plan.feed_ratio ?? 1)
  return {
    times_s: Float64Array.of(0, 3600),
    fields: ['superheat_K', 'alumina_share', 'voltage_V'],
    mean: Float64Array.of(9, 9 + rise_K, 0.027, alumina, 4.25, 4.26),
    std: Float64Array.of(0.5, 0.6, 0.001, 0.001, 0.01, 0.01),
  }
}

function run(
  ticks: number,
  change: Partial<Record<Name, readonly [mean: number, std: number]>> = {},
  options: { from?: number; alarms?: readonly AlarmRecord[]; stage?: ReturnType<typeof make> } = {},
) {
  const stage = options.stage ?? make()
  const seen = []
  const tagOf = (name: string) => definition.tags.findIndex(tag => tag.tag === name)
  const values = new Float64Array(definition.tags.length * CELLS)
  values.fill(350e3, tagOf(potlineTag.current) * CELLS, tagOf(potlineTag.current) * CELLS + 1)
  values.fill(NEED_KGPS, tagOf('feed_shot_1') * CELLS, (tagOf('feed_shot_1') + 1) * CELLS)
  const twin = {
    estimate: new Float64Array(fields.length * CELLS),
    std: new Float64Array(fields.length * CELLS),
    observable: new Uint8Array(fields.length * CELLS).fill(1),
    trusted: new Uint8Array(CELLS).fill(1),
  }
  for (const [row, name] of (Object.keys(NAMES) as Name[]).entries()) {
    // Cell 0 is changed, cell 1 runs as usual.
    const [mean, std] = change[name] ?? NAMES[name]
    twin.estimate.set([mean, NAMES[name][0]], row * CELLS)
    twin.std.set([std, NAMES[name][1]], row * CELLS)
  }
  const from = options.from ?? 0
  for (let tick = from; tick < from + ticks; tick++) {
    const frame = { tick, time_ms: (tick + 1) * 1000, values, events: [] } as unknown as LineFrame
    seen.push(...stage.tick(frame, twin as unknown as TwinFrame, options.alarms ?? []))
  }
  return { stage, seen }
}

const make = () => adviceStage(definition, { fields, forecast }, { engine: 'test' })
const decision = (action: 'approve' | 'reject', target: string): DecisionEntry => ({
  kind: 'decision',
  decision: { on: 'advice', action, target },
  subject: 'anna',
  role: 'operator',
  comment: 'agreed',
  decided_ms: 1,
})

describe('adviceStage', () => {
  it('proposes nothing while a cell runs as it should', () => {
    expect(run(5000).seen).toEqual([])
  })

  it('proposes feed in one step inside the range when less arrives than commanded', () => {
    const { seen } = run(4000, { feed_efficiency_1: [0.8, 0.03] })
    const [advice] = seen
    expect(advice).toMatchObject({
      cell: 'cell-101',
      setpoint: 'base_feed_rate',
      unit: 'kg/h',
      state: 'PENDING_APPROVAL',
      interval_min_s: 3600,
    })
    expect(advice!.to / advice!.from).toBeCloseTo(1.05, 2)
    expect(advice!.to).toBeLessThanOrEqual(advice!.high)
    expect(advice!.to - advice!.from).toBeLessThanOrEqual(advice!.step_max + 1e-9)
    expect(advice!.margins.every(margin => margin.worst > 0)).toBe(true)
    expect(advice!.forecasts.map(one => one.field)).toContain('alumina_share')
    expect(advice!.reason).toContain('80 % of the commanded alumina arrives')
    expect(advice!.hash).toMatch(/^[0-9a-f]{64}$/)
    expect(seen.every(one => one.cell === 'cell-101')).toBe(true)
  })

  it('proposes resistance for an unstable cell, and against superheat only when AlF3 is right', () => {
    const noisy = run(4000, { voltage_noise_V: [0.05, Number.NaN] }).seen[0]
    expect(noisy).toMatchObject({ setpoint: 'target_resistance', unit: 'uOhm' })
    expect(noisy!.to - noisy!.from).toBeCloseTo(0.1, 5)
    const hot = run(4000, { superheat_K: [12.5, 0.5] }).seen[0]
    expect(hot!.to).toBeLessThan(hot!.from)
    const hotAndLean = run(4000, { superheat_K: [12.5, 0.5], excess_alf3_share: [0.09, 0.005] })
    expect(hotAndLean.seen).toEqual([])
  })

  it('never says the opposite of an alarm, nor cuts feed while resistance rises', () => {
    const over = { feed_efficiency_1: [1.2, 0.03] } as const
    expect(run(4000, over).seen[0]!.to).toBeLessThan(run(4000, over).seen[0]!.from)
    const alarm = { cell: 'cell-101', kind: 'feed-below-demand', active: true } as AlarmRecord
    expect(run(4000, over, { alarms: [alarm] }).seen).toEqual([])
    const rising = { ...over, resistance_slope_Ohmps: [0.02e-6 / 60, Number.NaN] } as const
    expect(run(4000, rising).seen).toEqual([])
  })

  it('says nothing about what it does not know well enough', () => {
    expect(run(4000, { superheat_K: [13, 4] }).seen).toEqual([])
    expect(run(4000, { feed_efficiency_1: [0.9, 0.1] }).seen).toEqual([])
  })

  it('keeps quiet and withdraws while an anode effect is active', () => {
    const { stage } = run(4000, { feed_efficiency_1: [0.8, 0.03] })
    const alarm = { cell: 'cell-101', kind: 'anode-effect', active: true } as AlarmRecord
    const change = { feed_efficiency_1: [0.8, 0.03] } as const
    const { seen } = run(300, change, { from: 4200, alarms: [alarm], stage })
    expect(seen).toMatchObject([{ state: 'WITHDRAWN', comment: 'anode effect active or coming' }])
  })

  it('records a decision, rests for the minimum interval, and ignores a second decision', () => {
    const change = { feed_efficiency_1: [0.8, 0.03] } as const
    const { stage, seen } = run(4000, change)
    const id = seen[0]!.id
    const [approved] = stage.decide(decision('approve', id), 4_000_000)
    expect(approved).toMatchObject({ state: 'APPROVED', decided_by: 'anna', revision: 2 })
    expect(stage.decide(decision('reject', id), 4_000_001)).toEqual([])
    expect(run(3500, change, { from: 4000, stage }).seen).toEqual([])
    expect(run(700, change, { from: 7500, stage }).seen).toMatchObject([
      { state: 'PENDING_APPROVAL' },
    ])
  })

  it('lets advice expire at the end of its validity', () => {
    const { stage, seen } = run(4000, { voltage_noise_V: [0.05, Number.NaN] })
    const later = run(1200, {}, { from: 4000, stage }).seen
    expect(later.some(one => one.id === seen.at(-1)!.id && one.state === 'EXPIRED')).toBe(true)
  })

  it('goes on from a snapshot bit for bit', () => {
    const change = { feed_efficiency_1: [0.8, 0.03] } as const
    const first = run(3700, change).stage
    const second = make()
    second.restore(first.snapshot())
    const a = run(600, change, { from: 3700, stage: first }).seen
    const b = run(600, change, { from: 3700, stage: second }).seen
    expect(b).toEqual(a)
    expect(second.snapshot()).toEqual(first.snapshot())
  })
})
