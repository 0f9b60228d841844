import { EigenvalueDecomposition, Matrix } from 'ml-matrix'

/** Share of an independent unit noise in each standardised signal: few rows fit no less. */
const RIDGE = 0.02
/** A canonical correlation above this is dynamics; what is below is the residual space. */
const DYNAMIC = 0.8

/**
 * Canonical variate analysis of stacked rows. `covariance` is that of [future | past] with
 * `half` entries each, standardised. Fills `into` with the residual canonical variates of the
 * past, one per row of `half`, and returns how many there are. The sum of their squares is the
 * residual T2 of the past vector.
 */
export function fitResidualVariates(
  covariance: Float64Array, // [2 half][2 half], row-major
  half: number,
  into: Float64Array, // [variate][half]
): number {
  const block = (row: number, column: number) => {
    const matrix = new Matrix(half, half)
    for (let i = 0; i < half; i++) {
      for (let j = 0; j < half; j++) {
        matrix.set(i, j, covariance[(row + i) * 2 * half + column + j]!)
      }
    }
    return matrix
  }
  const futureRoot = inverseRoot(block(0, 0))
  const pastRoot = inverseRoot(block(half, half))
  const cross = futureRoot.mmul(block(0, half)).mmul(pastRoot)
  const { realEigenvalues, eigenvectorMatrix } = symmetricEigen(cross.transpose().mmul(cross))
  let count = 0
  for (let k = 0; k < half; k++) {
    if (realEigenvalues[k]! > DYNAMIC * DYNAMIC) continue
    for (let j = 0; j < half; j++) {
      let sum = 0
      for (let i = 0; i < half; i++) sum += eigenvectorMatrix.get(i, k) * pastRoot.get(i, j)
      into[count * half + j] = sum
    }
    count++
  }
  return count
}

function inverseRoot(matrix: Matrix): Matrix {
  const n = matrix.rows
  for (let i = 0; i < n; i++) matrix.set(i, i, matrix.get(i, i) + RIDGE)
  const { realEigenvalues, eigenvectorMatrix } = symmetricEigen(matrix)
  const scaled = eigenvectorMatrix.clone()
  for (let k = 0; k < n; k++) {
    const root = 1 / Math.sqrt(Math.max(RIDGE / 2, realEigenvalues[k]!))
    for (let i = 0; i < n; i++) scaled.set(i, k, scaled.get(i, k) * root)
  }
  return scaled.mmul(eigenvectorMatrix.transpose())
}

function symmetricEigen(matrix: Matrix) {
  return new EigenvalueDecomposition(matrix, { assumeSymmetric: true })
}

/**
 * Level that the largest score of a block passes with the given chance: a Gumbel law fitted
 * by moments to block maxima, which neighbours in time can not inflate.
 */
export function blockThreshold(maxima: Float64Array, chance: number): number {
  const n = maxima.length
  const mean = maxima.reduce((sum, value) => sum + value, 0) / n
  const square = maxima.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, n - 1)
  const beta = (Math.sqrt(square) * Math.sqrt(6)) / Math.PI
  const gumbel = mean - 0.5772156649015329 * beta - beta * Math.log(-Math.log(1 - chance))
  return Math.max(gumbel, ...maxima)
}
