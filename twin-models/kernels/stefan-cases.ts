/**
 * Runs of the wall and of its enthalpy reference on problems with a closed solution. Pure and
 * quick; tests and the validation table print what they return.
 */
import {
  advanceEnthalpy,
  type EnthalpyGrid,
  heat_J_m3,
  longestStep_s,
  solid_m,
} from './enthalpy.ts'
import type { WallLane } from './stefan.ts'
import {
  advanceWall,
  EXCHANGE,
  EXCHANGE_SIZE,
  planSize,
  STATE,
  stateSize,
  workSize,
} from './stefan.ts'
import { CRYOLITE_CASE, type NeumannCase, neumann, type QuasiSteadyCase } from './stefan-exact.ts'
import {
  buildWall,
  planWall,
  steadyWall,
  type WallDesign,
  type WallGeometry,
} from './stefan-wall.ts'

/** One wall alone in the first lane of its arrays, its plan for `step_s` written. */
export function loneWall(geometry: WallGeometry, step_s: number): WallLane {
  const { shape } = geometry
  const lane: WallLane = {
    shape,
    state: new Float64Array(4 * stateSize(shape)),
    stateAt: 0,
    plan: new Float64Array(4 * planSize(shape)),
    planAt: 0,
    exchange: new Float64Array(4 * EXCHANGE_SIZE),
    exchangeAt: 0,
    work: new Float64Array(4 * workSize(shape)),
    workAt: 0,
  }
  planWall(geometry, step_s, lane.plan, 0)
  return lane
}

/** A ledge on a surface of held temperature: a lining that neither stores nor resists. */
export function bareWall(given: NeumannCase, nodes: number): WallDesign {
  return {
    layers: [
      {
        name: 'held surface',
        thickness_m: 1e-3,
        conductivity_W_mK: 1e6,
        density_kg_m3: 1,
        heat_J_kgK: 1000,
        joint_m2K_W: 0,
        nodes: 1,
      },
    ],
    ledge: {
      conductivity_W_mK: given.conductivity_W_mK,
      density_kg_m3: given.density_kg_m3,
      heat_J_kgK: given.heat_J_kgK,
      liquidHeat_J_kgK: given.liquidHeat_J_kgK,
      fusion_J_kg: given.fusion_J_kg,
      reference_K: given.melting_K,
      least_m: 1e-4,
      nodes,
    },
    outside_W_m2K: 1e9,
    emissivity: 0,
  }
}

/** How a Neumann run is cut. */
export interface NeumannRun {
  readonly nodes: number
  readonly step_s: number
  /** It starts from the exact profile at this time. */
  readonly from_s: number
  readonly to_s: number
}

/** The usual cut: 36 ledge volumes, steps of 10 s, from one minute to one hour. */
export const NEUMANN_RUN: NeumannRun = { nodes: 36, step_s: 10, from_s: 60, to_s: 3600 }

/** A run against its closed solution. */
export interface FrontResult {
  readonly front_m: number
  readonly exact_m: number
  /** Relative to the exact front. */
  readonly error: number
  /** Temperatures at 1/4, 1/2 and 3/4 of the front. */
  readonly profile_K: readonly number[]
  readonly exact_K: readonly number[]
  /** Largest relative error of a profile temperature over the surface temperature. */
  readonly profileError: number
}

/** Freezes a half space with the wall; liquid superheat acts as the exact flux at the front. */
export function runNeumann(given: NeumannCase, run: NeumannRun): FrontResult {
  return compareFront(
    given,
    run,
    freeze(given, run, () => {}),
  )
}

/** One moment of a Neumann run. */
export interface FrontMoment {
  readonly time_s: number
  readonly front_m: number
  readonly exact_m: number
}

/** The front of a Neumann run about every so many seconds, for a plot. */
export function neumannTrack(
  given: NeumannCase,
  run: NeumannRun,
  every_s: number,
): readonly FrontMoment[] {
  const exact = neumann(given)
  const track: FrontMoment[] = []
  freeze(given, run, (time_s, front_m) => {
    const last_s = track.at(-1)?.time_s ?? Number.NEGATIVE_INFINITY
    if (time_s < last_s + every_s) return
    track.push({ time_s, front_m, exact_m: exact.front_m(time_s) })
  })
  return track
}

