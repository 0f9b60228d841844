import { seededRandom } from '#engine/core/random.ts'
import { isInRange, type ProducerPlan, RANGE, seriesOf } from './lines.ts'
import { potlineRows, type Row } from './potline.ts'

/** Columns of one batch, as a producer sends them. */
export interface ChaosBatch {
  readonly count: number
  readonly refs: Uint32Array // [reading]
  readonly times_ms: Float64Array // [reading]
  readonly values: Float64Array // [reading]
  readonly qualities: Uint8Array // [reading]
}

const TICK_MS = 1000
/** Of a potline more, so that it gets as far as to advice. */
const TICKS_A_BATCH = { generic: 2, potline: 4 } as const
const START_MS = Date.UTC(2026, 0, 1)
const HOUR_MS = 3600_000
const HIGH_BATCHES_LOG2 = 4
/** Of a producer whose clock jumps: every so many batches, by so much. */
const JUMPS = [
  { every: 29, jump_ms: HOUR_MS },
  { every: 31, jump_ms: -10 * 60_000 },
  { every: 53, jump_ms: -72 * HOUR_MS },
] as const

/** Time of a batch's first tick on a line that lives by its readings. */
export const streamBase_ms = ({ kind }: ProducerPlan, sequence: number): number =>
  START_MS + sequence * TICKS_A_BATCH[kind] * TICK_MS

/** How wrong the producer's clock is while it makes this batch. */
export function jump_ms(plan: ProducerPlan, sequence: number): number {
  if (plan.clock !== 'wall') return 0
  return JUMPS.find(({ every }) => sequence % every === every - 1)?.jump_ms ?? 0
}

/** The readings of a batch: equal arguments give equal readings, in any process. */
export function chaosBatch(
  seed: number,
  plan: ProducerPlan,
  sequence: number,
  base_ms: number,
): ChaosBatch {
  const ticks = TICKS_A_BATCH[plan.kind]
  if (plan.kind === 'potline') {
    const { rows, integer } = potlineRows(seed, sequence, base_ms, ticks)
    return batchOf(rows, integer)
  }
  const random = seededRandom(seed).fork(`${plan.producer}/${sequence}`)
  const rows: Row[] = []
  const high = highSeries(seed, plan, sequence)
  for (let tick = 0; tick < ticks; tick++) {
    for (const { ref } of seriesOf(plan)) {
      const chance = random.uniform()
      const time_ms = base_ms + tick * TICK_MS + random.integer(TICK_MS)
      const value = (high.has(ref) ? 68 : 45) + random.normal()
      const row = rowOf(chance, ref, time_ms, value)
      if (row) rows.push(row)
    }
  }
  return batchOf(rows, random.integer)
}

/** Readings of a batch that the engine must reject, of a line that lives by its readings. */
export function impossibleRows(plan: ProducerPlan, { refs, values }: ChaosBatch): number {
  const series = seriesOf(plan)
  let count = 0
  for (const [row, ref] of refs.entries()) {
    if (!isInRange(plan, series[ref - 1]!, values[row]!)) count += 1
  }
  return count
}

function batchOf(rows: Row[], integer: (count: number) => number): ChaosBatch {
  shuffle(rows, integer)
  return {
    count: rows.length,
    refs: Uint32Array.from(rows, row => row[0]),
    times_ms: Float64Array.from(rows, row => row[1]),
    values: Float64Array.from(rows, row => row[2]),
    qualities: Uint8Array.from(rows, row => row[3]),
  }
}

/** Most readings are good; one in a hundred each is missing, bad, impossible, or late. */
function rowOf(chance: number, ref: number, time_ms: number, value: number): Row | undefined {
  if (chance < 0.01) return undefined
  if (chance < 0.02) return [ref, time_ms, Number.NaN, 2]
  if (chance < 0.03) return [ref, time_ms, 10 * RANGE.high + value, 0]
  if (chance < 0.04) return [ref, time_ms - HOUR_MS, value, 0]
  return [ref, time_ms, value, chance < 0.06 ? 1 : 0]
}

/** Series above their alarm limit; that lasts for some batches. */
function highSeries(seed: number, plan: ProducerPlan, sequence: number): ReadonlySet<number> {
  const random = seededRandom(seed).fork(`${plan.producer} ${sequence >> HIGH_BATCHES_LOG2}`)
  return new Set(seriesOf(plan).flatMap(({ ref }) => (random.uniform() < 0.06 ? [ref] : [])))
}

function shuffle<T>(rows: T[], integer: (count: number) => number): void {
  for (let at = rows.length - 1; at > 0; at--) {
    const other = integer(at + 1)
    ;[rows[at], rows[other]] = [rows[other]!, rows[at]!]
  }
}
