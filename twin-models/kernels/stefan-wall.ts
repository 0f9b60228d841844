/**
 * What a wall is made of, and what follows from it before any step: capacities and conductances,
 * the plan of a time step, steady states, and the enthalpy for the closure of the energy balance.
 */
import { LINING, LINING_SIZE, PLAN, STATE, type WallShape } from './stefan.ts'

/** One layer of the lining. */
export interface WallLayer {
  readonly name: string
  readonly thickness_m: number
  readonly conductivity_W_mK: number
  readonly density_kg_m3: number
  readonly heat_J_kgK: number
  /** Contact resistance to the next layer inwards; of the last layer: to the ledge. */
  readonly joint_m2K_W: number
  /** Finite volumes in this layer. */
  readonly nodes: number
}

/** The frozen bath on the wall. */
export interface LedgeDesign {
  readonly conductivity_W_mK: number
  readonly density_kg_m3: number
  readonly heat_J_kgK: number
  /** Heat capacity of the liquid, between reference and liquidus. */
  readonly liquidHeat_J_kgK: number
  /** Latent heat at the reference temperature. */
  readonly fusion_J_kg: number
  readonly reference_K: number
  /** The ledge never gets thinner; below it the bath gives only what the wall takes. */
  readonly least_m: number
  readonly nodes: number
}

/** A wall: lining from the outside inwards, ledge, and the surroundings of its shell. */
export interface WallDesign {
  readonly layers: readonly WallLayer[] // outside first
  readonly ledge: LedgeDesign
  readonly outside_W_m2K: number
  readonly emissivity: number
}

/** Capacities and conductances of a wall's finite volumes. */
export interface WallGeometry {
  readonly design: WallDesign
  readonly shape: WallShape
  readonly capacity_J_m2K: Float64Array // [lining]
  /** From each lining volume to its inner neighbour; the last is 0, `joint_m2K_W` is its. */
  readonly conductance_W_m2K: Float64Array // [lining]
  /** Half of the outermost volume. */
  readonly outer_W_m2K: number
  /** Half of the innermost lining volume and its joint to the ledge. */
  readonly joint_m2K_W: number
}

const STEFAN_BOLTZMANN = 5.670374419e-8
/** The radiation is linearised here: hot for a shell, so that the implicit step stays stable. */
const RADIATION_SLOPE_AT_K = 700

/** What is wrong with a design, each with its name, value and range; empty when nothing is. */
export function wallProblems(design: WallDesign): readonly string[] {
  const problems: string[] = []
  const check = (name: string, value: number, low: number, high: number, whole = false) => {
    if (value >= low && value <= high && (!whole || Number.isInteger(value))) return
    problems.push(
      `${name} is ${value}, expected ${whole ? 'a whole number ' : ''}${low} to ${high}`,
    )
  }
  if (design.layers.length === 0) problems.push('layers is empty, expected at least one layer')
  for (const layer of design.layers) {
    const name = `layer ${layer.name}:`
    check(`${name} thickness_m`, layer.thickness_m, 1e-4, 2)
    check(`${name} conductivity_W_mK`, layer.conductivity_W_mK, 0.01, 500)
    check(`${name} density_kg_m3`, layer.density_kg_m3, 10, 20_000)
    check(`${name} heat_J_kgK`, layer.heat_J_kgK, 100, 5_000)
    check(`${name} joint_m2K_W`, layer.joint_m2K_W, 0, 1)
    check(`${name} nodes`, layer.nodes, 1, 200, true)
  }
  const { ledge } = design
  check('ledge: conductivity_W_mK', ledge.conductivity_W_mK, 0.1, 10)
  check('ledge: density_kg_m3', ledge.density_kg_m3, 500, 10_000)
  check('ledge: heat_J_kgK', ledge.heat_J_kgK, 100, 5_000)
  check('ledge: liquidHeat_J_kgK', ledge.liquidHeat_J_kgK, 100, 5_000)
  check('ledge: fusion_J_kg', ledge.fusion_J_kg, 5e4, 2e6)
  check('ledge: reference_K', ledge.reference_K, 273, 1500)
  check('ledge: least_m', ledge.least_m, 1e-4, 0.05)
  check('ledge: nodes', ledge.nodes, 2, 400, true)
  check('outside_W_m2K', design.outside_W_m2K, 0.1, 1000)
  check('emissivity', design.emissivity, 0, 1)
  return problems
}

/** Cuts a wall into finite volumes. The design must have no `wallProblems`. */
export function buildWall(design: WallDesign): WallGeometry {
  const capacity: number[] = []
  const conductance: number[] = []
  let behind_m2K_W = 0
  let outer_W_m2K = 0
  for (const layer of design.layers) {
    const width_m = layer.thickness_m / layer.nodes
    const half_m2K_W = width_m / (2 * layer.conductivity_W_mK)
    if (capacity.length === 0) outer_W_m2K = 1 / half_m2K_W
    else conductance.push(1 / (behind_m2K_W + half_m2K_W))
    for (let i = 0; i < layer.nodes; i++) {
      capacity.push(layer.density_kg_m3 * layer.heat_J_kgK * width_m)
      if (i > 0) conductance.push(layer.conductivity_W_mK / width_m)
    }
    behind_m2K_W = half_m2K_W + layer.joint_m2K_W
  }
  conductance.push(0)
  return {
    design,
    shape: { lining: capacity.length, ledge: design.ledge.nodes },
    capacity_J_m2K: Float64Array.from(capacity),
    conductance_W_m2K: Float64Array.from(conductance),
    outer_W_m2K,
    joint_m2K_W: behind_m2K_W,
  }
}

