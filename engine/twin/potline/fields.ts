import type { Channel, Quantity } from '../../flow.ts'
import { potlineTag } from '../../lines/potline.ts'

/** Field names of the potline twin; other stages look them up by these in `twin.fields`. */
export const potlineField = {
  alumina: 'alumina_share',
  superheat: 'superheat_K',
  bath: 'bath_K',
  liquidus: 'liquidus_K',
  acd: 'acd_m',
  ledge: 'ledge_m',
  excessAlf3: 'excess_alf3_share',
  undissolved: 'undissolved_kg',
  feedEfficiency: 'feed_efficiency_1',
  currentEfficiency: 'current_efficiency_1',
  voltage: 'voltage_V',
  pseudoResistance: 'pseudo_resistance_Ohm',
  resistanceSlope: 'resistance_slope_Ohmps',
  voltageNoise: 'voltage_noise_V',
  energy: 'energy_Jpkg',
  anodeEffectMargin: 'anode_effect_margin_share',
  metal: 'metal_kg',
  bathLedge: 'ledge_bath_m',
  metalLedge: 'ledge_metal_m',
  leanFeeder: 'lean_feeder_1',
  leanFeederDelivery: 'lean_feeder_delivery_1',
} as const

/** Name of a field of the potline twin. */
export type PotlineField = (typeof potlineField)[keyof typeof potlineField]

const same = (unit: string, digits: number) => ({ unit, scale: 1, offset: 0, digits })
const weight = { unit: 'wt%', scale: 100, offset: 0, digits: 2 }
const percent = { unit: '%', scale: 100, offset: 0, digits: 1 }
const celsius = { unit: 'C', scale: 1, offset: -273.15, digits: 1 }
const kilowattHour = { unit: 'kWh/kg', scale: 1 / 3.6e6, offset: 0, digits: 2 }

function field(
  name: PotlineField,
  unit: string,
  text: string,
  range: readonly [low: number, high: number],
  display: Quantity['display'],
): Quantity {
  return { name, unit, text, low: range[0], high: range[1], display }
}

/** What the potline twin estimates of each cell, in the order of the frame. */
export const potlineFields: readonly Quantity[] = [
  field('alumina_share', '1', 'dissolved alumina', [0, 0.1], weight),
  field('superheat_K', 'K', 'superheat', [-20, 60], same('K', 1)),
  field('bath_K', 'K', 'bath temperature', [1150, 1320], celsius),
  field('liquidus_K', 'K', 'liquidus', [1150, 1320], celsius),
  field('acd_m', 'm', 'anode-cathode distance', [0, 0.12], { ...same('mm', 1), scale: 1e3 }),
  field('ledge_m', 'm', 'ledge thickness', [0, 0.5], { ...same('cm', 1), scale: 100 }),
  field('excess_alf3_share', '1', 'excess aluminium fluoride', [0, 0.3], weight),
  field('undissolved_kg', 'kg', 'undissolved alumina', [0, 2000], same('kg', 0)),
  field('feed_efficiency_1', '1', 'alumina delivered of commanded', [0, 2], percent),
  field('current_efficiency_1', '1', 'current efficiency', [0, 1], percent),
  field('voltage_V', 'V', 'expected cell voltage', [0, 100], same('V', 3)),
  field('pseudo_resistance_Ohm', 'Ohm', 'pseudo-resistance', [0, 1e-4], {
    ...same('uOhm', 3),
    scale: 1e6,
  }),
  field('resistance_slope_Ohmps', 'Ohm/s', 'slope of the pseudo-resistance', [-1e-6, 1e-6], {
    ...same('uOhm/min', 4),
    scale: 60e6,
  }),
  field('voltage_noise_V', 'V', 'voltage noise', [0, 20], { ...same('mV', 1), scale: 1e3 }),
  field('energy_Jpkg', 'J/kg', 'energy per metal', [0, 1e9], kilowattHour),
  field('anode_effect_margin_share', '1', 'alumina above the anode effect', [-0.1, 0.1], weight),
  field('metal_kg', 'kg', 'metal', [0, 60_000], same('kg', 0)),
  field('ledge_bath_m', 'm', 'ledge thickness at bath level', [0, 0.5], {
    ...same('cm', 1),
    scale: 100,
  }),
  field('ledge_metal_m', 'm', 'ledge thickness at metal level', [0, 0.5], {
    ...same('cm', 1),
    scale: 100,
  }),
  field('lean_feeder_1', '1', 'feeder that delivers too little', [0, 16], same('', 0)),
  field('lean_feeder_delivery_1', '1', 'what that feeder delivers of its command', [0, 2], percent),
]

/** Row of each field in the frame. */
export const fieldRow = Object.fromEntries(potlineFields.map((f, row) => [f.name, row])) as Record<
  PotlineField,
  number
>

/** The one channel the twin predicts each second. */
export const potlineChannels: readonly Channel[] = [
  {
    name: 'cell_voltage_V',
    tag: potlineTag.voltage,
    unit: 'V',
    text: 'cell voltage',
    low: 0,
    high: 100,
    display: same('V', 3),
  },
]
