/**
 * Section 2.3: the 500 kA cell of Lyu and others [lyu2024], written from its equations (MIT):
 * bath, alumina, temperature and ledge by steps of one minute. A benchmark; its parameters cannot
 * hold 4 % less current for a day.
 */
import { type CheckGroup, near } from './check.ts'

const LENGTH_M = 16
const WIDTH_M = 4
const BATH_M = 0.18
const METAL_M = 0.22
const ACD_M = 0.03
const FLOOR_M2 = LENGTH_M * WIDTH_M
const LEDGE_M2 = 2 * (LENGTH_M + WIDTH_M) * (BATH_M + METAL_M)
const BATH_START_KG = 2100 * (FLOOR_M2 * BATH_M - 0.85 * FLOOR_M2 * (BATH_M - ACD_M))
const METAL_KG = 2300 * FLOOR_M2 * METAL_M
const TOP_K_W = 0.001769
const SIDE_K_W = 0.000076
const BOTTOM_K_W = 0.003749
const SHELL_K_W = 0.25 / (47 * LEDGE_M2) + 1 / (22 * LEDGE_M2)
const GAS_C = 50
const AMBIENT_C = 30
const FARADAY = 96_485
const STEP_S = 60

/** Start: the published simulation begins here. */
const START = { bath_C: 965, alumina: 0.03, alf3: 0.11, caf2: 0.06, lif: 0.015, ledge_m: 0.065 }

interface Flexible {
  bath_C: number
  bath_kg: number
  alumina_kg: number
  ledge_m: number
}

function compositionOf(cell: Flexible) {
  const thinned = (100 * BATH_START_KG) / cell.bath_kg
  const alumina = (100 * cell.alumina_kg) / cell.bath_kg
  const alf3 = START.alf3 * thinned
  const caf2 = START.caf2 * thinned
  const liquidus_C = 1031.51530944 - 5.69543039 * alumina - 4.36288536 * alf3 - 2.19744665 * caf2
  const superheat = cell.bath_C - liquidus_C
  const efficiency =
    0.9114154 - 0.00131737 * superheat + 0.00263562 * alf3 + 0.00832484 * START.lif * thinned
  return { alumina, liquidus_C, superheat, efficiency }
}

/** Advances one minute of `line_A` and `feed_kg` per minute. */
function minute(cell: Flexible, line_A: number, feed_kg: number): void {
  const { liquidus_C, superheat, efficiency } = compositionOf(cell)
  const metal_kg_s = (line_A * efficiency * 0.02698) / (3 * FARADAY)
  const process_W = (0.596 * 3.6e6 * feed_kg) / STEP_S + 5.474 * 3.6e6 * metal_kg_s
  const side_W = superheat / SIDE_K_W
  const loss_W = (cell.bath_C - GAS_C) / TOP_K_W + side_W + (cell.bath_C - AMBIENT_C) / BOTTOM_K_W
  const out_W = (liquidus_C - AMBIENT_C) / (cell.ledge_m / (1.5 * LEDGE_M2) + SHELL_K_W)
  const melted_kg = (STEP_S * (side_W - out_W)) / 310_000
  const power_W = (2.16 + 3.58e-6 * line_A) * line_A
  cell.bath_C += (STEP_S * (power_W - process_W - loss_W)) / (cell.bath_kg * 1200 + METAL_KG * 880)
  cell.alumina_kg += feed_kg - (STEP_S * line_A * efficiency * 0.10196) / (6 * FARADAY)
  cell.bath_kg += melted_kg
  cell.ledge_m -= melted_kg / (3000 * LEDGE_M2)
}

function begin(): Flexible {
  return {
    bath_C: START.bath_C,
    bath_kg: BATH_START_KG,
    alumina_kg: START.alumina * BATH_START_KG,
    ledge_m: START.ledge_m,
  }
}

function runTo(cell: Flexible, from_min: number, to_min: number, line_A: number): void {
  for (let time_min = from_min; time_min < to_min; time_min++) minute(cell, line_A, 5)
}

const SOURCE = 'independent run of shen-y21/Data-Driven-Dimension-Reduction (MIT)'
// The reference prints six digits and may count its minutes from zero or one.
const DIGIT = 1e-3

/** The check run, and the step down that the cell cannot hold. */
export const flexibleCellGroup: CheckGroup = {
  section: '2.3',
  title: '500 kA cell for flexible energy use',
  run() {
    const cell = begin()
    runTo(cell, 0, 60, 500e3)
    const hour = { ...cell, ...compositionOf(cell) }
    runTo(cell, 60, 1440, 500e3)
    const day = { ...cell, ...compositionOf(cell) }
    const low = begin()
    runTo(low, 0, 120, 500e3)
    runTo(low, 120, 720, 480e3)
    const half_C = low.bath_C
    runTo(low, 720, 1440, 480e3)
    const rows: readonly (readonly [string, string, number, number, number])[] = [
      ['60min-bath', 'bath at 60 min, C', 965.816, hour.bath_C, DIGIT],
      ['60min-liquidus', 'liquidus at 60 min, C', 953.421, hour.liquidus_C, DIGIT],
      ['60min-superheat', 'superheat at 60 min, K', 12.3945, hour.superheat, DIGIT],
      ['60min-efficiency', 'current efficiency at 60 min', 0.936348, hour.efficiency, 1e-6],
      ['60min-alumina', 'alumina at 60 min, wt%', 3.02687, hour.alumina, 1e-4],
      ['60min-bath-mass', 'bath at 60 min, kg', 7093.32, hour.bath_kg, 0.01],
      ['60min-ledge', 'ledge at 60 min, m', 0.0642225, hour.ledge_m, 1e-6],
      ['1440min-bath', 'bath at 24 h, C', 966.065, day.bath_C, DIGIT],
      ['1440min-liquidus', 'liquidus at 24 h, C', 952.778, day.liquidus_C, DIGIT],
      ['1440min-ledge', 'ledge at 24 h, m', 0.0513003, day.ledge_m, 1e-6],
      ['1440min-alumina', 'alumina at 24 h, wt%', 3.99902, day.alumina, 1e-4],
      ['480kA-12h', 'bath at 12 h after 480 kA from 2 h, C', 934.4, half_C, 0.05],
      ['480kA-24h', 'bath at 24 h after 480 kA from 2 h, C', 918.3, low.bath_C, 0.05],
    ]
    return rows.map(([id, text, expected, got, tolerance]) =>
      near({ id: `2.3-${id}`, text, expected, got, tolerance, source: SOURCE }),
    )
  },
}
