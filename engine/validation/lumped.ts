/** Section 4: the lumped reference cell, nominal and S1 to S6. */
import fixtures from '#twin-models/potline/fixtures.json' with { type: 'json' }
import { outputIndex, stateIndex } from '#twin-models/potline/lumped/cell.ts'
import { atMost, type Check, type CheckGroup, near } from './check.ts'
import {
  columnOf,
  nominalSample,
  runScenario,
  SCENARIO_NAMES,
  type ScenarioName,
} from './lumped-run.ts'

const RK4 = 'separate RK4 implementation, 5 s'

/** Nominal operation by component. */
export const nominalGroup: CheckGroup = {
  section: '4.4',
  title: 'RC-350 nominal operation',
  run() {
    const { state, output } = nominalSample()
    const kW = (index: number): number => output[index]! / 1000
    const V = (index: number): number => output[index]!
    const rows: readonly (readonly [string, number, number, number])[] = [
      ['voltage, V', 4.30730157, V(outputIndex.voltage_V), 5e-9],
      ['reversible potential, V', 1.21893038, V(outputIndex.reversible_V), 5e-9],
      ['anode concentration overvoltage, V', 0.02994649, V(outputIndex.anodeConcentration_V), 5e-9],
      ['anode surface overvoltage, V', 0.50755543, V(outputIndex.anodeSurface_V), 5e-9],
      ['cathode overvoltage, V', 0.06943545, V(outputIndex.cathode_V), 5e-9],
      ['bath drop, V', 1.41221647, V(outputIndex.bath_V), 5e-9],
      ['bubble drop, V', 0.33421736, V(outputIndex.bubble_V), 5e-9],
      ['ohmic drop, V', 0.735, V(outputIndex.ohmic_V), 5e-9],
      ['pseudo-resistance, uOhm', 7.59229, 1e6 * V(outputIndex.pseudoResistance_Ohm), 5e-7],
      ['liquidus, C', 960.95607, output[outputIndex.liquidus_K]! - 273.15, 5e-7],
      ['bath, C', 968.95607, state[stateIndex.bath_K]! - 273.15, 5e-7],
      ['ledge, m', 0.11894918, state[stateIndex.ledge_m]!, 5e-9],
      ['alumina use, kg/s', 0.05825359, output[outputIndex.aluminaUse_kg_s]!, 5e-9],
      ['metal made, kg/day', 2663.776, 86_400 * output[outputIndex.metalMade_kg_s]!, 5e-4],
      ['energy per metal, kWh/kg', 13.5827, output[outputIndex.energy_J_kg]! / 3.6e6, 5e-5],
      ['internal power, kW', 1452.431, kW(outputIndex.internal_W), 5e-4],
      ['reaction, kW', 587.753, kW(outputIndex.reaction_W), 5e-4],
      ['feed, kW', 124.989, kW(outputIndex.feed_W), 5e-4],
      ['sides, kW', 103.68, kW(outputIndex.side_W), 5e-4],
      ['top, kW', 381.605, kW(outputIndex.top_W), 1e-3],
      ['bottom and bars, kW', 254.403, kW(outputIndex.bottom_W), 1e-3],
    ]
    return rows.map(([text, expected, got, tolerance]) =>
      near({
        id: `4.4-nominal-${slug(text)}`,
        text: `nominal ${text}`,
        expected,
        got,
        tolerance,
        source: RK4,
      }),
    )
  },
}

/** Printed numbers of each run: time, column, value, half a digit. */
const PRINTED: Readonly<
  Record<ScenarioName, readonly (readonly [number, string, number, number])[]>
> = {
  S1: [
    [1800, 'bath_C', 969.70062, 5e-7],
    [3600, 'bath_C', 970.194904, 5e-7],
    [28_800, 'bath_C', 973.773168, 5e-7],
    [28_800, 'ledge_m', 0.1083777, 5e-9],
    [0, 'voltage_V', 4.3644565, 5e-8],
    [28_800, 'voltage_V', 4.3569378, 5e-8],
  ],
  S2: [
    [3600, 'bath_C', 966.056841, 5e-7],
    [28_800, 'bath_C', 957.094419, 5e-7],
    [86_400, 'bath_C', 954.617906, 5e-7],
    [3600, 'alf3_wtpct', 11.157867, 5e-7],
    [28_800, 'alf3_wtpct', 12.489491, 5e-7],
    [86_400, 'alf3_wtpct', 13.118648, 5e-7],
  ],
  S3: [
    [300, 'alumina_wtpct', 2.475105, 5e-7],
    [300, 'voltage_V', 4.3335956, 5e-8],
    [600, 'alumina_wtpct', 2.303268, 5e-7],
    [600, 'voltage_V', 4.4052017, 5e-8],
    [900, 'alumina_wtpct', 2.104951, 5e-7],
    [900, 'voltage_V', 4.7783784, 5e-8],
  ],
  S4: [
    [3600, 'bath_C', 963.409145, 5e-7],
    [3600, 'alumina_wtpct', 3.595424, 5e-7],
  ],
  S5: [[900, 'bath_C', 968.77, 5e-3]],
  S6: [
    [3600, 'bath_C', 919.843724, 5e-7],
    [3600, 'ledge_m', 0.158437, 5e-9],
    [28_800, 'bath_C', 960.996133, 5e-7],
  ],
}

/** One group for each reference run. */
export const scenarioGroups: readonly CheckGroup[] = SCENARIO_NAMES.map(name => ({
  section: '4.4',
  title: `RC-350 run ${name}: ${fixtures.scenarios[name].text}`,
  run: () => scenarioChecks(name),
}))

function scenarioChecks(name: ScenarioName): readonly Check[] {
  const { columns, rows } = fixtures.scenarios[name]
  const printed: Check[] = []
  let worst = 0
  runScenario(
    name,
    rows.map(row => row[0]!),
    sample => {
      const reference = rows.find(row => row[0] === sample.time_s)!
      for (const [i, column] of columns.entries()) {
        if (i === 0) continue
        const off = Math.abs(columnOf(column, sample) / reference[i]! - 1)
        // A NaN must not hide behind a maximum.
        worst = off > worst || Number.isNaN(off) ? off : worst
      }
      for (const [time_s, column, expected, tolerance] of PRINTED[name]) {
        if (time_s !== sample.time_s) continue
        printed.push(
          near({
            id: `4.4-${name}-${time_s}s-${column}`,
            text: `${name} at ${time_s} s: ${column.replace('_', ', ')}`,
            expected,
            got: columnOf(column, sample),
            tolerance,
            source: RK4,
          }),
        )
      }
    },
  )
  const all = atMost({
    id: `4.4-${name}-worst`,
    text: `${name}: worst of ${columns.length - 1} columns at ${rows.length} times, relative`,
    expected: 1e-10,
    got: worst,
    source: RK4,
  })
  return [...printed, all]
}

function slug(text: string): string {
  return text.replace(/, .*$/, '').replaceAll(' ', '-')
}
