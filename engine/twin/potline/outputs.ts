import { outputPlace } from '#twin-models/potline/cell/layout.ts'
import type { WritableTwinFrame } from '../frame.ts'
import { alumina_wtpct, undissolved_kg } from './bath-state.ts'
import { fieldRow, type PotlineField } from './fields.ts'
import { filterRow } from './filter.ts'
import { delivery, namedFeeder } from './naming.ts'
import { alf3_wtpct, LIQUIDUS_PER_ALF3_K } from './samples.ts'
import { acd_m, line, own, type PotlineState, stateOf } from './state.ts'
import { resistanceSlope_Ohmps, slopeStd_Ohmps } from './trackers.ts'
import { energy_J_kg } from './voltage.ts'

// What no reading can remove: curve, conductivity law, geometry.
const ALUMINA_CURVE_STD_WTPCT = 0.07
const THERMAL_FLOOR_K = 1.5
const LIQUIDUS_FLOOR_K = 1.5
const LIQUIDUS_PER_ALUMINA_K = -5.7
const LIQUIDUS_PER_CAF2_K = -3
const ACD_STD_M = 0.0035
const LEDGE_STD_M = 0.035
const EFFICIENCY_STD = 0.012
const UNDISSOLVED_STD_KG = 45
/** Below this slope of the voltage, in V per wt%, alumina hides. */
const OBSERVABLE_SLOPE_V = 0.035
const OBSERVABLE_STD_WTPCT = 0.55
const OBSERVABLE_AGE_S = 600
const SILENT_S = 60
const VOLTAGE_SILENT_S = 300

const root = Math.sqrt
const square = (x: number) => x * x

/** Band of dissolved alumina, wt%: the filter's and what the curve itself may be off. */
export function aluminaStd_wtpct(state: PotlineState, cell: number): number {
  const variance = state.filter[filterRow.varAlumina * state.cells + cell]!
  const onset = state.own[own.varOnset_wtpct2 * state.cells + cell]!
  return root(variance + onset + square(ALUMINA_CURVE_STD_WTPCT))
}

/** Writes all fields, flags and the channel of one cell. */
export function writeCell(state: PotlineState, cell: number, frame: WritableTwinFrame): void {
  const { cells, filter } = state
  const at = (row: number) => row * cells + cell
  const put = (name: PotlineField, value: number, std: number, observable: boolean) => {
    const place = fieldRow[name] * cells + cell
    frame.estimate[place] = value
    frame.std[place] = std
    frame.observable[place] = observable && Number.isFinite(value) ? 1 : 0
  }
  const current_A = state.line[line.current_A]!
  const started = state.own[at(own.started)]! === 1
  const heard = started && state.own[at(own.voltageAge_s)]! < OBSERVABLE_AGE_S
  const alumina = alumina_wtpct(state, cell)
  const aluminaStd = aluminaStd_wtpct(state, cell)
  const seen =
    heard &&
    aluminaStd < OBSERVABLE_STD_WTPCT &&
    Math.abs(state.own[at(own.aluminaSlope_V)]!) > OBSERVABLE_SLOPE_V
  put('alumina_share', alumina / 100, aluminaStd / 100, seen)
  const onset = state.onset_share[cell]!
  // Voltage tells the distance to the onset; that the onset itself is in doubt cancels here.
  const aboveOnset = filter[at(filterRow.varAlumina)]! + square(ALUMINA_CURVE_STD_WTPCT)
  const marginStd = root(aboveOnset) / 100
  put('anode_effect_margin_share', alumina / 100 - onset, marginStd, seen)
  writeHeat(state, cell, aluminaStd, put)

  const gap = state.own[at(own.gapSlope_Ohm_m)]!
  const biasStd_m = gap > 0 ? (0.5e-6 * root(filter[at(filterRow.varBias)]!)) / gap : 0
  const acdStd_m = root(square(ACD_STD_M) + square(biasStd_m))
  put('acd_m', acd_m(state, cell), acdStd_m, started)
  writeLedge(state, cell, put)
  put('undissolved_kg', undissolved_kg(state, cell), UNDISSOLVED_STD_KG, started)
  const feedStd = root(filter[at(filterRow.varFeed)]!)
  put('feed_efficiency_1', filter[at(filterRow.feedEfficiency)]!, feedStd, heard)
  const efficiency = outputOf(state, cell, 'efficiency')
  put('current_efficiency_1', efficiency, EFFICIENCY_STD, started)
  const expected_V = state.own[at(own.expected_V)]!
  const expectedStd_V = state.own[at(own.expectedStd_V)]!
  put('voltage_V', expected_V, expectedStd_V, started)
  const resistance_Ohm = 1e-6 * state.own[at(own.resistance_uOhm)]!
  put('pseudo_resistance_Ohm', resistance_Ohm, Number.NaN, heard)
  const slope = resistanceSlope_Ohmps(state, cell)
  put('resistance_slope_Ohmps', slope, slopeStd_Ohmps(state, cell, current_A), heard)
  put('voltage_noise_V', root(state.own[at(own.shortNoise_V2)]!), Number.NaN, heard)
  const energy = energy_J_kg(state, cell)
  put('energy_Jpkg', energy, (energy * EFFICIENCY_STD) / efficiency, started)
  const metalStd_kg = root(state.own[at(own.varMetal_kg2)]!)
  put('metal_kg', stateOf(state, cell, 'metal_kg'), metalStd_kg, started)
  writeFeeder(state, cell, put)

  frame.expected[cell] = expected_V
  frame.expected_std[cell] = expectedStd_V
  frame.residual[cell] = state.own[at(own.residual)]!
  frame.masked[cell] = state.own[at(own.masked)]!
  const silent =
    state.line[line.currentAge_s]! > SILENT_S || state.own[at(own.voltageAge_s)]! > VOLTAGE_SILENT_S
  frame.trusted[cell] = started && !silent ? 1 : 0
}

