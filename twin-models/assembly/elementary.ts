/**
 * Elementary functions of two numbers at a time, free of branches. Operation by operation the
 * same as twin-models/kernels/elementary.ts, where everything is explained; gives its bits.
 */

// @ts-ignore: decorator
@inline const ROUNDER: f64 = 6755399441055744.0
// @ts-ignore: decorator
@inline const SMALLEST_NORMAL: f64 = 2.2250738585072014e-308
// @ts-ignore: decorator
@inline const EXP_MAX: f64 = 709.782712893384
// @ts-ignore: decorator
@inline const EXP_MIN: f64 = -708.3964185322641
// @ts-ignore: decorator
@inline const POW_MAX: f64 = 709.78
// @ts-ignore: decorator
@inline const POW_MIN: f64 = -708.39
// @ts-ignore: decorator
@inline const POW10_MAX: f64 = 308.25
// @ts-ignore: decorator
@inline const POW10_MIN: f64 = -307.65
// @ts-ignore: decorator
@inline const LOG2_E: f64 = 1.4426950408889634
// @ts-ignore: decorator
@inline const LOG2_10: f64 = 3.321928094887362
// @ts-ignore: decorator
@inline const LN2: f64 = 0.6931471805599453
// @ts-ignore: decorator
@inline const LN2_HIGH: f64 = 0.6931471803691238
// @ts-ignore: decorator
@inline const LN2_LOW: f64 = 1.9082149292705877e-10
// @ts-ignore: decorator
@inline const LN10_HIGH: f64 = 2.3025850923731923
// @ts-ignore: decorator
@inline const LN10_LOW: f64 = 6.208533736847395e-10
// @ts-ignore: decorator
@inline const LOG10_2_HIGH: f64 = 0.3010299955494702
// @ts-ignore: decorator
@inline const LOG10_2_LOW: f64 = 1.1451100898021838e-10
// @ts-ignore: decorator
@inline const INV_LN10_HIGH: f64 = 0.4342944818781689
// @ts-ignore: decorator
@inline const INV_LN10_LOW: f64 = 2.5082946711645275e-11
// @ts-ignore: decorator
@inline const ASINH_FAR: f64 = 18014398509481984.0
// @ts-ignore: decorator
@inline const ROOT_HALF: i64 = 0x3fe6a09e00000000
// @ts-ignore: decorator
@inline const TO_ONE: i64 = 0x3ff0000000000000 - 0x3fe6a09e00000000
// @ts-ignore: decorator
@inline const MANTISSA: i64 = 0x000fffffffffffff
// @ts-ignore: decorator
@inline const HIGH_WORD: i64 = 0xffffffff00000000
/** Exponent bits of 2^52: a small whole number put below them becomes 2^52 plus it. */
// @ts-ignore: decorator
@inline const WHOLE: i64 = 0x4330000000000000
// @ts-ignore: decorator
@inline const WHOLE_BIAS: f64 = 4503599627370496.0 + 1023.0

/** The same number in both places. */
// @ts-ignore: decorator
@inline export function put(x: f64): v128 {
  return f64x2.splat(x)
}

// @ts-ignore: decorator
@inline export function add(a: v128, b: v128): v128 {
  return f64x2.add(a, b)
}

// @ts-ignore: decorator
@inline export function sub(a: v128, b: v128): v128 {
  return f64x2.sub(a, b)
}

// @ts-ignore: decorator
@inline export function mul(a: v128, b: v128): v128 {
  return f64x2.mul(a, b)
}

/** a + b c, rounded twice. */
// @ts-ignore: decorator
@inline function next(a: f64, b: v128, c: v128): v128 {
  return f64x2.add(f64x2.splat(a), f64x2.mul(b, c))
}

// @ts-ignore: decorator
@inline export function choose(yes: v128, no: v128, mask: v128): v128 {
  return v128.bitselect(yes, no, mask)
}

// @ts-ignore: decorator
@inline function shortened(x: v128): v128 {
  return v128.and(x, i64x2.splat(HIGH_WORD))
}

/** The nearest whole number, still carrying the rounder: its low bits are that number. */
// @ts-ignore: decorator
@inline function rounded(x: v128, scale: f64): v128 {
  return add(mul(x, put(scale)), put(ROUNDER))
}

