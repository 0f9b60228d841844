/**
 * How single grains dissolve: Crank's uptake curves for diffusion into a sphere and a plane sheet,
 * and the shrinking sphere. They judge dissolution rates; the cell itself uses one rate per cell.
 */
import { exp } from './elementary.ts'

// Crank, The Mathematics of Diffusion (1975), equations 4.18, 4.20 and 6.20, 6.22.
const PI_SQUARED = Math.PI * Math.PI
/** Below this Fourier number the form for short times is exact to rounding. */
const SHORT = 0.02
/** Beyond e^-40 the terms of the series are below rounding. */
const NEGLIGIBLE = 40

/** Uptake of a sphere over its final uptake at the Fourier number D t / radius^2. */
export function sphereUptake(fourier: number): number {
  if (fourier < SHORT) return 6 * Math.sqrt(fourier / Math.PI) - 3 * fourier
  let rest = 0
  for (let n = 1; n * n * PI_SQUARED * fourier < NEGLIGIBLE; n++) {
    rest += exp(-n * n * PI_SQUARED * fourier) / (n * n)
  }
  return 1 - (6 / PI_SQUARED) * rest
}

/** Uptake of a sheet over its final uptake at D t / l^2, with l half its thickness. */
export function sheetUptake(fourier: number): number {
  if (fourier < SHORT) return 2 * Math.sqrt(fourier / Math.PI)
  let rest = 0
  for (let n = 1; (n * n * PI_SQUARED * fourier) / 4 < NEGLIGIBLE; n += 2) {
    rest += exp((-n * n * PI_SQUARED * fourier) / 4) / (n * n)
  }
  return 1 - (8 / PI_SQUARED) * rest
}

/** A grain that dissolves by steady diffusion into still bath. */
export interface Grain {
  readonly radius_m: number
  readonly density_kg_m3: number
  readonly diffusivity_m2_s: number
  /** Concentration at the surface less that of the bath. */
  readonly drive_kg_m3: number
}

/** Radius of a shrinking sphere after `time_s`; 0 once it is gone. */
export function grainRadius_m(grain: Grain, time_s: number): number {
  const { radius_m, density_kg_m3, diffusivity_m2_s, drive_kg_m3 } = grain
  const square_m2 =
    radius_m * radius_m - (2 * diffusivity_m2_s * drive_kg_m3 * time_s) / density_kg_m3
  return square_m2 > 0 ? Math.sqrt(square_m2) : 0
}

/** Time until a shrinking sphere is gone; infinite without a drive. */
export function grainLife_s(grain: Grain): number {
  const { radius_m, density_kg_m3, diffusivity_m2_s, drive_kg_m3 } = grain
  if (!(drive_kg_m3 > 0)) return Number.POSITIVE_INFINITY
  return (radius_m * radius_m * density_kg_m3) / (2 * diffusivity_m2_s * drive_kg_m3)
}
