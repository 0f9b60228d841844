import type { Cause, Channel, LineDefinition, LineFrame, Quantity, TwinFrame } from '../../flow.ts'
import { potlineTag } from '../../lines/potline.ts'
import { estimateNames } from '../estimates.ts'
import type { Report } from '../finding.ts'
import { persistence, Verdict } from '../persistence.ts'
import type { Stateful } from '../state.ts'
import {
  type AssetModel,
  At,
  assetModel,
  contributions,
  type DynamicPlan,
  isReady,
  takeRow,
} from './asset-model.ts'

/** Learns how the signals of each asset move together, then tells when they do not. */
export interface DynamicDetector extends Stateful {
  /** 0..1, 0.5 at the threshold; 0 while learning. */
  readonly scores: Float64Array // [cell]
  tick(frame: LineFrame, twin: TwinFrame, report: Report): void
}

/** Most numbers all assets may keep while they learn; larger lines get fewer lags or none. */
export const DYNAMIC_NUMBERS_MAX = 1 << 17

/** Whether a line so large has a model of each asset that looks so many lags back. */
export function hasAssetModels(cells: number, channels: number, lags = 1): boolean {
  return cells * (2 * lags * channels) ** 2 <= DYNAMIC_NUMBERS_MAX
}
const LAGS_MAX = 3
const NEED_TICKS = 10
const CLEAR_TICKS = 60
const CAUSES_MAX = 3
/** Potline cells go through a feeding cycle of about two hours. */
const POTLINE_LEARN = { fit_count: 5400, calibrate_count: 5400, block_count: 300 } as const
const GENERIC_LEARN = { fit_count: 260, calibrate_count: 140, block_count: 10 } as const

interface Rows {
  readonly names: readonly string[] // [channel]
  /** Fills the row of a cell; false when nothing of it is known now. */
  fill(twin: TwinFrame, cell: number, into: Float64Array): boolean
}

/** The linear dynamic detector: canonical variate residuals, learnt on line and then frozen. */
export function dynamicDetector(
  definition: LineDefinition,
  twinOf: { readonly fields: readonly Quantity[]; readonly channels: readonly Channel[] },
): DynamicDetector {
  const cells = definition.cells.length
  const potline = definition.kind === 'potline'
  const rows = potline ? residualRows(twinOf, cells) : signalRows(twinOf, cells)
  const channels = rows.names.length
  const lags = lagsWithin(cells, channels)
  const plan = { channels, lags, ...(potline ? POTLINE_LEARN : GENERIC_LEARN) }
  const models = lags === 0 ? [] : definition.cells.map(() => assetModel(plan))
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
    tick(frame, twin, report) {
      for (let cell = 0; cell < models.length; cell++) {
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

function lagsWithin(cells: number, channels: number): number {
  for (let lags = LAGS_MAX; lags > 0; lags--) {
    if (hasAssetModels(cells, channels, lags)) return channels > 0 ? lags : 0
  }
  return 0
}

function causesOf(model: AssetModel, plan: DynamicPlan, names: readonly string[]): Cause[] {
  const parts = contributions(model, plan)
  return names
    .map((text, c) => ({ text, weight: parts[c]! }))
    .filter(({ weight }) => weight > 0.02)
    .sort((a, b) => b.weight - a.weight)
    .slice(0, CAUSES_MAX)
}

/** All signals of an asset as they were measured. */
function signalRows(twinOf: { readonly channels: readonly Channel[] }, cells: number): Rows {
  const { channels } = twinOf
  return {
    names: channels.map(({ text }) => text),
    fill(twin, cell, into) {
      let known = false
      for (let c = 0; c < channels.length; c++) {
        const value = twin.observed[c * cells + cell]!
        into[c] = value
        if (!Number.isNaN(value)) known = true
      }
      return known
    },
  }
}

const RESIDUAL_MAX = 10

/** What the potline twin could not explain, and how noisy and steep the voltage is. */
function residualRows(
  twinOf: { readonly fields: readonly Quantity[]; readonly channels: readonly Channel[] },
  cells: number,
): Rows {
  const find = estimateNames(twinOf.fields, twinOf.channels, cells)
  const residual = find.channel(potlineTag.voltage)
  const noise = find.field('voltage_noise_V')
  const slope = find.field('resistance_slope_Ohmps')
  return {
    names: ['voltage beside the twin', 'voltage noise', 'resistance slope'],
    fill(twin, cell, into) {
      if (residual < 0 || twin.masked[cell] === 1 || twin.trusted[cell] === 0) return false
      const value = twin.residual[residual + cell]!
      if (Number.isNaN(value)) return false
      into[0] = Math.max(-RESIDUAL_MAX, Math.min(RESIDUAL_MAX, value))
      into[1] = noise < 0 ? Number.NaN : Math.log(twin.estimate[noise + cell]! + 1e-6)
      into[2] = slope < 0 ? Number.NaN : twin.estimate[slope + cell]!
      return true
    },
  }
}