// @ts-ignore: decorator
@inline function scaledExp(r: v128, c: v128, carrier: v128): v128 {
  const z = mul(r, r)
  let even = next(1.0 / 3628800.0, z, put(1.0 / 479001600.0))
  let odd = next(1.0 / 39916800.0, z, put(1.0 / 6227020800.0))
  even = next(1.0 / 40320.0, z, even)
  odd = next(1.0 / 362880.0, z, odd)
  even = next(1.0 / 720.0, z, even)
  odd = next(1.0 / 5040.0, z, odd)
  even = next(1.0 / 24.0, z, even)
  odd = next(1.0 / 120.0, z, odd)
  even = next(1.0 / 2.0, z, even)
  odd = next(1.0 / 6.0, z, odd)
  const sum = add(put(1.0), add(r, add(c, mul(z, add(even, mul(r, odd))))))
  return i64x2.add(sum, i64x2.shl(carrier, 52))
}

/** `inside`, or infinity above `max`, zero below `min`, and not a number where x is not. */
// @ts-ignore: decorator
@inline function ends(x: v128, inside: v128, min: f64, max: f64): v128 {
  const below = f64x2.lt(x, put(min))
  const above = f64x2.gt(x, put(max))
  let y = v128.andnot(inside, below)
  y = choose(put(f64.POSITIVE_INFINITY), y, above)
  return choose(x, y, f64x2.ne(x, x))
}

/** e to the power x for |x| < 700. */
// @ts-ignore: decorator
@inline export function expInside(x: v128): v128 {
  const carrier = rounded(x, LOG2_E)
  const k = sub(carrier, put(ROUNDER))
  const high = sub(x, mul(k, put(LN2_HIGH)))
  const low = mul(k, put(LN2_LOW))
  const r = sub(high, low)
  return scaledExp(r, sub(sub(high, r), low), carrier)
}

/** e to the power x. */
// @ts-ignore: decorator
@inline export function exp(x: v128): v128 {
  return ends(x, expInside(x), EXP_MIN, EXP_MAX)
}

/** 10 to the power x. */
// @ts-ignore: decorator
@inline export function pow10(x: v128): v128 {
  const carrier = rounded(x, LOG2_10)
  const k = sub(carrier, put(ROUNDER))
  const rest = sub(sub(x, mul(k, put(LOG10_2_HIGH))), mul(k, put(LOG10_2_LOW)))
  const short = shortened(rest)
  const high = mul(short, put(LN10_HIGH))
  const low = add(mul(sub(rest, short), put(LN10_HIGH)), mul(rest, put(LN10_LOW)))
  const r = add(high, low)
  return ends(x, scaledExp(r, add(sub(high, r), low), carrier), POW10_MIN, POW10_MAX)
}

/** Bits of x shifted so that the exponent's edge lies at sqrt(1/2). */
// @ts-ignore: decorator
@inline function shifted(x: v128): v128 {
  return i64x2.add(x, i64x2.splat(TO_ONE))
}

/** The exponent, as a number. */
// @ts-ignore: decorator
@inline function log2Of(bits: v128): v128 {
  return sub(v128.or(i64x2.shr_u(bits, 52), i64x2.splat(WHOLE)), put(WHOLE_BIAS))
}

/** The mantissa between sqrt(1/2) and sqrt(2), less one. */
// @ts-ignore: decorator
@inline function fractionOf(bits: v128): v128 {
  const mantissa = v128.and(bits, i64x2.splat(MANTISSA))
  return sub(i64x2.add(mantissa, i64x2.splat(ROOT_HALF)), put(1.0))
}

// @ts-ignore: decorator
@inline function atanhTail(s: v128): v128 {
  const z = mul(s, s)
  const w = mul(z, z)
  let odd = next(0.18182889125261723, w, put(0.14616449685043406))
  let even = next(0.2222221113479508, w, put(0.15331721600556042))
  odd = next(0.28571428625975487, w, odd)
  even = next(0.39999999999899505, w, even)
  odd = next(0.666666666666667, w, odd)
  return add(mul(z, odd), mul(w, even))
}

/** `inside`, or the logarithm's ends: minus infinity, infinity, not a number. */
// @ts-ignore: decorator
@inline function logEnds(x: v128, inside: v128): v128 {
  let y = choose(put(-f64.POSITIVE_INFINITY), inside, f64x2.lt(x, put(SMALLEST_NORMAL)))
  y = choose(x, y, f64x2.eq(x, put(f64.POSITIVE_INFINITY)))
  return choose(put(f64.NaN), y, v128.not(f64x2.ge(x, put(0.0))))
}

