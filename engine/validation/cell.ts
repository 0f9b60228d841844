/** Section 4: the full cell, by closure, against the lumped one, and by order in time. */

import { bath_C, eventfulDay, ledge_m, openRig, output, runCellScenario } from './cell-rig.ts'
import { atLeast, atMost, type Check, type CheckGroup, near } from './check.ts'
import { columnOf, runScenario, type ScenarioName } from './lumped-run.ts'

const OWN = 'sum of states before and after, less boundary flows'

/** Mass and energy over a simulated day in which everything happens. */
export const closureGroup: CheckGroup = {
  section: '4.3',
  title: 'Full cell: closure over an eventful day',
  run() {
    const { mass, energy, effect_min, finite } = eventfulDay(openRig('potline-350'), 5)
    const claim = { source: OWN }
    return [
      atMost({
        ...claim,
        id: '4.3-closure-mass',
        text: 'worst mass residual of 17,280 steps, share of what moved',
        expected: 1e-9,
        got: finite ? mass : Number.NaN,
      }),
      atMost({
        ...claim,
        id: '4.3-closure-energy',
        text: 'worst energy residual of 17,280 steps, share of what moved',
        expected: 1e-6,
        got: finite ? energy : Number.NaN,
      }),
      atLeast({
        id: '4.3-closure-effect',
        text: 'the day has an anode effect of at least, min',
        expected: 1,
        got: effect_min,
        tolerance: 0,
        source: 'the day as written',
      }),
    ]
  },
}

const LUMPED = 'lumped RC-350'

/** Nominal operation of both forms of RC-350. */
export const cellNominalGroup: CheckGroup = {
  section: '4.4',
  title: 'Full cell with the parameters of RC-350: nominal',
  run() {
    const rig = openRig('rc-350')
    return [
      near({
        id: '4.4-full-nominal-voltage',
        text: 'voltage; anodes of all ages and alumina of all places, V',
        expected: 4.30730157,
        got: output(rig, 'voltage_V'),
        tolerance: 1e-3,
        source: LUMPED,
      }),
      near({
        id: '4.4-full-nominal-bath',
        text: 'bath, C',
        expected: 968.95607,
        got: bath_C(rig),
        tolerance: 1e-5,
        source: LUMPED,
      }),
      near({
        id: '4.4-full-nominal-efficiency',
        text: 'current efficiency',
        expected: 0.945,
        got: output(rig, 'efficiency'),
        tolerance: 1e-9,
        source: LUMPED,
      }),
    ]
  },
}

/** Time, how far bath and voltage of the two forms may be apart. */
const APART: readonly (readonly [time_s: number, bath_K: number, voltage_V: number])[] = [
  [300, 0.05, 1e-3],
  [900, 0.1, 5e-3],
  [3600, 0.15, 2e-3],
  [28_800, 3, 0.015],
]
const COMPARED: readonly ScenarioName[] = ['S1', 'S2', 'S3', 'S4', 'S5']

/** The reference runs on the full cell: alike at first, then the walls tell. */
export const cellAgainstLumpedGroup: CheckGroup = {
  section: '4.4',
  title: 'Full cell against lumped; the wall of the full one stores heat, so they part slowly',
  run: () => COMPARED.flatMap(compare),
}

function compare(name: ScenarioName): readonly Check[] {
  const last_s = name === 'S3' ? 900 : 28_800
  const rows = APART.filter(([time_s]) => time_s <= last_s)
  const times_s = rows.map(([time_s]) => time_s)
  const expected = new Map<number, { bath_C: number; voltage_V: number }>()
  runScenario(name, times_s, sample => {
    expected.set(sample.time_s, {
      bath_C: columnOf('bath_C', sample),
      voltage_V: columnOf('voltage_V', sample),
    })
  })
  const rig = openRig('rc-350')
  const checks: Check[] = []
  runCellScenario(rig, name, times_s, 5, time_s => {
    const [, bath_K, voltage_V] = rows.find(row => row[0] === time_s)!
    const lumped = expected.get(time_s)!
    const row = (what: string, unit: string, want: number, got: number, tolerance: number) =>
      near({
        id: `4.4-full-${name}-${time_s}s-${what}`,
        text: `${name} at ${time_s} s: ${what}, ${unit}`,
        expected: want,
        got,
        tolerance,
        source: LUMPED,
      })
    checks.push(row('bath', 'C', lumped.bath_C, bath_C(rig), bath_K))
    checks.push(row('voltage', 'V', lumped.voltage_V, output(rig, 'voltage_V'), voltage_V))
  })
  return checks
}

const STEPS_S = [60, 30, 15, 7.5] as const
const REFERENCE_S = 0.9375

const LEDGE_NODES = [5, 10, 20, 40, 80] as const
const LEDGE_QUANTITIES = ['bath', 'ledge at bath', 'ledge at metal', 'voltage'] as const

/** The whole cell on grids that double: differences between neighbours fall fourfold. */
export const cellSpaceOrderGroup: CheckGroup = {
  section: '4.4',
  title: 'Full cell: order in space',
  run() {
    const found = LEDGE_NODES.map(ledgeNodes => {
      const rig = openRig('rc-350', { ledgeNodes })
      let values: readonly number[] = []
      runCellScenario(rig, 'S2', [7200], 10, () => {
        values = [
          bath_C(rig),
          ledge_m(rig, 'bathLedge_m'),
          ledge_m(rig, 'metalLedge_m'),
          output(rig, 'voltage_V'),
        ]
      })
      return values
    })
    return LEDGE_QUANTITIES.map((what, quantity) => {
      const changes = found
        .slice(1)
        .map((values, i) => Math.abs(values[quantity]! - found[i]![quantity]!))
      return atLeast({
        id: `4.4-full-order-space-${what.replaceAll(' ', '-')}`,
        text: `order in space, ${what} 2 h after less current: ${LEDGE_NODES.join(', ')} ledge volumes`,
        expected: 2,
        got: Math.log2(changes.at(-2)! / changes.at(-1)!),
        tolerance: 0.05,
        source: 'design of the scheme',
      })
    })
  },
}

/** The whole cell under steps that halve, against one eight times shorter than the shortest. */
export const cellOrderGroup: CheckGroup = {
  section: '4.4',
  title: 'Full cell: order in time',
  run() {
    const at = (dt_s: number) => {
      const rig = openRig('rc-350')
      let bath = Number.NaN
      let voltage = Number.NaN
      runCellScenario(rig, 'S4', [1800], dt_s, () => {
        bath = bath_C(rig)
        voltage = output(rig, 'voltage_V')
      })
      return { bath, voltage }
    }
    const exact = at(REFERENCE_S)
    const found = STEPS_S.map(at)
    return (['bath', 'voltage'] as const).map(what => {
      const errors = found.map(one => Math.abs(one[what] - exact[what]))
      return atLeast({
        id: `4.4-full-order-${what}`,
        text: `order in time, ${what} after 30 min of overfeeding: ${STEPS_S.join(', ')} s`,
        expected: 1,
        got: Math.log2(errors[2]! / errors[3]!),
        tolerance: 0.15,
        source: 'design of the scheme',
      })
    })
  },
}
