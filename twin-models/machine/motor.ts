/**
 * Electric motor as two thermal nodes (winding; iron with housing) against ambient, its duty from
 * current, and the severity of its vibration. Copper loss rises with the winding's temperature.
 * Under constant inputs the two nodes are linear and are stepped exactly.
 * Places: machineState, machineInput, machineOutput.
 */

import { cellByCell } from '../cell-by-cell.ts'
import { emptyNodes, phi1, stepTwoNodes, type TwoNodes } from '../kernels/two-node.ts'
import type { ProcessModel } from '../model.ts'
import { nextDuty, vibrationZone } from './duty.ts'
import {
  Duty,
  MACHINE_INPUTS,
  MACHINE_OUTPUTS,
  MACHINE_STATES,
  machineInput,
  machineOutput,
  machineState,
} from './layout.ts'
import { checkMachineParameters, type MachineParameters } from './parameters.ts'

export const STATES = MACHINE_STATES.length
export const INPUTS = MACHINE_INPUTS.length
export const OUTPUTS = MACHINE_OUTPUTS.length

/** Longest step between two looks at the duty. */
const SUBSTEP_MAX_S = 10
/** Copper has no resistance here, by extension of its straight line (IEC 60034-1: -235 C). */
const COPPER_ZERO_K = 38.15
/** Copper melts: the winding is open and carries no more current. */
const OPEN_WINDING_K = 1350
/** Insulation lives half as long for each of these. */
const HALVING_K = 10
/** Least throughput a residual is held against, as a share of what the motor holds. */
const THROUGHPUT_MIN = 1e-6

/** Arrays that `advanceMotor` works in; one per caller. */
export interface MotorWork {
  readonly two: Float64Array // [winding, housing, mean winding, mean housing]
  readonly nodes: TwoNodes
  readonly tally: Float64Array // [copper, iron, friction, to housing, to ambient], J
}

export function createMotorWork(): MotorWork {
  return {
    two: new Float64Array(4),
    nodes: emptyNodes(),
    tally: new Float64Array(5),
  }
}

/** Friction of the bearings at speed: moment = coefficient * load * bore / 2. */
export function bearingFriction_W(parameters: MachineParameters, cell: number): number {
  const load_N = parameters.bearingLoad_N[cell]!
  const radius_m = parameters.bearingBore_m[cell]! / 2
  return parameters.bearingFriction_1[cell]! * load_N * radius_m * parameters.speed_rad_s[cell]!
}

/** Advances one motor in place: `state` [state] under `input` [input] by dt_s. */
export function advanceMotor(
  parameters: MachineParameters,
  cell: number,
  state: Float64Array,
  input: Float64Array,
  dt_s: number,
  output: Float64Array,
  work: MotorWork,
): void {
  work.tally.fill(0)
  const windingBefore_K = state[machineState.winding_K]!
  const housingBefore_K = state[machineState.housing_K]!
  const steps = Math.max(1, Math.ceil(dt_s / SUBSTEP_MAX_S))
  for (let step = 0; step < steps; step++) {
    stepDuty(parameters, cell, state, input, dt_s / steps)
    stepHeat(parameters, cell, state, input, dt_s / steps, work)
  }
  fillOutput(parameters, cell, state, input, dt_s, output, work.tally)
  const { winding_J_K, housing_J_K } = parameters
  const stored_J =
    winding_J_K[cell]! * (state[machineState.winding_K]! - windingBefore_K) +
    housing_J_K[cell]! * (state[machineState.housing_K]! - housingBefore_K)
  const held_J = winding_J_K[cell]! * windingBefore_K + housing_J_K[cell]! * housingBefore_K
  const made_J = work.tally[0]! + work.tally[1]! + work.tally[2]!
  const given_J = work.tally[4]!
  const passed_J = Math.max(made_J + Math.abs(given_J), THROUGHPUT_MIN * held_J)
  output[machineOutput.energyResidual_1] = (stored_J - made_J + given_J) / passed_J
  output[machineOutput.stored_W] = dt_s > 0 ? stored_J / dt_s : 0
}

function stepDuty(
  parameters: MachineParameters,
  cell: number,
  state: Float64Array,
  input: Float64Array,
  dt_s: number,
): void {
  const load_1 = input[machineInput.current_A]! / parameters.ratedCurrent_A[cell]!
  const before = state[machineState.duty]!
  const dutyFor_s = state[machineState.dutyFor_s]!
  const duty = nextDuty(parameters, cell, before, dutyFor_s, load_1)
  state[machineState.duty] = duty
  state[machineState.dutyFor_s] = (duty === before ? dutyFor_s : 0) + dt_s
  const used = duty >= Duty.loaded ? 1 : 0
  const share = dt_s / parameters.utilisation_s[cell]!
  const utilisation = state[machineState.utilisation_1]!
  state[machineState.utilisation_1] = utilisation + share * phi1(-share) * (used - utilisation)
}

