/** The start and the inputs of the exact trajectories. */
import { NTNU } from './model.ts'

/** Ledge, alumina, AlF3, cryolite, metal in kg; bath, ledge, wall in C. */
export const BENCHMARK_START: Float64Array = Float64Array.of(
  3260,
  420,
  1500,
  13_000,
  9900,
  975,
  820,
  580,
)

/** No feed, no tap, 140 kA, 5 cm: for the derivatives at the start. */
export const BENCHMARK_INPUT: Float64Array = Float64Array.of(0, 140e3, 0, 0, 0.05)

/** Feed and tap that keep alumina, AlF3 and metal: for the trajectory T1. */
export const STEADY_INPUT: Float64Array = Float64Array.of(
  NTNU.k3 * 140e3,
  140e3,
  NTNU.k4 * NTNU.k3 * 140e3,
  NTNU.k6 * 140e3,
  0.05,
)
