/**
 * What a motor hides: its winding, the air around it and how clean its fins are. An extended
 * Kalman filter on winding, housing, ambient and the logarithm of cooling, driven by the measured
 * current and corrected by whichever temperatures are measured.
 */
import { capVariance, correctByReading, propagateCovariance } from '../kernels/kalman.ts'
import { machineInput, machineState } from './layout.ts'
import { advanceMotor, createMotorWork, INPUTS, initialiseMotor, OUTPUTS, STATES } from './motor.ts'
import type { MachineParameters } from './parameters.ts'

/** Rows of the filter's state. */
export const motorRow = { winding_K: 0, housing_K: 1, ambient_K: 2, logCooling: 3 } as const
export const MOTOR_ROWS = 4

/** Places of the readings of one step; NaN where there is none. */
export const motorReading = {
  housing_K: 0,
  winding_K: 1,
  ambient_K: 2,
  current_A: 3,
  vibration_m_s: 4,
} as const
export const MOTOR_READINGS = 5

/** The readings that the filter foretells, in the order of motorReading. */
const CHANNELS = [
  { row: motorRow.housing_K, std: 0.5 },
  { row: motorRow.winding_K, std: 1 },
  { row: motorRow.ambient_K, std: 0.5 },
] as const
export const MOTOR_CHANNELS = CHANNELS.length

/** By row: standard deviation at the start, gained in an hour, and at most. */
const TUNING = [
  { start: 5, walk_perRoot_h: 2, most: 80 },
  { start: 5, walk_perRoot_h: 1, most: 40 },
  { start: 5, walk_perRoot_h: 1.5, most: 10 },
  { start: 0.15, walk_perRoot_h: 0.04, most: 0.5 },
] as const
/** Cooling is believed to return to clean with this time constant. */
const COOLING_PULL_S = 72 * 3600
/** An unknown current lets the winding go anywhere, this fast. */
const BLIND_WALK_PERROOT_H = 150
/** The rise of winding over iron is known to this share, by parameters alone. */
const RISE_SPREAD_1 = 0.1
/** A current is held this long; then vibration may still tell running from standstill. */
const CURRENT_HOLD_S = 10
/** Below this nothing turns. */
const STANDSTILL_M_S = 2e-4
const HUBER_SIGMA = 3
const GAP_MAX_S = 3600

const SIZE = MOTOR_ROWS
const MEMORY = {
  duty: 0,
  dutyFor_s: 1,
  utilisation: 2,
  current_A: 3,
  age_s: 4,
  started: 5,
} as const
const TAIL = 6
const MOTOR_MEMORY = SIZE + SIZE * SIZE + TAIL

/** Estimates and one-step forecasts of one motor, reused by each step. */
export interface MotorEstimate {
  readonly mean: Float64Array // [motorRow]
  readonly std: Float64Array // [motorRow]
  duty: number
  dutyFor_s: number
  utilisation_1: number
  /** 0 when neither current nor vibration tells what the motor does. */
  dutyKnown: number
  /** Outputs of the model at the estimate. */
  readonly output: Float64Array // [machineOutput]
  /** Foretold before the reading was used. */
  readonly expected: Float64Array // [channel]
  readonly expectedStd: Float64Array // [channel]
}

/** Estimator of many motors; all of its memory is `memory`. */
export interface MotorEstimator {
  readonly memory: Float64Array // [motor][filter, tail]
  readonly estimate: MotorEstimate
  /** Foretells the motor dt_s ahead, then learns from `reading` [motorReading]. */
  step(cell: number, dt_s: number, reading: Float64Array): MotorEstimate
}

interface Motor {
  readonly x: Float64Array // [row]
  readonly P: Float64Array // [row][row]
  readonly tail: Float64Array // [MEMORY]
}