/** Natural logarithm of numbers known to be normal and positive. */
// @ts-ignore: decorator
@inline export function logPositive(x: v128): v128 {
  const bits = shifted(x)
  const k = log2Of(bits)
  const f = fractionOf(bits)
  const half = mul(mul(put(0.5), f), f)
  const s = f64x2.div(f, add(put(2.0), f))
  const inner = add(mul(s, add(half, atanhTail(s))), mul(k, put(LN2_LOW)))
  return sub(mul(k, put(LN2_HIGH)), sub(sub(half, inner), f))
}

/** Natural logarithm. */
// @ts-ignore: decorator
@inline export function log(x: v128): v128 {
  return logEnds(x, logPositive(x))
}

/** Logarithm to base 10. */
// @ts-ignore: decorator
@inline export function log10(x: v128): v128 {
  const bits = shifted(x)
  const log2 = log2Of(bits)
  const f = fractionOf(bits)
  const half = mul(mul(put(0.5), f), f)
  const s = f64x2.div(f, add(put(2.0), f))
  const high = shortened(sub(f, half))
  const low = add(sub(sub(f, high), half), mul(s, add(half, atanhTail(s))))
  const main = mul(high, put(INV_LN10_HIGH))
  const tail = add(
    add(mul(log2, put(LOG10_2_LOW)), mul(add(low, high), put(INV_LN10_LOW))),
    mul(low, put(INV_LN10_HIGH)),
  )
  const whole = mul(log2, put(LOG10_2_HIGH))
  const sum = add(whole, main)
  return logEnds(x, add(sum, add(tail, add(sub(whole, sum), main))))
}

/** `base` to the power `exponent` for base >= 0; anything to the power 0 is 1. */
// @ts-ignore: decorator
@inline export function pow(base: v128, exponent: v128): v128 {
  const bits = shifted(base)
  const log2 = log2Of(bits)
  const f = fractionOf(bits)
  const half = mul(mul(put(0.5), f), f)
  const s = f64x2.div(f, add(put(2.0), f))
  const fine = shortened(sub(f, half))
  const finer = add(sub(sub(f, fine), half), mul(s, add(half, atanhTail(s))))
  const whole = mul(log2, put(LN2_HIGH))
  const ln = add(whole, fine)
  const rest = add(add(sub(whole, ln), fine), add(finer, mul(log2, put(LN2_LOW))))
  const x = mul(exponent, ln)
  const shortLn = shortened(ln)
  const shortExponent = shortened(exponent)
  const main = mul(shortExponent, shortLn)
  const tail = add(
    mul(exponent, add(sub(ln, shortLn), rest)),
    mul(sub(exponent, shortExponent), shortLn),
  )
  const carrier = rounded(x, LOG2_E)
  const k = sub(carrier, put(ROUNDER))
  const high = sub(main, mul(k, put(LN2_HIGH)))
  const low = sub(tail, mul(k, put(LN2_LOW)))
  const r = add(high, low)
  let y = ends(x, scaledExp(r, add(sub(high, r), low), carrier), POW_MIN, POW_MAX)

  const one = put(1.0)
  const zero = put(0.0)
  const infinite = put(f64.POSITIVE_INFINITY)
  // Base zero or infinite: infinite where base > 1 and exponent > 0 agree, else zero.
  const edge = v128.or(f64x2.lt(base, put(SMALLEST_NORMAL)), f64x2.eq(base, infinite))
  const agree = v128.not(v128.xor(f64x2.gt(base, one), f64x2.gt(exponent, zero)))
  y = choose(v128.and(infinite, agree), y, edge)
  const wrong = v128.or(v128.not(f64x2.ge(base, zero)), f64x2.ne(exponent, exponent))
  y = choose(put(f64.NaN), y, wrong)
  return choose(one, y, f64x2.eq(exponent, zero))
}

/** Inverse of the hyperbolic sine. */
// @ts-ignore: decorator
@inline export function asinh(x: v128): v128 {
  const a = f64x2.abs(x)
  const far = f64x2.ge(a, put(ASINH_FAR))
  const square = mul(a, a)
  const u = add(a, f64x2.div(square, add(put(1.0), f64x2.sqrt(add(square, put(1.0))))))
  const w = add(put(1.0), u)
  const virtual = sub(w, u)
  const lost = add(sub(u, sub(w, virtual)), sub(put(1.0), virtual))
  const y = add(
    log(choose(a, w, far)),
    choose(put(LN2), f64x2.div(lost, w), far),
  )
  return choose(x, v128.or(y, v128.and(x, put(-0.0))), f64x2.ne(x, x))
}
