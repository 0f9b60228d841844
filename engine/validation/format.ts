/** Numbers of checks as text; the same on every machine. */
import type { Check } from './check.ts'

const DIGITS = 10
/** Errors below this share of the value are rounding, whose digits differ between engines. */
const ROUNDING = 1e-12
const TOO_LONG = 1e7
const TOO_SHORT = 1e-4

/** A value with up to ten digits and no trailing zeros. */
export function valueText(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (value === 0) return '0'
  const size = Math.abs(value)
  const rounded = Number(value.toPrecision(DIGITS))
  if (size >= TOO_LONG || size < TOO_SHORT) {
    return rounded.toExponential().replace('e+', 'e')
  }
  return String(rounded)
}

/** What a check got; where it is the size of an error, two digits are all that means anything. */
export function gotText(check: Check): string {
  const small = check.measure === 'at-most' || check.expected === 0
  return small && check.got !== 0 ? twoDigits(check.got) : valueText(check.got)
}

const twoDigits = (value: number): string =>
  Number(value.toPrecision(2)).toExponential().replace('e+', 'e')

/** An error or tolerance with two digits; rounding alone is shown as such. */
export function errorText(error: number, expected: number): string {
  if (!Number.isFinite(error)) return String(error)
  if (error === 0) return '0'
  if (error < ROUNDING * Math.max(1, Math.abs(expected))) return 'rounding'
  return twoDigits(error)
}

/** What the tolerance means. */
export function toleranceText(check: Check): string {
  if (check.measure === 'at-most') return 'at most'
  const size = errorText(check.tolerance, 0)
  if (check.measure === 'at-least') return `short ${size}`
  return check.measure === 'relative' ? `${size} rel.` : size
}