/** Builds the estimator; nothing is allocated after this. */
export function motorEstimator(parameters: MachineParameters): MotorEstimator {
  const memory = new Float64Array(MOTOR_MEMORY * parameters.cellCount)
  const list = Array.from({ length: parameters.cellCount }, (_, cell): Motor => {
    const from = cell * MOTOR_MEMORY
    const covariance = from + SIZE
    const tail = covariance + SIZE * SIZE
    return {
      x: memory.subarray(from, covariance),
      P: memory.subarray(covariance, tail),
      tail: memory.subarray(tail, from + MOTOR_MEMORY),
    }
  })
  const work = createWork()
  return {
    memory,
    estimate: work.estimate,
    step(cell, dt_s, reading) {
      const motor = list[cell]!
      if (motor.tail[MEMORY.started] === 0) start(parameters, cell, motor, reading, work)
      const step_s = Math.min(Math.max(dt_s, 0), GAP_MAX_S)
      const known = takeCurrent(motor, reading, step_s)
      predict(parameters, cell, motor, reading, step_s, known, work)
      learn(motor, reading, work)
      summarise(motor, known, work)
      return work.estimate
    },
  }
}

function createWork() {
  const estimate: MotorEstimate = {
    mean: new Float64Array(SIZE),
    std: new Float64Array(SIZE),
    duty: 0,
    dutyFor_s: 0,
    utilisation_1: 0,
    dutyKnown: 0,
    output: new Float64Array(OUTPUTS),
    expected: new Float64Array(MOTOR_CHANNELS),
    expectedStd: new Float64Array(MOTOR_CHANNELS),
  }
  return {
    estimate,
    state: new Float64Array(STATES),
    input: new Float64Array(INPUTS),
    scratch: new Float64Array(OUTPUTS),
    motor: createMotorWork(),
    base: new Float64Array(SIZE),
    moved: new Float64Array(SIZE),
    jacobian: new Float64Array(SIZE * SIZE),
    noise: new Float64Array(SIZE),
    matrix: new Float64Array(SIZE * SIZE),
    gain: new Float64Array(SIZE),
  }
}
type Work = ReturnType<typeof createWork>

function start(
  parameters: MachineParameters,
  cell: number,
  { x, P, tail }: Motor,
  reading: Float64Array,
  { state }: Work,
): void {
  initialiseMotor(parameters, cell, state)
  const ambient_K = reading[motorReading.ambient_K]!
  const housing_K = reading[motorReading.housing_K]!
  x[motorRow.ambient_K] = Number.isFinite(ambient_K) ? ambient_K : state[machineState.housing_K]!
  x[motorRow.housing_K] = Number.isFinite(housing_K) ? housing_K : x[motorRow.ambient_K]!
  // A warm housing says that the motor has run: its winding is at least as warm.
  x[motorRow.winding_K] = x[motorRow.housing_K]!
  x[motorRow.logCooling] = 0
  P.fill(0)
  for (let i = 0; i < SIZE; i++) P[i * SIZE + i] = TUNING[i]!.start * TUNING[i]!.start
  tail.fill(0)
  tail[MEMORY.started] = 1
}

/** Remembers the current; gives 1 while it is known what the motor does. */
function takeCurrent({ tail }: Motor, reading: Float64Array, dt_s: number): number {
  const current_A = reading[motorReading.current_A]!
  if (Number.isFinite(current_A)) {
    tail[MEMORY.current_A] = Math.max(0, current_A)
    tail[MEMORY.age_s] = 0
    return 1
  }
  tail[MEMORY.age_s] = Math.min(1e9, tail[MEMORY.age_s]! + dt_s)
  if (reading[motorReading.vibration_m_s]! < STANDSTILL_M_S) {
    tail[MEMORY.current_A] = 0
    return 1
  }
  return tail[MEMORY.age_s]! <= CURRENT_HOLD_S ? 1 : 0
}

/** The filter's rows dt_s later, through the model; `duty` rows of `state` move with them. */
function move(
  parameters: MachineParameters,
  cell: number,
  from: Float64Array,
  tail: Float64Array,
  dt_s: number,
  output: Float64Array,
  to: Float64Array,
  work: Work,
): void {
  const { state, input } = work
  state[machineState.winding_K] = from[motorRow.winding_K]!
  state[machineState.housing_K] = from[motorRow.housing_K]!
  state[machineState.duty] = tail[MEMORY.duty]!
  state[machineState.dutyFor_s] = tail[MEMORY.dutyFor_s]!
  state[machineState.utilisation_1] = tail[MEMORY.utilisation]!
  input[machineInput.current_A] = tail[MEMORY.current_A]!
  input[machineInput.ambient_K] = from[motorRow.ambient_K]!
  input[machineInput.cooling_1] = Math.exp(from[motorRow.logCooling]!)
  advanceMotor(parameters, cell, state, input, dt_s, output, work.motor)
  to[motorRow.winding_K] = state[machineState.winding_K]!
  to[motorRow.housing_K] = state[machineState.housing_K]!
  to[motorRow.ambient_K] = from[motorRow.ambient_K]!
  to[motorRow.logCooling] = from[motorRow.logCooling]! * Math.exp(-dt_s / COOLING_PULL_S)
}

