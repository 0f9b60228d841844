import type { ScoreCall, TwinFrame } from '../flow.ts'
import type { CellFeatures } from './features.ts'
import type { Report } from './finding.ts'
import { explainPattern } from './pattern-causes.ts'
import { persistence, Verdict } from './persistence.ts'
import type { RowHistory } from './row-history.ts'
import type { StateReader, StateWriter } from './state.ts'
import type { CellScorer } from './tensorflow/cell-scorer.ts'
import { spanOf } from './tensorflow/window.ts'

/** A score has to stand out for this long to be an event, and be gone this long to end. */
export const PATTERN_NEED_S = 120
export const PATTERN_CLEAR_S = 600
/** Running means of the features need this long before a row is learnt from or means something. */
export const PATTERN_WARM_S = 2 * 3600

/** What the models of a line share. */
export interface LineCells {
  readonly cells: number
  readonly dt_s: number
  readonly features: CellFeatures
  /** Rows of the last minutes, for models that take windows. */
  readonly history: RowHistory
  /** What the features of each cell are while nothing stands out; NaN: not known. */
  readonly usual: Float32Array // [cell][feature]
  readonly trusted_s: Float64Array // [cell], how long the twin has been trusted
}

/** What one model keeps of a line. */
export interface PatternSlot {
  readonly name: string
  readonly scores: Float64Array // [cell]
  /** True while nothing stands out or is believed to. */
  quiet(cell: number): boolean
  /** What the model has to score in this tick; undefined: nothing. */
  call(scorer: CellScorer): ScoreCall | undefined
  judge(scorer: CellScorer | undefined, twin: TwinFrame, report: Report, tell: Report): void
  save(out: StateWriter): void
  /** `raw`: the state says what the model gave last, which older ones do not. */
  load(from: StateReader, raw: boolean): void
}

/** The place of the leading model or of the one beside it; models change between two ticks. */
export function patternSlot(name: string, line: LineCells): PatternSlot {
  const { cells, dt_s, trusted_s } = line
  const scores = new Float64Array(cells)
  const errors = cellErrors(line)
  const { raw } = errors
  let held = persistence(cells, PATTERN_NEED_S, PATTERN_CLEAR_S)
  // The model whose memory this is, and whether it may alarm; '' for none.
  let version = ''
  let promoted = false

  /** `scorer`: of an event that begins, to say why. */
  const finding = (cell: number, time_ms: number, scorer?: CellScorer) => {
    const why = scorer ? explain(scorer, line, cell) : { text: '', causes: [] }
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
    // A row of this tick is scored by the new one; windows are scored from each cell's next turn on.
    if (next?.window && next.version !== version) raw.fill(Number.NaN)
    version = next?.version ?? ''
    promoted = next?.promoted ?? false
  }

  const isOther = (next: CellScorer | undefined): boolean =>
    (next?.version ?? '') !== version || (next?.promoted ?? false) !== promoted

  const look = (scorer: CellScorer, twin: TwinFrame, cell: number) => {
    if (!errors.isWhole(scorer, cell)) raw[cell] = Number.NaN
    const isScored = !Number.isNaN(raw[cell])
    // 0.5 at the threshold, so that all detectors are read alike.
    scores[cell] = isScored ? raw[cell]! / (raw[cell]! + scorer.threshold) : 0
    const known = isScored && trusted_s[cell]! >= PATTERN_WARM_S && twin.masked[cell] === 0
    const above = raw[cell]! > scorer.threshold ? Verdict.present : Verdict.absent
    return held.look(cell, known ? above : Verdict.unknown, dt_s)
  }

  return {
    name,
    scores,
    quiet: cell => !held.standing(cell) && scores[cell]! <= 0.5,
    call: errors.call,
    judge(scorer, twin, report, tell) {
      if (isOther(scorer)) change(scorer, twin.time_ms, promoted ? report : tell)
      errors.take()
      if (!scorer) return
      for (let cell = 0; cell < cells; cell++) {
        const edge = look(scorer, twin, cell)
        if (edge === '') continue
        const tellTo = promoted ? report : tell
        tellTo(finding(cell, twin.time_ms, edge === 'began' ? scorer : undefined))
      }
    },
    save(out) {
      held.save(out)
      out.array(scores)
      out.text(`${promoted ? 'champion' : 'shadow'} ${version}`)
      out.array(raw)
    },
    load(from, hasRaw) {
      held.load(from)
      from.array(scores)
      const text = from.text()
      promoted = text.startsWith('champion ')
      version = text.slice(text.indexOf(' ') + 1)
      if (hasRaw) from.array(raw)
    },
  }
}

function explain(scorer: CellScorer, { features, history, usual }: LineCells, cell: number) {
  const width = features.names.length
  const from = cell * width
  const window = scorer.window
    ? history.newest(cell, spanOf(scorer.window)).slice()
    : features.values.subarray(from, from + width)
  return explainPattern(scorer, window, usual.subarray(from, from + width))
}

/** The newest error of each cell, of windows that of the cell's last turn; NaN: not scored. */
function cellErrors({ cells, features, history }: LineCells) {
  const width = features.names.length
  const raw = new Float64Array(cells)
  const turn: number[] = [] // cells whose windows are with the model
  let windows = new Float32Array(0) // [cell of the turn][time][feature]
  let given = new Float64Array(0) // [cell of the turn]

  const windowCall = (scorer: CellScorer, span: number): ScoreCall | undefined => {
    const size = span * width
    for (const cell of history.fresh) if (history.filled(cell) >= span) turn.push(cell)
    const rows = turn.length
    if (rows === 0) return undefined
    if (given.length < rows) given = new Float64Array(cells)
    if (windows.length < rows * size) windows = new Float32Array(rows * size)
    for (const [i, cell] of turn.entries()) windows.set(history.newest(cell, span), i * size)
    return { scorer, features: windows.subarray(0, rows * size), rows, scores: given }
  }

  return {
    raw,
    call(scorer: CellScorer): ScoreCall | undefined {
      turn.length = 0
      if (scorer.window) return windowCall(scorer, spanOf(scorer.window))
      return { scorer, features: features.values, rows: cells, scores: raw }
    },
    /** Hands out what the model gave in this tick. */
    take() {
      for (const [i, cell] of turn.entries()) raw[cell] = given[i]!
      turn.length = 0
    },
    isWhole: ({ window }: CellScorer, cell: number) =>
      !window || history.filled(cell) >= spanOf(window),
  }
}
