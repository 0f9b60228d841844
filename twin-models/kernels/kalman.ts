/** Dense Kalman steps on small states: row-major typed arrays, nothing allocated. */

/**
 * P := F P F^T + diag(q), all size * size and row-major; `work` is as large as P.
 * The result is made symmetric bit by bit.
 */
export function propagateCovariance(
  P: Float64Array, // [row][column]
  F: Float64Array, // [row][column]
  q: Float64Array, // [row], variance gained
  size: number,
  work: Float64Array,
): void {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      let sum = 0
      for (let k = 0; k < size; k++) sum += F[i * size + k]! * P[k * size + j]!
      work[i * size + j] = sum
    }
  }
  for (let i = 0; i < size; i++) {
    for (let j = i; j < size; j++) {
      let sum = i === j ? q[i]! : 0
      for (let k = 0; k < size; k++) sum += work[i * size + k]! * F[j * size + k]!
      P[i * size + j] = sum
      P[j * size + i] = sum
    }
  }
}

/**
 * Corrects x and P by one reading of the state `index`; `innovation` is reading less expectation.
 * P stays symmetric bit by bit. `work` is as long as x.
 */
export function correctByReading(
  x: Float64Array, // [row]
  P: Float64Array, // [row][column]
  size: number,
  index: number,
  innovation: number,
  noiseVariance: number,
  work: Float64Array,
): void {
  const s = P[index * size + index]! + noiseVariance
  for (let i = 0; i < size; i++) work[i] = P[i * size + index]!
  for (let i = 0; i < size; i++) {
    const gain = work[i]! / s
    x[i] = x[i]! + gain * innovation
    for (let j = i; j < size; j++) {
      const next = P[i * size + j]! - gain * work[j]!
      P[i * size + j] = next
      P[j * size + i] = next
    }
  }
}

/** Forgets a state and what ties it to the others; it starts again with the given band. */
export function resetState(
  x: Float64Array,
  P: Float64Array,
  size: number,
  index: number,
  mean: number,
  variance: number,
): void {
  for (let i = 0; i < size; i++) {
    P[index * size + i] = 0
    P[i * size + index] = 0
  }
  P[index * size + index] = variance
  x[index] = mean
}

/** Scales a state whose variance outgrew its cap back to it, correlations kept. */
export function capVariance(
  P: Float64Array,
  size: number,
  index: number,
  variance_max: number,
): void {
  const variance = P[index * size + index]!
  if (!(variance > variance_max)) return
  const ratio = Math.sqrt(variance_max / variance)
  for (let i = 0; i < size; i++) {
    P[index * size + i] = P[index * size + i]! * ratio
    P[i * size + index] = P[i * size + index]! * ratio
  }
}
