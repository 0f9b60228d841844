import type { Channel, LineDefinition, LineFrame, Quantity, TwinFrame } from '../../flow.ts'
import { isFeedShot, potlineTag } from '../../lines/potline.ts'
import { estimateAt, estimateNames } from '../estimates.ts'
import type { Report } from '../finding.ts'
import type { Stateful } from '../state.ts'
import { NEED_KGPC } from './feeder-model.ts'
import { type Delivery, feederFinding, WHOLE } from './feeder-watch.ts'
import { type Faults, type QuietTime, quietTime } from './quiet.ts'

/**
 * Weighs the slope of the resistance against the alumina that was commanded. A cell that gets
 * what it is fed answers overfeeding with a falling and underfeeding with a rising resistance;
 * a slope that stays above that answer means that alumina is missing.
 */
export interface FeedBalance extends Stateful {
  /** `lineCalm_s`: seconds since the line current was last off its usual. */
  tick(frame: LineFrame, twin: TwinFrame, faults: Faults, report: Report, lineCalm_s?: number): void
  /** Slope above the usual answer in this tick, in spreads; NaN where it can not be judged. */
  lacks(cell: number): number
}

/** Fixed back voltage of the pseudo-resistance. */
const FIXED_V = 1.65

// Usual answer of slope over resistance, 1/min, to feed and resistance level; least squares on
// one quiet simulated day of 40 cells, and the spread of what is left on others.
const ANSWER = {
  constant: -1.933e-4,
  feed5: 3.0589e-3,
  feed10: -7.0342e-3,
  feed20: 2.1773e-3,
  level: -7.8808e-3,
  level_feed10: 5.321e-2,
  level_feed20: -2.21389e-1,
  spread: 1.41e-4,
} as const

// Cumulative sum: allowance per minute in spreads, and the sum that is a finding: at most one
// on a quiet simulated day of 40 cells.
const BELOW = { kind: 'feed-below-demand', allowance: 1.3, limit: 56 } as const
const DEVIATION_MAX = 6
/** A rise is told only where the cell was fed its need. */
const FED_SHARE = 0.12
/** The limit is this much higher until the usual level of the cell is known. */
const START_SHARE = 0.15
const SUM_MAX_SHARE = 2.5

/** What a cell always is off the usual answer is its own; it is learnt while nothing is up. */
const OWN_S = 4 * 3600
const OWN_SUM_MAX = 25
/** Memory of how much the cells of this line differ from the usual answer, faults and all. */
const SPREAD_S = 8 * 3600
/** Above this noise a slope of minutes says nothing of alumina. */
const NOISE_MAX_V = 0.025

const SLOPE_S = 120
const LEVEL_S = 300
const USUAL_S = 90 * 60
const SETTLED_S = 15 * 60
const START_S = 20 * 60
/** A loss of load leaves the bath cold and rich: resistance answers otherwise for so long. */
const AFTER_LOAD_S = 90 * 60

interface Sum {
  readonly kind: string
  readonly allowance: number
  readonly limit: number
  readonly sums: Float64Array // [cell], spreads times minutes
  readonly standing: Uint8Array // [cell]
  /** Feeder that was told as the cause, from 1; 0: none. */
  readonly told: Uint8Array // [cell]
}

const Row = {
  feed5: 0,
  feed10: 1,
  feed20: 2,
  slope: 3,
  level: 4,
  usual: 5,
  age_s: 6,
  own: 7,
  square: 8,
  judged_s: 9,
}
const ROWS = 10

interface Balance {
  readonly cells: number
  readonly dt_s: number
  readonly at: {
    readonly voltageRow: number
    readonly slope: number
    readonly noise: number
  }
  readonly quiet: QuietTime
  readonly state: Float64Array // [row][cell]
  readonly fed_kg: Float64Array // [cell], in this tick
  readonly sum: Sum
  /** The feeder that delivers too little by the anode currents. */
  readonly lean: (cell: number) => Delivery
}

