/** The fields of the full cell: name, unit, meaning, believable range and how people read it. */
import type { CellSizes } from './layout.ts'

type Display = readonly [unit: string, scale: number, offset: number, digits: number]

/** One field; the name ends in its SI unit. */
export type ScalarRow = readonly [
  key: string,
  unit: string,
  text: string,
  low: number,
  high: number,
  display: Display,
]

/** A field per node, anode or feeder. */
export type VectorRow = readonly [...row: ScalarRow, length: (sizes: CellSizes) => number]

const plain = (unit: string, digits: number): Display => [unit, 1, 0, digits]
const CELSIUS: Display = ['C', 1, -273.15, 1]
const WTPCT: Display = ['wt%', 100, 0, 2]
const PERCENT: Display = ['%', 100, 0, 1]
const MILLIMETRE: Display = ['mm', 1000, 0, 1]
const KILOWATT: Display = ['kW', 1e-3, 0, 1]
const KILOAMPERE: Display = ['kA', 1e-3, 0, 2]
const PER_HOUR: Display = ['kg/h', 3600, 0, 1]
const VOLT = plain('V', 3)
const KILOGRAM = plain('kg', 1)
const RATIO: Display = ['1', 1, 0, 12]

const one = () => 1
const ofWall = (sizes: CellSizes) => sizes.liningNodes + sizes.ledgeNodes
const ofChannel = (sizes: CellSizes) => sizes.channelNodes
const ofAnodes = (sizes: CellSizes) => sizes.anodes
const ofFeeders = (sizes: CellSizes) => sizes.feeders

/** Single states. */
export const STATE_SCALARS = [
  ['alf3_kg', 'kg', 'excess AlF3', 0, 5000, KILOGRAM],
  ['caf2_kg', 'kg', 'CaF2', 0, 3000, KILOGRAM],
  ['mgf2_kg', 'kg', 'MgF2', 0, 1000, KILOGRAM],
  ['lif_kg', 'kg', 'LiF', 0, 1000, KILOGRAM],
  ['cryolite_kg', 'kg', 'liquid cryolite', 0, 60_000, KILOGRAM],
  ['frozen_kg', 'kg', 'cryolite frozen in the bath', 0, 60_000, KILOGRAM],
  ['metal_kg', 'kg', 'metal', 0, 120_000, KILOGRAM],
  ['sludge_kg', 'kg', 'alumina settled on the cathode', 0, 20_000, KILOGRAM],
  ['bath_K', 'K', 'bath and metal temperature', 250, 2500, CELSIUS],
  ['anodeEffect', '1', 'anode effect: 0 none, 1 on, 2 quenched', 0, 2, plain('1', 0)],
  ['anodeEffect_s', 's', 'time in anode effect', 0, 1e9, ['min', 1 / 60, 0, 2]],
] as const satisfies readonly ScalarRow[]

/** States per node or anode, in the order of memory: wall at bath level, at metal level, bath. */
export const STATE_VECTORS = [
  ['bathLedge_m', 'm', 'ledge thickness at bath level', 0, 1.5, MILLIMETRE, one],
  [
    'bathConducted_W_m2',
    'W/m2',
    'heat conducted from the front at bath level',
    -1e6,
    1e7,
    plain('W/m2', 0),
    one,
  ],
  ['bathShell_K', 'K', 'shell at bath level', 200, 1400, CELSIUS, one],
  ['bathWall_K', 'K', 'wall at bath level, from shell to front', 200, 1400, CELSIUS, ofWall],
  ['metalLedge_m', 'm', 'ledge thickness at metal level', 0, 1.5, MILLIMETRE, one],
  [
    'metalConducted_W_m2',
    'W/m2',
    'heat conducted from the front at metal level',
    -1e6,
    1e7,
    plain('W/m2', 0),
    one,
  ],
  ['metalShell_K', 'K', 'shell at metal level', 200, 1400, CELSIUS, one],
  ['metalWall_K', 'K', 'wall at metal level, from shell to front', 200, 1400, CELSIUS, ofWall],
  ['dissolvedA_kg', 'kg', 'dissolved alumina, channel A', 0, 500, KILOGRAM, ofChannel],
  ['dissolvedB_kg', 'kg', 'dissolved alumina, channel B', 0, 500, KILOGRAM, ofChannel],
  ['undissolvedA_kg', 'kg', 'undissolved alumina, channel A', 0, 5000, KILOGRAM, ofChannel],
  ['undissolvedB_kg', 'kg', 'undissolved alumina, channel B', 0, 5000, KILOGRAM, ofChannel],
  ['acd_m', 'm', 'anode-cathode distance of anode', 0.01, 0.2, MILLIMETRE, ofAnodes],
  ['age_s', 's', 'age of anode', 0, 1e8, ['d', 1 / 86_400, 0, 1], ofAnodes],
  ['deficit_J', 'J', 'heat that the cold anode still takes', 0, 5e9, ['MJ', 1e-6, 0, 1], ofAnodes],
  ['anode_A', 'A', 'current of anode', -2e5, 2e5, KILOAMPERE, ofAnodes],
] as const satisfies readonly VectorRow[]

