import type { Tone } from './sound-plan.ts'

/** One note of a pattern. */
export interface Note {
  readonly at_s: number
  readonly length_s: number
  readonly pitch_Hz: number
}

/**
 * A short pattern for each tone: the more urgent, the more and the faster its notes, and the
 * higher. They differ in number and melody, so that no ear for pitch is needed.
 */
export const PATTERNS: Readonly<Record<Tone | 'check', readonly Note[]>> = {
  critical: notes([988, 740, 988, 740, 988, 740], 0.12, 0.03),
  high: notes([784, 784, 784], 0.16, 0.1),
  medium: notes([587, 587], 0.22, 0.14),
  low: notes([440], 0.35, 0),
  lost: notes([523, 392, 294, 220], 0.24, 0.02),
  check: notes([440, 660], 0.1, 0.04),
}

/** How long a pattern lasts. */
export function lengthOf_s(pattern: readonly Note[]): number {
  return Math.max(...pattern.map(note => note.at_s + note.length_s))
}

function notes(pitches_Hz: readonly number[], length_s: number, rest_s: number): readonly Note[] {
  return pitches_Hz.map((pitch_Hz, i) => ({ at_s: i * (length_s + rest_s), length_s, pitch_Hz }))
}
