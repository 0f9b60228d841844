/** Places of the states, inputs and outputs of a motor, with their units and believable ranges. */
import type { Quantity } from '../model.ts'

export const machineState = {
  winding_K: 0,
  housing_K: 1,
  duty: 2,
  dutyFor_s: 3,
  utilisation_1: 4,
} as const

export const machineInput = {
  current_A: 0,
  /** Root mean square velocity at the bearing housing. */
  vibration_m_s: 1,
  ambient_K: 2,
  /** Cooling against that of a clean motor; 1 is clean. */
  cooling_1: 3,
} as const

export const machineOutput = {
  load_1: 0,
  copper_W: 1,
  iron_W: 2,
  friction_W: 3,
  toHousing_W: 4,
  toAmbient_W: 5,
  stored_W: 6,
  windingMargin_K: 7,
  ageing_1: 8,
  vibrationZone: 9,
  energyResidual_1: 10,
} as const

/** What a motor is doing. */
export const Duty = { off: 0, start: 1, idle: 2, loaded: 3, overloaded: 4 } as const
export type Duty = (typeof Duty)[keyof typeof Duty]

type Display = readonly [unit: string, scale: number, offset: number, digits: number]

const plain = (unit: string, digits: number): Display => [unit, 1, 0, digits]
const CELSIUS: Display = ['C', 1, -273.15, 1]
const PERCENT: Display = ['%', 100, 0, 0]
const WATT = plain('W', 0)

function quantity(
  name: string,
  unit: string,
  text: string,
  range: readonly [low: number, high: number],
  [shown, scale, offset, digits]: Display,
): Quantity {
  const display = { unit: shown, scale, offset, digits }
  return { name, unit, text, low: range[0], high: range[1], display }
}

const DUTY_TEXT = 'duty: 0 off, 1 start, 2 idle, 3 loaded, 4 overloaded'

/** States in the order of `machineState`. */
export const MACHINE_STATES: readonly Quantity[] = [
  quantity('winding_K', 'K', 'winding temperature', [200, 1500], CELSIUS),
  quantity('housing_K', 'K', 'iron and housing temperature', [200, 1500], CELSIUS),
  quantity('duty', '1', DUTY_TEXT, [0, 4], plain('1', 0)),
  quantity('dutyFor_s', 's', 'time in this duty', [0, 1e9], ['min', 1 / 60, 0, 0]),
  quantity('utilisation_1', '1', 'share of time under load', [0, 1], PERCENT),
]

/** Inputs in the order of `machineInput`. */
export const MACHINE_INPUTS: readonly Quantity[] = [
  quantity('current_A', 'A', 'motor current', [0, 1e5], plain('A', 1)),
  quantity('vibration_m_s', 'm/s', 'vibration velocity, rms', [0, 1], ['mm/s', 1e3, 0, 2]),
  quantity('ambient_K', 'K', 'ambient temperature', [220, 350], CELSIUS),
  quantity('cooling_1', '1', 'cooling against a clean motor', [0.05, 3], PERCENT),
]

/** Outputs in the order of `machineOutput`; powers are means over the step. */
export const MACHINE_OUTPUTS: readonly Quantity[] = [
  quantity('load_1', '1', 'current against rated', [0, 20], PERCENT),
  quantity('copper_W', 'W', 'copper loss', [0, 1e8], WATT),
  quantity('iron_W', 'W', 'iron loss', [0, 1e6], WATT),
  quantity('friction_W', 'W', 'bearing friction', [0, 1e6], WATT),
  quantity('toHousing_W', 'W', 'heat from winding to iron', [-1e7, 1e7], WATT),
  quantity('toAmbient_W', 'W', 'heat to the surroundings', [-1e7, 1e7], WATT),
  quantity('stored_W', 'W', 'heat stored', [-1e8, 1e8], WATT),
  quantity('windingMargin_K', 'K', 'winding below its limit', [-1200, 300], plain('K', 1)),
  quantity(
    'ageing_1',
    '1',
    'ageing of the insulation against that at its limit',
    [0, 1e40],
    ['1', 1, 0, 4],
  ),
  quantity('vibrationZone', '1', 'vibration zone: 1 A to 4 D', [1, 4], plain('1', 0)),
  quantity('energyResidual_1', '1', 'closure of heat', [-1e-6, 1e-6], plain('1', 12)),
]
