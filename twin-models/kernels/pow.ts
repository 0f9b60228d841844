/**
 * `base` to the power `exponent` for base >= 0, from exp and log alone: engines may compute
 * the built-in power differently, and equal runs must give equal bytes.
 */
export function pow(base: number, exponent: number): number {
  if (exponent === 0) return 1
  return Math.exp(exponent * Math.log(base))
}

/** 10 to the power `exponent`. */
export function pow10(exponent: number): number {
  return Math.exp(exponent * Math.LN10)
}

/** Logarithm to base 10. */
export function log10(value: number): number {
  return Math.log(value) / Math.LN10
}
