import type { Stateful } from '../state.ts'
import { BLOCK_CELLS, type KindModels } from './kind-models.ts'
import type { KindPlan } from './kind-plan.ts'
import type { KindRows } from './kind-rows.ts'

/** The residual T2 of each asset, as how far it is above what is usual for the asset. */
export interface KindStatistic extends Stateful {
  /** Standard deviations that the running mean of the logarithm is above usual, twice in a row. */
  readonly evidence: Float32Array // [cell]
  /** Takes the newest rows of all assets; nothing is believed before there are models. */
  tick(models: KindModels, rows: KindRows, quiet: Uint8Array): void
  /** True once the asset's own level is believed. */
  believed(cell: number): boolean
  restart(cell: number): void
}

/** Share of the newest row in the running mean of the logarithm. */
const LOG_SHARE = 0.1
/** A logarithm counts as at most so many deviations out where the usual is learnt. */
const LEARN_MOST = 3
/** The spread of all assets counts as so many values of each one's own. */
const SHARED_COUNT = 300
const SHARED_REMEMBERED = 600

/** Of this module alone: the compiler reads what is exported or imported anew in every turn. */
const LANES: number = BLOCK_CELLS

/** Nothing has been seen yet. */
export function kindStatistic(plan: KindPlan): KindStatistic {
  const { cells } = plan
  const logs = new Float32Array(cells).fill(Number.NaN)
  const centre = new Float32Array(cells)
  const variance = new Float32Array(cells)
  const counts = new Float32Array(cells)
  const before = new Float32Array(cells)
  const evidence = new Float32Array(cells)
  const shared = Float64Array.of(0, 0) // variance of all assets, ticks behind it
  const arrays = [logs, centre, variance, counts, before, evidence, shared]
  const squares = new Float64Array(BLOCK_CELLS)
  const learnt = { sum: 0, count: 0 } // squares of this tick
  const levels: Levels = { logs, centre, variance, counts, before, evidence, shared, learnt }
  const { level_count, level_min } = plan

  return {
    evidence,
    believed: cell => counts[cell]! > level_min,
    tick(models, rows, quiet) {
      if (!models.fitted()) return
      learnt.sum = learnt.count = 0
      for (let cell = 0; cell < cells; cell += LANES) {
        models.squares(cell, rows, squares)
        const last = Math.min(cells - cell, LANES)
        for (let k = 0; k < last; k++) {
          if (rows.came[cell + k] === 0 || !rows.ready(cell + k)) continue
          take(levels, cell + k, squares[k]!, quiet[cell + k] === 1, level_min, level_count)
        }
      }
      if (learnt.count === 0) return
      if (shared[1]! < SHARED_REMEMBERED) shared[1]!++
      shared[0]! += (learnt.sum / learnt.count - shared[0]!) / shared[1]!
    },
    restart(cell) {
      logs[cell] = Number.NaN
      counts[cell] = before[cell] = evidence[cell] = 0
    },
    save(out) {
      for (const array of arrays) out.array(array)
    },
    load(from) {
      for (const array of arrays) from.array(array)
    },
  }
}

interface Levels {
  readonly logs: Float32Array // [cell], as all but the last two
  readonly centre: Float32Array
  readonly variance: Float32Array
  readonly counts: Float32Array
  readonly before: Float32Array
  readonly evidence: Float32Array
  readonly shared: Float64Array
  readonly learnt: { sum: number; count: number }
}

/** Takes the statistic of an asset; learns its usual level from it where it is quiet. */
function take(
  levels: Levels,
  cell: number,
  t2: number,
  learns: boolean,
  least: number,
  most: number,
): void {
  const { logs, centre, variance, counts, before, evidence, shared } = levels
  const log = Math.log(t2 + 1)
  const smooth = logs[cell]!
  const now = Number.isNaN(smooth) ? log : smooth + LOG_SHARE * (log - smooth)
  logs[cell] = now
  const count = counts[cell]!
  const own = count * variance[cell]!
  const spread = Math.sqrt((SHARED_COUNT * shared[0]! + own) / (SHARED_COUNT + count))
  const difference = now - centre[cell]!
  const score = spread > 0 && count >= least ? difference / spread : 0
  evidence[cell] = Math.min(score, before[cell]!)
  before[cell] = score
  if (!learns) return
  const far = spread > 0 && count >= least ? LEARN_MOST * spread : Number.POSITIVE_INFINITY
  const d = difference > far ? far : difference < -far ? -far : difference
  const share = 1 / (1 + count)
  centre[cell]! += share * d
  variance[cell] = count === 0 ? 0 : (1 - share) * (variance[cell]! + share * d * d)
  if (count < most) counts[cell]!++
  if (count < least) return
  levels.learnt.sum += d * d
  levels.learnt.count++
}
