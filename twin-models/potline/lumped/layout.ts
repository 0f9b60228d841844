/** Places of the states, inputs and outputs of a cell, with their units and believable ranges. */
import type { Quantity } from '../../model.ts'

export const stateIndex = {
  dissolved_kg: 0,
  undissolved_kg: 1,
  alf3_kg: 2,
  caf2_kg: 3,
  mgf2_kg: 4,
  cryolite_kg: 5,
  metal_kg: 6,
  acd_m: 7,
  bath_K: 8,
  ledge_m: 9,
  anodeEffect: 10,
} as const

export const inputIndex = {
  line_A: 0,
  aluminaFeed_kg_s: 1,
  alf3Feed_kg_s: 2,
  tap_kg_s: 3,
  beam_m_s: 4,
  quench: 5,
  heat_W: 6,
} as const

export const outputIndex = {
  voltage_V: 0,
  reversible_V: 1,
  anodeConcentration_V: 2,
  anodeSurface_V: 3,
  cathode_V: 4,
  bath_V: 5,
  bubble_V: 6,
  ohmic_V: 7,
  anodeEffect_V: 8,
  pseudoResistance_Ohm: 9,
  bubbleCover: 10,
  liquidus_K: 11,
  superheat_K: 12,
  alumina: 13,
  alf3: 14,
  caf2: 15,
  undissolved_kg: 16,
  bath_kg: 17,
  efficiency: 18,
  energy_J_kg: 19,
  anodeEffect: 20,
  metalMade_kg_s: 21,
  aluminaUse_kg_s: 22,
  dissolving_kg_s: 23,
  freezing_kg_s: 24,
  internal_W: 25,
  reaction_W: 26,
  feed_W: 27,
  toLedge_W: 28,
  side_W: 29,
  top_W: 30,
  bottom_W: 31,
  stored_W: 32,
} as const

type Display = readonly [unit: string, scale: number, offset: number, digits: number]

const plain = (unit: string, digits: number): Display => [unit, 1, 0, digits]
const CELSIUS: Display = ['C', 1, -273.15, 1]
const WTPCT: Display = ['wt%', 100, 0, 2]
const PERCENT: Display = ['%', 100, 0, 1]
const MILLIMETRE: Display = ['mm', 1000, 0, 1]
const KILOWATT: Display = ['kW', 1e-3, 0, 1]
const PER_HOUR: Display = ['kg/h', 3600, 0, 1]
const VOLT = plain('V', 3)
const KILOGRAM = plain('kg', 1)

function quantity(
  name: string,
  unit: string,
  text: string,
  low: number,
  high: number,
  [shown, scale, offset, digits]: Display,
): Quantity {
  return { name, unit, text, low, high, display: { unit: shown, scale, offset, digits } }
}

/** States in the order of `stateIndex`. */
export const STATE_QUANTITIES: readonly Quantity[] = [
  quantity('dissolved_kg', 'kg', 'dissolved alumina', 0, 1500, KILOGRAM),
  quantity('undissolved_kg', 'kg', 'undissolved alumina', 0, 2000, KILOGRAM),
  quantity('alf3_kg', 'kg', 'excess AlF3', 0, 3000, KILOGRAM),
  quantity('caf2_kg', 'kg', 'CaF2', 0, 1500, KILOGRAM),
  quantity('mgf2_kg', 'kg', 'MgF2', 0, 500, KILOGRAM),
  quantity('cryolite_kg', 'kg', 'liquid cryolite', 0, 20_000, KILOGRAM),
  quantity('metal_kg', 'kg', 'metal', 0, 60_000, KILOGRAM),
  quantity('acd_m', 'm', 'anode-cathode distance', 0.015, 0.12, MILLIMETRE),
  quantity('bath_K', 'K', 'bath temperature', 1000, 1450, CELSIUS),
  quantity('ledge_m', 'm', 'ledge thickness', -0.001, 0.6, MILLIMETRE),
  quantity('anodeEffect', '1', 'anode effect: 0 none, 1 on, 2 quenched', 0, 2, plain('1', 0)),
]