function predict(
  parameters: MachineParameters,
  cell: number,
  { x, P, tail }: Motor,
  reading: Float64Array,
  dt_s: number,
  known: number,
  work: Work,
): void {
  const { base, moved, jacobian, noise, matrix, state, estimate } = work
  const vibration_m_s = reading[motorReading.vibration_m_s]!
  work.input[machineInput.vibration_m_s] = Number.isFinite(vibration_m_s) ? vibration_m_s : 0
  for (let j = 0; j < SIZE; j++) {
    const { walk_perRoot_h } = TUNING[j]!
    noise[j] = (walk_perRoot_h * walk_perRoot_h * dt_s) / 3600
  }
  if (known === 0)
    noise[motorRow.winding_K]! += (BLIND_WALK_PERROOT_H * BLIND_WALK_PERROOT_H * dt_s) / 3600
  move(parameters, cell, x, tail, dt_s, estimate.output, base, work)
  const duty = state[machineState.duty]!
  const dutyFor_s = state[machineState.dutyFor_s]!
  const utilisation = state[machineState.utilisation_1]!
  for (let j = 0; j < SIZE; j++) {
    const step = 1e-3 * TUNING[j]!.start
    const kept = x[j]!
    x[j] = kept + step
    move(parameters, cell, x, tail, dt_s, work.scratch, moved, work)
    x[j] = kept
    for (let i = 0; i < SIZE; i++) jacobian[i * SIZE + j] = (moved[i]! - base[i]!) / step
  }
  propagateCovariance(P, jacobian, noise, SIZE, matrix)
  x.set(base)
  for (let i = 0; i < SIZE; i++) capVariance(P, SIZE, i, TUNING[i]!.most * TUNING[i]!.most)
  tail[MEMORY.duty] = duty
  tail[MEMORY.dutyFor_s] = Math.min(1e9, dutyFor_s)
  tail[MEMORY.utilisation] = utilisation
}

function learn({ x, P }: Motor, reading: Float64Array, { estimate, gain }: Work): void {
  for (let channel = 0; channel < MOTOR_CHANNELS; channel++) {
    const { row, std } = CHANNELS[channel]!
    estimate.expected[channel] = x[row]!
    estimate.expectedStd[channel] = Math.sqrt(P[row * SIZE + row]! + std * std)
  }
  for (let channel = 0; channel < MOTOR_CHANNELS; channel++) {
    const value = reading[channel]!
    if (!Number.isFinite(value)) continue
    const { row, std } = CHANNELS[channel]!
    const innovation = value - x[row]!
    const spread = P[row * SIZE + row]! + std * std
    // A wild reading counts as if its noise were larger.
    const wild = (innovation * innovation) / (HUBER_SIGMA * HUBER_SIGMA) - spread
    correctByReading(x, P, SIZE, row, innovation, std * std + Math.max(0, wild), gain)
  }
}

function summarise({ x, P, tail }: Motor, known: number, { estimate }: Work): void {
  for (let i = 0; i < SIZE; i++) {
    estimate.mean[i] = x[i]!
    estimate.std[i] = Math.sqrt(Math.max(0, P[i * SIZE + i]!))
  }
  const rise = RISE_SPREAD_1 * (x[motorRow.winding_K]! - x[motorRow.housing_K]!)
  const std = estimate.std[motorRow.winding_K]!
  estimate.std[motorRow.winding_K] = Math.sqrt(std * std + rise * rise)
  estimate.duty = tail[MEMORY.duty]!
  estimate.dutyFor_s = tail[MEMORY.dutyFor_s]!
  estimate.utilisation_1 = tail[MEMORY.utilisation]!
  estimate.dutyKnown = known
}
