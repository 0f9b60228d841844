/** A real wall by both methods, and its convergence in time: lining, joint, ledge, stirred bath. */
import { advanceEnthalpy, type EnthalpyGrid, longestStep_s, solid_m } from './enthalpy.ts'
import { advanceWall, EXCHANGE, STATE } from './stefan.ts'
import { type ConvergenceRow, loneWall, rows } from './stefan-cases.ts'
import {
  buildWall,
  ledge_kg_m2,
  steadyWall,
  type WallDesign,
  wallEnthalpy_J_m2,
} from './stefan-wall.ts'

const LIQUIDUS_K = 1228.15
const AMBIENT_K = 303.15

/** A silicon carbide lining behind a ledge; convection alone outside, as the reference has it. */
export const CROSS_WALL: WallDesign = {
  layers: [
    {
      name: 'silicon carbide',
      thickness_m: 0.08,
      conductivity_W_mK: 16,
      density_kg_m3: 2650,
      heat_J_kgK: 1000,
      joint_m2K_W: 0,
      nodes: 12,
    },
  ],
  ledge: {
    conductivity_W_mK: 1.5,
    density_kg_m3: 2900,
    heat_J_kgK: 1400,
    liquidHeat_J_kgK: 1400,
    fusion_J_kg: 5.1e5,
    reference_K: LIQUIDUS_K,
    least_m: 1e-3,
    nodes: 30,
  },
  outside_W_m2K: 22,
  emissivity: 0,
}

/** A steady wall meets another flux from the bath. */
export interface CrossRun {
  readonly before_W_m2: number
  readonly after_W_m2: number
  readonly to_s: number
  readonly step_s: number
}

/** From 6 to 9 kW/m2 for eight hours: the ledge melts back. */
export const MELTING_RUN: CrossRun = {
  before_W_m2: 6000,
  after_W_m2: 9000,
  to_s: 28_800,
  step_s: 10,
}

/** From 9 to 6 kW/m2 for eight hours: it grows. */
export const FREEZING_RUN: CrossRun = { ...MELTING_RUN, before_W_m2: 9000, after_W_m2: 6000 }

/** What both methods say at the end of a run. */
export interface CrossResult {
  readonly start_m: number
  readonly ledge_m: number
  /** The ledge by the enthalpy method. */
  readonly reference_m: number
  readonly outside_W_m2: number
  readonly referenceOutside_W_m2: number
}

/** Runs a wall by front-fixing and by the enthalpy method on cells of 2.5 mm or less. */
export function runCross(run: CrossRun, cells_per_m = 400): CrossResult {
  const wall = runWall(run)
  const geometry = buildWall(CROSS_WALL)
  const layer = CROSS_WALL.layers[0]!
  const { ledge } = CROSS_WALL
  const liningCells = Math.round(layer.thickness_m * cells_per_m)
  const count = liningCells + Math.round(0.25 * cells_per_m)
  const byPart = (lining: number, frozen: number) =>
    Float64Array.from({ length: count }, (_, i) => (i < liningCells ? lining : frozen))
  const heat_J_m3K = byPart(
    layer.density_kg_m3 * layer.heat_J_kgK,
    ledge.density_kg_m3 * ledge.heat_J_kgK,
  )
  const grid: EnthalpyGrid = {
    width_m: 1 / cells_per_m,
    melting_K: LIQUIDUS_K,
    conductivity_W_mK: byPart(layer.conductivity_W_mK, ledge.conductivity_W_mK),
    liquidConductivity_W_mK: byPart(layer.conductivity_W_mK, ledge.conductivity_W_mK),
    heat_J_m3K,
    liquidHeat_J_m3K: heat_J_m3K,
    latent_J_m3: byPart(0, ledge.density_kg_m3 * ledge.fusion_J_kg),
    outside_W_m2K: CROSS_WALL.outside_W_m2K,
    outer_K: AMBIENT_K,
    inner_K: undefined,
  }
  const lane = loneWall(geometry, run.step_s)
  const start_m = steadyWall(geometry, run.before_W_m2, LIQUIDUS_K, AMBIENT_K, lane.state, 0)
  const heat = steadyHeat(grid, run.before_W_m2, layer.thickness_m, start_m)
  const steps = Math.ceil(run.to_s / longestStep_s(grid))
  let referenceOutside_W_m2 = 0
  for (let i = 0; i < steps; i++) {
    referenceOutside_W_m2 = advanceEnthalpy(grid, heat, run.to_s / steps, run.after_W_m2)
  }
  const reference_m = solid_m(grid, heat) - layer.thickness_m
  return { start_m, ...wall, reference_m, referenceOutside_W_m2 }
}

/** Heat of the reference's cells in the steady state; the cell with the front is part liquid. */
function steadyHeat(
  grid: EnthalpyGrid,
  flux_W_m2: number,
  lining_m: number,
  ledge_m: number,
): Float64Array {
  const front_m = lining_m + ledge_m
  const lining_K = grid.melting_K - (flux_W_m2 * ledge_m) / CROSS_WALL.ledge.conductivity_W_mK
  return grid.heat_J_m3K.map((heat, i) => {
    const x = (i + 0.5) * grid.width_m
    const conductivity = grid.conductivity_W_mK[i]!
    if (x < lining_m) {
      return heat * (lining_K - (flux_W_m2 * (lining_m - x)) / conductivity - grid.melting_K)
    }
    const solid = Math.min(Math.max(front_m / grid.width_m - i, 0), 1)
    if (solid < 1) return (1 - solid) * grid.latent_J_m3[i]!
    return heat * ((-flux_W_m2 * (front_m - x)) / conductivity)
  })
}

