/**
 * Elementary functions of our own: engines compute the built-in ones differently in the last
 * bits, and equal runs must give equal bytes. twin-models/assembly/elementary.ts does the same
 * operations in the same order, two numbers at a time, and gives the same bits.
 *
 * Range reduction by powers of two, then the Taylor series of exp, or for the logarithm a
 * polynomial close to the series of 2 atanh. Errors stay below 1.5 units of the last
 * place; those of pow below 2 for exponents up to 5, growing with the exponent beyond.
 * Results and arguments below the smallest normal number (2.2e-308) count as zero; a logarithm
 * or a power of a negative number is not a number.
 */

const number64 = new Float64Array(1)
const words = new Int32Array(number64.buffer) // [low, high] on every processor that Node runs on
const LOW = 0
const HIGH = 1

/** Adding and subtracting it rounds to the nearest whole number, halves to even. */
const ROUNDER = 6755399441055744 // 1.5 * 2^52
const SMALLEST_NORMAL = 2.2250738585072014e-308
// Beyond these the result is infinite, or below the smallest normal number.
const EXP_MAX = 709.782712893384
const EXP_MIN = -708.3964185322641
const POW_MAX = 709.78
const POW_MIN = -708.39
const POW10_MAX = 308.25
const POW10_MIN = -307.65

const LOG2_10 = 3.321928094887362
// Split constants: the high part has 32 bits, so its product with a short number is exact.
const LN2_HIGH = 0.6931471803691238
const LN2_LOW = 1.9082149292705877e-10
const LN10_HIGH = 2.3025850923731923
const LN10_LOW = 6.208533736847395e-10
const LOG10_2_HIGH = 0.3010299955494702
const LOG10_2_LOW = 1.1451100898021838e-10
const INV_LN10_HIGH = 0.4342944818781689
const INV_LN10_LOW = 2.5082946711645275e-11

// The high word of sqrt(1/2), and what brings it to that of 1: both move the exponent's edge.
const ROOT_HALF_WORD = 0x3fe6a09e
const TO_ONE_WORD = 0x3ff00000 - ROOT_HALF_WORD
/** Beyond it x and sqrt(x^2 + 1) are the same number. */
const ASINH_FAR = 18014398509481984 // 2^54

/** The number with the low half of its bits cleared: 21 bits of it are left. */
function shortened(x: number): number {
  number64[0] = x
  words[LOW] = 0
  return number64[0]
}

/** 2^k exp(r + c) for |r| <= 0.35 and a correction c below the last bit of r. */
function scaledExp(r: number, c: number, k: number): number {
  const z = r * r
  const even =
    1 / 2 + z * (1 / 24 + z * (1 / 720 + z * (1 / 40320 + z * (1 / 3628800 + z * (1 / 479001600)))))
  const odd =
    1 / 6 +
    z * (1 / 120 + z * (1 / 5040 + z * (1 / 362880 + z * (1 / 39916800 + z * (1 / 6227020800)))))
  number64[0] = 1 + (r + (c + z * (even + r * odd)))
  words[HIGH] = words[HIGH]! + (k << 20)
  return number64[0]
}

/** e to the power x. */
export function exp(x: number): number {
  if (!(x <= EXP_MAX)) return x > EXP_MAX ? Number.POSITIVE_INFINITY : Number.NaN
  if (x < EXP_MIN) return 0
  const k = x * Math.LOG2E + ROUNDER - ROUNDER
  const high = x - k * LN2_HIGH
  const low = k * LN2_LOW
  const r = high - low
  return scaledExp(r, high - r - low, k)
}

/** 10 to the power x. */
export function pow10(x: number): number {
  if (!(x <= POW10_MAX)) return x > POW10_MAX ? Number.POSITIVE_INFINITY : Number.NaN
  if (x < POW10_MIN) return 0
  const k = x * LOG2_10 + ROUNDER - ROUNDER
  const rest = x - k * LOG10_2_HIGH - k * LOG10_2_LOW
  const short = shortened(rest)
  const high = short * LN10_HIGH
  const low = (rest - short) * LN10_HIGH + rest * LN10_LOW
  const r = high + low
  return scaledExp(r, high - r + low, k)
}

