import { LiquidusError } from '../core/errors.ts'
import type {
  Cause,
  Channel,
  LineDefinition,
  LineFrame,
  Quantity,
  ScoreCall,
  TwinFrame,
} from '../flow.ts'
import { cellFeatures } from './features.ts'
import type { Report } from './finding.ts'
import { type Persistence, persistence, Verdict } from './persistence.ts'
import type { Stateful, StateWriter } from './state.ts'
import type { CellModels, CellScorer } from './tensorflow/cell-scorer.ts'

/** Trained models at work: all cells are rows of one call per tick and model. */
export interface PatternDetector extends Stateful {
  /** Latest scores of the models in force, 0..1. */
  scores(): readonly { readonly name: string; readonly values: Float64Array }[]
  /** Takes a tick; gives what the models have to score before it is judged. */
  observe(frame: LineFrame, twin: TwinFrame): readonly ScoreCall[]
  /** `report` may raise an alarm, `tell` only shows: that is for a model not promoted. */
  judge(twin: TwinFrame, report: Report, tell: Report): void
}

/** A score has to stand out for this long to be an event, and be gone this long to end. */
export const PATTERN_NEED_S = 120
export const PATTERN_CLEAR_S = 600
/** Running means of the features need this long before a score means something. */
export const PATTERN_WARM_S = 2 * 3600
const CAUSES_MAX = 3

/** What one model keeps of a line. */
interface Slot extends Stateful {
  readonly name: string
  readonly scores: Float64Array // [cell]
  call(scorer: CellScorer): ScoreCall
  judge(scorer: CellScorer | undefined, twin: TwinFrame, report: Report, tell: Report): void
}

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
  const line = { cells, dt_s, features, trusted_s }
  const lead = slot('autoencoder', line)
  const second = slot('autoencoder-shadow', line)
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
      const calls: ScoreCall[] = []
      if (models.lead) calls.push(lead.call(models.lead))
      if (models.second) calls.push(second.call(models.second))
      return calls
    },
    judge(twin, report, tell) {
      lead.judge(models.lead, twin, report, tell)
      second.judge(models.second, twin, report, tell)
    },
    save(out) {
      features.save(out)
      out.array(trusted_s)
      lead.save(out)
      second.save(out)
    },
    load(from) {
      features.load(from)
      from.array(trusted_s)
      lead.load(from)
      second.load(from)
    },
  }
}

interface LineCells {
  readonly cells: number
  readonly dt_s: number
  readonly features: ReturnType<typeof cellFeatures>
  readonly trusted_s: Float64Array // [cell], how long the twin has been trusted
}

function slot(name: string, { cells, dt_s, features, trusted_s }: LineCells): Slot {
  const width = features.names.length
  const raw = new Float64Array(cells)
  const shares = new Float64Array(cells * width) // [cell][feature]
  const scores = new Float64Array(cells)
  let held = persistence(cells, PATTERN_NEED_S, PATTERN_CLEAR_S)
  // The model whose memory this is, and whether it may alarm; '' for none.
  let version = ''
  let promoted = false

  const causesOf = (cell: number): Cause[] =>
    Array.from({ length: width }, (_, f) => ({
      text: features.names[f]!.replaceAll('_', ' '),
      weight: shares[cell * width + f]!,
    }))
      .sort((a, b) => b.weight - a.weight)
      .slice(0, CAUSES_MAX)

  const finding = (cell: number, time_ms: number, active: boolean) => {
    const causes = active ? causesOf(cell) : []
    const text = active ? `unusual pattern, mostly ${causes[0]!.text}` : ''
    const place = { kind: 'unusual-pattern', cell, tagIndex: -1, active, text, causes }
    return { ...place, time_ms, score: scores[cell]!, detector: `autoencoder ${version}` }
  }

  /** What another model held is over: the new one must see for itself. */
  const change = (next: CellScorer | undefined, time_ms: number, report: Report) => {
    for (let cell = 0; cell < cells; cell++) {
      if (held.standing(cell)) report(finding(cell, time_ms, false))
    }
    held = persistence(cells, PATTERN_NEED_S, PATTERN_CLEAR_S)
    scores.fill(0)
    version = next?.version ?? ''
    promoted = next?.promoted ?? false
  }

  const look = (threshold: number, twin: TwinFrame, cell: number) => {
    // 0.5 at the threshold, so that all detectors are read alike.
    scores[cell] = raw[cell]! / (raw[cell]! + threshold)
    const known = trusted_s[cell]! >= PATTERN_WARM_S && twin.masked[cell] === 0
    const above = raw[cell]! > threshold ? Verdict.present : Verdict.absent
    return held.look(cell, known ? above : Verdict.unknown, dt_s)
  }

  return {
    name,
    scores,
    call: scorer => ({ scorer, features: features.values, rows: cells, scores: raw, shares }),
    judge(scorer, twin, report, tell) {
      if ((scorer?.version ?? '') !== version || (scorer?.promoted ?? false) !== promoted) {
        change(scorer, twin.time_ms, promoted ? report : tell)
      }
      if (!scorer) return
      for (let cell = 0; cell < cells; cell++) {
        const edge = look(scorer.threshold, twin, cell)
        if (edge === '') continue
        const tellTo = promoted ? report : tell
        tellTo(finding(cell, twin.time_ms, edge === 'began'))
      }
    },
    save: out => saveSlot(out, held, scores, `${promoted ? 'champion' : 'shadow'} ${version}`),
    load(from) {
      held.load(from)
      from.array(scores)
      const text = from.text()
      promoted = text.startsWith('champion ')
      version = text.slice(text.indexOf(' ') + 1)
    },
  }
}

function saveSlot(out: StateWriter, held: Persistence, scores: Float64Array, by: string): void {
  held.save(out)
  out.array(scores)
  out.text(by)
}
