/** Closed solutions that the wall is held against; nothing here runs in a step. */

/** Error function: its series for small arguments, the continued fraction of 1 - erf for large. */
export function erf(x: number): number {
  if (x < 0) return -erf(-x)
  if (x > 6) return 1
  if (x < 2.5) {
    let term = x
    let sum = x
    for (let n = 1; Math.abs(term) > 1e-18 * sum && n < 200; n++) {
      term *= (-x * x) / n
      sum += term / (2 * n + 1)
    }
    return (2 / Math.sqrt(Math.PI)) * sum
  }
  let tail = 0
  for (let n = 200; n > 0; n--) tail = n / 2 / (x + tail)
  return 1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * (x + tail))
}

/** Freezing of a half space: solid from a cold surface at x = 0, liquid beyond the front. */
export interface NeumannCase {
  readonly conductivity_W_mK: number
  readonly liquidConductivity_W_mK: number
  readonly density_kg_m3: number
  readonly heat_J_kgK: number
  readonly liquidHeat_J_kgK: number
  readonly fusion_J_kg: number
  readonly surface_K: number
  readonly melting_K: number
  /** Far from the surface; equal to the melting point for one phase. */
  readonly far_K: number
}

/** A cryolite-like melt on a surface at 600 C; one phase. */
export const CRYOLITE_CASE: NeumannCase = {
  conductivity_W_mK: 1.5,
  liquidConductivity_W_mK: 1,
  density_kg_m3: 2900,
  heat_J_kgK: 1400,
  liquidHeat_J_kgK: 1880,
  fusion_J_kg: 5.1e5,
  surface_K: 873.15,
  melting_K: 1228.15,
  far_K: 1228.15,
}

/** The same with 10 K of superheat far away. */
export const CRYOLITE_SUPERHEATED: NeumannCase = { ...CRYOLITE_CASE, far_K: 1238.15 }

/** Water at 5 C freezing on a surface at -10 C, equal densities. */
export const WATER_CASE: NeumannCase = {
  conductivity_W_mK: 2.22,
  liquidConductivity_W_mK: 0.58,
  density_kg_m3: 1000,
  heat_J_kgK: 2050,
  liquidHeat_J_kgK: 4180,
  fusion_J_kg: 334_000,
  surface_K: 263.15,
  melting_K: 273.15,
  far_K: 278.15,
}

/**
 * Glauber's salt at 25 C melting on a surface at 90 C [alexiades1993]: the same equations with the
 * phases exchanged, all temperatures mirrored at the melting point.
 */
export const GLAUBER_CASE: NeumannCase = {
  conductivity_W_mK: 0.59,
  liquidConductivity_W_mK: 2.16,
  density_kg_m3: 1460,
  heat_J_kgK: 3310,
  liquidHeat_J_kgK: 1760,
  fusion_J_kg: 251_210,
  surface_K: 305.15 - 58,
  melting_K: 305.15,
  far_K: 305.15 + 7,
}

/** Neumann's solution of a case. */
export interface NeumannSolution {
  /** The front is at 2 lambda sqrt(diffusivity t). */
  readonly lambda: number
  readonly front_m: (time_s: number) => number
  /** Temperature of the solid, 0 <= x <= front. */
  readonly solid_K: (x_m: number, time_s: number) => number
  readonly liquid_K: (x_m: number, time_s: number) => number
  /** Heat conducted from the front into the solid. */
  readonly conducted_W_m2: (time_s: number) => number
  /** Heat conducted from the liquid to the front. */
  readonly fromLiquid_W_m2: (time_s: number) => number
}

/** Root of lambda exp(lambda^2) erf(lambda) = St / sqrt(pi): one phase. */
export function neumannLambda(stefan: number): number {
  return bisect(x => stefan / Math.sqrt(Math.PI) - x * Math.exp(x * x) * erf(x), 1e-6, 5)
}

