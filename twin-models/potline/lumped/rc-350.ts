/**
 * RC-350: a consistent reference cell of the 350 kA class. Physics standard, numbers plausible,
 * not a real plant; every number has its source beside it.
 */
import { log10 } from '../../kernels/elementary.ts'
import { EXACT_SLOPES } from '../voltage.ts'
import { balanceHeat } from './nominal.ts'
import type { PotlineParameters } from './parameters.ts'

/** A number and where it comes from. */
export interface Sourced {
  readonly value: number
  readonly source: string
}

const of = (value: number, source: string): Sourced => ({ value, source })
const OWN = 'own choice, plausible for the 350 kA class'

/** Numbers that all cells of a line share. */
export const RC_350_LINE = {
  backEmf_V: of(1.65, 'usual extrapolated zero-current voltage, 1.6 to 1.7 V'),
  aluminaHeating_J_kg: of(1054.8e3, '107.546 kJ/mol from 298 K to 1233 K [nist2023]'),
  aluminaDissolution_J_kg: of(1090.8e3, '0.596 kWh/kg in all [lyu2024] less heating'),
  bathHeat_J_kgK: of(1760, 'near 1767 of [lundby2023]'),
  metalHeat_J_kgK: of(1176, 'liquid aluminium, 31.75 J/(mol K) [nist2023]'),
  ledgeDensity_kg_m3: of(2900, 'solid cryolite, near 3000 of [lyu2024]'),
  ledgeFusion_J_kg: of(5.1e5, 'heat of fusion of cryolite, 107 kJ/mol'),
  ledgeConductivity_W_mK: of(1.5, '[lyu2024]'),
  carbonUse_kg_kg: of(0.41, 'net use of prebake plants, 0.40 to 0.43'),
  anodeDensity_kg_m3: of(1550, 'baked anode, usual value'),
  metalDensity_kg_m3: of(2300, '[lyu2024]'),
  alumina_na2o_share: of(0, 'left out, so that AlF3 is steady without feed'),
  alumina_cao_share: of(0, 'left out, so that AlF3 is steady without feed'),
} as const

/** Numbers of one cell; a line may vary them from cell to cell. */
export const RC_350_CELL = {
  anodeArea_m2: of(36 * 1.55 * 0.7, `36 anodes of 1.55 m by 0.70 m; ${OWN}`),
  anodeCount: of(36, OWN),
  fanning: of(1.08, OWN),
  cathodeArea_m2: of(14 * 4, `cavity of 14.0 m by 4.0 m; ${OWN}`),
  anodeEffectAlumina_share: of(0.02, 'plants see 1.8 to 2.0 % [dupuis2011]'),
  bubbleCover: of(1, 'published coverage unchanged [haupin1998]'),
  anode_Ohm: of(0.85e-6, OWN),
  cathode_Ohm: of(0.8e-6, OWN),
  bus_Ohm: of(0.45e-6, OWN),
  lowCurrent_A: of(70e3, 'a fifth of nominal; below it the logarithms run off'),
  slowAlumina_share: of(0.6, '54 to 64 % of a dose joins a crust at 960 to 965 C [jom2015]'),
  dissolution_per_s: of(0.002, '[cellmodel]'),
  efficiencyLossOffset: of(
    log10(5.5) - 0.0095 * 8 + 0.019 * 11,
    'a loss of 5.5 % at 8 K superheat and 11 % AlF3; form of [dewing1991]',
  ),
  ledgeTransfer_W_K: of(700 * 7.2 + 1100 * 7.2, '700 and 1100 W/(m2 K) over bath and metal face'),
  ledgeArea_m2: of(14.4, '36 m around, 0.20 m of bath and 0.20 m of metal'),
  bulkFreezing_W_K: of(240e3, 'freezes within about two minutes; own choice'),
  wall_m2K_W: of(0.05, '7 cm SiC .0028, joints .005, 12 mm steel, 1/25 outside'),
  ambient_K: of(303.15, OWN),
  acdDrift: of(0, 'left out, so that the distance is steady without beam moves'),
  anodeEffect_V: of(25, 'usual value within 10 to 80 V [mdpi2020]'),
  anodeEffectEfficiency: of(0.5, 'metal is made at a reduced rate; own choice'),
  nominalLine_A: of(350e3, OWN),
  nominalAlumina_share: of(0.026, OWN),
  nominalAlf3_share: of(0.11, OWN),
  nominalCaf2_share: of(0.05, OWN),
  nominalMgf2_share: of(0.003, OWN),
  nominalBath_kg: of(7500, OWN),
  nominalMetal_kg: of(20_000, OWN),
  nominalAcd_m: of(0.042, OWN),
  nominalSuperheat_K: of(8, OWN),
} as const

type CellKey = keyof typeof RC_350_CELL
type LineKey = keyof typeof RC_350_LINE

/** A line of equal RC-350 cells; vary the arrays, then call `balanceHeat` to keep it steady. */
export function rc350(cellCount: number): PotlineParameters {
  const line = {} as Record<LineKey, number>
  for (const key of Object.keys(RC_350_LINE) as LineKey[]) line[key] = RC_350_LINE[key].value
  const cells = {} as Record<CellKey, Float64Array>
  for (const key of Object.keys(RC_350_CELL) as CellKey[]) {
    cells[key] = new Float64Array(cellCount).fill(RC_350_CELL[key].value)
  }
  const parameters: PotlineParameters = {
    cellCount,
    conductivity: 'hives',
    gapLessBubbles: true,
    slopes: EXACT_SLOPES,
    ...line,
    ...cells,
    top_K_W: new Float64Array(cellCount),
    bottom_K_W: new Float64Array(cellCount),
  }
  balanceHeat(parameters)
  return parameters
}
