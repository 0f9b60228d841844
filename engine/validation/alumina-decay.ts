/** Section 2.2: dissolved alumina after one shot, in closed form. */
import { type CheckGroup, near } from './check.ts'

const BATH_KG = 1800
const SHOT_KG = 5.8
const UNDISSOLVED_SHARE = 0.6
/** 126.5 kA at CE 0.945, with the molar mass of the source. */
const USE_KG_S = (0.1019582 * 0.945 * 126_500) / (6 * 96_485.33212)
const START_WTPCT = 2.5

/** Rate of dissolution, time, alumina. */
const ROWS: readonly (readonly [rate_per_s: number, time_s: number, alumina_wtpct: number])[] = [
  [0.002, 0, 2.628888889],
  [0.002, 60, 2.580571369],
  [0.002, 300, 2.365220798],
  [0.002, 600, 2.062195658],
  [0.002, 1200, 1.401092051],
  [0.005, 60, 2.608817798],
  [0.005, 300, 2.428185883],
  [0.005, 600, 2.110801039],
  [0.005, 1200, 1.41815163],
]

/** Alumina by the closed form. */
function closed_wtpct(rate_per_s: number, time_s: number): number {
  const slow_kg = SHOT_KG * UNDISSOLVED_SHARE * (1 - Math.exp(-rate_per_s * time_s))
  const kg = SHOT_KG * (1 - UNDISSOLVED_SHARE) + slow_kg - USE_KG_S * time_s
  return START_WTPCT + (100 * kg) / BATH_KG
}

/** The same by the discrete equations of the source, in `steps` steps of the mean rate. */
function stepped_wtpct(rate_per_s: number, time_s: number, dt_s: number): number {
  let dissolved = START_WTPCT + (100 * (1 - UNDISSOLVED_SHARE) * SHOT_KG) / BATH_KG
  let undissolved = (100 * UNDISSOLVED_SHARE * SHOT_KG) / BATH_KG
  for (let step = 0; step < Math.round(time_s / dt_s); step++) {
    const moved = rate_per_s * undissolved * dt_s
    dissolved += moved - (100 * USE_KG_S * dt_s) / BATH_KG
    undissolved -= moved
  }
  return dissolved
}

const STEPS_S = [20, 10, 5, 2.5] as const

/** Closed form to all printed digits, and the source's own steps against it at first order. */
export const aluminaDecayGroup: CheckGroup = {
  section: '2.2',
  title: 'Alumina after one shot',
  run() {
    const source = 'closed form of the equations of gustavo-alejandro/CellModel'
    const exact = ROWS.map(([rate_per_s, time_s, expected]) =>
      near({
        id: `2.2-closed-${rate_per_s}-${time_s}s`,
        text: `alumina ${time_s} s after a shot, dissolving at ${rate_per_s} 1/s, wt%`,
        expected,
        got: closed_wtpct(rate_per_s, time_s),
        tolerance: 6e-10,
        source,
      }),
    )
    const errors = STEPS_S.map(dt_s =>
      Math.abs(stepped_wtpct(0.002, 600, dt_s) - closed_wtpct(0.002, 600)),
    )
    const order = Math.log2(errors[2]! / errors[3]!)
    return [
      ...exact,
      near({
        id: '2.2-order',
        text: 'order in time of the discrete form against the closed one, steps 20 to 2.5 s',
        expected: 1,
        got: order,
        tolerance: 0.02,
        source: 'Euler steps',
      }),
    ]
  },
}
