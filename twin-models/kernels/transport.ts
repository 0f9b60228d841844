/**
 * Alumina along the cell: dissolved and undissolved mass [kg] per node of two channels that are
 * joined at both ends into one ring. Channel A flows towards larger positions with the velocity
 * u, channel B back. Each step: feed and use at their nodes, dissolution up to saturation, an
 * implicit advection-diffusion step with exponentially fitted (Scharfetter-Gummel) faces, and the
 * exchange between facing nodes. The faces' fluxes move the mass, so that the sums hold to
 * rounding. First order in time, second in space, stable and never negative for any step.
 *
 * All nodes are alike, so the implicit matrix of the ring is a product of two first-order
 * recursions, 1 + A + C - A S - C S' = k (1 - a S)(1 - b S') with the shift S around the ring:
 * no factors per node and no division. twin-models/assembly/channels.ts gives the same bits.
 *
 * Blocks lie in one memory of tiles of four cells: value i of a block is at `at + 4 * i`.
 */
import type { ChannelLayout } from './transport-layout.ts'
import { channelPlan } from './transport-plan.ts'

const LANES = 4
/** Less than this in a node [kg] counts as nothing: no negative rests, no denormal numbers. */
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
  /** channelWorkValues(layout) values of scratch; carries nothing from one call to the next. */
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

/** What is carried between the passes, at the head of the work block. */
const CARRIED = 6

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

/** Values of the work block. */
export function channelWorkValues(layout: ChannelLayout): number {
  return CARRIED + 4 * layout.nodes
}

