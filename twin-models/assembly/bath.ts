/**
 * Bath properties of two cells at a time. Operation by operation the same as
 * twin-models/potline/bath.ts and bath-lane.ts, and gives the same bits.
 */
import { add, choose, expInside, mul, pow, put, sub } from './elementary'

/** Bytes from one value of a cell to its next. */
// @ts-ignore: decorator
@inline export const STEP: usize = 32
/** Bytes from the first two cells of a tile to the other two. */
// @ts-ignore: decorator
@inline export const HALF: usize = 16

// Places in the block; see bathValue in potline/bath-lane.ts.
// @ts-ignore: decorator
@inline export const BATH_ALUMINA: usize = 0
// @ts-ignore: decorator
@inline export const BATH_K: usize = 5
// @ts-ignore: decorator
@inline export const BATH_LIQUIDUS_K: usize = 7
// @ts-ignore: decorator
@inline export const BATH_SATURATION: usize = 8
// @ts-ignore: decorator
@inline export const BATH_RATIO: usize = 9
// @ts-ignore: decorator
@inline export const BATH_CONDUCTIVITY: usize = 10
// @ts-ignore: decorator
@inline export const BATH_CONDUCTIVITY_SLOPE: usize = 11

// @ts-ignore: decorator
@inline function value(block: usize, place: usize): v128 {
  return v128.load(block + place * STEP)
}

// @ts-ignore: decorator
@inline function div(a: v128, b: v128): v128 {
  return f64x2.div(a, b)
}

// @ts-ignore: decorator
@inline function times(a: f64, b: v128): v128 {
  return f64x2.mul(f64x2.splat(a), b)
}

// @ts-ignore: decorator
@inline function plus(a: f64, b: v128): v128 {
  return f64x2.add(f64x2.splat(a), b)
}

// @ts-ignore: decorator
@inline function liquidus_C(al: v128, alf3: v128, caf2: v128, mgf2: v128, lif: v128): v128 {
  const product = mul(caf2, alf3)
  let sum = plus(1011.0, times(0.5, alf3))
  sum = sub(sum, times(0.13, pow(alf3, put(2.2))))
  sum = sub(sum, div(times(3.45, caf2), plus(1.0, times(0.0173, caf2))))
  sum = add(sum, times(0.124, product))
  sum = sub(sum, mul(times(0.00542, product), f64x2.sqrt(product)))
  let below = plus(1.0, times(0.0936, al))
  below = sub(below, mul(times(0.0017, al), al))
  below = sub(below, mul(times(0.0023, alf3), al))
  sum = sub(sum, div(times(7.93, al), below))
  below = add(plus(1.0, times(0.0047, lif)), mul(times(0.001, alf3), alf3))
  sum = sub(sum, div(times(8.9, lif), below))
  return sub(sub(sum, times(3.95, mgf2)), put(0.0))
}

// @ts-ignore: decorator
@inline function saturation_wtpct(
  alf3: v128, caf2: v128, mgf2: v128, lif: v128, bath_C: v128,
): v128 {
  let scale = sub(put(11.9), times(0.062, alf3))
  scale = sub(scale, mul(times(0.0031, alf3), alf3))
  scale = sub(scale, times(0.5, lif))
  scale = sub(scale, times(0.2, caf2))
  scale = sub(scale, times(0.3, mgf2))
  scale = add(scale, div(mul(times(42.0, lif), alf3), plus(2000.0, mul(lif, alf3))))
  const below = add(plus(10.0, lif), mul(mul(times(0.001, alf3), alf3), alf3))
  const power = add(
    sub(put(4.8), times(0.048, alf3)),
    div(mul(times(2.2, lif), f64x2.sqrt(lif)), below),
  )
  return mul(scale, pow(div(bath_C, put(1000.0)), power))
}

// @ts-ignore: decorator
@inline function hives(al: v128, alf3: v128, caf2: v128, mgf2: v128, lif: v128, K: v128): v128 {
  let sum = sub(put(1.977), times(0.02, al))
  sum = sub(sum, times(0.0131, alf3))
  sum = sub(sum, times(0.006, caf2))
  sum = sub(sum, times(0.0106, mgf2))
  sum = sub(sum, put(0.0))
  sum = add(sum, times(0.0121, lif))
  return expInside(sub(sum, div(put(1204.3), K)))
}