/** Runs a case from its exact profile; the state at the end. */
function freeze(
  given: NeumannCase,
  run: NeumannRun,
  onStep: (time_s: number, front_m: number) => void,
): Float64Array {
  const exact = neumann(given)
  const lane = loneWall(buildWall(bareWall(given, run.nodes)), run.step_s)
  const { state, exchange } = lane
  const start_m = exact.front_m(run.from_s)
  state[4 * STATE.ledge_m] = start_m
  state[4 * STATE.conducted_W_m2] = exact.conducted_W_m2(run.from_s)
  state[4 * STATE.shell_K] = given.surface_K
  state[4 * STATE.nodes_K] = given.surface_K
  for (let i = 0; i < run.nodes; i++) {
    const x = (start_m * (i + 0.5)) / run.nodes
    state[4 * (STATE.nodes_K + 1 + i)] = exact.solid_K(x, run.from_s)
  }
  exchange[4 * EXCHANGE.liquidus_K] = given.melting_K
  exchange[4 * EXCHANGE.bath_K] = given.melting_K + 1
  exchange[4 * EXCHANGE.ambient_K] = given.surface_K
  const steps = Math.round((run.to_s - run.from_s) / run.step_s)
  const perRoot = exact.fromLiquid_W_m2(1)
  for (let i = 0; i < steps; i++) {
    const before_s = run.from_s + i * run.step_s
    const after_s = before_s + run.step_s
    // The flux falls with the root of time: its mean over the step.
    const given_J_m2 = 2 * perRoot * (Math.sqrt(after_s) - Math.sqrt(before_s))
    exchange[4 * EXCHANGE.transfer_W_m2K] = given_J_m2 / run.step_s
    advanceWall(lane)
    onStep(after_s, state[4 * STATE.ledge_m]!)
  }
  return state
}

/** Front and profile of a state against Neumann's solution at the end of the run. */
function compareFront(given: NeumannCase, run: NeumannRun, state: Float64Array): FrontResult {
  const exact = neumann(given)
  const exact_m = exact.front_m(run.to_s)
  const front_m = state[4 * STATE.ledge_m]!
  const ledgeAt = STATE.nodes_K + 1
  const profile_K = [0.25, 0.5, 0.75].map(share => {
    const place = share * run.nodes - 0.5
    const left = Math.floor(place)
    const right = left + 1
    const at = (node: number) => state[4 * (ledgeAt + node)]!
    return at(left) + (place - left) * (at(right) - at(left))
  })
  const exact_K = [0.25, 0.5, 0.75].map(share => exact.solid_K(share * exact_m, run.to_s))
  const profileError = Math.max(
    ...profile_K.map((got, i) => Math.abs(got - exact_K[i]!) / (exact_K[i]! - given.surface_K)),
  )
  return { front_m, exact_m, error: front_m / exact_m - 1, profile_K, exact_K, profileError }
}

/** One line of a convergence table. */
export interface ConvergenceRow {
  /** Ledge volumes, or the time step. */
  readonly cut: number
  /** Relative error of the front. */
  readonly error: number
  /** log2 of the error before over this one; undefined in the first line. */
  readonly order: number | undefined
}

/** Front error on grids that double, the time step too short to matter: second order in space. */
export function spaceConvergence(
  given: NeumannCase = CRYOLITE_CASE,
  grids: readonly number[] = [4, 8, 16, 32],
  step_s = 0.05,
): readonly ConvergenceRow[] {
  const errors = grids.map(
    nodes => runNeumann(given, { nodes, step_s, from_s: 600, to_s: 1200 }).error,
  )
  return rows(grids, errors)
}

/** Front error with steps that halve, against a far shorter step on the same grid. */
export function timeConvergence(
  given: NeumannCase = CRYOLITE_CASE,
  steps_s: readonly number[] = [60, 30, 15, 7.5],
  reference_s = 0.05,
): readonly ConvergenceRow[] {
  const at = (step_s: number) =>
    runNeumann(given, { nodes: 20, step_s, from_s: 600, to_s: 3600 }).front_m
  const reference = at(reference_s)
  const errors = steps_s.map(step_s => at(step_s) / reference - 1)
  return rows(steps_s, errors)
}

/** Errors by cut with the observed orders between neighbours. */
export function rows(cuts: readonly number[], errors: readonly number[]): ConvergenceRow[] {
  return cuts.map((cut, i) => ({
    cut,
    error: errors[i]!,
    order: i === 0 ? undefined : Math.log2(Math.abs(errors[i - 1]! / errors[i]!)),
  }))
}