/** Value of an output of the last step. */
export function outputOf(state: PotlineState, cell: number, key: keyof typeof outputPlace): number {
  const { bank } = state
  return bank.output[bank.outputAt(cell, outputPlace[key])]!
}

/** Ledge at both heights, from bath and metal level of the wall. */
export function ledges_m(
  state: PotlineState,
  cell: number,
): readonly [bath: number, metal: number] {
  const { bank } = state
  const { bathLedge_m, metalLedge_m } = bank.layout.state
  return [
    bank.state[bank.stateAt(cell, bathLedge_m.first)]!,
    bank.state[bank.stateAt(cell, metalLedge_m.first)]!,
  ]
}

function writeLedge(state: PotlineState, cell: number, put: Put): void {
  const started = state.own[own.started * state.cells + cell]! === 1
  const [bath_m, metal_m] = ledges_m(state, cell)
  put('ledge_m', (bath_m + metal_m) / 2, LEDGE_STD_M, started)
  put('ledge_bath_m', bath_m, LEDGE_STD_M, started)
  put('ledge_metal_m', metal_m, LEDGE_STD_M, started)
}

/** The feeder that the anode currents name; not observable while they name none. */
function writeFeeder(state: PotlineState, cell: number, put: Put): void {
  const number = namedFeeder(state, cell)
  const told = delivery(state, cell, Math.max(0, number - 1))
  put('lean_feeder_1', number, Number.NaN, number > 0)
  put('lean_feeder_delivery_1', told.share, root(told.variance), number > 0)
}

type Put = (name: PotlineField, value: number, std: number, observable: boolean) => void

function writeHeat(state: PotlineState, cell: number, aluminaStd: number, put: Put): void {
  const { cells } = state
  const at = (row: number) => row * cells + cell
  const started = state.own[at(own.started)]! === 1
  const varAlf3 = state.own[at(own.varAlf3_wtpct2)]!
  const varSuperheat = state.own[at(own.varSuperheat_K2)]! + square(THERMAL_FLOOR_K)
  const varLiquidus =
    square(LIQUIDUS_PER_ALF3_K) * varAlf3 +
    square(LIQUIDUS_PER_ALUMINA_K * Math.min(aluminaStd, 0.4)) +
    square(LIQUIDUS_PER_CAF2_K) * state.own[at(own.varCaf2_wtpct2)]! +
    square(LIQUIDUS_FLOOR_K)
  const joint = 2 * LIQUIDUS_PER_ALF3_K * state.own[at(own.covAlf3Superheat)]!
  const varBath =
    square(LIQUIDUS_PER_ALF3_K) * varAlf3 + joint + varSuperheat + square(THERMAL_FLOOR_K)
  put('bath_K', stateOf(state, cell, 'bath_K'), root(Math.max(varBath, 1)), started)
  put('liquidus_K', outputOf(state, cell, 'liquidus_K'), root(varLiquidus), started)
  put('superheat_K', outputOf(state, cell, 'superheat_K'), root(varSuperheat), started)
  put('excess_alf3_share', alf3_wtpct(state, cell) / 100, root(varAlf3) / 100, started)
}