/** Feed balance of all cells of a potline. */
export function feedBalance(
  definition: LineDefinition,
  names: { readonly fields: readonly Quantity[]; readonly channels: readonly Channel[] },
  lean: (cell: number) => Delivery = () => WHOLE,
): FeedBalance {
  const cells = definition.cells.length
  const find = estimateNames(names.fields, names.channels, cells)
  const at = {
    voltageRow: find.channel(potlineTag.voltage),
    slope: find.field('resistance_slope_Ohmps'),
    noise: find.field('voltage_noise_V'),
  }
  const voltageTag = definition.tags.findIndex(({ tag }) => tag === potlineTag.voltage)
  const currentTag = definition.tags.findIndex(({ tag }) => tag === potlineTag.current)
  const feedTags = definition.tags.map(({ tag }) => isFeedShot(tag))
  const state = new Float64Array(ROWS * cells)
  for (const row of [Row.feed5, Row.feed10, Row.feed20, Row.level, Row.usual]) {
    state.fill(Number.NaN, row * cells, (row + 1) * cells)
  }
  const fed_kg = new Float64Array(cells)
  const sum: Sum = {
    ...BELOW,
    sums: new Float64Array(cells),
    standing: new Uint8Array(cells),
    told: new Uint8Array(cells),
  }
  const order = new Float64Array(cells)
  const quiet = quietTime(cells)
  const dt_s = definition.tick_ms / 1000
  const balance: Balance = { cells, dt_s, at, quiet, state, fed_kg, sum, lean }
  const lacks = new Float64Array(cells).fill(Number.NaN)
  const arrays = [state, sum.sums, sum.standing, sum.told, lacks]

  return {
    tick(frame, twin, faults, report, lineCalm_s = Number.POSITIVE_INFINITY) {
      if (at.voltageRow < 0 || at.slope < 0 || currentTag < 0) return
      const current_A = frame.values[currentTag * cells]!
      fed_kg.fill(0)
      for (const event of frame.events) {
        if (feedTags[event.tagIndex]) fed_kg[event.cell]! += event.value
      }
      const lineSpread = spreadOf(balance, order)
      for (let cell = 0; cell < cells; cell++) {
        learn(balance, twin, cell, current_A, faults.has(voltageTag * cells + cell))
        name(balance, cell, frame.time_ms, report)
        const by = deviation(balance, cell)
        lacks[cell] = Number.NaN
        if (lineCalm_s < AFTER_LOAD_S || Number.isNaN(by)) continue
        if (estimateAt(twin, at.noise, cell) > NOISE_MAX_V) continue
        const beside = (by - learnOwn(balance, cell, by)) / lineSpread
        lacks[cell] = beside
        learnSpread(balance, cell, by)
        judge(balance, cell, beside, frame.time_ms, report)
      }
    },
    lacks: cell => lacks[cell]!,
    save(out) {
      for (const array of arrays) out.array(array)
      quiet.save(out)
    },
    load(from) {
      for (const array of arrays) from.array(array)
      quiet.load(from)
    },
  }
}

function follow(balance: Balance, row: number, cell: number, value: number, seconds: number): void {
  const i = row * balance.cells + cell
  const before = balance.state[i]!
  const share = balance.dt_s / seconds
  balance.state[i] = Number.isNaN(before) ? value : before + (value - before) * share
}

function learn(
  balance: Balance,
  twin: TwinFrame,
  cell: number,
  current_A: number,
  blind: boolean,
): void {
  const { cells, dt_s, at, quiet, state, fed_kg } = balance
  const feed = fed_kg[cell]! / dt_s / (NEED_KGPC * current_A) - 1
  if (Number.isFinite(feed)) {
    // A cell that was just met is taken to have been fed its need.
    for (const row of [Row.feed5, Row.feed10, Row.feed20]) {
      if (Number.isNaN(state[row * cells + cell]!)) state[row * cells + cell] = 0
    }
    follow(balance, Row.feed5, cell, feed, 300)
    follow(balance, Row.feed10, cell, feed, 600)
    follow(balance, Row.feed20, cell, feed, 1200)
  }
  const voltage_V = twin.observed[at.voltageRow + cell]!
  const hidden = twin.masked[cell] === 1 || blind
  if (!quiet.look(cell, hidden, voltage_V, dt_s) || Number.isNaN(feed)) return
  const age = Row.age_s * cells + cell
  state[age] = Math.min(USUAL_S, state[age]! + dt_s)
  follow(balance, Row.level, cell, (voltage_V - FIXED_V) / current_A, LEVEL_S)
  const level = state[Row.level * cells + cell]!
  follow(balance, Row.usual, cell, level, Math.max(dt_s, state[age]!))
  const slope = estimateAt(twin, at.slope, cell)
  // The twin begins its slope anew after an event: what was before says nothing then.
  if (Number.isFinite(slope)) follow(balance, Row.slope, cell, slope, SLOPE_S)
  else state[Row.slope * cells + cell] = Number.NaN
}

