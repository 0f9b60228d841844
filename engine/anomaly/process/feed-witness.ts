/**
 * What the resistance says of a changed feeder. Its slope, less the usual answer to what was
 * commanded, rises by what is missing times the steepness of the cell's answer to alumina; so
 * "a feeder changed" and "none did" foretell different slopes, whichever feeder it is.
 */

/** The slope of a cell against what is thought of its feeders; refilled for each. */
export interface FeedWitness {
  /** Slope above the usual answer, in spreads of the line; NaN: nothing can be said. */
  off: number
  /** What one whole feeder more does to it. */
  perFeeder: number
  spread: number
  /** Feeders that are known to be delivered more already. */
  standing: number
}

// Least squares on simulated feeder faults by the cell's steepness, and the spread of quiet days.
const PER_STEEPNESS = -22
const SPREAD = 0.55
const SPREAD_PER_STEEPNESS = 3.5
/** What a feeder that goes wrong usually changes by, in feeders. */
const USUAL_CHANGE = 0.9
/** Time from which a change shows in the slope, and until all of it does. */
const SHOWS_S = 120
const SHOWN_S = 780
/** Slopes have a heavy tail: no more than this, as twice the logarithm of a likelihood ratio. */
const SAID_MAX = 6

/** A witness that says nothing. */
export const feedWitness = (): FeedWitness => ({
  ...{ off: Number.NaN, perFeeder: 0, spread: 1, standing: 0 },
})

/** Hears what the resistance says of a cell whose currents answer alumina so steeply. */
export function hear(witness: FeedWitness, off: number, perWtpct: number, standing: number): void {
  witness.off = off
  witness.perFeeder = PER_STEEPNESS * perWtpct
  witness.spread = SPREAD + SPREAD_PER_STEEPNESS * perWtpct
  witness.standing = standing
}

/** Twice the logarithm of the likelihood ratio of such a change, so long ago, against none. */
export function witnessOf(witness: FeedWitness, change: number, age_s: number): number {
  const { off, perFeeder, spread, standing } = witness
  if (Number.isNaN(off)) return 0
  const shown = Math.max(0, Math.min(1, (age_s - SHOWS_S) / (SHOWN_S - SHOWS_S)))
  const none = (off - perFeeder * standing) / spread
  const changed = none - (perFeeder * change * shown) / spread
  return Math.max(-SAID_MAX, Math.min(SAID_MAX, none * none - changed * changed))
}

/** The same for a feeder of usual fault, more or less by sign. */
export const witnessOfSign = (witness: FeedWitness, sign: number, age_s: number) =>
  witnessOf(witness, USUAL_CHANGE * Math.sign(sign), age_s)
