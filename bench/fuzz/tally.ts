const REASONS_MAX = 400
const REASON_CHARS_MAX = 110

/** Counts what became of inputs, by reason; words that differ from input to input are left out. */
export interface Tally {
  accepted: number
  rejected: number
  /** Rejected, and nobody said why. */
  without_reason: number
  readonly reasons: Map<string, number>
  readonly violations: string[]
  accept(): void
  reject(reason: string): void
  violate(text: string): void
}

const VIOLATIONS_MAX = 20

/** An empty tally. */
export function tally(): Tally {
  return {
    ...{ accepted: 0, rejected: 0, without_reason: 0 },
    reasons: new Map(),
    violations: [],
    accept() {
      this.accepted += 1
    },
    reject(reason) {
      this.rejected += 1
      if (reason === '') this.without_reason += 1
      count(this.reasons, plain(reason) || '(none)', 1)
    },
    violate(text) {
      if (this.violations.length < VIOLATIONS_MAX) this.violations.push(text)
    },
  }
}

/** Adds `more` to a reason; beyond a bound of reasons they are counted together. */
export function count(reasons: Map<string, number>, reason: string, more: number): void {
  const key = reasons.has(reason) || reasons.size < REASONS_MAX ? reason : 'others'
  reasons.set(key, (reasons.get(key) ?? 0) + more)
}

function plain(reason: string): string {
  return reason
    .replace(/"[^"]*"/g, '"…"')
    .replace(/ \(not a channel\?.*$/s, '')
    .replace(/\/\S+\.csv(?:\.gz)?|\/\S*liquidus-\S+/g, 'FILE')
    .replace(/-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/gi, 'N')
    .replace(/[^ -~…]/g, '?')
    .slice(0, REASON_CHARS_MAX)
}
