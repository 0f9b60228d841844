/**
 * Alumina along the cell: dissolved and undissolved mass [kg] per node of two channels that are
 * joined at both ends into one ring. Channel A flows towards larger positions with the velocity
 * u, channel B back. Each step: feed and use at their nodes, dissolution up to saturation, an
 * implicit advection-diffusion step with exponentially fitted (Scharfetter-Gummel) faces, and the
 * exchange between facing nodes. The sums hold to rounding. First order in time, second in space,
 * stable and never negative for any step.
 *
 * All nodes are alike, so the implicit matrix of the ring is a product of two first-order
 * recursions, 1 + A + C - A S - C S' = k (1 - a S)(1 - b S') with the shift S around the ring:
 * no factors per node and no division, and k (1 - a)(1 - b) = 1 keeps the mass. A recursion starts
 * with the sum around the ring, of which the tail is mostly enough: a to the power of 48 is less
 * than rounding. twin-models/assembly/channels.ts gives the same bits.
 *
 * Blocks lie in one memory of tiles of four cells: value i of a block is at `at + 4 * i`.
 */
import type { ChannelLayout } from './transport-layout.ts'
import { channelPlan, tailOf } from './transport-plan.ts'

const LANES = 4
/** Added to every node [kg], so that no mass fades to a denormal number; lost in rounding. */
const NOTHING_kg = 1e-100

/** Where the five blocks of one cell begin: indices in the memory of their values 0. */
export interface ChannelPlaces {
  /** Dissolved kg [A nodes][B nodes], then undissolved kg [A nodes][B nodes]. */
  state: number
  /** PLAN_VALUES values, filled by planChannels. */
  plan: number
  /** `channelInput` values, then feed [feeder] and use [anode], see FEED_PLACE and anodeUsePlace. */
  input: number
  /** `channelOutput` values, then the dissolved alumina at each anode as a mass share. */
  output: number
  /** CHANNEL_WORK_VALUES values of scratch; carries nothing from one call to the next. */
  work: number
}

/** Inputs of one step; amounts are those of the whole step. */
export const channelInput = {
  /** Liquid bath of the cell, alumina included; spread evenly over all nodes. */
  bath_kg: 0,
  /** Alumina at saturation as a mass share. */
  saturation_share: 1,
  /** Dissolution slows down in proportion once closer to saturation than this; above 0. */
  band_share: 2,
  /** Share of the feed that dissolves at once; the rest joins the undissolved. */
  prompt_share: 3,
  /** Dissolved alumina that enters all nodes alike, such as from sludge. */
  evenly_kg: 4,
} as const
/** Place of the first feeder's feed in this step [kg] in the input block. */
export const FEED_PLACE = 5

/** Outputs of one step. */
export const channelOutput = {
  /** Dissolved alumina after the step. */
  dissolved_kg: 0,
  undissolved_kg: 1,
  /** Went into solution in this step, prompt share included, `evenly` not; may be negative. */
  dissolving_kg: 2,
  /** Undissolved that settled, lost to the bath. */
  settled_kg: 3,
  /** Asked for by the anodes but not there. */
  lacking_kg: 4,
} as const
/** Place of the first anode's alumina [mass share] in the output block. */
export const ANODE_ALUMINA_PLACE = 5

/** Values of the work block: two sums around the ring; the compiled form has more to keep. */
export const CHANNEL_WORK_VALUES = 5

/** Place of the first anode's use in this step [kg] in the input block. */
export function anodeUsePlace(layout: ChannelLayout): number {
  return FEED_PLACE + layout.feeders
}

/** Values of the state block. */
export function channelStateValues(layout: ChannelLayout): number {
  return 4 * layout.nodes
}

/** Values of the input block. */
export function channelInputValues(layout: ChannelLayout): number {
  return FEED_PLACE + layout.feeders + layout.anodes
}

/** Values of the output block. */
export function channelOutputValues(layout: ChannelLayout): number {
  return ANODE_ALUMINA_PLACE + layout.anodes
}

