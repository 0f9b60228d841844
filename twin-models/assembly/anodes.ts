/**
 * Anode networks of the four cells of a tile, two at a time. Operation by operation the same as
 * twin-models/potline/cell/anodes.ts and its parts, where everything is explained, and gives
 * the same bits. Addresses are those of the first value of a block; values are STEP apart.
 */
import {
  BATH_ALUMINA,
  BATH_CONDUCTIVITY,
  BATH_CONDUCTIVITY_SLOPE,
  BATH_K,
  BATH_RATIO,
  BATH_SATURATION,
  HALF,
  STEP,
} from './bath'
import { add, asinh, choose, exp, expInside, logPositive, mul, put, sub } from './elementary'

// Places of the factors; see anodeFactor in potline/cell/anodes-places.ts.
// @ts-ignore: decorator
@inline const PER_AREA_CM2: usize = 0
// @ts-ignore: decorator
@inline const PER_AREA_M2: usize = 1
// @ts-ignore: decorator
@inline const CRITICAL: usize = 2
// @ts-ignore: decorator
@inline const ONSET: usize = 3
// @ts-ignore: decorator
@inline const BUBBLE_COVER: usize = 4
// @ts-ignore: decorator
@inline const GAP_LESS_BUBBLES: usize = 5
// @ts-ignore: decorator
@inline const ANODE_OHM: usize = 6
// @ts-ignore: decorator
@inline const AGEING: usize = 7
// @ts-ignore: decorator
@inline const PER_LIFE: usize = 8
// @ts-ignore: decorator
@inline const FROZEN_OHM: usize = 9
// @ts-ignore: decorator
@inline const PER_COLD: usize = 10
// @ts-ignore: decorator
@inline const COMMON_OHM: usize = 11
// @ts-ignore: decorator
@inline const PER_CATHODE: usize = 12
// @ts-ignore: decorator
@inline const LOW: usize = 13
// @ts-ignore: decorator
@inline const LOW_LOG: usize = 14
// @ts-ignore: decorator
@inline const LOW_LINE: usize = 15
// @ts-ignore: decorator
@inline const LOW_CATHODE: usize = 16
// @ts-ignore: decorator
@inline const REVERSIBLE_SLOPE: usize = 17
// @ts-ignore: decorator
@inline const SURFACE_SLOPE: usize = 18
// @ts-ignore: decorator
@inline const CONCENTRATION_SLOPE: usize = 19
// @ts-ignore: decorator
@inline const CATHODE_SLOPE: usize = 20
// @ts-ignore: decorator
@inline const PER_HEATING: usize = 21
// @ts-ignore: decorator
@inline const COLD_J: usize = 22
// @ts-ignore: decorator
@inline const BURN: usize = 23

// Places of the parts; see anodePart.
// @ts-ignore: decorator
@inline const PART_REVERSIBLE: usize = 0
// @ts-ignore: decorator
@inline const PART_CATHODE: usize = 3
// @ts-ignore: decorator
@inline const PART_CELL: usize = 7
// @ts-ignore: decorator
@inline const PART_COVER: usize = 8
// @ts-ignore: decorator
@inline const PART_STARVED: usize = 9
// @ts-ignore: decorator
@inline const PART_SLOPE: usize = 10
// @ts-ignore: decorator
@inline const PART_MISMATCH: usize = 11

// Vectors of the state and of the scratch; see anodeVector and anodeWork.
// @ts-ignore: decorator
@inline const ACD: usize = 0
// @ts-ignore: decorator
@inline const AGE: usize = 1
// @ts-ignore: decorator
@inline const DEFICIT: usize = 2
// @ts-ignore: decorator
@inline const CURRENT: usize = 3
// @ts-ignore: decorator
@inline const REVERSIBLE: usize = 0
// @ts-ignore: decorator
@inline const EXCHANGE: usize = 1
// @ts-ignore: decorator
@inline const PER_CRITICAL: usize = 2
// @ts-ignore: decorator
@inline const COVER_CONSTANT: usize = 3
// @ts-ignore: decorator
@inline const GAP_OHM_M: usize = 4
// @ts-ignore: decorator
@inline const SERIES_OHM: usize = 5
// @ts-ignore: decorator
@inline const BRANCH_V: usize = 6
// @ts-ignore: decorator
@inline const BRANCH_S: usize = 7
// @ts-ignore: decorator
@inline const STARVED: usize = 8
// @ts-ignore: decorator
@inline const COVER: usize = 9
// @ts-ignore: decorator
@inline const WORK_SCALARS: usize = 16