/** Writes what a wall's steps of `step_s` share; again when the step or the design changes. */
export function planWall(
  geometry: WallGeometry,
  step_s: number,
  plan: Float64Array,
  planAt: number,
): void {
  const { ledge, outside_W_m2K, emissivity } = geometry.design
  const put = (place: number, value: number) => {
    plan[planAt + 4 * place] = value
  }
  const ledgeHeat = ledge.density_kg_m3 * ledge.heat_J_kgK
  const heatRise = ledge.liquidHeat_J_kgK - ledge.heat_J_kgK
  put(PLAN.step_s, step_s)
  put(PLAN.perStep_s, 1 / step_s)
  put(PLAN.conductivity_W_mK, ledge.conductivity_W_mK)
  put(PLAN.density_kg_m3, ledge.density_kg_m3)
  put(PLAN.ledgeHeat, ledgeHeat)
  put(PLAN.heatRate, ledgeHeat / step_s)
  put(PLAN.perHeatRate, step_s / ledgeHeat)
  put(PLAN.latent_J_m3, ledge.density_kg_m3 * (ledge.fusion_J_kg - heatRise * ledge.reference_K))
  put(PLAN.latentSlope_J_m3K, ledge.density_kg_m3 * heatRise)
  put(PLAN.least_m, ledge.least_m)
  put(PLAN.perLedgeNode, 1 / ledge.nodes)
  put(PLAN.ledgeNodes, ledge.nodes)
  put(PLAN.halfResistivity, 1 / (2 * ledge.conductivity_W_mK))
  put(PLAN.joint_m2K_W, geometry.joint_m2K_W)
  const radiation = emissivity * STEFAN_BOLTZMANN
  const slope = 4 * radiation * RADIATION_SLOPE_AT_K * RADIATION_SLOPE_AT_K * RADIATION_SLOPE_AT_K
  const perOutside = 1 / (geometry.outer_W_m2K + outside_W_m2K + slope)
  const share = geometry.outer_W_m2K * perOutside
  put(PLAN.radiation_W_m2K4, radiation)
  put(PLAN.outside_W_m2K, outside_W_m2K)
  put(PLAN.radiationSlope_W_m2K, slope)
  put(PLAN.outerFlux_W_m2K, share * (outside_W_m2K + slope))
  put(PLAN.outerShare, share)
  put(PLAN.outerResistance_m2K_W, perOutside)
  planLining(geometry, step_s, share, plan, planAt)
}

/** The factors of the elimination through the lining, from the outside. */
function planLining(
  geometry: WallGeometry,
  step_s: number,
  outerShare: number,
  plan: Float64Array,
  planAt: number,
): void {
  const { capacity_J_m2K, conductance_W_m2K, shape } = geometry
  let pivot = capacity_J_m2K[0]! / step_s + plan[planAt + 4 * PLAN.outerFlux_W_m2K]!
  let outer = outerShare
  for (let i = 0; i < shape.lining; i++) {
    const last = i === shape.lining - 1
    const conductance = conductance_W_m2K[i]!
    // The ledge's conductance changes with its width: the last pivot is left to the step.
    const perPivot = last ? 1 : 1 / (pivot + conductance)
    const at = planAt + 4 * (PLAN.lining + LINING_SIZE * i)
    plan[at + 4 * LINING.own] = (capacity_J_m2K[i]! / step_s) * perPivot
    plan[at + 4 * LINING.outer] = outer * perPivot
    plan[at + 4 * LINING.inner] = conductance * perPivot
    plan[at + 4 * LINING.conductance] = conductance
    plan[at + 4 * LINING.perCapacity] = step_s / capacity_J_m2K[i]!
    if (last) break
    pivot = capacity_J_m2K[i + 1]! / step_s + conductance * (1 - conductance * perPivot)
    outer = conductance
  }
  plan[planAt + 4 * PLAN.pivot_W_m2K] = pivot
}

/** Resistance from the outer surface to the ledge. */
export function liningResistance_m2K_W(geometry: WallGeometry): number {
  let sum = 1 / geometry.outer_W_m2K + geometry.joint_m2K_W
  for (let i = 0; i + 1 < geometry.shape.lining; i++) sum += 1 / geometry.conductance_W_m2K[i]!
  return sum
}

