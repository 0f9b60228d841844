/** One number held against the number that a source gives for it. */
export interface Check {
  /** Stable name: section of the process model and what is checked, e.g. "3.1-liquidus-11-3-5". */
  readonly id: string
  /** For people, with the unit at the end. */
  readonly text: string
  readonly expected: number
  readonly got: number
  /** What `tolerance` is compared with; see `Measure`. */
  readonly error: number
  readonly tolerance: number
  readonly measure: Measure
  readonly source: string
  readonly pass: boolean
}

/**
 * How far off counts: absolute difference, difference over the expected value, or only what is
 * missing to reach (`at-least`) or keep below (`at-most`) the expected value.
 */
export type Measure = 'absolute' | 'relative' | 'at-least' | 'at-most'

/** What a case states before it is judged. */
export interface Claim {
  readonly id: string
  readonly text: string
  readonly expected: number
  readonly got: number
  readonly tolerance: number
  readonly source: string
}

const ERRORS: Readonly<Record<Measure, (expected: number, got: number) => number>> = {
  absolute: (expected, got) => Math.abs(got - expected),
  relative: (expected, got) => Math.abs(got - expected) / Math.abs(expected),
  'at-least': (expected, got) => Math.max(expected - got, 0),
  'at-most': (expected, got) => Math.max(got - expected, 0),
}

/** Judges a claim; a number that is not one fails. */
export function judge(measure: Measure, claim: Claim): Check {
  // Max drops no NaN, so that one never passes.
  const error = ERRORS[measure](claim.expected, claim.got)
  return { ...claim, measure, error, pass: error <= claim.tolerance }
}

/** A claim within an absolute tolerance. */
export const near = (claim: Claim): Check => judge('absolute', claim)

/** A claim within a share of the expected value. */
export const nearShare = (claim: Claim): Check => judge('relative', claim)

/** A number that must reach the expected one, less the tolerance. */
export const atLeast = (claim: Claim): Check => judge('at-least', claim)

/** A number that must not pass the expected one. */
export const atMost = (claim: Omit<Claim, 'tolerance'>): Check =>
  judge('at-most', { ...claim, tolerance: 0 })

/** Checks that belong together and are computed together. */
export interface CheckGroup {
  /** Section of the process model, e.g. "3.9". */
  readonly section: string
  readonly title: string
  run(): readonly Check[]
}