// Single values of the scratch.
// @ts-ignore: decorator
@inline const SURFACE_V: usize = 0
// @ts-ignore: decorator
@inline const CONCENTRATION_V: usize = 1
// @ts-ignore: decorator
@inline const ACTIVITY_V: usize = 2
// @ts-ignore: decorator
@inline const SUPPLY: usize = 3
// @ts-ignore: decorator
@inline const RATIO_CONSTANT: usize = 4
// @ts-ignore: decorator
@inline const PER_GAP: usize = 5
// @ts-ignore: decorator
@inline const ALUMINA_MEAN: usize = 6
// @ts-ignore: decorator
@inline const OWN_CONCENTRATION: usize = 7
// @ts-ignore: decorator
@inline const OWN_SURFACE: usize = 8
// @ts-ignore: decorator
@inline const OWN_BATH: usize = 9
// @ts-ignore: decorator
@inline const OWN_BUBBLE: usize = 10
// @ts-ignore: decorator
@inline const OWN_OHMIC: usize = 11
// @ts-ignore: decorator
@inline const OWN_COVER: usize = 12
// @ts-ignore: decorator
@inline const OWN_USED: usize = 13
// @ts-ignore: decorator
@inline const OWN_SLOPE: usize = 14
// @ts-ignore: decorator
@inline const SHARED: usize = 15

// @ts-ignore: decorator
@inline const EXCHANGE_LOG: f64 = -5.843044541989709
// @ts-ignore: decorator
@inline const CRITICAL_RATIO_MAX: f64 = 0.99
// @ts-ignore: decorator
@inline const BEYOND_CRITICAL: f64 = 1.0 / (1.0 - 0.99)
// @ts-ignore: decorator
@inline const COVER_MAX: f64 = 0.97
// @ts-ignore: decorator
@inline const ONSET_DISTANCE_MIN: f64 = -0.05
// @ts-ignore: decorator
@inline const PER_CATHODE_EXCHANGE: f64 = 1.0 / 0.257
// @ts-ignore: decorator
@inline const CATHODE_TWICE_SQUARE: f64 = 4.0 * 0.257 * 0.257
// @ts-ignore: decorator
@inline const LAYER_SLOPE: f64 = 1.0 - 2.167 * 0.5517

// @ts-ignore: decorator
@inline function value(block: usize, place: usize): v128 {
  return v128.load(block + place * STEP)
}