/** Surface temperature at which convection and radiation take up a flux, by bisection. */
function surface_K(design: WallDesign, flux_W_m2: number, ambient_K: number): number {
  const radiation = design.emissivity * STEFAN_BOLTZMANN
  const ambient4 = ambient_K * ambient_K * ambient_K * ambient_K
  let low = ambient_K
  let high = ambient_K + flux_W_m2 / design.outside_W_m2K
  for (let i = 0; i < 200 && high - low > 0; i++) {
    const middle = 0.5 * (low + high)
    if (middle === low || middle === high) break
    const lost =
      design.outside_W_m2K * (middle - ambient_K) +
      radiation * (middle * middle * middle * middle - ambient4)
    if (lost > flux_W_m2) high = middle
    else low = middle
  }
  return 0.5 * (low + high)
}

/** Thickness at which the wall carries just this flux from the front; below 0: no ledge can. */
export function steadyLedge_m(
  geometry: WallGeometry,
  flux_W_m2: number,
  liquidus_K: number,
  ambient_K: number,
): number {
  const drop_K = liquidus_K - surface_K(geometry.design, flux_W_m2, ambient_K)
  const ledge_m2K_W = drop_K / flux_W_m2 - liningResistance_m2K_W(geometry)
  return geometry.design.ledge.conductivity_W_mK * ledge_m2K_W
}

/** Heat that a wall with a ledge of this thickness carries in the steady state. */
export function steadyFlux_W_m2(
  geometry: WallGeometry,
  ledge_m: number,
  liquidus_K: number,
  ambient_K: number,
): number {
  let low = 0
  let high = (liquidus_K - ambient_K) / liningResistance_m2K_W(geometry)
  for (let i = 0; i < 200; i++) {
    const middle = 0.5 * (low + high)
    if (middle === low || middle === high) break
    if (steadyLedge_m(geometry, middle, liquidus_K, ambient_K) > ledge_m) low = middle
    else high = middle
  }
  return 0.5 * (low + high)
}

/** A steady state is looked for up to here: a flux of nearly nothing would grow without end. */
const THICKEST_M = 0.5

/**
 * Writes the steady state that a flux from bath or metal leads to. Where no ledge between the
 * least and half a metre carries it, the nearer of the two and what that carries. Returns the ledge.
 */
export function steadyWall(
  geometry: WallGeometry,
  flux_W_m2: number,
  liquidus_K: number,
  ambient_K: number,
  state: Float64Array,
  stateAt: number,
): number {
  const { design, shape, conductance_W_m2K } = geometry
  const wished_m =
    flux_W_m2 > 0 ? steadyLedge_m(geometry, flux_W_m2, liquidus_K, ambient_K) : THICKEST_M
  const ledge_m = Math.min(Math.max(wished_m, design.ledge.least_m), THICKEST_M)
  const carried =
    flux_W_m2 > 0 && ledge_m === wished_m
      ? flux_W_m2
      : steadyFlux_W_m2(geometry, ledge_m, liquidus_K, ambient_K)
  const shell_K = surface_K(design, carried, ambient_K)
  const half_m2K_W = ledge_m / (2 * shape.ledge * design.ledge.conductivity_W_mK)
  state[stateAt + 4 * STATE.ledge_m] = ledge_m
  state[stateAt + 4 * STATE.conducted_W_m2] = carried
  state[stateAt + 4 * STATE.shell_K] = shell_K
  let at = stateAt + 4 * STATE.nodes_K
  let node_K = shell_K + carried / geometry.outer_W_m2K
  for (let i = 0; i < shape.lining; i++, at += 4) {
    state[at] = node_K
    if (i + 1 < shape.lining) node_K += carried / conductance_W_m2K[i]!
  }
  node_K += carried * (geometry.joint_m2K_W + half_m2K_W)
  for (let i = 0; i < shape.ledge; i++, at += 4) {
    state[at] = node_K
    node_K += 2 * carried * half_m2K_W
  }
  return ledge_m
}

/**
 * Heat in lining and ledge per area. Zero is lining at the ledge's reference temperature and
 * liquid bath at it, so that freezing bath brings `liquidHeat * (liquidus - reference)` per kg.
 */
export function wallEnthalpy_J_m2(
  geometry: WallGeometry,
  state: Float64Array,
  stateAt: number,
): number {
  const { shape, capacity_J_m2K } = geometry
  const { ledge } = geometry.design
  let at = stateAt + 4 * STATE.nodes_K
  let sum = 0
  for (let i = 0; i < shape.lining; i++, at += 4) {
    sum += capacity_J_m2K[i]! * (state[at]! - ledge.reference_K)
  }
  const mass_kg_m2 = (ledge.density_kg_m3 * state[stateAt + 4 * STATE.ledge_m]!) / shape.ledge
  for (let i = 0; i < shape.ledge; i++, at += 4) {
    sum += mass_kg_m2 * (ledge.heat_J_kgK * (state[at]! - ledge.reference_K) - ledge.fusion_J_kg)
  }
  return sum
}

/** Frozen bath on the wall. */
export function ledge_kg_m2(geometry: WallGeometry, state: Float64Array, stateAt: number): number {
  return geometry.design.ledge.density_kg_m3 * state[stateAt + 4 * STATE.ledge_m]!
}
