import type { LineDefinition } from '../../flow.ts'
import type { Report } from '../finding.ts'
import { fusedEvents } from '../fusion/events.ts'
import type { Stateful } from '../state.ts'
import type { DynamicBudget, DynamicDetector } from './detector.ts'
import { explainKind } from './kind-causes.ts'
import { kindLevel } from './kind-level.ts'
import { kindModels } from './kind-models.ts'
import { DYNAMICS_KIND, kindPlan } from './kind-plan.ts'
import { kindRows } from './kind-rows.ts'
import { kindStatistic } from './kind-statistic.ts'

/** What the findings are called. */
const SAID = { kind: DYNAMICS_KIND, detector: 'dynamic' } as const
const CLEAR_TICKS = 60
const CONFIRM_TICKS = 300
/** What stands out for so long is the asset's normal now, and learnt anew. */
const RENEW_TICKS = 3600
/** Ticks in which many assets that begin to stand out are one event of the line. */
const TOGETHER_TICKS = 60

/** Small models of the assets of a line, each in its own scales and beside its own usual. */
export function kindDetector(
  definition: LineDefinition,
  names: readonly string[], // [channel]
  budget: DynamicBudget,
): DynamicDetector {
  const cells = definition.cells.length
  const plan = kindPlan(cells, names.length, definition.tick_ms)
  const dt_s = definition.tick_ms / 1000
  const rows = kindRows(plan)
  const models = kindModels(plan)
  const statistic = kindStatistic(plan)
  const level = kindLevel(plan)
  const times = { every: 1, clear_s: CLEAR_TICKS * dt_s, confirm_s: CONFIRM_TICKS * dt_s }
  const events = fusedEvents(cells, dt_s, { ...times, renew_s: RENEW_TICKS * dt_s }, SAID)
  const guard = new Uint8Array(cells) // ticks until the asset is learnt from again
  const ticks = new Float64Array(1)
  const quiet = new Uint8Array(cells)
  const scores = new Float64Array(cells)
  const parts: readonly Stateful[] = [rows, models, statistic, level, events]
  const { evidence } = statistic

  const judge = (cell: number, isFrozen: boolean, time_ms: number, report: Report): void => {
    if (rows.came[cell] === 0) return
    if (events.stands(cell)) {
      const ended = events.follow(cell, evidence[cell]!, isFrozen, { time_ms, report })
      if (ended !== 'renewed') return
      rows.restart(cell)
      statistic.restart(cell)
      return
    }
    if (!statistic.believed(cell)) return
    const threshold = level.threshold()
    level.take(cell, Math.min(evidence[cell]!, threshold), quiet[cell] === 1)
    if (evidence[cell]! <= threshold || quiet[cell] === 0) return
    const why = () => explainKind(models.weights(cell), windowOf(cell), names)
    const told = { time_ms, report, score: scoreOf(evidence[cell]!, threshold) }
    events.begin(cell, threshold, { ...told, explain: why, wasFalse: level.wasFalse })
  }

  const windowOf = (cell: number): Float64Array => {
    const window = new Float64Array(plan.lags * plan.channels)
    rows.window(cell, plan.lags, window)
    return window
  }

  return {
    get scores() {
      const threshold = level.threshold()
      for (let cell = 0; cell < cells; cell++) {
        const isKnown = threshold < Infinity && rows.ready(cell)
        scores[cell] = isKnown ? scoreOf(evidence[cell]!, threshold) : 0
      }
      return scores
    },
    tick(frame, twin, frozen, report) {
      events.wait(frozen, level.wasFalse)
      for (let cell = 0; cell < cells; cell++) {
        if (frozen[cell] === 1 || events.stands(cell)) guard[cell] = plan.guard_count
        else if (guard[cell]! > 0) guard[cell]!--
        quiet[cell] = Number(guard[cell] === 0)
      }
      rows.tick(twin.observed, twin.masked, quiet)
      models.tick(rows, statistic.restart)
      statistic.tick(models, rows, quiet)
      for (let cell = 0; cell < cells; cell++) {
        judge(cell, frozen[cell] === 1, frame.time_ms, report)
      }
      level.endTick(budget.events_per_line_day)
      if (++ticks[0]! % TOGETHER_TICKS === 0) events.newBlock()
    },
    save(out) {
      for (const part of parts) part.save(out)
      out.array(guard)
      out.array(ticks)
    },
    load(from) {
      for (const part of parts) part.load(from)
      from.array(guard)
      from.array(ticks)
    },
  }
}

/** 0.5 at the threshold. */
const scoreOf = (evidence: number, threshold: number): number =>
  1 / (1 + Math.exp(threshold - evidence))