// @ts-ignore: decorator
@inline function set(block: usize, place: usize, x: v128): void {
  v128.store(block + place * STEP, x)
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

/** The larger of x and a bound; where equal the bound, so that no -0 comes through. */
// @ts-ignore: decorator
@inline function larger(x: v128, bound: v128): v128 {
  return f64x2.pmax(bound, x)
}

/** The smaller of x and a bound. */
// @ts-ignore: decorator
@inline function smaller(x: v128, bound: v128): v128 {
  return f64x2.pmin(bound, x)
}

// @ts-ignore: decorator
@inline function inverse(x: v128): v128 {
  return f64x2.div(f64x2.splat(1.0), x)
}

/**
 * The same number, by way of the scratch: V8 takes what is computed before a loop and used in it
 * into the loop, and divides anew for every anode.
 */
// @ts-ignore: decorator
@inline function once(work: usize, x: v128): v128 {
  set(work, SHARED, x)
  return value(work, SHARED)
}

function prepareCell(factors: usize, bath: usize, work: usize): void {
  const bath_K = value(bath, BATH_K)
  const ratio = value(bath, BATH_RATIO)
  set(work, SURFACE_V, mul(value(factors, SURFACE_SLOPE), bath_K))
  set(work, CONCENTRATION_V, mul(value(factors, CONCENTRATION_SLOPE), bath_K))
  set(work, ACTIVITY_V, mul(mul(value(factors, REVERSIBLE_SLOPE), bath_K), put(2.0)))
  const diffusion = plus(5.5, times(0.018, sub(bath_K, put(1323.0))))
  set(work, SUPPLY, mul(diffusion, value(factors, CRITICAL)))
  const term = div(sub(put(0.4322), times(0.3781, ratio)), plus(1.0, times(1.637, ratio)))
  set(work, RATIO_CONSTANT, plus(0.509, term))
  set(work, PER_GAP, div(value(factors, PER_AREA_M2), value(bath, BATH_CONDUCTIVITY)))
  set(work, ALUMINA_MEAN, value(bath, BATH_ALUMINA))
}

function prepareAnodes(
  anodes: usize, factors: usize, bath: usize, alumina: usize, state: usize, work: usize,
): void {
  const standard_V = sub(put(1.896), times(0.000572, value(bath, BATH_K)))
  const perSaturation = once(work, inverse(value(bath, BATH_SATURATION)))
  const lnSlope = value(bath, BATH_CONDUCTIVITY_SLOPE)
  const mean = value(work, ALUMINA_MEAN)
  const onset = value(factors, ONSET)
  const anode_Ohm = value(factors, ANODE_OHM)
  const ageing = value(factors, AGEING)
  const perLife = times(2.0, value(factors, PER_LIFE))
  const perCold = mul(value(factors, FROZEN_OHM), value(factors, PER_COLD))
  const activity_V = value(work, ACTIVITY_V)
  const supply = value(work, SUPPLY)
  const constant = value(work, RATIO_CONSTANT)
  const perGap = value(work, PER_GAP)
  const cover = value(factors, BUBBLE_COVER)
  const next = STEP * anodes
  let at = work + STEP * WORK_SCALARS
  for (let i: usize = 0; i < anodes; i++, at += STEP) {
    const local = times(100.0, value(alumina, i))
    const al = larger(local, put(0.2))
    const r = larger(mul(al, perSaturation), put(0.02))
    const cubic = plus(2.364, mul(r, plus(-2.194, times(0.8686, r))))
    const activity = mul(r, plus(-0.03791, mul(r, cubic)))
    const over = larger(sub(al, onset), put(ONSET_DISTANCE_MIN))
    const reach = mul(supply, sub(f64x2.sqrt(al), put(0.4)))
    const critical = larger(reach, put(0.01))
    const below = plus(1.0, times(7.353, over))
    const both = inverse(mul(critical, below))
    const overTerm = mul(sub(put(0.431), times(0.1437, over)), mul(both, critical))
    const x = mul(lnSlope, sub(mean, local))
    const third = plus(1.0 / 2.0, mul(x, plus(1.0 / 6.0, times(1.0 / 24.0, x))))
    const resistivity = plus(1.0, mul(x, plus(1.0, mul(x, third))))
    const worn = sub(put(1.0), smaller(mul(perLife, value(state, AGE * anodes + i)), put(2.0)))
    const cold_Ohm = mul(perCold, value(state, DEFICIT * anodes + i))
    const warm_Ohm = mul(anode_Ohm, plus(1.0, mul(ageing, worn)))
    v128.store(at + next * REVERSIBLE, sub(standard_V, mul(activity_V, logPositive(activity))))
    v128.store(at + next * EXCHANGE, plus(EXCHANGE_LOG, times(0.56, logPositive(al))))
    v128.store(at + next * PER_CRITICAL, mul(both, below))
    v128.store(at + next * COVER_CONSTANT, mul(cover, add(constant, overTerm)))
    v128.store(at + next * GAP_OHM_M, mul(perGap, resistivity))
    v128.store(at + next * SERIES_OHM, add(warm_Ohm, cold_Ohm))
  }
}

/** Terms of one anode of two cells into the scratch; `at` is its place in the first vector. */
// @ts-ignore: decorator
@inline function evaluate(
  at: usize, next: usize, factors: usize, work: usize, current_A: v128, acd_m: v128,
): void {
  const perArea = value(factors, PER_AREA_CM2)
  const exchangeLog = v128.load(at + next * EXCHANGE)
  const low = value(factors, LOW)
  const j = mul(current_A, perArea)
  const perCritical = v128.load(at + next * PER_CRITICAL)
  const used = mul(j, perCritical)
  const logged = smaller(used, put(CRITICAL_RATIO_MAX))
  const left = sub(put(1.0), logged)
  const flow = larger(j, put(0.0))
  const factor = value(factors, BUBBLE_COVER)
  const cubic = mul(flow, plus(0.1823, mul(flow, plus(-0.1723, times(0.05504, flow)))))
  const raw = add(v128.load(at + next * COVER_CONSTANT), mul(factor, cubic))
  const cover = smaller(larger(raw, put(0.0)), put(COVER_MAX))
  const rising = mul(factor, plus(0.1823, mul(flow, plus(-0.3446, times(0.16512, flow)))))
  const coverSlope = choose(rising, times(0.25, rising), f64x2.eq(raw, cover))
  const held = larger(j, low)
  const layerBelow = plus(1.0, times(2.167, flow))
  const free = sub(put(1.0), cover)
  const heldLeft = mul(held, left)
  const belowFree = mul(layerBelow, free)
  const all = inverse(mul(heldLeft, belowFree))
  const perHeldLeft = mul(all, belowFree)
  const perBelowFree = mul(all, heldLeft)
  const perFree = mul(perBelowFree, layerBelow)
  const perLayer = mul(perBelowFree, free)
  const perLeft = mul(perHeldLeft, held)

  let surface = sub(logPositive(held), exchangeLog)
  let perDensity = mul(perHeldLeft, left)
  const high = f64x2.ge(j, low)
  if (!i64x2.all_true(high)) {
    const twice = times(2.0, expInside(exchangeLog))
    const scale = div(sub(value(factors, LOW_LOG), exchangeLog), asinh(div(low, twice)))
    surface = choose(surface, mul(scale, asinh(div(j, twice))), high)
    const bent = f64x2.sqrt(add(mul(j, j), mul(twice, twice)))
    perDensity = choose(perDensity, div(scale, bent), high)
  }
  const concentration = sub(mul(sub(used, logged), put(BEYOND_CRITICAL)), logPositive(left))
  const surface_V = value(work, SURFACE_V)
  const concentration_V = value(work, CONCENTRATION_V)
  set(work, OWN_SURFACE, mul(surface_V, surface))
  set(work, OWN_CONCENTRATION, mul(concentration_V, concentration))
  set(work, OWN_USED, used)
  const logarithms = add(
    mul(surface_V, perDensity),
    mul(concentration_V, mul(perCritical, perLeft)),
  )

  const layer = mul(plus(0.5517, flow), perLayer)
  const layerSlope = mul(mul(put(LAYER_SLOPE), perLayer), perLayer)
  const gas = mul(cover, perFree)
  const less = mul(value(factors, GAP_LESS_BUBBLES), put(0.01))
  const perGap = v128.load(at + next * GAP_OHM_M)
  const gap_Ohm = mul(perGap, larger(sub(acd_m, mul(less, layer)), put(0.001)))
  const bubble_Ohm = mul(perGap, mul(times(0.01, layer), gas))
  const series_Ohm = v128.load(at + next * SERIES_OHM)
  set(work, OWN_BATH, mul(current_A, gap_Ohm))
  set(work, OWN_BUBBLE, mul(current_A, bubble_Ohm))
  set(work, OWN_OHMIC, mul(current_A, series_Ohm))
  set(work, OWN_COVER, cover)
  const covering = mul(layer, mul(mul(coverSlope, perFree), perFree))
  const bending = mul(
    mul(flow, perGap),
    sub(times(0.01, add(mul(layerSlope, gas), covering)), mul(less, layerSlope)),
  )
  const ohmic = add(add(add(gap_Ohm, bubble_Ohm), series_Ohm), bending)
  set(work, OWN_SLOPE, add(ohmic, mul(perArea, logarithms)))
}

// @ts-ignore: decorator
@inline function branchVoltage(work: usize, reversible_V: v128): v128 {
  let sum = add(reversible_V, value(work, OWN_CONCENTRATION))
  sum = add(sum, value(work, OWN_SURFACE))
  sum = add(sum, value(work, OWN_BATH))
  sum = add(sum, value(work, OWN_BUBBLE))
  return add(sum, value(work, OWN_OHMIC))
}

/** Moves all currents to where their straight lines meet at one voltage. */
// @ts-ignore: decorator
@inline function share(anodes: usize, state: usize, common_V: v128, first: usize): void {
  const next = STEP * anodes
  let at = first
  for (let i: usize = 0; i < anodes; i++, at += STEP) {
    const off = sub(common_V, v128.load(at + next * BRANCH_V))
    const move = mul(off, v128.load(at + next * BRANCH_S))
    set(state, CURRENT * anodes + i, add(value(state, CURRENT * anodes + i), move))
  }
}

/** One Newton step of two cells. */
function iterate(anodes: usize, factors: usize, state: usize, line_A: v128, work: usize): void {
  const next = STEP * anodes
  const first = work + STEP * WORK_SCALARS
  let at = first
  let conductance = put(0.0)
  let atZero = put(0.0)
  for (let i: usize = 0; i < anodes; i++, at += STEP) {
    const current_A = value(state, CURRENT * anodes + i)
    evaluate(at, next, factors, work, current_A, value(state, ACD * anodes + i))
    const branch_V = branchVoltage(work, v128.load(at + next * REVERSIBLE))
    const branch_S = inverse(value(work, OWN_SLOPE))
    v128.store(at + next * BRANCH_V, branch_V)
    v128.store(at + next * BRANCH_S, branch_S)
    conductance = add(conductance, branch_S)
    atZero = add(atZero, sub(current_A, mul(branch_V, branch_S)))
  }
  share(anodes, state, once(work, div(sub(line_A, atZero), conductance)), first)
}

function sumParts(
  anodes: usize, factors: usize, bath: usize, alumina: usize, state: usize, line_A: v128,
  parts: usize, work: usize,
): void {
  const next = STEP * anodes
  const first = work + STEP * WORK_SCALARS
  const byCurrent = f64x2.ge(line_A, value(factors, LOW_LINE))
  let divisor = line_A
  if (!i64x2.all_true(byCurrent)) {
    let all = put(0.0)
    for (let i: usize = 0; i < anodes; i++) {
      all = add(all, v128.load(first + next * BRANCH_S + STEP * i))
    }
    divisor = choose(line_A, all, byCurrent)
  }
  const perAll = once(work, inverse(divisor))
  const starvedBelow = plus(ONSET_DISTANCE_MIN, value(factors, ONSET))
  let slope_S = put(0.0)
  let atZero = put(0.0)
  let highest = put(-f64.POSITIVE_INFINITY)
  let lowest = put(f64.POSITIVE_INFINITY)
  let reversible = put(0.0)
  let concentration = put(0.0)
  let surface = put(0.0)
  let gap = put(0.0)
  let bubble = put(0.0)
  let ohmic = put(0.0)
  let covered = put(0.0)
  let starving = put(0.0)
  let at = first
  for (let i: usize = 0; i < anodes; i++, at += STEP) {
    const current_A = value(state, CURRENT * anodes + i)
    const share = choose(current_A, v128.load(at + next * BRANCH_S), byCurrent)
    const weight = mul(share, perAll)
    evaluate(at, next, factors, work, current_A, value(state, ACD * anodes + i))
    const reversible_V = v128.load(at + next * REVERSIBLE)
    const whole_V = branchVoltage(work, reversible_V)
    const slope = inverse(value(work, OWN_SLOPE))
    const cover = value(work, OWN_COVER)
    let short = f64x2.ge(cover, put(COVER_MAX))
    short = v128.or(short, f64x2.ge(value(work, OWN_USED), put(CRITICAL_RATIO_MAX)))
    short = v128.or(short, f64x2.le(times(100.0, value(alumina, i)), starvedBelow))
    const starved = v128.and(put(1.0), short)
    v128.store(at + next * BRANCH_V, whole_V)
    v128.store(at + next * BRANCH_S, slope)
    v128.store(at + next * COVER, cover)
    v128.store(at + next * STARVED, starved)
    slope_S = add(slope_S, slope)
    atZero = add(atZero, sub(current_A, mul(whole_V, slope)))
    highest = larger(highest, whole_V)
    lowest = smaller(lowest, whole_V)
    reversible = add(reversible, mul(weight, reversible_V))
    concentration = add(concentration, mul(weight, value(work, OWN_CONCENTRATION)))
    surface = add(surface, mul(weight, value(work, OWN_SURFACE)))
    gap = add(gap, mul(weight, value(work, OWN_BATH)))
    bubble = add(bubble, mul(weight, value(work, OWN_BUBBLE)))
    ohmic = add(ohmic, mul(weight, value(work, OWN_OHMIC)))
    covered = add(covered, cover)
    starving = add(starving, starved)
  }
  share(anodes, state, once(work, div(sub(line_A, atZero), slope_S)), first)
  const perAnode = 1.0 / <f64>anodes
  set(parts, PART_COVER, mul(covered, put(perAnode)))
  set(parts, PART_STARVED, mul(starving, put(perAnode)))
  set(parts, PART_MISMATCH, sub(highest, lowest))

  const perArea = value(factors, PER_CATHODE)
  const density = mul(line_A, perArea)
  const ratioTerm = sub(put(1.375), times(0.25, value(bath, BATH_RATIO)))
  const scale_V = mul(mul(value(factors, CATHODE_SLOPE), value(bath, BATH_K)), ratioTerm)
  let rise = logPositive(mul(density, put(PER_CATHODE_EXCHANGE)))
  let perDensity = inverse(density)
  if (!i64x2.all_true(byCurrent)) {
    const scale = value(factors, LOW_CATHODE)
    const halfExchange: f64 = 0.5 * PER_CATHODE_EXCHANGE
    rise = choose(rise, mul(scale, asinh(mul(density, put(halfExchange)))), byCurrent)
    const bent = f64x2.sqrt(add(mul(density, density), put(CATHODE_TWICE_SQUARE)))
    perDensity = choose(perDensity, div(scale, bent), byCurrent)
  }
  const common_Ohm = value(factors, COMMON_OHM)
  const cathode = mul(scale_V, rise)
  ohmic = add(ohmic, mul(line_A, common_Ohm))
  const rising = mul(scale_V, mul(perArea, perDensity))
  set(parts, PART_SLOPE, add(add(inverse(slope_S), common_Ohm), rising))
  let cell = add(reversible, concentration)
  cell = add(cell, surface)
  cell = add(cell, cathode)
  cell = add(cell, gap)
  cell = add(cell, bubble)
  cell = add(cell, ohmic)
  set(parts, PART_REVERSIBLE, reversible)
  set(parts, PART_REVERSIBLE + 1, concentration)
  set(parts, PART_REVERSIBLE + 2, surface)
  set(parts, PART_CATHODE, cathode)
  set(parts, PART_CATHODE + 1, gap)
  set(parts, PART_CATHODE + 2, bubble)
  set(parts, PART_CATHODE + 3, ohmic)
  set(parts, PART_CELL, cell)
}

/** Solves the currents of all anodes of a tile; `line` holds the line current of each cell. */
export function solveAnodes(
  anodes: usize, iterations: i32, factors: usize, bath: usize, alumina: usize, state: usize,
  line: usize, parts: usize, work: usize,
): void {
  for (let half: usize = 0; half < STEP; half += HALF) {
    const line_A = v128.load(line + half)
    prepareCell(factors + half, bath + half, work + half)
    prepareAnodes(anodes, factors + half, bath + half, alumina + half, state + half, work + half)
    for (let k = 1; k < iterations; k++) {
      iterate(anodes, factors + half, state + half, line_A, work + half)
    }
    sumParts(
      anodes, factors + half, bath + half, alumina + half, state + half, line_A,
      parts + half, work + half,
    )
  }
}

/**
 * Advances age, heat deficit and distance of all anodes of a tile; `efficiency`, `rise` hold a
 * value per cell, `taken` gets the heat that cold anodes took.
 */
export function advanceAnodes(
  anodes: usize, factors: usize, state: usize, dt_s: f64, efficiency: usize, rise: usize,
  taken: usize,
): void {
  const next = STEP * anodes
  for (let half: usize = 0; half < STEP; half += HALF) {
    const own = factors + half
    const burn = mul(mul(value(own, BURN), v128.load(efficiency + half)), put(dt_s))
    const rise_m = v128.load(rise + half)
    const cooled = exp(f64x2.neg(mul(value(own, PER_HEATING), put(dt_s))))
    v128.store(taken + half, sub(put(1.0), cooled))
    const warmed = v128.load(taken + half)
    let sum = put(0.0)
    let at = state + half
    for (let i: usize = 0; i < anodes; i++, at += STEP) {
      const current_A = larger(v128.load(at + next * CURRENT), put(0.0))
      const acd_m = add(v128.load(at + next * ACD), add(mul(burn, current_A), rise_m))
      v128.store(at + next * ACD, larger(acd_m, put(0.01)))
      v128.store(at + next * AGE, add(v128.load(at + next * AGE), put(dt_s)))
      const deficit = v128.load(at + next * DEFICIT)
      const part = mul(deficit, warmed)
      v128.store(at + next * DEFICIT, sub(deficit, part))
      sum = add(sum, part)
    }
    v128.store(taken + half, sum)
  }
}

/** Sets new anodes; `change` holds the anode of each cell, counted from 1, or 0 for none. */
export function changeAnodes(anodes: usize, factors: usize, state: usize, change: usize): void {
  const next = STEP * anodes
  for (let half: usize = 0; half < STEP; half += HALF) {
    const which = v128.load(change + half)
    const cold = value(factors + half, COLD_J)
    let at = state + half
    for (let i: usize = 0; i < anodes; i++, at += STEP) {
      const hit = f64x2.eq(which, put(<f64>i + 1.0))
      v128.store(at + next * AGE, v128.andnot(v128.load(at + next * AGE), hit))
      v128.store(at + next * DEFICIT, choose(cold, v128.load(at + next * DEFICIT), hit))
      const current_A = v128.load(at + next * CURRENT)
      v128.store(at + next * CURRENT, choose(times(0.0625, current_A), current_A, hit))
    }
  }
}