/** One step of one cell: state and output change; the plan says how long the step is. */
export function advanceChannels(layout: ChannelLayout, m: Float64Array, at: ChannelPlaces): void {
  feedAndUse(layout, m, at)
  dissolve(layout.nodes, m, at)
  sweepForward(layout.nodes, m, at)
  startBackward(layout.nodes, m, at)
  sweepBackward(layout.nodes, m, at)
  anodeAlumina(layout, m, at)
}

/** Dissolved alumina at each anode [mass share] into the output block, from state and bath_kg. */
export function anodeAlumina(layout: ChannelLayout, m: Float64Array, at: ChannelPlaces): void {
  const { anodes, anodeFirst, anodeStart, anodeShare } = layout
  const perShare = (2 * layout.nodes) / m[at.input + LANES * channelInput.bath_kg]!
  for (let a = 0; a < anodes; a++) {
    const end = anodeStart[a + 1]!
    let i = at.state + LANES * anodeFirst[a]!
    let sum = 0
    for (let s = anodeStart[a]!; s < end; s++) {
      sum += anodeShare[s]! * m[i]!
      i += LANES
    }
    m[at.output + LANES * (ANODE_ALUMINA_PLACE + a)] = sum * perShare
  }
}

/** Dissolved alumina [mass share] of the nodes nearest to each feeder into `into` [feeder]. */
export function feederAlumina(
  layout: ChannelLayout,
  m: Float64Array,
  at: ChannelPlaces,
  into: Float64Array,
): void {
  const { nodes, zoneStart } = layout
  const perShare = nodes / m[at.input + LANES * channelInput.bath_kg]!
  for (let f = 0; f < layout.feeders; f++) {
    const first = zoneStart[f]!
    const end = zoneStart[f + 1]!
    let sum = 0
    for (let k = first; k < end; k++) {
      sum += m[at.state + LANES * k]! + m[at.state + LANES * (nodes + k)]!
    }
    into[f] = end > first ? (sum * perShare) / (end - first) : 0
  }
}

/** Adds the feed and takes the anodes' use; what was not there shows as a negative mass. */
function feedAndUse(layout: ChannelLayout, m: Float64Array, at: ChannelPlaces): void {
  const { nodes, feeders, anodes, feederNode, feederShare } = layout
  const { anodeFirst, anodeStart, anodeShare } = layout
  const prompt_share = m[at.input + LANES * channelInput.prompt_share]!
  let prompt_kg = 0
  for (let f = 0; f < feeders; f++) {
    const feed_kg = m[at.input + LANES * (FEED_PLACE + f)]!
    const soon_kg = feed_kg * prompt_share
    const late_kg = feed_kg - soon_kg
    prompt_kg += soon_kg
    for (let side = 0; side < 2; side++) {
      const share = feederShare[2 * f + side]!
      const a = at.state + LANES * (feederNode[f]! + side)
      const b = a + LANES * nodes
      m[a] = m[a]! + soon_kg * share
      m[b] = m[b]! + soon_kg * share
      m[a + LANES * 2 * nodes] = m[a + LANES * 2 * nodes]! + late_kg * share
      m[b + LANES * 2 * nodes] = m[b + LANES * 2 * nodes]! + late_kg * share
    }
  }
  m[at.output + LANES * channelOutput.dissolving_kg] = prompt_kg
  for (let a = 0; a < anodes; a++) {
    const use_kg = m[at.input + LANES * (FEED_PLACE + feeders + a)]!
    const end = anodeStart[a + 1]!
    let i = at.state + LANES * anodeFirst[a]!
    for (let s = anodeStart[a]!; s < end; s++) {
      m[i] = m[i]! - anodeShare[s]! * use_kg
      i += LANES
    }
  }
}

/**
 * Dissolution up to saturation (above it the excess falls out), settling, and the end of what is
 * lacking; on the way the sums that start the forward recursion. The ring goes along A and back
 * along B; its tail, at the beginning of B, comes first.
 */