/** Freezes a half space by the enthalpy method on a fixed grid, from the start; the front. */
export function enthalpyFront_m(
  given: NeumannCase,
  length_m: number,
  cells: number,
  to_s: number,
): number {
  const fill = (value: number) => new Float64Array(cells).fill(value)
  const grid: EnthalpyGrid = {
    width_m: length_m / cells,
    melting_K: given.melting_K,
    conductivity_W_mK: fill(given.conductivity_W_mK),
    liquidConductivity_W_mK: fill(given.liquidConductivity_W_mK),
    heat_J_m3K: fill(given.density_kg_m3 * given.heat_J_kgK),
    liquidHeat_J_m3K: fill(given.density_kg_m3 * given.liquidHeat_J_kgK),
    latent_J_m3: fill(given.density_kg_m3 * given.fusion_J_kg),
    outside_W_m2K: Number.POSITIVE_INFINITY,
    outer_K: given.surface_K,
    inner_K: given.far_K,
  }
  const heat = fill(heat_J_m3(grid, 0, given.far_K))
  const steps = Math.ceil(to_s / longestStep_s(grid))
  for (let i = 0; i < steps; i++) advanceEnthalpy(grid, heat, to_s / steps, 0)
  return solid_m(grid, heat)
}

/** A lining without heat capacity and a ledge that stores next to none, as T5.3 has it. */
function quasiSteadyWall(given: QuasiSteadyCase, nodes: number): WallDesign {
  return {
    layers: [
      {
        name: 'resistance',
        thickness_m: 1e-3,
        conductivity_W_mK: 1e6,
        density_kg_m3: 1e-3,
        heat_J_kgK: 1000,
        joint_m2K_W: given.lining_m2K_W,
        nodes: 1,
      },
    ],
    ledge: {
      conductivity_W_mK: given.conductivity_W_mK,
      density_kg_m3: given.density_kg_m3,
      heat_J_kgK: 1e-3,
      liquidHeat_J_kgK: 1e-3,
      fusion_J_kg: given.fusion_J_kg,
      reference_K: 1228.15,
      least_m: 1e-3,
      nodes,
    },
    outside_W_m2K: 1e9,
    emissivity: 0,
  }
}

/** Grows a quasi-steady ledge with the wall; its thickness after each of the times. */
export function runQuasiSteady(
  given: QuasiSteadyCase,
  times_s: readonly number[],
  step_s: number,
): readonly number[] {
  const liquidus_K = 1228.15
  const ambient_K = liquidus_K - given.drop_K
  const geometry = buildWall(quasiSteadyWall(given, 10))
  const lane = loneWall(geometry, step_s)
  const resistance = given.start_m / given.conductivity_W_mK + given.lining_m2K_W
  steadyWall(geometry, given.drop_K / resistance, liquidus_K, ambient_K, lane.state, 0)
  lane.exchange[4 * EXCHANGE.liquidus_K] = liquidus_K
  lane.exchange[4 * EXCHANGE.bath_K] = liquidus_K + 1
  lane.exchange[4 * EXCHANGE.ambient_K] = ambient_K
  lane.exchange[4 * EXCHANGE.transfer_W_m2K] = given.flux_W_m2
  let done = 0
  return times_s.map(time_s => {
    for (const until = Math.round(time_s / step_s); done < until; done++) advanceWall(lane)
    return lane.state[4 * STATE.ledge_m]!
  })
}

/**
 * Cools a slab from 1 K to 0 K by convection, cut off from its ledge by a joint that lets nothing
 * through; temperatures at centre and surface after a Fourier number.
 */
export function runRobinSlab(
  biot: number,
  fourier: number,
  nodes: number,
  steps: number,
): { readonly centre: number; readonly surface: number } {
  const design: WallDesign = {
    layers: [
      {
        name: 'slab',
        thickness_m: 1,
        conductivity_W_mK: 1,
        density_kg_m3: 1,
        heat_J_kgK: 1,
        joint_m2K_W: 1e15,
        nodes,
      },
    ],
    ledge: bareWall(CRYOLITE_CASE, 2).ledge,
    outside_W_m2K: biot,
    emissivity: 0,
  }
  const lane = loneWall(buildWall(design), fourier / steps)
  const { state, exchange } = lane
  state[4 * STATE.ledge_m] = 0.1
  state[4 * STATE.shell_K] = 1
  state.fill(1, 4 * STATE.nodes_K, 4 * (STATE.nodes_K + nodes))
  state.fill(1228.15, 4 * (STATE.nodes_K + nodes))
  exchange[4 * EXCHANGE.liquidus_K] = 1228.15
  exchange[4 * EXCHANGE.bath_K] = 1228.15
  for (let i = 0; i < steps; i++) advanceWall(lane)
  // The slab is even about its centre: a parabola through the last two volumes.
  const last = state[4 * (STATE.nodes_K + nodes - 1)]!
  const before = state[4 * (STATE.nodes_K + nodes - 2)]!
  return { centre: last + (last - before) / 8, surface: state[4 * STATE.shell_K]! }
}
