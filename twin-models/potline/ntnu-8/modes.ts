/** Time constants of the NTNU cell about a state, from the eigenvalues of its Jacobian. */
import { NTNU_STATES, ntnuRates, ntnuState } from './model.ts'

/** One eigenvalue, per second. */
export interface Mode {
  readonly real_per_s: number
  readonly imaginary_per_s: number
}

/** Ledge mass, bath, ledge and wall temperature; liquid cryolite is what the ledge leaves. */
const FREE = [ntnuState.ledge_kg, ntnuState.bath_C, ntnuState.ledge_C, ntnuState.wall_C] as const
const RELATIVE_STEP = 1e-6
// Eigenvalues are near 1e-3 per second: solve in a unit in which they are near one.
const UNIT_PER_S = 1e-3
const ROUNDS = 200

/** The four modes of the heat balance about `state`, slowest first. */
export function ntnuModes(state: Float64Array, input: Float64Array): readonly Mode[] {
  const matrix = jacobian(state, input).map(row => row.map(value => value / UNIT_PER_S))
  return roots(characteristic(matrix))
    .map(([real, imaginary]) => ({
      real_per_s: real * UNIT_PER_S,
      imaginary_per_s: imaginary * UNIT_PER_S,
    }))
    .sort((a, b) => b.real_per_s - a.real_per_s || b.imaginary_per_s - a.imaginary_per_s)
}

function jacobian(state: Float64Array, input: Float64Array): number[][] {
  const columns = FREE.map(field => {
    const step = RELATIVE_STEP * state[field]!
    const up = ratesAt(state, input, field, step)
    const down = ratesAt(state, input, field, -step)
    return FREE.map(row => (up[row]! - down[row]!) / (2 * step))
  })
  return FREE.map((_, row) => columns.map(column => column[row]!))
}

function ratesAt(state: Float64Array, input: Float64Array, field: number, step: number) {
  const moved = state.slice()
  moved[field] = moved[field]! + step
  if (field === ntnuState.ledge_kg) {
    moved[ntnuState.cryolite_kg] = moved[ntnuState.cryolite_kg]! - step
  }
  const rate = new Float64Array(NTNU_STATES)
  ntnuRates(moved, input, rate)
  return rate
}

/** Coefficients of the monic characteristic polynomial, highest power first (Faddeev). */
function characteristic(matrix: readonly (readonly number[])[]): number[] {
  const size = matrix.length
  const coefficients = [1]
  let product = matrix.map(row => [...row])
  for (let k = 1; k <= size; k++) {
    let trace = 0
    for (let i = 0; i < size; i++) trace += product[i]![i]!
    const next = -trace / k
    coefficients.push(next)
    const shifted = product.map((row, i) => row.map((value, j) => value + (i === j ? next : 0)))
    product = matrix.map(row =>
      row.map((_, j) => row.reduce((sum, value, i) => sum + value * shifted[i]![j]!, 0)),
    )
  }
  return coefficients
}

type Complex = readonly [real: number, imaginary: number]

const times = (a: Complex, b: Complex): Complex => [
  a[0] * b[0] - a[1] * b[1],
  a[0] * b[1] + a[1] * b[0],
]

function over(a: Complex, b: Complex): Complex {
  const size = b[0] * b[0] + b[1] * b[1]
  return [(a[0] * b[0] + a[1] * b[1]) / size, (a[1] * b[0] - a[0] * b[1]) / size]
}

/** All roots of a monic polynomial at once (Durand and Kerner). */
function roots(coefficients: readonly number[]): Complex[] {
  const size = coefficients.length - 1
  let found: Complex[] = []
  let start: Complex = [1, 0]
  for (let i = 0; i < size; i++) {
    found.push(start)
    start = times(start, [0.4, 0.9])
  }
  for (let round = 0; round < ROUNDS; round++) {
    found = found.map((root, i) => {
      const value = coefficients.reduce<Complex>(
        (sum, coefficient) => [times(sum, root)[0] + coefficient, times(sum, root)[1]],
        [0, 0],
      )
      const apart = found.reduce<Complex>(
        (product, other, j) =>
          i === j ? product : times(product, [root[0] - other[0], root[1] - other[1]]),
        [1, 0],
      )
      const move = over(value, apart)
      return [root[0] - move[0], root[1] - move[1]]
    })
  }
  return found
}
