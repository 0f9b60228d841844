/**
 * Where `kernels/stefan.ts` keeps its values, in bytes of a tile of four cells: STATE, EXCHANGE,
 * PLAN, LINING and WORK there. A test of equal bits fails when one moves without the other.
 */

/** From value to value. */
export const VALUE: usize = 32
// State of a wall.
export const STATE_LEDGE: usize = 0
export const STATE_CONDUCTED: usize = 32
export const STATE_SHELL: usize = 64
export const STATE_NODES: usize = 96

// Exchange with the cell.
export const BATH: usize = 0
export const LIQUIDUS: usize = 32
export const TRANSFER: usize = 64
export const AMBIENT: usize = 96
export const FROM_BATH: usize = 128
export const OUTSIDE: usize = 160
export const FRONT: usize = 192
export const FREEZING: usize = 224

// Plan.
export const STEP: usize = 0
export const PER_STEP: usize = 32
export const CONDUCTIVITY: usize = 64
export const DENSITY: usize = 96
export const LEDGE_HEAT: usize = 128
export const HEAT_RATE: usize = 160
export const PER_HEAT_RATE: usize = 192
export const LATENT: usize = 224
export const LATENT_SLOPE: usize = 256
export const LEAST: usize = 288
export const PER_LEDGE_NODE: usize = 320
export const LEDGE_NODES: usize = 352
export const HALF_RESISTIVITY: usize = 384
export const JOINT: usize = 416
export const RADIATION: usize = 448
export const OUTSIDE_TRANSFER: usize = 480
export const RADIATION_SLOPE: usize = 512
export const OUTER_FLUX: usize = 544
export const OUTER_SHARE: usize = 576
export const OUTER_RESISTANCE: usize = 608
export const PIVOT: usize = 640
export const LINING: usize = 672

// One lining volume of a plan.
export const OWN: usize = 0
export const OUTER: usize = 32
export const INNER: usize = 64
export const CONDUCTANCE: usize = 96
export const PER_CAPACITY: usize = 128
export const LINING_BYTES: usize = 160

// Scratch.
export const W_SOURCE: usize = 0
export const W_JOINT: usize = 32
export const W_CONDUCTANCE: usize = 64
export const W_INNER: usize = 96
export const W_FRONT: usize = 128
export const W_NARROWING: usize = 160
export const W_PER_CAPACITY: usize = 192
export const W_ROWS: usize = 224

/** Lanes 2 and 3 of a value. */
export const B: usize = 16


/** Both lanes of x + y. */
// @ts-ignore: decorator
@inline
export function add(x: v128, y: v128): v128 {
  return f64x2.add(x, y)
}

/** Both lanes of x - y. */
// @ts-ignore: decorator
@inline
export function sub(x: v128, y: v128): v128 {
  return f64x2.sub(x, y)
}

/** Both lanes of x * y. */
// @ts-ignore: decorator
@inline
export function mul(x: v128, y: v128): v128 {
  return f64x2.mul(x, y)
}

/** Both lanes of x / y. */
// @ts-ignore: decorator
@inline
export function div(x: v128, y: v128): v128 {
  return f64x2.div(x, y)
}
