import { assert } from '../../core/assert.ts'
import type { LineDefinition } from '../../flow.ts'
import {
  type AssetModel,
  At,
  assetModel,
  type DynamicPlan,
  isReady,
  takeRow,
} from './asset-model.ts'
import type { AssetRows } from './asset-rows.ts'
import type { DynamicDetector } from './detector.ts'

/** Layout of the stored state. */
const STATE = 'cells/2'
/** Potline cells go through a feeding cycle of about two hours. */
const LEARN = { fit_count: 5400, calibrate_count: 5400, block_count: 300 } as const

/** A model of its own for each cell, learnt on line and then frozen: shown, and tells nothing. */
export function assetDetector(
  definition: LineDefinition,
  rows: AssetRows,
  lags: number,
): DynamicDetector {
  const cells = definition.cells.length
  const channels = rows.names.length
  const plan = { channels, lags, ...LEARN }
  const models = definition.cells.map(() => assetModel(plan))
  const scores = new Float64Array(cells)
  const row = new Float64Array(channels)

  return {
    scores,
    tick(_frame, twin) {
      for (let cell = 0; cell < cells; cell++) {
        if (!rows.fill(twin, cell, row)) continue
        const model = models[cell]!
        const over = takeRow(model, plan, row) - model.numbers[At.threshold]!
        if (isReady(model, plan)) scores[cell] = 1 / (1 + Math.exp(-over))
      }
    },
    save(out) {
      out.text(STATE)
      for (const model of models) for (const array of arraysOf(model, plan)) out.array(array)
      out.array(scores)
    },
    load(from) {
      assert(from.text() === STATE, 'the stored models of cells are of this version')
      for (const model of models) {
        from.array(model.numbers)
        // What is not stored is as it was at the start: the memory may be of a later time.
        for (const array of [model.matrix, model.sums, model.seen]) array.fill(0)
        model.maxima.fill(Number.NEGATIVE_INFINITY)
        for (const array of arraysOf(model, plan).slice(1)) from.array(array)
      }
      from.array(scores)
    },
  }
}

/** Once frozen, only the variates of the matrix matter, and no sums. */
function arraysOf(model: AssetModel, plan: DynamicPlan): readonly Float64Array[] {
  const { numbers, window, matrix, sums, centre, scale, seen, maxima } = model
  const kept = [numbers, window, centre, scale]
  if (numbers[At.rows]! < plan.fit_count) return [...kept, matrix, sums, seen]
  const used = numbers[At.variates]! * plan.lags * plan.channels
  return [...kept, matrix.subarray(0, used), maxima]
}