/** Natural logarithm. */
export function log(x: number): number {
  if (!(x >= SMALLEST_NORMAL)) return x < 0 || Number.isNaN(x) ? Number.NaN : -Infinity
  if (x === Number.POSITIVE_INFINITY) return x
  number64[0] = x
  const word = words[HIGH]! + TO_ONE_WORD
  const k = (word >> 20) - 0x3ff
  words[HIGH] = (word & 0xfffff) + ROOT_HALF_WORD
  const f = number64[0] - 1
  const half = 0.5 * f * f
  const s = f / (2 + f)
  return k * LN2_HIGH - (half - (s * (half + atanhTail(s)) + k * LN2_LOW) - f)
}

/**
 * 2 atanh(s)/s - 2, the part of ln((1+s)/(1-s)) beyond its first term: the polynomial through
 * seven Chebyshev points in s^2, within 2^-57 of the series 2/3, 2/5, 2/7 ... for |s| < 0.1716.
 */
function atanhTail(s: number): number {
  const z = s * s
  const w = z * z
  const odd =
    0.666666666666667 +
    w * (0.28571428625975487 + w * (0.18182889125261723 + w * 0.14616449685043406))
  const even = 0.39999999999899505 + w * (0.2222221113479508 + w * 0.15331721600556042)
  return z * odd + w * even
}

/** The fine form of the logarithm: it is `log2` times ln 2, plus `high` of 21 bits, plus `low`. */
const fine = { log2: 0, high: 0, low: 0 }

function fineLog(x: number): void {
  number64[0] = x
  const word = words[HIGH]! + TO_ONE_WORD
  fine.log2 = (word >> 20) - 0x3ff
  words[HIGH] = (word & 0xfffff) + ROOT_HALF_WORD
  const f = number64[0] - 1
  const half = 0.5 * f * f
  const s = f / (2 + f)
  fine.high = shortened(f - half)
  fine.low = f - fine.high - half + s * (half + atanhTail(s))
}

/** Logarithm to base 10. */
export function log10(x: number): number {
  if (!(x >= SMALLEST_NORMAL)) return x < 0 || Number.isNaN(x) ? Number.NaN : -Infinity
  if (x === Number.POSITIVE_INFINITY) return x
  fineLog(x)
  const { log2, high, low } = fine
  const main = high * INV_LN10_HIGH
  const tail = log2 * LOG10_2_LOW + (low + high) * INV_LN10_LOW + low * INV_LN10_HIGH
  const whole = log2 * LOG10_2_HIGH
  const sum = whole + main
  return sum + (tail + (whole - sum + main))
}

/** `base` to the power `exponent` for base >= 0; anything to the power 0 is 1. */
export function pow(base: number, exponent: number): number {
  if (exponent === 0) return 1
  if (!(base >= SMALLEST_NORMAL) || base === Number.POSITIVE_INFINITY) {
    if (!(base >= 0) || Number.isNaN(exponent)) return Number.NaN
    return base > 1 === exponent > 0 ? Number.POSITIVE_INFINITY : 0
  }
  fineLog(base)
  const whole = fine.log2 * LN2_HIGH
  const ln = whole + fine.high
  const rest = whole - ln + fine.high + (fine.low + fine.log2 * LN2_LOW)
  const x = exponent * ln
  if (!(x <= POW_MAX)) return x > POW_MAX ? Number.POSITIVE_INFINITY : Number.NaN
  if (x < POW_MIN) return 0
  const shortLn = shortened(ln)
  const shortExponent = shortened(exponent)
  const main = shortExponent * shortLn
  const tail = exponent * (ln - shortLn + rest) + (exponent - shortExponent) * shortLn
  const k = x * Math.LOG2E + ROUNDER - ROUNDER
  const high = main - k * LN2_HIGH
  const low = tail - k * LN2_LOW
  const r = high + low
  return scaledExp(r, high - r + low, k)
}

/** Inverse of the hyperbolic sine. */
export function asinh(x: number): number {
  const a = Math.abs(x)
  if (!(a < ASINH_FAR)) {
    if (a === Number.POSITIVE_INFINITY || Number.isNaN(x)) return x
    const far = log(a) + Math.LN2
    return x < 0 ? -far : far
  }
  const square = a * a
  const u = a + square / (1 + Math.sqrt(square + 1))
  const w = 1 + u
  const virtual = w - u
  const lost = u - (w - virtual) + (1 - virtual)
  const y = log(w) + lost / w
  return x < 0 ? -y : x > 0 ? y : x
}