function dissolve(nodes: number, m: Float64Array, at: ChannelPlaces): void {
  const { output, plan, work, state } = at
  const tail = tailOf(nodes)
  const last = state + LANES * (2 * nodes - 1)
  m[output + LANES * channelOutput.lacking_kg] = 0
  m[output + LANES * channelOutput.settled_kg] = 0
  clearSums(m, at)
  dissolvePart(nodes, m, at, state + LANES * (nodes + tail - 1), -LANES, tail)
  const dissolved = m[work]!
  const undissolved = m[work + LANES]!
  clearSums(m, at)
  dissolvePart(nodes, m, at, state, LANES, nodes)
  dissolvePart(nodes, m, at, last, -LANES, nodes - tail)
  const start = m[plan + LANES * channelPlan.forwardStart]!
  const rest = m[plan + LANES * channelPlan.forwardRest]!
  m[work] = (dissolved + (rest === 0 ? 0 : rest * m[work]!)) * start
  m[work + LANES] = (undissolved + (rest === 0 ? 0 : rest * m[work + LANES]!)) * start
}

function clearSums(m: Float64Array, at: ChannelPlaces): void {
  m[at.work] = 0
  m[at.work + LANES] = 0
}

/** So many nodes from `i` on; what melts is summed in the place of what settles for a while. */
function dissolvePart(
  nodes: number,
  m: Float64Array,
  at: ChannelPlaces,
  from: number,
  step: number,
  count: number,
): void {
  const { input, output, plan, work } = at
  const solid = LANES * 2 * nodes
  const node_kg = m[input + LANES * channelInput.bath_kg]! / (2 * nodes)
  const full_kg = m[input + LANES * channelInput.saturation_share]! * node_kg
  const evenly_kg = m[input + LANES * channelInput.evenly_kg]! / (2 * nodes) + NOTHING_kg
  const forward = m[plan + LANES * channelPlan.forward]!
  const most_share = m[plan + LANES * channelPlan.dissolved_share]!
  const perRoom = most_share / (m[input + LANES * channelInput.band_share]! * node_kg)
  const kept_share = m[plan + LANES * channelPlan.kept_share]!
  let melting_kg = m[output + LANES * channelOutput.settled_kg]!
  let lacking_kg = m[output + LANES * channelOutput.lacking_kg]!
  let dissolved = m[work]!
  let undissolved = m[work + LANES]!
  let i = from
  for (let k = 0; k < count; k++) {
    const before_kg = m[i]! + evenly_kg
    const solid_kg = m[i + solid]! + NOTHING_kg
    const room_kg = full_kg - before_kg
    let share = room_kg * perRoom
    share = share < 0 ? 0 : share
    share = most_share < share ? most_share : share
    let melted_kg = share * solid_kg
    melted_kg = room_kg < melted_kg ? room_kg : melted_kg
    const left_kg = kept_share * solid_kg - melted_kg
    const owned_kg = before_kg + melted_kg
    const own_kg = owned_kg < 0 ? 0 : owned_kg
    melting_kg += melted_kg
    lacking_kg += own_kg - owned_kg
    m[i] = own_kg
    m[i + solid] = left_kg
    dissolved = dissolved * forward + own_kg
    undissolved = undissolved * forward + left_kg
    i += step
  }
  m[output + LANES * channelOutput.settled_kg] = melting_kg
  m[output + LANES * channelOutput.lacking_kg] = lacking_kg
  m[work] = dissolved
  m[work + LANES] = undissolved
}

/** The forward recursion through the ring, in place of the masses. */
function sweepForward(nodes: number, m: Float64Array, at: ChannelPlaces): void {
  const { state, work } = at
  const solid = LANES * 2 * nodes
  const forward = m[at.plan + LANES * channelPlan.forward]!
  let dissolved = m[work]!
  let undissolved = m[work + LANES]!
  let i = state
  let step = LANES
  for (let channel = 0; channel < 2; channel++) {
    for (let k = 0; k < nodes; k++) {
      dissolved = dissolved * forward + m[i]!
      undissolved = undissolved * forward + m[i + solid]!
      m[i] = dissolved
      m[i + solid] = undissolved
      i += step
    }
    // Channel B is walked against its numbering.
    i = state + LANES * (2 * nodes - 1)
    step = -LANES
  }
}

