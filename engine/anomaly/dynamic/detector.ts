import type { Channel, LineDefinition, LineFrame, Quantity, TwinFrame } from '../../flow.ts'
import type { Report } from '../finding.ts'
import { EVENTS_PER_LINE_DAY } from '../fusion/plan.ts'
import type { Stateful } from '../state.ts'
import { assetDetector } from './asset-detector.ts'
import { residualRows } from './asset-rows.ts'
import { kindDetector } from './kind-detector.ts'
import { hasKindModel } from './kind-plan.ts'

/** Learns how the signals of each asset move together, then tells when they do not. */
export interface DynamicDetector extends Stateful {
  /** 0..1, 0.5 at the threshold; 0 while learning. */
  readonly scores: Float64Array // [cell]
  /** `frozen`: cells with another alarm, from which nothing is learnt; a potline only has scores. */
  tick(frame: LineFrame, twin: TwinFrame, frozen: Uint8Array, report: Report): void
}

/** How a line's assets are modelled: potline cells each by itself, others as a kind, or not at all. */
export type DynamicWay = 'asset' | 'kind' | 'none'

/** What the detector is told of false events, as the fused score is. */
export interface DynamicBudget {
  readonly events_per_line_day: number
}

/** Most numbers that models of single assets may keep while they learn. */
const DYNAMIC_NUMBERS_MAX = 1 << 17
const LAGS_MAX = 3

/** How the assets of a line are modelled. */
export function dynamicWay(definition: LineDefinition, channels: number): DynamicWay {
  if (definition.kind !== 'potline') return hasKindModel(channels) ? 'kind' : 'none'
  return channels > 0 && lagsWithin(definition.cells.length, channels) > 0 ? 'asset' : 'none'
}

/** The linear dynamic detector: canonical variate residuals, learnt on line. */
export function dynamicDetector(
  definition: LineDefinition,
  twinOf: { readonly fields: readonly Quantity[]; readonly channels: readonly Channel[] },
  budget: DynamicBudget = { events_per_line_day: EVENTS_PER_LINE_DAY },
): DynamicDetector {
  const cells = definition.cells.length
  if (definition.kind === 'potline') {
    const rows = residualRows(twinOf, cells)
    const lags = lagsWithin(cells, rows.names.length)
    return lags > 0 ? assetDetector(definition, rows, lags) : noDetector(cells)
  }
  const names = twinOf.channels.map(({ text }) => text)
  return hasKindModel(names.length) ? kindDetector(definition, names, budget) : noDetector(cells)
}

/** The most lags with which each asset can have a model of its own; 0: none. */
function lagsWithin(cells: number, channels: number): number {
  for (let lags = LAGS_MAX; lags > 0; lags--) {
    if (cells * (2 * lags * channels) ** 2 <= DYNAMIC_NUMBERS_MAX) return lags
  }
  return 0
}

function noDetector(cells: number): DynamicDetector {
  return { scores: new Float64Array(cells), tick() {}, save() {}, load() {} }
}
