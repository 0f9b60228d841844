/** Sections 5.1, 5.2: the side wall with its moving front, and its enthalpy reference. */
import { enthalpyFront_m } from '#twin-models/kernels/stefan-cases.ts'
import { type KernelCheck, stefanChecks } from '#twin-models/kernels/stefan-checks.ts'
import { CRYOLITE_CASE, neumann } from '#twin-models/kernels/stefan-exact.ts'
import { type Check, type CheckGroup, near, nearShare } from './check.ts'

/** The wall as the twin steps it, by problem; the closed forms themselves have their own groups. */
export const wallGroup: CheckGroup = {
  section: '5.2',
  title: 'Wall with a moving front: 36 volumes, steps of 10 s; orders of convergence; closure',
  run: () =>
    stefanChecks()
      .filter(({ id }) => id.startsWith('wall: ') || id.startsWith('enthalpy: '))
      .map(checkOf),
}

function checkOf(given: KernelCheck): Check {
  const id = `5.2-${given.id.replaceAll(/[^\w.]+/g, '-')}`
  const claim = { ...given, id, text: given.id }
  return given.expected === 0 ? near(claim) : nearShare(claim)
}

const ENTHALPY_GRIDS = [30, 60, 120, 240] as const
const ENTHALPY_SHARES = [4e-3, 2e-3, 1e-3, 5e-4] as const

/** The enthalpy method, which is the clear form and the cross-check. */
export const enthalpyGroup: CheckGroup = {
  section: '5.2',
  title: 'T5.5: enthalpy method on a fixed grid of 0.12 m',
  run() {
    const expected = neumann(CRYOLITE_CASE).front_m(3600)
    return ENTHALPY_GRIDS.map((cells, i) =>
      nearShare({
        id: `5.2-enthalpy-${cells}`,
        text: `front at 1 h on ${cells} volumes, m`,
        expected,
        got: enthalpyFront_m(CRYOLITE_CASE, 0.12, cells, 3600),
        tolerance: ENTHALPY_SHARES[i]!,
        source: 'exact solution',
      }),
    )
  },
}
