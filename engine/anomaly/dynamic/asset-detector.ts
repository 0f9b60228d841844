import type { Cause, LineDefinition } from '../../flow.ts'
import type { Report } from '../finding.ts'
import { persistence, Verdict } from '../persistence.ts'
import {
  type AssetModel,
  At,
  assetModel,
  contributions,
  type DynamicPlan,
  isReady,
  takeRow,
} from './asset-model.ts'
import type { AssetRows } from './asset-rows.ts'
import type { DynamicDetector } from './detector.ts'

const NEED_TICKS = 10
const CLEAR_TICKS = 60
const CAUSES_MAX = 3
/** Potline cells go through a feeding cycle of about two hours. */
const POTLINE_LEARN = { fit_count: 5400, calibrate_count: 5400, block_count: 300 } as const
const GENERIC_LEARN = { fit_count: 260, calibrate_count: 140, block_count: 10 } as const

/** A model of its own for each asset, learnt on line and then frozen. */
export function assetDetector(
  definition: LineDefinition,
  rows: AssetRows,
  lags: number,
): DynamicDetector {
  const cells = definition.cells.length
  const potline = definition.kind === 'potline'
  const channels = rows.names.length
  const plan = { channels, lags, ...(potline ? POTLINE_LEARN : GENERIC_LEARN) }
  const models = definition.cells.map(() => assetModel(plan))
  const scores = new Float64Array(cells)
  const dt_s = definition.tick_ms / 1000
  const held = persistence(cells, NEED_TICKS * dt_s, CLEAR_TICKS * dt_s)
  const kind = potline ? 'unusual-dynamics' : 'unusual-pattern'
  const row = new Float64Array(channels)

  const judge = (cell: number, log: number, time_ms: number, report: Report) => {
    const model = models[cell]!
    const over = log - model.numbers[At.threshold]!
    scores[cell] = 1 / (1 + Math.exp(-over))
    const edge = held.look(cell, over > 0 ? Verdict.present : Verdict.absent, dt_s)
    if (edge === '') return
    const active = edge === 'began'
    const causes = active ? causesOf(model, plan, rows.names) : []
    const text = active ? `unusual pattern, mostly ${causes[0]?.text ?? 'several signals'}` : ''
    const place = { kind, cell, tagIndex: -1, active, text, causes }
    report({ ...place, time_ms, score: scores[cell]!, detector: 'dynamic' })
  }

  return {
    scores,
    tick(frame, twin, _frozen, report) {
      for (let cell = 0; cell < cells; cell++) {
        if (!rows.fill(twin, cell, row)) continue
        const log = takeRow(models[cell]!, plan, row)
        if (isReady(models[cell]!, plan)) judge(cell, log, frame.time_ms, report)
      }
    },
    save(out) {
      for (const model of models) for (const array of arraysOf(model, plan)) out.array(array)
      out.array(scores)
      held.save(out)
    },
    load(from) {
      for (const model of models) {
        from.array(model.numbers)
        // What is not stored is as it was at the start: the memory may be of a later time.
        for (const array of [model.matrix, model.sums, model.seen]) array.fill(0)
        model.maxima.fill(Number.NEGATIVE_INFINITY)
        for (const array of arraysOf(model, plan).slice(1)) from.array(array)
      }
      from.array(scores)
      held.load(from)
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

function causesOf(model: AssetModel, plan: DynamicPlan, names: readonly string[]): Cause[] {
  const parts = contributions(model, plan)
  return names
    .map((text, c) => ({ text, weight: parts[c]! }))
    .filter(({ weight }) => weight > 0.02)
    .sort((a, b) => b.weight - a.weight)
    .slice(0, CAUSES_MAX)
}
