/** The constants of a cell's alumina transport for its parameters and one length of step. */
import { exp } from './elementary.ts'
import type { ChannelLayout } from './transport-layout.ts'

const LANES = 4

/** The parameters of one cell's channels. */
export interface ChannelParameters {
  /** Velocity of channel A; channel B flows back with the same. Any sign. */
  readonly velocity_m_s: number
  /** Eddy diffusivity along the channels; above 0. */
  readonly dispersion_m2_s: number
  /** Share of a node's mass per time that goes to the facing node, and back. */
  readonly exchange_per_s: number
  /** Undissolved alumina that dissolves, per time. */
  readonly dissolution_per_s: number
  /** Undissolved alumina that settles, per time. */
  readonly settling_per_s: number
}

/** What the plan holds per cell. */
export const channelPlan = {
  forward: 0,
  backward: 1,
  forwardStart: 2,
  backwardStart: 3,
  /** What a start misses that is summed over TAIL nodes only: `forward`^TAIL, or 0 for nothing. */
  forwardRest: 4,
  backwardRest: 5,
  /** Factor from the sum of the recursions of two facing nodes to their mean mass. */
  even: 6,
  /** Factor from the difference of the two to half that of their masses once they mixed. */
  uneven: 7,
  dissolved_share: 8,
  kept_share: 9,
  settledPerKept: 10,
} as const
/** Values of a plan. */
export const PLAN_VALUES = 11

/** Nodes behind which a recursion mostly knows nothing of its start; at most those of a channel. */
const TAIL = 48
/** A start may miss this share of the mass: less than rounding. */
const MISSED_SHARE = 1e-18

/** Nodes that the start of a recursion around the ring is summed over first. */
export function tailOf(nodes: number): number {
  return nodes < TAIL ? nodes : TAIL
}

/** z / (e^z - 1) for z >= 0: the weight of a face on its lee side. */
function bernoulli(z: number): number {
  if (z < 0.2) {
    const w = z * z
    return 1 - z / 2 + (w / 12) * (1 - (w / 60) * (1 - (w / 42) * (1 - w / 40)))
  }
  return z / (exp(z) - 1)
}

/** `base` to the power of a whole number, by squaring. */
function wholePower(base: number, exponent: number): number {
  let power = 1
  let square = base
  for (let n = exponent; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) power *= square
    square *= square
  }
  return power
}

/** Fills a cell's plan in `m` at `at`; needed again whenever a parameter or the step changes. */
export function planChannels(
  layout: ChannelLayout,
  m: Float64Array,
  at: number,
  parameters: ChannelParameters,
  dt_s: number,
): void {
  const { velocity_m_s, dispersion_m2_s, dissolution_per_s, settling_per_s } = parameters
  const { step_m } = layout
  const spread = (dt_s * dispersion_m2_s) / (step_m * step_m)
  const peclet = (Math.abs(velocity_m_s) * step_m) / dispersion_m2_s
  const lee = spread * bernoulli(peclet)
  const windward = spread * (bernoulli(peclet) + peclet)
  // Per step: the share that crosses a face forwards and backwards.
  const onwards = velocity_m_s < 0 ? lee : windward
  const back = velocity_m_s < 0 ? windward : lee
  const difference = onwards - back
  const sum = onwards + back
  const k = (1 + sum + Math.sqrt(1 + 2 * sum + difference * difference)) / 2
  const forward = onwards / k
  const backward = back / k
  const ring = 2 * layout.nodes
  const tail = tailOf(layout.nodes)
  const leaving = dissolution_per_s + settling_per_s
  // The same as 1 / k, of the factors as they were rounded: what keeps the mass.
  const whole = (1 - forward) * (1 - backward)
  const settled_share = (settling_per_s * dt_s) / (1 + leaving * dt_s)
  const set = (place: number, value: number) => {
    m[at + LANES * place] = value
  }
  set(channelPlan.forward, forward)
  set(channelPlan.backward, backward)
  set(channelPlan.forwardStart, 1 / (1 - wholePower(forward, ring)))
  set(channelPlan.backwardStart, 1 / (1 - wholePower(backward, ring)))
  set(channelPlan.forwardRest, restOf(wholePower(forward, tail)))
  set(channelPlan.backwardRest, restOf(wholePower(backward, tail)))
  set(channelPlan.even, whole / 2)
  set(channelPlan.uneven, (whole / 2) * exp(-2 * parameters.exchange_per_s * dt_s))
  set(channelPlan.dissolved_share, (dissolution_per_s * dt_s) / (1 + leaving * dt_s))
  set(channelPlan.kept_share, 1 - settled_share)
  set(channelPlan.settledPerKept, settled_share / (1 - settled_share))
}

function restOf(missed_share: number): number {
  return missed_share < MISSED_SHARE ? 0 : missed_share
}
