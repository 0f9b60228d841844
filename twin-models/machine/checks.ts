/** Numbers that the motor is held to, for its tests and for the validation table. */
import { machineInput, machineOutput, machineState } from './layout.ts'
import { bearingFriction_W, machineModel } from './motor.ts'
import { motors } from './parameters.ts'

/** One number against another. */
export interface MachineCheck {
  readonly id: string
  /** For people, with the unit at the end. */
  readonly text: string
  readonly expected: number
  readonly got: number
  /** Relative to `expected`; absolute where that is 0. */
  readonly tolerance: number
  readonly source: string
}

const AMBIENT_K = 298.15

/** The usual motor, cold in its ambient. */
function motor(current_A: number) {
  const parameters = motors(1)
  const state = new Float64Array(machineModel.states.length)
  const input = new Float64Array(machineModel.inputs.length)
  const output = new Float64Array(machineModel.outputs.length)
  machineModel.initialise(parameters, state)
  input[machineInput.current_A] = current_A
  input[machineInput.ambient_K] = AMBIENT_K
  input[machineInput.cooling_1] = 1
  const run = (duration_s: number, dt_s: number) => {
    for (let time_s = 0; time_s < duration_s; time_s += dt_s) {
      machineModel.advance(parameters, state, input, dt_s, output)
    }
  }
  return { parameters, state, input, output, run }
}

/** Winding and housing over ambient from a cold start at rated current, written out by hand. */
function closedForm(time_s: number) {
  const { parameters } = motor(0)
  const read = (field: keyof typeof parameters) => (parameters[field] as Float64Array)[0]!
  const perKelvin = read('copper_W') / (read('reference_K') - 38.15)
  const between = read('windingToHousing_W_K')
  const outward = read('housingToAmbient_W_K')
  const a = (perKelvin - between) / read('winding_J_K')
  const b = between / read('winding_J_K')
  const c = between / read('housing_J_K')
  const d = -(between + outward) / read('housing_J_K')
  const p = (perKelvin * (AMBIENT_K - 38.15)) / read('winding_J_K')
  const q = (read('iron_W') + bearingFriction_W(parameters, 0)) / read('housing_J_K')
  const root = Math.sqrt((a - d) * (a - d) + 4 * b * c)
  const slow = (a + d + root) / 2
  const fast = (a + d - root) / 2
  const determinant = a * d - b * c
  const winding = (b * q - d * p) / determinant
  const housing = (c * p - a * q) / determinant
  // From zero with the rates p and q.
  const w = (p + fast * winding) / (slow - fast)
  const h = (q + fast * housing) / (slow - fast)
  const at = (settled: number, k: number) =>
    settled + k * Math.exp(slow * time_s) - (settled + k) * Math.exp(fast * time_s)
  return { winding: at(winding, w), housing: at(housing, h), settled: { winding, housing } }
}

function thermalChecks(): readonly MachineCheck[] {
  const { state, output, run } = motor(28)
  run(3600, 1)
  const exact = closedForm(3600)
  const after = [state[machineState.winding_K]!, state[machineState.housing_K]!] as const
  run(100 * 3600, 100)
  const source = 'closed form of two nodes'
  const made_W =
    output[machineOutput.copper_W]! +
    output[machineOutput.iron_W]! +
    output[machineOutput.friction_W]!
  return [
    {
      ...{ id: 'machine-step-winding', text: 'rise of the winding 1 h after a cold start, K' },
      ...{ expected: exact.winding, got: after[0] - AMBIENT_K, tolerance: 1e-10, source },
    },
    {
      ...{ id: 'machine-step-housing', text: 'rise of the housing 1 h after a cold start, K' },
      ...{ expected: exact.housing, got: after[1] - AMBIENT_K, tolerance: 1e-10, source },
    },
    {
      ...{ id: 'machine-settled-winding', text: 'rise of the winding in the end, K' },
      ...{ expected: exact.settled.winding, got: state[machineState.winding_K]! - AMBIENT_K },
      ...{ tolerance: 1e-10, source },
    },
    {
      ...{ id: 'machine-settled-heat', text: 'heat given off in the end, W' },
      ...{ expected: made_W, got: output[machineOutput.toAmbient_W]!, tolerance: 1e-9 },
      source: 'what is made is given off',
    },
  ]
}

function closureCheck(): MachineCheck {
  const { input, output, run } = motor(0)
  let worst = 0
  for (let minute = 0; minute < 1440; minute++) {
    const phase = minute % 30
    input[machineInput.current_A] = phase === 5 ? 170 : phase > 5 && phase < 25 ? 10 + phase : 0
    for (let i = 0; i < 6; i++) {
      run(10, 10)
      worst = Math.max(worst, Math.abs(output[machineOutput.energyResidual_1]!))
    }
  }
  return {
    ...{ id: 'machine-closure', text: 'largest residual of heat in a day of starts, 1' },
    ...{ expected: 0, got: worst, tolerance: 1e-9, source: 'conservation' },
  }
}

/** Runs every check of the motor. */
export function machineChecks(): readonly MachineCheck[] {
  return [...thermalChecks(), closureCheck()]
}
