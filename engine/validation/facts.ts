/** Section 1: thermochemistry and Faraday. */
import {
  aluminaHeating_V,
  aluminaUse_kg_s,
  carbonHeating_V,
  energyNeed_V,
  metalMade_kg_s,
} from '#twin-models/potline/heat.ts'
import { type Check, type CheckGroup, near } from './check.ts'

/** Current efficiency; whole need, alumina and carbon heating, reaction, V; need, kWh/kg. */
const NEEDS: readonly (readonly [number, number, number, number, number, number])[] = [
  [1, 2.12698, 0.18577, 0.04405, 1.89716, 6.3384],
  [0.96, 2.06111, 0.17834, 0.04405, 1.83871, 6.398],
  [0.95, 2.04464, 0.17648, 0.04405, 1.8241, 6.4137],
  [0.94, 2.02817, 0.17463, 0.04405, 1.80949, 6.4297],
  [0.92, 1.99523, 0.17091, 0.04405, 1.78026, 6.4628],
  [0.9, 1.96229, 0.1672, 0.04405, 1.75104, 6.4973],
]
const SHOMATE = 'NIST Shomate and JANAF graphite, separate computation'
const ENTNER = 'Entner, AlPrg energy page: 200 kA, 4.2 V, CE 95 %'
const HALF_DIGIT = 5.1e-6

/** Energy need of the reaction, by parts and current efficiency. */
export const energyNeedGroup: CheckGroup = {
  section: '1.1',
  title: 'Energy need of the reaction',
  run: () => NEEDS.flatMap(([efficiency, ...expected]) => needAt(efficiency, expected)),
}

function needAt(efficiency: number, expected: readonly number[]): readonly Check[] {
  const whole_V = energyNeed_V(efficiency)
  const alumina_V = aluminaHeating_V(efficiency)
  const carbon_V = carbonHeating_V()
  const perMetal_kWh_kg = whole_V / metalMade_kg_s(efficiency, 1) / 3.6e6
  const names = ['whole need', 'heating alumina', 'heating carbon', 'reaction at 960 C'] as const
  const got = [whole_V, alumina_V, carbon_V, whole_V - alumina_V - carbon_V]
  const volts = names.map((name, i) =>
    near({
      id: `1.1-need-${efficiency}-${name.replaceAll(' ', '-')}`,
      text: `${name} at CE ${efficiency}, V`,
      expected: expected[i]!,
      got: got[i]!,
      tolerance: HALF_DIGIT,
      source: SHOMATE,
    }),
  )
  const energy = near({
    id: `1.1-need-${efficiency}-per-metal`,
    text: `energy need at CE ${efficiency}, kWh/kg`,
    expected: expected[4]!,
    got: perMetal_kWh_kg,
    tolerance: 5.1e-5,
    source: SHOMATE,
  })
  return [...volts, energy]
}

/** The published balance of a 200 kA cell. */
export const entnerGroup: CheckGroup = {
  section: '1.1',
  title: 'Published energy balance of a 200 kA cell',
  run() {
    const line_kA = 200
    const need_kW = line_kA * energyNeed_V(0.95)
    const alumina_kW = line_kA * aluminaHeating_V(0.95)
    const anodes_kW = line_kA * carbonHeating_V()
    const internal_kW = 786
    const rows: readonly (readonly [string, number, number])[] = [
      ['electric power', 840, line_kA * 4.2],
      ['consumption', 409, need_kW],
      ['alumina heating', 36, alumina_kW],
      ['anode heating', 9, anodes_kW],
      ['reaction', 365, need_kW - alumina_kW - anodes_kW],
      ['heat loss', 377, internal_kW - need_kW],
    ]
    return rows.map(([name, expected, got]) =>
      near({
        id: `1.1-entner-${name.replaceAll(' ', '-')}`,
        text: `200 kA cell: ${name}, kW`,
        expected,
        got,
        tolerance: 1,
        source: ENTNER,
      }),
    )
  },
}

/** Metal and alumina by Faraday. */
export const faradayGroup: CheckGroup = {
  section: '1',
  title: 'Faraday',
  run: () => [
    near({
      id: '1-metal-per-kA-day',
      text: 'metal per kA and day at CE 1, kg',
      expected: 8.053745,
      got: metalMade_kg_s(1, 1000) * 86_400,
      tolerance: 5e-7,
      source: 'M/(3F)',
    }),
    near({
      id: '1-alumina-per-metal',
      text: 'alumina per metal, kg/kg',
      expected: 1.889464,
      got: aluminaUse_kg_s(1, 1) / metalMade_kg_s(1, 1),
      tolerance: 5e-7,
      source: 'stoichiometry',
    }),
    near({
      id: '1-alumina-126kA',
      text: 'alumina used at 126.5 kA and CE 0.945, kg/s',
      expected: 0.0210539,
      got: aluminaUse_kg_s(0.945, 126_500),
      tolerance: 2e-6,
      source: 'github.com/gustavo-alejandro/CellModel (molar mass 101.9582)',
    }),
    near({
      id: '1-energy-per-volt',
      text: 'energy per metal and volt at CE 1, kWh/kg',
      expected: 2.97998,
      got: 1 / metalMade_kg_s(1, 1) / 3.6e6,
      tolerance: 5e-6,
      source: '3F/M; 2.98 published',
    }),
  ],
}