/** Inputs in the order of `inputIndex`; events enter as their amount over the step. */
export const INPUT_QUANTITIES: readonly Quantity[] = [
  quantity('line_A', 'A', 'line current', 0, 1e6, ['kA', 1e-3, 0, 1]),
  quantity('aluminaFeed_kg_s', 'kg/s', 'alumina feed', 0, 100, PER_HOUR),
  quantity('alf3Feed_kg_s', 'kg/s', 'AlF3 feed', 0, 500, PER_HOUR),
  quantity('tap_kg_s', 'kg/s', 'metal tapped', 0, 10_000, PER_HOUR),
  quantity('beam_m_s', 'm/s', 'rise of the anodes', -0.01, 0.01, ['mm/s', 1000, 0, 2]),
  quantity('quench', '1', 'quench of an anode effect: above 0 is done', 0, 100, plain('1', 0)),
  quantity(
    'heat_W',
    'W',
    'other heat into the bath; a cold anode is negative',
    -1e6,
    1e6,
    KILOWATT,
  ),
]

/** Outputs in the order of `outputIndex`. */
export const OUTPUT_QUANTITIES: readonly Quantity[] = [
  quantity('voltage_V', 'V', 'cell voltage', 0, 100, VOLT),
  quantity('reversible_V', 'V', 'reversible potential', 0.5, 2, VOLT),
  quantity('anodeConcentration_V', 'V', 'anode concentration overvoltage', -1, 1, VOLT),
  quantity('anodeSurface_V', 'V', 'anode surface overvoltage', -1, 1.5, VOLT),
  quantity('cathode_V', 'V', 'cathode overvoltage', -1, 1, VOLT),
  quantity('bath_V', 'V', 'bath drop', 0, 10, VOLT),
  quantity('bubble_V', 'V', 'bubble drop without anode effect', 0, 30, VOLT),
  quantity('ohmic_V', 'V', 'drop in anode, cathode and bus bars', 0, 3, VOLT),
  quantity('anodeEffect_V', 'V', 'rise by an anode effect', -30, 100, VOLT),
  quantity('pseudoResistance_Ohm', 'Ohm', 'pseudo-resistance', -1e-4, 1e-3, ['uOhm', 1e6, 0, 3]),
  quantity('bubbleCover', '1', 'anode bottom covered by gas', 0, 1, PERCENT),
  quantity('liquidus_K', 'K', 'liquidus temperature', 900, 1300, CELSIUS),
  quantity('superheat_K', 'K', 'superheat', -300, 200, plain('C', 1)),
  quantity('alumina', '1', 'dissolved alumina', 0, 0.15, WTPCT),
  quantity('alf3', '1', 'excess AlF3', 0, 0.5, WTPCT),
  quantity('caf2', '1', 'CaF2', 0, 0.3, WTPCT),
  quantity('undissolved_kg', 'kg', 'undissolved alumina', 0, 2000, KILOGRAM),
  quantity('bath_kg', 'kg', 'liquid bath', 0, 25_000, KILOGRAM),
  quantity('efficiency', '1', 'current efficiency', 0, 1, PERCENT),
  quantity('energy_J_kg', 'J/kg', 'energy per metal', 0, 2e9, ['kWh/kg', 1 / 3.6e6, 0, 2]),
  quantity('anodeEffect', '1', 'anode effect', 0, 1, plain('1', 0)),
  quantity('metalMade_kg_s', 'kg/s', 'metal made', 0, 0.2, PER_HOUR),
  quantity('aluminaUse_kg_s', 'kg/s', 'alumina used', 0, 0.4, PER_HOUR),
  quantity('dissolving_kg_s', 'kg/s', 'alumina dissolving', 0, 50, PER_HOUR),
  quantity('freezing_kg_s', 'kg/s', 'cryolite freezing; melting is negative', -10, 50, PER_HOUR),
  quantity('internal_W', 'W', 'electric power within the cell', 0, 1e8, KILOWATT),
  quantity('reaction_W', 'W', 'need of the reaction', 0, 5e6, KILOWATT),
  quantity('feed_W', 'W', 'heating and dissolving alumina', 0, 3e8, KILOWATT),
  quantity('toLedge_W', 'W', 'heat from bath and metal to the ledge', -1e8, 1e7, KILOWATT),
  quantity('side_W', 'W', 'loss through the sides', 0, 1e7, KILOWATT),
  quantity('top_W', 'W', 'loss through the top', 0, 1e7, KILOWATT),
  quantity('bottom_W', 'W', 'loss through bottom and bars', 0, 1e7, KILOWATT),
  quantity('stored_W', 'W', 'heat stored in bath and metal', -3e8, 1e8, KILOWATT),
]

export const STATES = STATE_QUANTITIES.length
export const INPUTS = INPUT_QUANTITIES.length
export const OUTPUTS = OUTPUT_QUANTITIES.length
