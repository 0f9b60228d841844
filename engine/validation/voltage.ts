/** Sections 3.9 and 3.10: the published voltage curve and the 36 anode example. */
import { bathComposition } from '#twin-models/potline/bath.ts'
import fixtures from '#twin-models/potline/fixtures.json' with { type: 'json' }
import {
  cellVoltage_V,
  EXACT_SLOPES,
  VOLTAGE_PARTS,
  type VoltageParameters,
  voltageIndex,
} from '#twin-models/potline/voltage.ts'
import { type CheckGroup, near } from './check.ts'

const one = (value: number): Float64Array => Float64Array.of(value)

/** The cell of the published notebook, with its rounding of the constants. */
const NOTEBOOK: VoltageParameters = {
  conductivity: 'wang',
  gapLessBubbles: false,
  slopes: {
    reversible_V_K: 8.3145 / (12 * 96485.3329),
    anodeSurface_V_K: 1 / 12533,
    anodeConcentration_V_K: 1 / 23209,
    cathode_V_K: 5.744815304e-5,
  },
  anodeArea_m2: one(10.4652),
  anodeCount: one(20),
  fanning: one(1.1382),
  cathodeArea_m2: one(11.5348),
  anodeEffectAlumina_share: one(0.018),
  bubbleCover: one(0.9),
  anode_Ohm: one(3.02e-6),
  cathode_Ohm: one(2.15e-6),
  bus_Ohm: one(2.01e-6),
  lowCurrent_A: one(0),
}
const NOTEBOOK_SOURCE = 'CellModel, NoteBooks/Vcell.ipynb'
const parts = new Float64Array(VOLTAGE_PARTS)

/** Voltage of the published cell, for the checks and the plot. */
export function notebookVoltage_V(line_A: number, acd_m: number, alumina_wtpct: number): number {
  const bath = bathComposition({
    alumina_wtpct,
    alf3_wtpct: 12,
    caf2_wtpct: 4.1,
    mgf2_wtpct: 0.25,
  })
  return cellVoltage_V(NOTEBOOK, 0, line_A, acd_m, 963 + 273.15, bath, parts)
}

/** All 50 published points. */
export const voltageCurveGroup: CheckGroup = {
  section: '3.9',
  title: 'Published voltage curve',
  run() {
    const { first_wtpct, step_wtpct, voltage_V } = fixtures.publishedCurve
    return voltage_V.map((expected, i) => {
      const alumina_wtpct = first_wtpct + i * step_wtpct
      return near({
        id: `3.9-curve-${alumina_wtpct.toFixed(1)}`,
        text: `voltage at ${alumina_wtpct.toFixed(1)} % alumina, V`,
        expected,
        got: notebookVoltage_V(126_000, 0.029, alumina_wtpct),
        tolerance: 1e-6,
        source: NOTEBOOK_SOURCE,
      })
    })
  },
}

/** Minimum and slopes of the curve. */
export const voltageSlopeGroup: CheckGroup = {
  section: '3.9',
  title: 'Minimum and slopes of the voltage curve',
  run() {
    const at = (alumina_wtpct: number) => notebookVoltage_V(126_500, 0.027, alumina_wtpct)
    const slopes: readonly (readonly [number, number])[] = [
      [2, -1.0756],
      [2.2, -0.3224],
      [2.5, -0.121],
      [3, -0.0442],
      [4, -0.0068],
    ]
    const source = 'independent implementation'
    return [
      near({
        id: '3.9-minimum-voltage',
        text: 'lowest voltage at 126.5 kA and 2.7 cm, V',
        expected: 4.364255122,
        got: at(minimumOf(at, 3, 6)),
        tolerance: 1e-6,
        source,
      }),
      near({
        id: '3.9-minimum-alumina',
        text: 'alumina at the lowest voltage, wt%',
        expected: 4.44014,
        got: minimumOf(at, 3, 6),
        tolerance: 1e-4,
        source,
      }),
      ...slopes.map(([alumina_wtpct, expected]) =>
        near({
          id: `3.9-slope-${alumina_wtpct}`,
          text: `slope at ${alumina_wtpct} % alumina, V per %`,
          expected,
          // One-sided, as the reference has it.
          got: (at(alumina_wtpct + 1e-4) - at(alumina_wtpct)) / 1e-4,
          tolerance: 1e-4,
          source,
        }),
      ),
    ]
  },
}

/** Where a function with one minimum has it: the zero of its slope, by bisection. */
function minimumOf(at: (x: number) => number, low: number, high: number): number {
  let [a, b] = [low, high]
  for (let round = 0; round < 40; round++) {
    const middle = (a + b) / 2
    if (at(middle + 1e-4) > at(middle - 1e-4)) b = middle
    else a = middle
  }
  return (a + b) / 2
}

/** The spreadsheet example by component. */
export const spreadsheetGroup: CheckGroup = {
  section: '3.10',
  title: 'Example of 36 anodes',
  run() {
    const cell: VoltageParameters = {
      ...NOTEBOOK,
      slopes: EXACT_SLOPES,
      gapLessBubbles: true,
      anodeArea_m2: one(30.744),
      anodeCount: one(36),
      fanning: one(1),
      cathodeArea_m2: one(1.1 * 30.744),
      bubbleCover: one(1),
      anode_Ohm: one(0.815 / 307_440),
      cathode_Ohm: one(0),
      bus_Ohm: one(0),
    }
    const bath = bathComposition({
      alumina_wtpct: 3,
      alf3_wtpct: 10,
      caf2_wtpct: 6.5,
      mgf2_wtpct: 0.3,
    })
    const out = new Float64Array(VOLTAGE_PARTS)
    const total_V = cellVoltage_V(cell, 0, 307_440, 0.042, 969.4 + 273.15, bath, out)
    // The reference has the divisors of the notebook: 1e-5 V off the exact slopes.
    const rows: readonly (readonly [string, number, number, number])[] = [
      ['reversible potential, V', 1.213704, out[voltageIndex.reversible_V]!, 6e-7],
      [
        'anode concentration overvoltage, V',
        0.032802,
        out[voltageIndex.anodeConcentration_V]!,
        2e-6,
      ],
      ['anode surface overvoltage, V', 0.518298, out[voltageIndex.anodeSurface_V]!, 3e-5],
      ['cathode overvoltage, V', 0.098219, out[voltageIndex.cathode_V]!, 1e-6],
      ['conductivity, S/cm', 2.221793, out[voltageIndex.conductivity_S_m]! / 100, 6e-7],
      ['bubble layer, cm', 0.489959, 100 * out[voltageIndex.bubbleLayer_m]!, 6e-7],
      ['bubble cover', 0.600301, out[voltageIndex.bubbleCover]!, 6e-7],
      ['bath drop, V', 1.669841, out[voltageIndex.bath_V]!, 2e-6],
      ['bubble drop, V', 0.331201, out[voltageIndex.bubble_V]!, 2e-6],
      ['cell voltage, V', 4.679064, total_V, 3e-5],
    ]
    return rows.map(([text, expected, got, tolerance]) =>
      near({
        id: `3.10-${text.replace(/, .*$/, '').replaceAll(' ', '-')}`,
        text,
        expected,
        got,
        tolerance,
        source: 'inputs: Entner, example 4.2; outputs: separate implementation',
      }),
    )
  },
}
