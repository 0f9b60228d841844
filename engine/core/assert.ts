/** Throws when an invariant does not hold. A failure is a bug in Liquidus, never bad data. */
export function assert(condition: unknown, shouldHold: string): asserts condition {
  if (!condition) throw new AssertionFailure(shouldHold)
}

export class AssertionFailure extends Error {
  override name = 'AssertionFailure'
  constructor(shouldHold: string) {
    super(`should hold: ${shouldHold}`)
  }
}