function stepHeat(
  parameters: MachineParameters,
  cell: number,
  state: Float64Array,
  input: Float64Array,
  dt_s: number,
  { two, nodes, tally }: MotorWork,
): void {
  const winding_K = state[machineState.winding_K]!
  const duty = state[machineState.duty]!
  const running = duty !== Duty.off
  const open = winding_K >= OPEN_WINDING_K
  const load_1 = open ? 0 : input[machineInput.current_A]! / parameters.ratedCurrent_A[cell]!
  // Copper loss is this times the winding's distance from COPPER_ZERO_K.
  const perKelvin_W_K =
    (parameters.copper_W[cell]! * load_1 * load_1) / (parameters.reference_K[cell]! - COPPER_ZERO_K)
  const iron_W = running && !open ? parameters.iron_W[cell]! : 0
  const turning = running && duty !== Duty.start && !open
  const friction_W = turning ? bearingFriction_W(parameters, cell) : 0
  const between_W_K = parameters.windingToHousing_W_K[cell]!
  const cooling_1 =
    input[machineInput.cooling_1]! * (turning ? 1 : parameters.standstillCooling_1[cell]!)
  const outward_W_K = cooling_1 * parameters.housingToAmbient_W_K[cell]!
  const ambient_K = input[machineInput.ambient_K]!
  const winding_J_K = parameters.winding_J_K[cell]!
  const housing_J_K = parameters.housing_J_K[cell]!
  nodes.heat1_J_K = winding_J_K
  nodes.heat2_J_K = housing_J_K
  nodes.between_W_K = between_W_K
  nodes.loss1_W_K = -perKelvin_W_K
  nodes.loss2_W_K = outward_W_K
  nodes.given1_W = perKelvin_W_K * (ambient_K - COPPER_ZERO_K)
  nodes.given2_W = iron_W + friction_W
  const winding = winding_K - ambient_K
  const housing = state[machineState.housing_K]! - ambient_K
  stepTwoNodes(nodes, winding, housing, dt_s, two)
  if (open || two[0]! <= OPEN_WINDING_K - ambient_K) {
    tally[0]! += dt_s * perKelvin_W_K * (two[2]! + ambient_K - COPPER_ZERO_K)
  } else {
    // It melts under way: the current brings it just there, and no further.
    nodes.loss1_W_K = 0
    nodes.given1_W = 0
    stepTwoNodes(nodes, winding, housing, dt_s, two)
    tally[0]! += winding_J_K * (OPEN_WINDING_K - ambient_K - two[0]!)
    two[0] = OPEN_WINDING_K - ambient_K
  }
  state[machineState.winding_K] = ambient_K + two[0]!
  state[machineState.housing_K] = ambient_K + two[1]!
  tally[1]! += dt_s * iron_W
  tally[2]! += dt_s * friction_W
  tally[3]! += dt_s * between_W_K * (two[2]! - two[3]!)
  tally[4]! += dt_s * outward_W_K * two[3]!
}

function fillOutput(
  parameters: MachineParameters,
  cell: number,
  state: Float64Array,
  input: Float64Array,
  dt_s: number,
  output: Float64Array,
  tally: Float64Array,
): void {
  const per_s = dt_s > 0 ? 1 / dt_s : 0
  const margin_K = parameters.windingLimit_K[cell]! - state[machineState.winding_K]!
  output[machineOutput.load_1] = input[machineInput.current_A]! / parameters.ratedCurrent_A[cell]!
  output[machineOutput.copper_W] = tally[0]! * per_s
  output[machineOutput.iron_W] = tally[1]! * per_s
  output[machineOutput.friction_W] = tally[2]! * per_s
  output[machineOutput.toHousing_W] = tally[3]! * per_s
  output[machineOutput.toAmbient_W] = tally[4]! * per_s
  output[machineOutput.windingMargin_K] = margin_K
  output[machineOutput.ageing_1] = Math.exp((-Math.LN2 * margin_K) / HALVING_K)
  output[machineOutput.vibrationZone] = vibrationZone(
    parameters,
    cell,
    input[machineInput.vibration_m_s]!,
  )
}

/** Fills the state of a motor that has stood still in its ambient. */
export function initialiseMotor(
  parameters: MachineParameters,
  cell: number,
  state: Float64Array,
): void {
  state.fill(0)
  state[machineState.winding_K] = parameters.nominalAmbient_K[cell]!
  state[machineState.housing_K] = parameters.nominalAmbient_K[cell]!
}

const motorWork = createMotorWork()

/** All motors of a line in one call; motors do not meet. */
export const machineModel: ProcessModel<MachineParameters> = cellByCell({
  name: 'machine',
  version: '1',
  inputs: MACHINE_INPUTS,
  states: MACHINE_STATES,
  outputs: MACHINE_OUTPUTS,
  sources: ['iec60034-1', 'iec60034-11', 'iso20816-3', 'skf2018', 'montsinger1930'],
  check: checkMachineParameters,
  initialise: initialiseMotor,
  advance: (parameters, motor, state, input, dt_s, output) =>
    advanceMotor(parameters, motor, state, input, dt_s, output, motorWork),
})
