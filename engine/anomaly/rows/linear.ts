import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import type { WindowShape } from './window.ts'

/** One statistic: the sum of squared projections of the window. */
export interface Statistic {
  readonly name: string
  readonly weights: Float64Array // [projection][stack]
  readonly count: number
}

/** What every linear detector is once it is fitted. */
export interface LinearModel {
  readonly shape: WindowShape
  readonly statistics: readonly Statistic[]
}

/** Eigenvectors of a symmetric matrix, largest eigenvalue first. */
export interface Eigen {
  readonly values: Float64Array // [k]
  readonly vectors: Float64Array // [k][n]
}

/** Eigen decomposition of a symmetric row-major matrix of order n. */
export function symmetricEigen(matrix: Float64Array, n: number): Eigen {
  const rows = Array.from({ length: n }, (_, i) => matrix.subarray(i * n, (i + 1) * n))
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(new Matrix(rows), {
    assumeSymmetric: true,
  })
  const order = realEigenvalues
    .map((_, k) => k)
    .sort((a, b) => realEigenvalues[b]! - realEigenvalues[a]!)
  const values = Float64Array.from(order, k => realEigenvalues[k]!)
  const vectors = new Float64Array(n * n)
  order.forEach((k, at) => {
    for (let i = 0; i < n; i++) vectors[at * n + i] = eigenvectorMatrix.get(i, k)
  })
  return { values, vectors }
}

/** Inverse square root of a symmetric matrix with `ridge` added to its diagonal. */
export function inverseRoot(matrix: Float64Array, n: number, ridge: number): Float64Array {
  const { values, vectors } = symmetricEigen(matrix, n)
  const root = new Float64Array(n * n)
  for (let k = 0; k < n; k++) {
    const factor = 1 / Math.sqrt(Math.max(0, values[k]!) + ridge)
    for (let i = 0; i < n; i++) {
      const x = vectors[k * n + i]! * factor
      for (let j = 0; j < n; j++) root[i * n + j]! += x * vectors[k * n + j]!
    }
  }
  return root
}

/** Product of two row-major square matrices of order n. */
export function product(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const x = a[i * n + k]!
      if (x === 0) continue
      for (let j = 0; j < n; j++) out[i * n + j]! += x * b[k * n + j]!
    }
  }
  return out
}

/** Transposed row-major square matrix of order n. */
export function transposed(a: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n)
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) out[j * n + i] = a[i * n + j]!
  return out
}
