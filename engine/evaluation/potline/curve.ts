import type { Effect } from './watch.ts'

/** A score of one cell by the minute, and when its anode effects began. */
export interface ScoredCell {
  readonly scores: Float32Array // [minute], NaN where nothing is known
  readonly effects_s: readonly number[]
}

/** A time in which the score stays above a threshold. */
export interface Episode {
  readonly first: number // minute
  readonly last: number
}

/** One point of a precision-recall curve by events. */
export interface CurvePoint {
  readonly threshold: number
  readonly precision: number
  readonly recall: number
  readonly f1: number
  readonly false_episodes: number
}

const MINUTE_S = 60
/** A score that comes back within this time is the same episode. */
const SAME_MIN = 10
/** A warning counts an hour ahead at most and a minute at least, and still stands near the end. */
const AHEAD_S = 3600
const AHEAD_MIN_S = 60
const STANDING_S = 900
/** After an effect the score says nothing new. */
const AFTER_S = 1800
const THRESHOLDS_RATIO = 1.1

/** Episodes of a score at or above the threshold. */
export function episodes(scores: Float32Array, threshold: number): Episode[] {
  const found: { first: number; last: number }[] = []
  for (let minute = 0; minute < scores.length; minute++) {
    if (!(scores[minute]! >= threshold)) continue
    const before = found.at(-1)
    if (before && minute - before.last <= SAME_MIN) before.last = minute
    else found.push({ first: minute, last: minute })
  }
  return found
}

/** True when the episode foretells the effect; it is known at the end of its first minute. */
export function foretells({ first, last }: Episode, effect_s: number): boolean {
  const lead_s = effect_s - (first + 1) * MINUTE_S
  const left_s = effect_s - (last + 1) * MINUTE_S
  return lead_s >= AHEAD_MIN_S && lead_s <= AHEAD_S && left_s <= STANDING_S
}

/** Precision and recall by events at one threshold. */
export function pointAt(cells: readonly ScoredCell[], threshold: number): CurvePoint {
  let right = 0
  let wrong = 0
  let all = 0
  for (const { scores, effects_s } of cells) {
    const hit = new Set<number>()
    all += effects_s.length
    for (const episode of episodes(scores, threshold)) {
      const at = effects_s.findIndex(effect_s => foretells(episode, effect_s))
      if (at >= 0) hit.add(at)
      else if (!effects_s.some(effect_s => isAftermath(episode, effect_s))) wrong++
    }
    right += hit.size
  }
  const precision = right + wrong === 0 ? 1 : right / (right + wrong)
  const recall = all === 0 ? 0 : right / all
  const f1 = precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall)
  return { threshold, precision, recall, f1, false_episodes: wrong }
}

/** An episode within the last minute before an effect or soon after it: neither right nor wrong. */
function isAftermath({ first }: Episode, effect_s: number): boolean {
  const since_s = (first + 1) * MINUTE_S - effect_s
  return since_s > -AHEAD_MIN_S && since_s < AFTER_S
}

/** The curve over all thresholds that the scores take, by ranks that grow by a tenth. */
export function curveOf(cells: readonly ScoredCell[]): CurvePoint[] {
  const values: number[] = []
  for (const { scores } of cells) for (const score of scores) if (score > 0) values.push(score)
  values.sort((a, b) => b - a)
  const points: CurvePoint[] = []
  for (let rank = 1; rank <= values.length; rank = Math.ceil(rank * THRESHOLDS_RATIO)) {
    points.push(pointAt(cells, values[rank - 1]!))
  }
  return points
}

/** Area under the curve as average precision: each gain of recall at the precision it comes with. */
export function averagePrecision(curve: readonly CurvePoint[]): number {
  let area = 0
  let reached = 0
  for (const { precision, recall } of curve) {
    if (recall <= reached) continue
    area += (recall - reached) * precision
    reached = recall
  }
  return area
}

/** The cells of a line, each with its row of a score. */
export function scoredCells(
  scores: Float32Array, // [cell][minute]
  minutes: number,
  effects: readonly Effect[],
): ScoredCell[] {
  return Array.from({ length: scores.length / minutes }, (_, cell) => ({
    scores: scores.subarray(cell * minutes, (cell + 1) * minutes),
    effects_s: effects.filter(effect => effect.cell === cell).map(({ time_s }) => time_s),
  }))
}
