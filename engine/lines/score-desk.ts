import type { Clock } from '../core/clock.ts'
import type { AnomalyResult, AnomalyStage, LineFrame, ScoreCall, TwinFrame } from '../flow.ts'

/** Scores the rows of all lines that are ready in a thread in one call for each model. */
export interface ScoreDesk {
  /**
   * Scores the rows with those of the other lines that are ready by then; resolves with the share
   * of the time that these rows took, in ms.
   */
  score(calls: readonly ScoreCall[]): Promise<number>
  /** Scores at once what has waited for long; for a thread that is about to do other work. */
  hurry(): void
}

/** Rows of a joined call at most: with more the runtimes are not quicker, or slower again. */
const JOINED_ROWS_MAX = 512
/** So long a line may wait for others while its thread does other work. */
const WAIT_MS = 1

interface Waiting {
  readonly calls: readonly ScoreCall[]
  readonly resolve: (share_ms: number) => void
  readonly reject: (error: unknown) => void
}

/** A desk with nobody waiting; `later` runs its work once all that is ready now had its turn. */
export function scoreDesk(
  clock: Pick<Clock, 'elapsed_ms'>,
  later: (work: () => void) => void = setImmediate,
): ScoreDesk {
  const scoreJoined = joinedScoring()
  let waiting: Waiting[] = []
  let since_ms = 0

  const scoreGroup = (group: readonly ScoreCall[], problems: Map<ScoreCall, unknown>): void => {
    try {
      scoreJoined(group)
    } catch (problem) {
      if (group.length === 1) problems.set(group[0]!, problem)
      // The rows of one line must not fail the others.
      else for (const call of group) scoreGroup([call], problems)
    }
  }
  const flush = (): void => {
    const ready = waiting
    waiting = []
    const calls = ready.flatMap(one => one.calls)
    const problems = new Map<ScoreCall, unknown>()
    const started_ms = clock.elapsed_ms()
    for (const group of groupsOf(calls)) scoreGroup(group, problems)
    const row_ms = (clock.elapsed_ms() - started_ms) / rowsOf(calls)
    for (const one of ready) {
      const failed = one.calls.find(call => problems.has(call))
      if (failed) one.reject(problems.get(failed))
      else one.resolve(row_ms * rowsOf(one.calls))
    }
  }

  return {
    score: calls =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0) {
          since_ms = clock.elapsed_ms()
          later(flush)
        }
        waiting.push({ calls, resolve, reject })
      }),
    hurry() {
      if (waiting.length > 0 && clock.elapsed_ms() - since_ms >= WAIT_MS) flush()
    },
  }
}

/** Scores the rows of each call by themselves; the bits are those of a joined call. */
export function scoreNow(calls: readonly ScoreCall[]): void {
  for (const { scorer, features, rows, scores, shares } of calls) {
    scorer.score(features, rows, scores, shares)
  }
}

/** Both halves of the anomaly stage's tick, with no other line to wait for. */
export function tickNow(
  stage: Pick<AnomalyStage, 'observe' | 'conclude'>,
  frame: LineFrame,
  twin: TwinFrame,
): AnomalyResult {
  scoreNow(stage.observe(frame, twin))
  return stage.conclude(frame, twin)
}

function rowsOf(calls: readonly ScoreCall[]): number {
  return calls.reduce((sum, { rows }) => sum + rows, 0)
}

/** Calls of the same model side by side, as many as fit in one. */
function groupsOf(calls: readonly ScoreCall[]): ScoreCall[][] {
  const groups: ScoreCall[][] = []
  const open = new Map<ScoreCall['scorer'], { readonly group: ScoreCall[]; rows: number }>()
  for (const call of calls) {
    const known = open.get(call.scorer)
    if (known && known.rows + call.rows <= JOINED_ROWS_MAX) {
      known.group.push(call)
      known.rows += call.rows
      continue
    }
    const group = [call]
    groups.push(group)
    open.set(call.scorer, { group, rows: call.rows })
  }
  return groups
}

/** Puts the rows of several calls of one model behind one another, scores them, and hands out. */
function joinedScoring(): (group: readonly ScoreCall[]) => void {
  let features = new Float32Array(0) // [row][time][feature]
  let scores = new Float64Array(0) // [row]
  let shares = new Float64Array(0) // [row][feature]
  return group => {
    if (group.length === 1) return scoreNow(group)
    const rows = rowsOf(group)
    const size = group.reduce((sum, call) => sum + call.features.length, 0)
    const asked = group.find(call => call.shares)
    const width = asked ? asked.shares!.length / asked.rows : 0
    if (scores.length < rows) scores = new Float64Array(rows)
    if (features.length < size) features = new Float32Array(size)
    if (shares.length < rows * width) shares = new Float64Array(rows * width)
    let at = 0
    for (const call of group) {
      features.set(call.features, at)
      at += call.features.length
    }
    const parts = asked ? shares : undefined
    group[0]!.scorer.score(features.subarray(0, size), rows, scores, parts)
    let row = 0
    for (const call of group) {
      const end = row + call.rows
      call.scores.set(scores.subarray(row, end))
      call.shares?.set(shares.subarray(row * width, end * width))
      row = end
    }
  }
}