/** How far the slope is above the usual answer, in spreads; NaN when it can not be judged. */
function deviation({ state, cells, quiet }: Balance, cell: number): number {
  const of = (row: number) => state[row * cells + cell]!
  if (quiet.since_s(cell) < SETTLED_S || of(Row.age_s) < START_S) return Number.NaN
  const level = (of(Row.level) / of(Row.usual) - 1) * (of(Row.age_s) / USUAL_S)
  const usual =
    ANSWER.constant +
    ANSWER.feed5 * of(Row.feed5) +
    (ANSWER.feed10 + ANSWER.level_feed10 * level) * of(Row.feed10) +
    (ANSWER.feed20 + ANSWER.level_feed20 * level) * of(Row.feed20) +
    ANSWER.level * level
  return ((of(Row.slope) * 60) / of(Row.level) - usual) / ANSWER.spread
}

/** Returns what the cell was usually off before this tick. */
function learnOwn({ state, cells, sum, dt_s }: Balance, cell: number, by: number): number {
  const i = Row.own * cells + cell
  const own = state[i]!
  const bounded = Math.max(-DEVIATION_MAX, Math.min(DEVIATION_MAX, by))
  if (sum.sums[cell]! < OWN_SUM_MAX) state[i] = own + (bounded - own) * (dt_s / OWN_S)
  return own
}

function learnSpread({ state, cells, dt_s }: Balance, cell: number, by: number): void {
  const age = Row.judged_s * cells + cell
  state[age] = Math.min(SPREAD_S, state[age]! + dt_s)
  const bounded = Math.max(-DEVIATION_MAX, Math.min(DEVIATION_MAX, by))
  const i = Row.square * cells + cell
  state[i]! += (bounded * bounded - state[i]!) * (dt_s / Math.max(dt_s, state[age]!))
}

/**
 * How much the cells of this line usually differ from the usual answer, at least one spread: the
 * median cell, so that one at fault does not hide itself. Another plant feeds in another rhythm.
 */
function spreadOf({ state, cells }: Balance, order: Float64Array): number {
  for (let cell = 0; cell < cells; cell++) order[cell] = state[Row.square * cells + cell]!
  order.sort()
  return Math.max(1, Math.sqrt(order[(cells - 1) >> 1]!))
}

/**
 * A feeder that is named by itself is a finding, whatever the resistance says so far; one that is
 * named while the finding stands is told again, with its name.
 */
function name(balance: Balance, cell: number, time_ms: number, report: Report): void {
  const { sum } = balance
  const lean = balance.lean(cell)
  const { feeder } = lean
  if (feeder === 0 || feeder === sum.told[cell]) return
  sum.told[cell] = feeder
  sum.standing[cell] = 1
  const feed = balance.state[Row.feed20 * balance.cells + cell]!
  const place = { kind: sum.kind, cell, tagIndex: -1, active: true, time_ms }
  report({ ...place, ...describe(feed, lean), detector: 'process' })
}

function judge(balance: Balance, cell: number, by: number, time_ms: number, report: Report): void {
  const { state, cells, dt_s, sum } = balance
  // The sum runs on while nothing may be told: evidence of one phase counts in the next.
  const step = (Math.min(DEVIATION_MAX, by) - sum.allowance) * (dt_s / 60)
  const total = Math.min(SUM_MAX_SHARE * sum.limit, Math.max(0, sum.sums[cell]! + step))
  sum.sums[cell] = total
  const stands = sum.standing[cell] === 1
  const lean = balance.lean(cell)
  const { feeder } = lean
  const feed = state[Row.feed20 * cells + cell]!
  const known = state[Row.age_s * cells + cell]! / USUAL_S
  const limit = sum.limit * (1 + START_SHARE * (1 - known))
  if (stands ? total > 0 || feeder > 0 : total < limit || feed < FED_SHARE) return
  sum.standing[cell] = stands ? 0 : 1
  sum.told[cell] = stands ? 0 : feeder
  const told = stands ? NOTHING : describe(feed, lean)
  const place = { kind: sum.kind, cell, tagIndex: -1, active: !stands, time_ms }
  report({ ...place, ...told, detector: 'process' })
}

const NOTHING = { text: '', score: 0, causes: [] }

function describe(feed: number, lean: Delivery) {
  const title = 'alumina feed below demand'
  if (lean.feeder > 0) return feederFinding(title, lean)
  const share = `${Math.round((1 + feed) * 100)} %`
  return {
    text: `${title}: resistance rises though ${share} of the need is commanded`,
    score: 0.9,
    causes: [
      { text: title, weight: 0.7 },
      { text: 'alumina sinks and settles as sludge', weight: 0.3 },
    ],
  }
}
