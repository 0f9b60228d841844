import type { CellScorer } from '../anomaly/tensorflow/cell-scorer.ts'
import type { ModelRecord } from '../anomaly/tensorflow/model-record.ts'
import { LiquidusError } from '../core/errors.ts'
import type { FeatureRows } from './collect.ts'
import { rowWindows } from './row-windows.ts'

/** What the calibration learnt. */
export interface Calibration {
  readonly threshold: number
  readonly facts: ModelRecord['calibration']
  readonly metrics: { readonly score_calibration: number; readonly far_calibration: number }
}

const BLOCK_S = 1800
const SAFETY = 1.25
const CHUNK_ROWS = 512

/**
 * Split conformal threshold on rows that the fit has not seen: one value, the largest, per cell
 * and half hour, because rows beside each other are no independent witnesses.
 */
export function calibrate(scorer: CellScorer, rows: FeatureRows, from: number): Calibration {
  const windows = rowWindows(rows, scorer.window)
  const ends = windows.ends(from)
  if (ends.length === 0) {
    const problem = 'has no whole window of rows to calibrate on: give it more normal running'
    throw new LiquidusError('MODEL_INVALID', { model: scorer.version, problem })
  }
  const largest = new Map<string, number>()
  const out = new Float64Array(CHUNK_ROWS)
  const all = new Float64Array(ends.length)
  for (let at = 0; at < ends.length; at += CHUNK_ROWS) {
    const some = ends.subarray(at, at + CHUNK_ROWS)
    scorer.score(windows.gather(some), some.length, out)
    all.set(out.subarray(0, some.length), at)
    for (const [k, row] of some.entries()) {
      const block = Math.floor(rows.times_ms[row]! / (BLOCK_S * 1000))
      const key = `${rows.cells[row]}/${block}`
      largest.set(key, Math.max(largest.get(key) ?? 0, out[k]!))
    }
  }
  const top = [...largest.values()].reduce((most, value) => Math.max(most, value), 0)
  return {
    threshold: top * SAFETY,
    metrics: {
      score_calibration: all.reduce((sum, score) => sum + score, 0) / all.length,
      far_calibration: all.filter(score => score > top * SAFETY).length / all.length,
    },
    facts: {
      rows: ends.length,
      block_s: BLOCK_S,
      blocks: largest.size,
      largest: top,
      safety_1: SAFETY,
      chance_per_block: 1 / (largest.size + 1),
    },
  }
}