/** One step of one cell: state and output change; the plan says how long the step is. */
export function advanceChannels(layout: ChannelLayout, m: Float64Array, at: ChannelPlaces): void {
  feedAndUse(layout, m, at)
  dissolve(layout.nodes, m, at)
  sweep(layout.nodes, m, at)
  moveB(layout.nodes, m, at)
  moveA(layout.nodes, m, at)
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
 * lacking; on the way around the ring the sums that start the forward recursion.
 */
function dissolve(nodes: number, m: Float64Array, at: ChannelPlaces): void {
  const { input, output, plan, work } = at
  const ring = 2 * nodes
  const node_kg = m[input + LANES * channelInput.bath_kg]! / ring
  const full_kg = m[input + LANES * channelInput.saturation_share]! * node_kg
  const perBand = 1 / (m[input + LANES * channelInput.band_share]! * node_kg)
  const evenly_kg = m[input + LANES * channelInput.evenly_kg]! / ring
  const forward = m[plan + LANES * channelPlan.forward]!
  const dissolved_share = m[plan + LANES * channelPlan.dissolved_share]!
  const settled_share = m[plan + LANES * channelPlan.settled_share]!
  let dissolving_kg = m[output + LANES * channelOutput.dissolving_kg]!
  let settled_kg = 0
  let lacking_kg = 0
  let dissolvedSum = 0
  let undissolvedSum = 0
  let i = at.state
  let step = LANES
  for (let channel = 0; channel < 2; channel++) {
    for (let k = 0; k < nodes; k++) {
      const u = i + LANES * ring
      const before_kg = m[i]! + evenly_kg
      const solid_kg = m[u]!
      const room_kg = full_kg - before_kg
      let drive = room_kg * perBand
      drive = drive < 0 ? 0 : drive
      drive = 1 < drive ? 1 : drive
      let melted_kg = dissolved_share * solid_kg * drive
      melted_kg = room_kg < melted_kg ? room_kg : melted_kg
      const sunk_kg = settled_share * solid_kg
      const left_kg = solid_kg - melted_kg - sunk_kg
      const owned_kg = before_kg + melted_kg
      const debt_kg = owned_kg < 0 ? owned_kg : 0
      const kept_kg = owned_kg - debt_kg
      dissolving_kg += melted_kg
      settled_kg += sunk_kg
      lacking_kg -= debt_kg
      m[i] = kept_kg
      m[u] = left_kg
      dissolvedSum = dissolvedSum * forward + kept_kg
      undissolvedSum = undissolvedSum * forward + left_kg
      i += step
    }
    // Channel B is walked against its numbering.
    i = at.state + LANES * (ring - 1)
    step = -LANES
  }
  m[output + LANES * channelOutput.dissolving_kg] = dissolving_kg
  m[output + LANES * channelOutput.settled_kg] = settled_kg
  m[output + LANES * channelOutput.lacking_kg] = lacking_kg
  const start = m[plan + LANES * channelPlan.forwardStart]!
  m[work] = dissolvedSum * start
  m[work + LANES] = undissolvedSum * start
}

/** The forward recursion into the work block, then the sums that start the backward one. */
function sweep(nodes: number, m: Float64Array, at: ChannelPlaces): void {
  const { plan, work } = at
  const ring = 2 * nodes
  const forward = m[plan + LANES * channelPlan.forward]!
  const backward = m[plan + LANES * channelPlan.backward]!
  const shift = work + LANES * CARRIED - at.state
  let dissolved = m[work]!
  let undissolved = m[work + LANES]!
  let i = at.state
  let step = LANES
  for (let channel = 0; channel < 2; channel++) {
    for (let k = 0; k < nodes; k++) {
      dissolved = dissolved * forward + m[i]!
      undissolved = undissolved * forward + m[i + LANES * ring]!
      m[i + shift] = dissolved
      m[i + shift + LANES * ring] = undissolved
      i += step
    }
    i = at.state + LANES * (ring - 1)
    step = -LANES
  }
  dissolved = 0
  undissolved = 0
  i = at.state + LANES * nodes
  step = LANES
  for (let channel = 0; channel < 2; channel++) {
    for (let k = 0; k < nodes; k++) {
      dissolved = dissolved * backward + m[i + shift]!
      undissolved = undissolved * backward + m[i + shift + LANES * ring]!
      i += step
    }
    i = at.state + LANES * (nodes - 1)
    step = -LANES
  }
  const start = m[plan + LANES * channelPlan.backwardStart]!
  m[work] = dissolved * start
  m[work + LANES] = undissolved * start
}

/** The backward recursion through channel B, the end of the ring; its fluxes move the mass. */
function moveB(nodes: number, m: Float64Array, at: ChannelPlaces): void {
  const { plan, work, output } = at
  const forward = m[plan + LANES * channelPlan.forward]!
  const backward = m[plan + LANES * channelPlan.backward]!
  const shift = work + LANES * CARRIED - at.state
  const solid = LANES * 2 * nodes
  let i = at.state + LANES * nodes
  let back = backward * m[work]!
  let solidBack = backward * m[work + LANES]!
  let z = m[i + shift]! + back
  let solidZ = m[i + shift + solid]! + solidBack
  let out_kg = forward * z - back
  let solidOut_kg = forward * solidZ - solidBack
  // Node 0 of B hands on to node 0 of A, which comes last.
  m[work + LANES * 4] = out_kg
  m[work + LANES * 5] = solidOut_kg
  let total_kg = 0
  let solidTotal_kg = 0
  for (let k = 1; k < nodes; k++) {
    const next = i + LANES
    back = backward * z
    solidBack = backward * solidZ
    z = m[next + shift]! + back
    solidZ = m[next + shift + solid]! + solidBack
    const in_kg = forward * z - back
    const solidIn_kg = forward * solidZ - solidBack
    const node_kg = someOrNothing(m[i]! + (in_kg - out_kg))
    const solidNode_kg = someOrNothing(m[i + solid]! + (solidIn_kg - solidOut_kg))
    m[i] = node_kg
    m[i + solid] = solidNode_kg
    total_kg += node_kg
    solidTotal_kg += solidNode_kg
    out_kg = in_kg
    solidOut_kg = solidIn_kg
    i = next
  }
  m[work] = z
  m[work + LANES] = solidZ
  m[work + LANES * 2] = out_kg
  m[work + LANES * 3] = solidOut_kg
  m[output + LANES * channelOutput.dissolved_kg] = total_kg
  m[output + LANES * channelOutput.undissolved_kg] = solidTotal_kg
}

/** The rest of the recursion through channel A, where each node also mixes with the facing one. */
function moveA(nodes: number, m: Float64Array, at: ChannelPlaces): void {
  const { plan, work, output } = at
  const forward = m[plan + LANES * channelPlan.forward]!
  const backward = m[plan + LANES * channelPlan.backward]!
  const mixed = m[plan + LANES * channelPlan.mixed_share]!
  const shift = work + LANES * CARRIED - at.state
  const solid = LANES * 2 * nodes
  const across = LANES * nodes
  let z = m[work]!
  let solidZ = m[work + LANES]!
  let out_kg = m[work + LANES * 2]!
  let solidOut_kg = m[work + LANES * 3]!
  let total_kg = m[output + LANES * channelOutput.dissolved_kg]!
  let solidTotal_kg = m[output + LANES * channelOutput.undissolved_kg]!
  // The node still open is the one walked before: at first the last one of B, which mixes later.
  let open = at.state + LANES * (2 * nodes - 1)
  let next = at.state + LANES * (nodes - 1)
  for (let k = 0; k <= nodes; k++) {
    let in_kg = m[work + LANES * 4]!
    let solidIn_kg = m[work + LANES * 5]!
    if (k < nodes) {
      const back = backward * z
      const solidBack = backward * solidZ
      z = m[next + shift]! + back
      solidZ = m[next + shift + solid]! + solidBack
      in_kg = forward * z - back
      solidIn_kg = forward * solidZ - solidBack
    }
    let node_kg = someOrNothing(m[open]! + (in_kg - out_kg))
    let solidNode_kg = someOrNothing(m[open + solid]! + (solidIn_kg - solidOut_kg))
    total_kg += node_kg
    solidTotal_kg += solidNode_kg
    if (k > 0) {
      const facing = open + across
      const change_kg = mixed * (node_kg - m[facing]!)
      const solidChange_kg = mixed * (solidNode_kg - m[facing + solid]!)
      m[facing] = m[facing]! + change_kg
      m[facing + solid] = m[facing + solid]! + solidChange_kg
      node_kg -= change_kg
      solidNode_kg -= solidChange_kg
    }
    m[open] = node_kg
    m[open + solid] = solidNode_kg
    out_kg = in_kg
    solidOut_kg = solidIn_kg
    open = next
    next -= LANES
  }
  m[output + LANES * channelOutput.dissolved_kg] = total_kg
  m[output + LANES * channelOutput.undissolved_kg] = solidTotal_kg
}

function someOrNothing(mass_kg: number): number {
  return mass_kg < NOTHING_kg ? 0 : mass_kg
}