/** Single inputs; events enter as their amount over the step. */
export const INPUT_SCALARS = [
  ['line_A', 'A', 'line current', 0, 1e6, KILOAMPERE],
  ['alf3Feed_kg_s', 'kg/s', 'AlF3 feed', 0, 500, PER_HOUR],
  ['metalTap_kg_s', 'kg/s', 'metal tapped', 0, 10_000, PER_HOUR],
  ['bathTap_kg_s', 'kg/s', 'bath tapped', 0, 10_000, PER_HOUR],
  ['beam_m_s', 'm/s', 'rise of the anodes', -0.01, 0.01, ['mm/s', 1000, 0, 2]],
  ['anodeChange', '1', 'anode changed in this step, from 1; 0 none', 0, 128, plain('1', 0)],
  ['quench', '1', 'quench of an anode effect: above 0 is done', 0, 100, plain('1', 0)],
  ['heat_W', 'W', 'other heat into the bath', -2e6, 2e6, KILOWATT],
  ['metalTilt_m', 'm', 'rise of the metal under row A over row B', -0.02, 0.02, MILLIMETRE],
] as const satisfies readonly ScalarRow[]

/** Inputs per feeder. */
export const INPUT_VECTORS = [
  ['feed_kg_s', 'kg/s', 'alumina from feeder', 0, 100, PER_HOUR, ofFeeders],
] as const satisfies readonly VectorRow[]