/** The same run by front-fixing alone. */
export function runWall(run: CrossRun): {
  readonly ledge_m: number
  readonly outside_W_m2: number
} {
  const geometry = buildWall(CROSS_WALL)
  const lane = loneWall(geometry, run.step_s)
  steadyWall(geometry, run.before_W_m2, LIQUIDUS_K, AMBIENT_K, lane.state, 0)
  const { exchange } = lane
  exchange[4 * EXCHANGE.bath_K] = LIQUIDUS_K + 10
  exchange[4 * EXCHANGE.liquidus_K] = LIQUIDUS_K
  exchange[4 * EXCHANGE.transfer_W_m2K] = run.after_W_m2 / 10
  exchange[4 * EXCHANGE.ambient_K] = AMBIENT_K
  const steps = Math.round(run.to_s / run.step_s)
  for (let i = 0; i < steps; i++) advanceWall(lane)
  return {
    ledge_m: lane.state[4 * STATE.ledge_m]!,
    outside_W_m2: exchange[4 * EXCHANGE.outside_W_m2]!,
  }
}

/**
 * Heat through the shell of a melting wall with steps that halve, against a far shorter step: first
 * order in time, as the implicit conduction is.
 */
export function wallTimeConvergence(
  steps_s: readonly number[] = [60, 30, 15, 7.5],
  reference_s = 0.1,
): readonly ConvergenceRow[] {
  const at = (step_s: number) => runWall({ ...MELTING_RUN, to_s: 7200, step_s }).outside_W_m2
  const reference = at(reference_s)
  return rows(
    steps_s,
    steps_s.map(step_s => at(step_s) / reference - 1),
  )
}

/** Steel, a joint, silicon carbide and a ledge, radiating: 24 + 36 volumes. */
export const STEEL_WALL: WallDesign = {
  ...CROSS_WALL,
  layers: [
    {
      name: 'steel',
      thickness_m: 0.012,
      conductivity_W_mK: 45,
      density_kg_m3: 7850,
      heat_J_kgK: 490,
      joint_m2K_W: 0.004,
      nodes: 3,
    },
    { ...CROSS_WALL.layers[0]!, joint_m2K_W: 0.001, nodes: 21 },
  ],
  ledge: { ...CROSS_WALL.ledge, liquidHeat_J_kgK: 1880, reference_K: 1233, nodes: 36 },
  outside_W_m2K: 20,
  emissivity: 0.8,
}

/** What a rough two days did to a wall. */
export interface RoughResult {
  /** Worst energy defect of a step over the heat in the wall above 0 K. */
  readonly energyDefect: number
  /** Worst mass defect of a step over the ledge. */
  readonly massDefect: number
  readonly thinnest_m: number
  readonly thickest_m: number
  /** Hottest solid over the liquidus. */
  readonly overLiquidus_K: number
}

/**
 * Superheats that melt the ledge to its least and let it grow again, with a liquidus that wanders;
 * every step's change of heat and mass is held against what crossed the boundaries.
 */
export function runRoughDays(step_s: number, design: WallDesign = STEEL_WALL): RoughResult {
  const geometry = buildWall(design)
  const { ledge } = design
  const lane = loneWall(geometry, step_s)
  const { state, exchange } = lane
  steadyWall(geometry, 7000, 1230, AMBIENT_K, state, 0)
  exchange[4 * EXCHANGE.transfer_W_m2K] = 1100
  exchange[4 * EXCHANGE.ambient_K] = AMBIENT_K
  const result = { energyDefect: 0, massDefect: 0, thinnest_m: 1, thickest_m: 0, overLiquidus_K: 0 }
  for (let i = 0; i * step_s < 172_800; i++) {
    const hour = (i * step_s) / 3600
    const liquidus_K = 1230 + 2 * Math.sin(60 * hour)
    const superheat_K = SUPERHEATS_K[Math.floor(hour / 6)]!
    exchange[4 * EXCHANGE.liquidus_K] = liquidus_K
    exchange[4 * EXCHANGE.bath_K] = liquidus_K + superheat_K
    const heat = wallEnthalpy_J_m2(geometry, state, 0)
    const mass = ledge_kg_m2(geometry, state, 0)
    advanceWall(lane)
    const frozen = step_s * exchange[4 * EXCHANGE.freezing_kg_m2s]!
    const gained =
      step_s * (exchange[4 * EXCHANGE.fromBath_W_m2]! - exchange[4 * EXCHANGE.outside_W_m2]!) +
      frozen * ledge.liquidHeat_J_kgK * (liquidus_K - ledge.reference_K)
    const newMass = ledge_kg_m2(geometry, state, 0)
    const scale = 1000 * (newMass * ledge.heat_J_kgK + geometry.capacity_J_m2K.reduce(plus))
    const defect = (wallEnthalpy_J_m2(geometry, state, 0) - heat - gained) / scale
    result.energyDefect = Math.max(result.energyDefect, Math.abs(defect))
    const massDefect = Math.abs((newMass - mass - frozen) / newMass)
    result.massDefect = Math.max(result.massDefect, massDefect)
    const ledge_m = state[4 * STATE.ledge_m]!
    result.thinnest_m = Math.min(result.thinnest_m, ledge_m)
    result.thickest_m = Math.max(result.thickest_m, ledge_m)
    const last = STATE.nodes_K + geometry.shape.lining + geometry.shape.ledge - 1
    for (let node = STATE.nodes_K; node <= last; node++) {
      const over_K = state[4 * node]! - liquidus_K
      // Written so that a temperature that is not a number is kept and seen.
      if (!(over_K <= result.overLiquidus_K)) result.overLiquidus_K = over_K
    }
  }
  return result
}

const SUPERHEATS_K = [20, 70, 0, 35, 60, -5, 8, 15]

function plus(a: number, b: number): number {
  return a + b
}
