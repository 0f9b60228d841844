import { assert } from '../core/assert.ts'
import { LiquidusError } from '../core/errors.ts'
import type { Channel, LineDefinition, LineFrame, Quantity, ScoreCall, TwinFrame } from '../flow.ts'
import { cellFeatures } from './features.ts'
import type { Report } from './finding.ts'
import { type LineCells, PATTERN_WARM_S, patternSlot } from './pattern-slot.ts'
import { rowHistory } from './row-history.ts'
import type { Stateful } from './state.ts'
import type { CellModels, CellScorer } from './tensorflow/cell-scorer.ts'
import { spanOf } from './tensorflow/window.ts'

/** Trained models at work: all cells are rows of one call per tick and model. */
export interface PatternDetector extends Stateful {
  /** Latest scores of the models in force, 0..1. */
  scores(): readonly { readonly name: string; readonly values: Float64Array }[]
  /** Takes a tick; gives what the models have to score before it is judged. */
  observe(frame: LineFrame, twin: TwinFrame): readonly ScoreCall[]
  /** `report` may raise an alarm, `tell` only shows: that is for a model not promoted. */
  judge(twin: TwinFrame, report: Report, tell: Report): void
}

/** Time constant of what is usual for a cell. */
const USUAL_S = 3600
/** Layout of the stored state. */
const STATE = 'pattern/3'
/** The one before, without windows. */
const STATE_BEFORE = 'pattern/2'

/** Scores potline cells with the models in force, which may change between two ticks. */
export function patternDetector(
  definition: LineDefinition,
  twinOf: { readonly fields: readonly Quantity[]; readonly channels: readonly Channel[] },
  models: CellModels,
): PatternDetector {
  const cells = definition.cells.length
  const dt_s = definition.tick_ms / 1000
  const features = cellFeatures(definition, twinOf)
  for (const scorer of [models.lead, models.second]) {
    if (!scorer || features.names.join() === scorer.features.join()) continue
    const problem = `takes other features than this engine makes: ${scorer.features.join(', ')}`
    throw new LiquidusError('MODEL_INVALID', { model: scorer.version, problem })
  }
  const trusted_s = new Float64Array(cells)
  const usual = new Float32Array(features.values.length).fill(Number.NaN)
  const history = rowHistory(cells, features.names.length, definition.tick_ms)
  const line = { cells, dt_s, features, history, usual, trusted_s }
  const lead = patternSlot('autoencoder', line)
  const second = patternSlot('autoencoder-shadow', line)
  const inTurn = [
    [lead, () => models.lead],
    [second, () => models.second],
  ] as const
  return {
    scores: () => [
      ...(models.lead ? [{ name: lead.name, values: lead.scores }] : []),
      ...(models.second ? [{ name: second.name, values: second.scores }] : []),
    ],
    observe(frame, twin) {
      features.update(frame, twin)
      for (let cell = 0; cell < cells; cell++) {
        const trusted = twin.trusted[cell] === 1
        trusted_s[cell] = trusted ? Math.min(PATTERN_WARM_S, trusted_s[cell]! + dt_s) : 0
      }
      history.hold(Math.max(heldFor(models.lead), heldFor(models.second)))
      history.take(frame.tick, features.values, cell => {
        // As training gathers rows: a window with others in it is like none it learnt from.
        return trusted_s[cell]! >= PATTERN_WARM_S && twin.masked[cell] === 0
      })
      return inTurn.flatMap(([slot, model]) => {
        const scorer = model()
        return (scorer && slot.call(scorer)) ?? []
      })
    },
    judge(twin, report, tell) {
      lead.judge(models.lead, twin, report, tell)
      second.judge(models.second, twin, report, tell)
      if (!models.lead) return
      for (let cell = 0; cell < cells; cell++) {
        const isNormal = trusted_s[cell]! > 0 && twin.masked[cell] === 0 && lead.quiet(cell)
        if (isNormal) followUsual(line, cell)
      }
    },
    save(out) {
      out.text(STATE)
      features.save(out)
      out.array(usual)
      out.array(trusted_s)
      lead.save(out)
      second.save(out)
      history.save(out)
    },
    load(from) {
      const layout = from.text()
      const isBefore = layout === STATE_BEFORE
      assert(isBefore || layout === STATE, 'the stored patterns are of a version that is known')
      features.load(from)
      from.array(usual)
      from.array(trusted_s)
      lead.load(from, !isBefore)
      second.load(from, !isBefore)
      if (!isBefore) history.load(from)
    },
  }
}

/** Rows of each cell that a model needs the history of. */
const heldFor = (scorer: CellScorer | undefined) => (scorer?.window ? spanOf(scorer.window) : 0)

/** Takes a row of a cell in which nothing stands out into what is usual for it. */
function followUsual({ dt_s, features: { names, values }, usual }: LineCells, cell: number): void {
  const share = Math.min(1, dt_s / USUAL_S)
  for (let i = cell * names.length; i < (cell + 1) * names.length; i++) {
    const value = values[i]!
    if (Number.isNaN(value)) continue
    usual[i] = Number.isNaN(usual[i]!) ? value : usual[i]! + (value - usual[i]!) * share
  }
}
