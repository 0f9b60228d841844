/** One stream: its scores, and the first and last row of each labelled window. */
export interface NabStream {
  readonly scores: Float64Array // [row]
  readonly windows: readonly (readonly [first: number, last: number])[]
}

/** Weights of the Numenta benchmark. */
export interface NabProfile {
  readonly hit: number
  readonly false_alarm: number
  readonly miss: number
}

const PROBATION_SHARE = 0.15
const PROBATION_MAX = 750
const HIT_MAX = sigmoid(-1)

/** Rows at the start of a stream that are not scored. */
export function probationRows(count: number): number {
  return Math.floor(Math.min(PROBATION_SHARE * count, PROBATION_SHARE * 5000, PROBATION_MAX))
}

/** Worth of a detection at each row when nothing else is detected. */
interface Weighted {
  readonly score: number
  /** Window of all streams it lies in, -1 for none. */
  readonly window: number
  readonly worth: number
}

/**
 * Normalised score of the Numenta sweeper: one threshold for all streams, the best one. That
 * threshold is chosen with the labels, as the benchmark does it.
 */
export function nabScore(
  streams: readonly NabStream[],
  profile: NabProfile,
): { score: number; threshold: number } {
  const rows: Weighted[] = []
  let window = 0
  for (const stream of streams) window = weigh(stream, profile, window, rows)
  rows.sort((a, b) => b.score - a.score)
  const nothing = -profile.miss * window
  const best = new Float64Array(window).fill(Number.NaN)
  let raw = nothing
  let found = { raw, threshold: Number.POSITIVE_INFINITY }
  for (let i = 0; i < rows.length; i++) {
    const { score, window: at, worth } = rows[i]!
    if (at < 0) raw += worth
    else if (Number.isNaN(best[at]!)) {
      raw += profile.miss + worth
      best[at] = worth
    } else if (worth > best[at]!) {
      raw += worth - best[at]!
      best[at] = worth
    }
    if (rows[i + 1]?.score !== score && raw > found.raw) found = { raw, threshold: score }
  }
  const perfect = profile.hit * window
  return { score: (100 * (found.raw - nothing)) / (perfect - nothing), threshold: found.threshold }
}

function weigh(stream: NabStream, profile: NabProfile, first: number, into: Weighted[]): number {
  const { scores, windows } = stream
  let next = 0
  for (let row = probationRows(scores.length); row < scores.length; row++) {
    while (next < windows.length && row > windows[next]![1]) next++
    const inside = next < windows.length && row >= windows[next]![0]
    const worth = inside
      ? (profile.hit * sigmoid(placeInside(windows[next]!, row))) / HIT_MAX
      : profile.false_alarm * falseWorth(windows[next - 1], row)
    into.push({ score: scores[row]!, window: inside ? first + next : -1, worth })
  }
  return first + windows.length
}

function placeInside([from, to]: readonly [number, number], row: number): number {
  return -(to - row + 1) / (to - from + 1)
}

/** A false alarm right after a window costs less than one far from any. */
function falseWorth(before: readonly [number, number] | undefined, row: number): number {
  if (before === undefined) return -1
  const place = Math.abs(row - before[1]) / Math.max(1, before[1] - before[0])
  return place > 3 ? -1 : sigmoid(place)
}

function sigmoid(x: number): number {
  return 2 / (1 + Math.exp(5 * x)) - 1
}
