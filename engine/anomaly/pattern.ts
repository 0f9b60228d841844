import { LiquidusError } from '../core/errors.ts'
import type { Cause, Channel, LineDefinition, LineFrame, Quantity, TwinFrame } from '../flow.ts'
import { cellFeatures } from './features.ts'
import type { Report } from './finding.ts'
import { persistence, Verdict } from './persistence.ts'
import type { Stateful } from './state.ts'
import type { CellScorer } from './tensorflow/cell-scorer.ts'

/** A trained model at work: all cells in one call per tick. */
export interface PatternDetector extends Stateful {
  readonly name: string
  readonly scores: Float64Array // [cell]
  tick(frame: LineFrame, twin: TwinFrame, report: Report): void
}

const NEED_S = 120
const CLEAR_S = 600
/** Running means of the features need this long before a score means something. */
const WARM_S = 2 * 3600
const CAUSES_MAX = 3

/** Scores potline cells with a model from the registry. */
export function patternDetector(
  definition: LineDefinition,
  twinOf: { readonly fields: readonly Quantity[]; readonly channels: readonly Channel[] },
  scorer: CellScorer,
): PatternDetector {
  const cells = definition.cells.length
  const dt_s = definition.tick_ms / 1000
  const features = cellFeatures(definition, twinOf)
  const width = features.names.length
  if (features.names.join() !== scorer.features.join()) {
    const problem = `takes other features than this engine makes: ${scorer.features.join(', ')}`
    throw new LiquidusError('MODEL_INVALID', { model: scorer.version, problem })
  }
  const raw = new Float64Array(cells)
  const shares = new Float64Array(cells * width) // [cell][feature]
  const scores = new Float64Array(cells)
  const trusted_s = new Float64Array(cells)
  const held = persistence(cells, NEED_S, CLEAR_S)

  const causesOf = (cell: number): Cause[] =>
    Array.from({ length: width }, (_, f) => ({
      text: features.names[f]!.replaceAll('_', ' '),
      weight: shares[cell * width + f]!,
    }))
      .sort((a, b) => b.weight - a.weight)
      .slice(0, CAUSES_MAX)

  const judge = (twin: TwinFrame, cell: number, report: Report) => {
    // 0.5 at the threshold, so that all detectors are read alike.
    scores[cell] = raw[cell]! / (raw[cell]! + scorer.threshold)
    const trusted = twin.trusted[cell] === 1
    trusted_s[cell] = trusted ? Math.min(WARM_S, trusted_s[cell]! + dt_s) : 0
    const known = trusted_s[cell]! >= WARM_S && twin.masked[cell] === 0
    const above = raw[cell]! > scorer.threshold ? Verdict.present : Verdict.absent
    const edge = held.look(cell, known ? above : Verdict.unknown, dt_s)
    if (edge === '') return
    const active = edge === 'began'
    const causes = active ? causesOf(cell) : []
    const text = active ? `unusual pattern, mostly ${causes[0]!.text}` : ''
    const place = { kind: 'unusual-pattern', cell, tagIndex: -1, active, text, causes }
    const when = { time_ms: twin.time_ms, score: scores[cell]! }
    report({ ...place, ...when, detector: `autoencoder ${scorer.version}` })
  }

  return {
    name: 'autoencoder',
    scores,
    tick(frame, twin, report) {
      features.update(frame, twin)
      scorer.score(features.values, cells, raw, shares)
      for (let cell = 0; cell < cells; cell++) judge(twin, cell, report)
    },
    save(out) {
      features.save(out)
      held.save(out)
      out.array(trusted_s)
      out.array(scores)
    },
    load(from) {
      features.load(from)
      held.load(from)
      from.array(trusted_s)
      from.array(scores)
    },
  }
}