/** Single outputs. */
export const OUTPUT_SCALARS = [
  ['voltage_V', 'V', 'cell voltage', -5, 100, VOLT],
  ['reversible_V', 'V', 'reversible potential', 0.5, 2, VOLT],
  ['anodeConcentration_V', 'V', 'anode concentration overvoltage', -1, 2, VOLT],
  ['anodeSurface_V', 'V', 'anode surface overvoltage', -1, 1.5, VOLT],
  ['cathode_V', 'V', 'cathode overvoltage', -1, 1, VOLT],
  ['bath_V', 'V', 'bath drop', -1, 20, VOLT],
  ['bubble_V', 'V', 'bubble drop', -1, 60, VOLT],
  ['ohmic_V', 'V', 'drop in anodes, cathode and bus bars', 0, 5, VOLT],
  ['anodeEffect_V', 'V', 'rise by an anode effect', -60, 100, VOLT],
  [
    'pseudoResistance_Ohm',
    'Ohm',
    'pseudo-resistance; 0 below the low current',
    -1e-3,
    1e-3,
    ['uOhm', 1e6, 0, 3],
  ],
  ['slope_Ohm', 'Ohm', 'rise of the voltage with the line current', 0, 1e-2, ['uOhm', 1e6, 0, 3]],
  ['bubbleCover', '1', 'anode bottom covered by gas', 0, 1, PERCENT],
  ['starved', '1', 'share of the anodes short of alumina', 0, 1, PERCENT],
  ['liquidus_K', 'K', 'liquidus temperature', 300, 1300, CELSIUS],
  ['superheat_K', 'K', 'superheat', -900, 1500, plain('C', 1)],
  ['alumina', '1', 'dissolved alumina, mean', 0, 0.2, WTPCT],
  ['aluminaLowest', '1', 'dissolved alumina, leanest anode', -0.001, 0.3, WTPCT],
  ['aluminaHighest', '1', 'dissolved alumina, richest anode', 0, 0.5, WTPCT],
  ['saturation', '1', 'alumina at saturation', 0, 0.3, WTPCT],
  ['alf3', '1', 'excess AlF3', 0, 0.6, WTPCT],
  ['caf2', '1', 'CaF2', 0, 0.4, WTPCT],
  ['undissolved_kg', 'kg', 'undissolved alumina in the bath', 0, 20_000, KILOGRAM],
  ['bath_kg', 'kg', 'liquid bath', 0, 80_000, KILOGRAM],
  ['acd_m', 'm', 'anode-cathode distance, mean', 0.01, 0.2, MILLIMETRE],
  ['efficiency', '1', 'current efficiency', 0, 1, PERCENT],
  [
    'energy_J_kg',
    'J/kg',
    'energy per metal; 0 while none is made',
    0,
    2e10,
    ['kWh/kg', 1 / 3.6e6, 0, 2],
  ],
  ['anodeEffect', '1', 'anode effect', 0, 1, plain('1', 0)],
  ['metalMade_kg_s', 'kg/s', 'metal made', 0, 0.4, PER_HOUR],
  ['aluminaUse_kg_s', 'kg/s', 'alumina used', 0, 0.8, PER_HOUR],
  ['dissolving_kg_s', 'kg/s', 'alumina dissolving', -1, 200, PER_HOUR],
  ['freezing_kg_s', 'kg/s', 'cryolite freezing on both ledges', -200, 200, PER_HOUR],
  ['internal_W', 'W', 'electric power within the cell', -1e6, 1e8, KILOWATT],
  ['reaction_W', 'W', 'need of the reaction', 0, 1e7, KILOWATT],
  ['feed_W', 'W', 'heating and dissolving of what is fed', -1e7, 5e8, KILOWATT],
  ['toBathLedge_W', 'W', 'heat from the bath to the ledge', -1e9, 1e8, KILOWATT],
  ['toMetalLedge_W', 'W', 'heat from the metal to the ledge', -1e9, 1e8, KILOWATT],
  ['side_W', 'W', 'loss through the side walls', -1e5, 1e7, KILOWATT],
  ['top_W', 'W', 'loss through the top', -1e6, 1e7, KILOWATT],
  ['rim_W', 'W', 'loss through deck and ends', -1e6, 1e7, KILOWATT],
  ['bottom_W', 'W', 'loss through the bottom', -1e6, 1e7, KILOWATT],
  ['bars_W', 'W', 'loss along the collector bars', -1e6, 1e7, KILOWATT],
  ['coldAnodes_W', 'W', 'heat to new anodes', 0, 1e7, KILOWATT],
  ['evolved_kg_s', 'kg/s', 'AlF3 lost as fumes', 0, 1, PER_HOUR],
  ['shellBath_K', 'K', 'shell at bath level', 200, 1400, CELSIUS],
  ['shellMetal_K', 'K', 'shell at metal level', 200, 1400, CELSIUS],
  ['asymmetry', '1', 'current of row A less row B over the line current', -1, 1, PERCENT],
  ['massResidual', '1', 'mass that the step made, over what moved', -1e-6, 1e-6, RATIO],
  ['energyResidual', '1', 'energy that the step made, over what moved', -1e-3, 1e-3, RATIO],
] as const satisfies readonly ScalarRow[]

/** Outputs per anode. */
export const OUTPUT_VECTORS = [
  ['anodeAlumina_share', '1', 'dissolved alumina at anode', -0.001, 0.5, WTPCT, ofAnodes],
] as const satisfies readonly VectorRow[]
