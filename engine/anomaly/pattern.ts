import { assert } from '../core/assert.ts'
import { LiquidusError } from '../core/errors.ts'
import type { Channel, LineDefinition, LineFrame, Quantity, ScoreCall, TwinFrame } from '../flow.ts'
import { cellFeatures } from './features.ts'
import type { Report } from './finding.ts'
import { explainPattern } from './pattern-causes.ts'
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
/** Time constant of what is usual for a cell. */
const USUAL_S = 3600
/** Layout of the stored state. */
const STATE = 'pattern/2'

/** What one model keeps of a line. */
interface Slot extends Stateful {
  readonly name: string
  readonly scores: Float64Array // [cell]
  /** True while nothing stands out or is believed to. */
  quiet(cell: number): boolean
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
  const usual = new Float32Array(features.values.length).fill(Number.NaN)
  const line = { cells, dt_s, features, usual, trusted_s }
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
    },
    load(from) {
      assert(from.text() === STATE, 'the stored patterns are of this version')
      features.load(from)
      from.array(usual)
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
  /** What the features of each cell are while nothing stands out; NaN: not known. */
  readonly usual: Float32Array // [cell][feature]
  readonly trusted_s: Float64Array // [cell], how long the twin has been trusted
}

/** Takes a row of a cell in which nothing stands out into what is usual for it. */
function followUsual({ dt_s, features: { names, values }, usual }: LineCells, cell: number): void {
  const share = Math.min(1, dt_s / USUAL_S)
  for (let i = cell * names.length; i < (cell + 1) * names.length; i++) {
    const value = values[i]!
    if (Number.isNaN(value)) continue
    usual[i] = Number.isNaN(usual[i]!) ? value : usual[i]! + (value - usual[i]!) * share
  }
}

function slot(name: string, { cells, dt_s, features, usual, trusted_s }: LineCells): Slot {
  const width = features.names.length
  const raw = new Float64Array(cells)
  const shares = new Float64Array(cells * width) // [cell][feature]
  const scores = new Float64Array(cells)
  let held = persistence(cells, PATTERN_NEED_S, PATTERN_CLEAR_S)
  // The model whose memory this is, and whether it may alarm; '' for none.
  let version = ''
  let promoted = false

  const explain = (scorer: CellScorer, cell: number) => {
    const from = cell * width
    const to = from + width
    const row = features.values.subarray(from, to)
    return explainPattern(scorer, row, usual.subarray(from, to), shares.subarray(from, to))
  }

  /** `scorer`: of an event that begins, to say why. */
  const finding = (cell: number, time_ms: number, scorer?: CellScorer) => {
    const why = scorer ? explain(scorer, cell) : { text: '', causes: [] }
    const place = { kind: 'unusual-pattern', cell, tagIndex: -1, active: !!scorer, ...why }
    return { ...place, time_ms, score: scores[cell]!, detector: `autoencoder ${version}` }
  }

  /** What another model held is over: the new one must see for itself. */
  const change = (next: CellScorer | undefined, time_ms: number, report: Report) => {
    for (let cell = 0; cell < cells; cell++) {
      if (held.standing(cell)) report(finding(cell, time_ms))
    }
    held = persistence(cells, PATTERN_NEED_S, PATTERN_CLEAR_S)
    scores.fill(0)
    version = next?.version ?? ''
    promoted = next?.promoted ?? false
  }

  const isOther = (next: CellScorer | undefined): boolean =>
    (next?.version ?? '') !== version || (next?.promoted ?? false) !== promoted

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
    quiet: cell => !held.standing(cell) && scores[cell]! <= 0.5,
    call: scorer => ({ scorer, features: features.values, rows: cells, scores: raw, shares }),
    judge(scorer, twin, report, tell) {
      if (isOther(scorer)) {
        change(scorer, twin.time_ms, promoted ? report : tell)
      }
      if (!scorer) return
      for (let cell = 0; cell < cells; cell++) {
        const edge = look(scorer.threshold, twin, cell)
        if (edge === '') continue
        const tellTo = promoted ? report : tell
        tellTo(finding(cell, twin.time_ms, edge === 'began' ? scorer : undefined))
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