/** Neumann's solution, one phase when the far temperature is the melting point, else two. */
export function neumann(given: NeumannCase): NeumannSolution {
  const { melting_K, surface_K, far_K, density_kg_m3: density, fusion_J_kg } = given
  const solid = given.conductivity_W_mK / (density * given.heat_J_kgK)
  const liquid = given.liquidConductivity_W_mK / (density * given.liquidHeat_J_kgK)
  const nu = Math.sqrt(solid / liquid)
  const cold = (given.heat_J_kgK * (melting_K - surface_K)) / fusion_J_kg
  const warm = (given.liquidHeat_J_kgK * (far_K - melting_K)) / fusion_J_kg
  const lambda = bisect(
    x =>
      cold / (Math.exp(x * x) * erf(x)) -
      warm / (nu * Math.exp(nu * nu * x * x) * (1 - erf(nu * x))) -
      Math.sqrt(Math.PI) * x,
    1e-6,
    5,
  )
  const atSurface = (conductivity: number, diffusivity: number, drop_K: number, time_s: number) =>
    (conductivity * drop_K) / Math.sqrt(Math.PI * diffusivity * time_s)
  return {
    lambda,
    front_m: t => 2 * lambda * Math.sqrt(solid * t),
    solid_K: (x, t) =>
      surface_K + ((melting_K - surface_K) * erf(x / (2 * Math.sqrt(solid * t)))) / erf(lambda),
    liquid_K: (x, t) =>
      far_K -
      ((far_K - melting_K) * (1 - erf(x / (2 * Math.sqrt(liquid * t))))) / (1 - erf(nu * lambda)),
    conducted_W_m2: t =>
      (atSurface(given.conductivity_W_mK, solid, melting_K - surface_K, t) *
        Math.exp(-lambda * lambda)) /
      erf(lambda),
    fromLiquid_W_m2: t =>
      (atSurface(given.liquidConductivity_W_mK, liquid, far_K - melting_K, t) *
        Math.exp(-nu * nu * lambda * lambda)) /
      (1 - erf(nu * lambda)),
  }
}

/** A ledge without heat capacity on a lining of one resistance, under a constant flux. */
export interface QuasiSteadyCase {
  readonly conductivity_W_mK: number
  readonly density_kg_m3: number
  readonly fusion_J_kg: number
  /** Liquidus over the surroundings. */
  readonly drop_K: number
  readonly flux_W_m2: number
  readonly lining_m2K_W: number
  readonly start_m: number
}

/** Ledge thickness after a time, from the implicit closed form. */
export function quasiSteadyLedge_m(given: QuasiSteadyCase, time_s: number): number {
  const lining_m = given.conductivity_W_mK * given.lining_m2K_W
  const steady = (given.conductivity_W_mK * given.drop_K) / given.flux_W_m2
  const first = given.start_m + lining_m
  const scale = (given.density_kg_m3 * given.fusion_J_kg) / given.flux_W_m2
  const elapsed = (x: number) =>
    scale * (first - x + steady * Math.log((steady - first) / (steady - x)))
  return bisect(x => time_s - elapsed(x), first, steady * (1 - 1e-15)) - lining_m
}

/**
 * Slab of unit half-thickness, insulated at its centre, cooled by convection from 1 to 0: its
 * temperature at `position` (0 centre, 1 surface) after a Fourier number.
 */
export function robinSlab(biot: number, fourier: number, position: number): number {
  let sum = 0
  for (let n = 0; n < 40; n++) {
    const low = n * Math.PI
    const zeta = bisect(
      z => biot * Math.cos(z) - z * Math.sin(z),
      low,
      low + Math.PI / 2,
      n % 2 === 1,
    )
    const weight = (4 * Math.sin(zeta)) / (2 * zeta + Math.sin(2 * zeta))
    sum += weight * Math.exp(-zeta * zeta * fourier) * Math.cos(zeta * position)
  }
  return sum
}

/** Root of a falling function (a rising one when said so) between two places. */
function bisect(f: (x: number) => number, from: number, to: number, rising = false): number {
  let low = from
  let high = to
  for (let i = 0; i < 200; i++) {
    const middle = 0.5 * (low + high)
    if (middle === low || middle === high) break
    if (f(middle) > 0 === !rising) low = middle
    else high = middle
  }
  return 0.5 * (low + high)
}
