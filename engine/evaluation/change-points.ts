/** What a detection, a false alarm and a miss are worth. */
export interface ChangePointProfile {
  readonly hit: number
  readonly false_alarm: number
  readonly miss: number
}

/** Standard, fewer false alarms, fewer misses. */
export const PROFILES: Readonly<Record<'standard' | 'low_fp' | 'low_fn', ChangePointProfile>> = {
  standard: { hit: 1, false_alarm: -0.11, miss: -1 },
  low_fp: { hit: 1, false_alarm: -0.22, miss: -1 },
  low_fn: { hit: 1, false_alarm: -0.11, miss: -2 },
}

/** One file: when change points are, and when the alarm turned on or off. */
export interface ChangePointFile {
  readonly changes_s: readonly number[]
  readonly alarms_s: readonly number[]
}

/** Alarms of the change-point task: where the binary outlier prediction changes. */
export function turns(alarms: Uint8Array, times_s: Float64Array): number[] {
  const found: number[] = []
  for (let row = 1; row < alarms.length; row++) {
    if (alarms[row] !== alarms[row - 1]) found.push(times_s[row]!)
  }
  return found
}

/**
 * NAB-style score in percent: the first alarm in the window to the right of a change point counts
 * by how early it is, later ones in it nothing; alarms outside all windows are false.
 */
export function changePointScore(
  files: readonly ChangePointFile[],
  profile: ChangePointProfile,
  window_s: number,
): number {
  let score = 0
  let changes = 0
  for (const { changes_s, alarms_s } of files) {
    const inside = new Set<number>()
    for (const from_s of changes_s) {
      const hits = alarms_s.filter(at_s => at_s >= from_s && at_s <= from_s + window_s)
      for (const hit of hits) inside.add(hit)
      score += hits.length === 0 ? profile.miss : earliness((hits[0]! - from_s) / window_s, profile)
    }
    changes += changes_s.length
    score += profile.false_alarm * alarms_s.filter(at_s => !inside.has(at_s)).length
  }
  const nothing = changes * profile.miss
  return (100 * (score - nothing)) / (changes * profile.hit - nothing)
}

/** From the worth of a hit at the left end of the window to that of a false alarm at its right. */
function earliness(place: number, { hit, false_alarm }: ChangePointProfile): number {
  const half = (hit - false_alarm) / 2
  const x = (place - 0.5) * Math.PI
  return half * (1 - Math.tanh(x) / Math.tanh(Math.PI / 2)) + false_alarm
}