/** The sum around the ring that starts the backward recursion; its tail is the beginning of A. */
function startBackward(nodes: number, m: Float64Array, at: ChannelPlaces): void {
  const { state, plan, work } = at
  const tail = tailOf(nodes)
  const rest = m[plan + LANES * channelPlan.backwardRest]!
  clearSums(m, at)
  if (rest !== 0) {
    sumBackward(nodes, m, at, state + LANES * nodes, LANES, nodes)
    sumBackward(nodes, m, at, state + LANES * (nodes - 1), -LANES, nodes - tail)
  }
  const dissolved = rest * m[work]!
  const undissolved = rest * m[work + LANES]!
  clearSums(m, at)
  sumBackward(nodes, m, at, state + LANES * (tail - 1), -LANES, tail)
  const start = m[plan + LANES * channelPlan.backwardStart]!
  m[work] = (m[work]! + dissolved) * start
  m[work + LANES] = (m[work + LANES]! + undissolved) * start
}

function sumBackward(
  nodes: number,
  m: Float64Array,
  at: ChannelPlaces,
  from: number,
  step: number,
  count: number,
): void {
  const solid = LANES * 2 * nodes
  const backward = m[at.plan + LANES * channelPlan.backward]!
  let dissolved = m[at.work]!
  let undissolved = m[at.work + LANES]!
  let i = from
  for (let k = 0; k < count; k++) {
    dissolved = dissolved * backward + m[i]!
    undissolved = undissolved * backward + m[i + solid]!
    i += step
  }
  m[at.work] = dissolved
  m[at.work + LANES] = undissolved
}

/**
 * The backward recursion through B and then A, where both of two facing nodes are known: they
 * mix, and become masses again.
 */
function sweepBackward(nodes: number, m: Float64Array, at: ChannelPlaces): void {
  const { state, plan, work, output } = at
  const backward = m[plan + LANES * channelPlan.backward]!
  const even = m[plan + LANES * channelPlan.even]!
  const uneven = m[plan + LANES * channelPlan.uneven]!
  const solid = LANES * 2 * nodes
  const across = LANES * nodes
  let z = m[work]!
  let solidZ = m[work + LANES]!
  let i = state + across
  for (let k = 0; k < nodes; k++) {
    z = z * backward + m[i]!
    solidZ = solidZ * backward + m[i + solid]!
    m[i] = z
    m[i + solid] = solidZ
    i += LANES
  }
  let total = 0
  let solidTotal = 0
  i = state + across
  for (let k = 0; k < nodes; k++) {
    i -= LANES
    z = z * backward + m[i]!
    solidZ = solidZ * backward + m[i + solid]!
    const sum = z + m[i + across]!
    const solidSum = solidZ + m[i + across + solid]!
    const apart_kg = (z - m[i + across]!) * uneven
    const solidApart_kg = (solidZ - m[i + across + solid]!) * uneven
    m[i] = sum * even + apart_kg
    m[i + across] = sum * even - apart_kg
    m[i + solid] = solidSum * even + solidApart_kg
    m[i + across + solid] = solidSum * even - solidApart_kg
    total += sum
    solidTotal += solidSum
  }
  const melted_kg = m[output + LANES * channelOutput.settled_kg]!
  const undissolved_kg = solidTotal * (even + even)
  const sunk_kg = (undissolved_kg + melted_kg) * m[plan + LANES * channelPlan.settledPerKept]!
  m[output + LANES * channelOutput.dissolved_kg] = total * (even + even)
  m[output + LANES * channelOutput.undissolved_kg] = undissolved_kg
  m[output + LANES * channelOutput.dissolving_kg] =
    m[output + LANES * channelOutput.dissolving_kg]! + melted_kg
  m[output + LANES * channelOutput.settled_kg] = sunk_kg < 0 ? 0 : sunk_kg
}