// @ts-ignore: decorator
@inline function sodiumFluoride(al: v128, alf3: v128, caf2: v128, mgf2: v128, lif: v128): v128 {
  const left = sub(sub(sub(sub(sub(put(100.0), alf3), al), caf2), lif), mgf2)
  return times(0.6, left)
}

// @ts-ignore: decorator
@inline function sodium(naf: v128, mgf2: v128, lif: v128): v128 {
  const sum = sub(add(div(naf, put(41.99)), div(lif, put(25.94))), div(mgf2, put(62.31)))
  return div(sum, put(2.0))
}

// @ts-ignore: decorator
@inline function fluoride(naf: v128, alf3: v128): v128 {
  return div(add(alf3, div(times(2.0, naf), put(3.0))), put(83.98))
}

// @ts-ignore: decorator
@inline function wang(al: v128, alf3: v128, caf2: v128, mgf2: v128, lif: v128, K: v128): v128 {
  const naf = sodiumFluoride(al, alf3, caf2, mgf2, lif)
  const ratio = div(sodium(naf, mgf2, lif), fluoride(naf, alf3))
  let sum = plus(1.9362, times(0.3092, ratio))
  sum = sub(sum, times(0.004132, caf2))
  sum = sub(sum, times(0.01755, al))
  sum = add(sum, times(0.008123, lif))
  sum = sub(sum, times(0.00398, mgf2))
  return expInside(sub(sum, div(put(1751.1), K)))
}

// @ts-ignore: decorator
@inline function wangSlope(al: v128, alf3: v128, caf2: v128, mgf2: v128, lif: v128): v128 {
  const naf = sodiumFluoride(al, alf3, caf2, mgf2, lif)
  const above = sodium(naf, mgf2, lif)
  const below = fluoride(naf, alf3)
  const sodiumSlope: f64 = -0.6 / 41.99 / 2.0
  const fluorideSlope: f64 = -0.4 / 83.98
  const slope = div(sub(put(sodiumSlope), mul(div(above, below), put(fluorideSlope))), below)
  return plus(-0.01755, times(0.3092, slope))
}

// @ts-ignore: decorator
@inline function bathRatio(al: v128, alf3: v128, caf2: v128, mgf2: v128, lif: v128): v128 {
  const base = sub(put(100.0), add(add(add(al, caf2), lif), mgf2))
  const share = div(alf3, base)
  const twoThirds: f64 = 2.0 / 3.0
  return div(sub(put(1.0), share), plus(twoThirds, share))
}

function bathHalf(block: usize): void {
  const zero = put(0.0)
  const al = f64x2.pmax(zero, value(block, 0))
  const alf3 = f64x2.pmax(zero, value(block, 1))
  const caf2 = value(block, 2)
  const mgf2 = value(block, 3)
  const lif = value(block, 4)
  const K = value(block, BATH_K)
  const byWang = f64x2.gt(value(block, 6), zero)
  const liquidus_K = add(liquidus_C(al, alf3, caf2, mgf2, lif), put(273.15))
  v128.store(block + BATH_LIQUIDUS_K * STEP, liquidus_K)
  const saturation = saturation_wtpct(alf3, caf2, mgf2, lif, sub(K, put(273.15)))
  v128.store(block + BATH_SATURATION * STEP, saturation)
  v128.store(block + BATH_RATIO * STEP, bathRatio(al, alf3, caf2, mgf2, lif))
  let conductivity = hives(al, alf3, caf2, mgf2, lif, K)
  let slope = put(-0.02)
  if (v128.any_true(byWang)) {
    conductivity = choose(wang(al, alf3, caf2, mgf2, lif, K), conductivity, byWang)
    slope = choose(wangSlope(al, alf3, caf2, mgf2, lif), slope, byWang)
  }
  v128.store(block + BATH_CONDUCTIVITY * STEP, times(100.0, conductivity))
  v128.store(block + BATH_CONDUCTIVITY_SLOPE * STEP, slope)
}

/** Fills the properties of the four cells of a tile from composition and temperature. */
export function bathTile(block: usize): void {
  bathHalf(block)
  bathHalf(block + HALF)
}
