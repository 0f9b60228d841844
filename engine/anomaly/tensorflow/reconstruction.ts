import { LiquidusError } from '../../core/errors.ts'
import type { CellScorer, Runner, Runtime } from './cell-scorer.ts'
import { schemaProblem } from './input-schema.ts'
import type { ModelRecord } from './model-record.ts'
import { type ModelWindow, spanOf } from './window.ts'

/** A scaled feature further out than this is held here, so that one cannot drown the others. */
export const FEATURE_MAX = 10

/** As much of a record as scoring takes. */
export type ScorerRecord = Pick<
  ModelRecord,
  'name' | 'version' | 'features' | 'centre' | 'scale' | 'threshold' | 'inputs'
>

/** Scores cells by how far a network's answer lies from what it was given. */
export function reconstructionScorer(
  runtime: Runtime,
  run: Runner,
  record: ScorerRecord,
  promoted: boolean,
): CellScorer {
  const width = record.features.length
  const window = record.inputs?.window
  const size = spanOf(window) * width
  const rebuiltSize = window && window.answer !== 'window' ? width : size
  const centre = Float32Array.from(record.centre)
  const scale = Float32Array.from(record.scale)
  const pasts = pastsOf(window, width)
  let memory = new Float32Array(0) // [row][time][feature]
  return {
    version: `${record.name}/${record.version}`,
    runtime,
    features: record.features,
    ...(window && { window }),
    threshold: record.threshold,
    promoted,
    score(features, rows, scores, shares) {
      if (memory.length < rows * size) memory = new Float32Array(rows * size)
      const scaled = memory.subarray(0, rows * size)
      scaleFeatures(features, centre, scale, scaled)
      const rebuilt = run(pasts(scaled, rows), rows)
      errorsOf({ features, scaled, rebuilt, rows, size, told: rebuiltSize, width }, scores, shares)
    },
  }
}

/** What a network is given of its rows: all, or all but the row that it has to tell. */
export function pastsOf(
  window: ModelWindow | undefined,
  width: number,
): (scaled: Float32Array, rows: number) => Float32Array {
  if (window?.answer !== 'next') return scaled => scaled
  const size = spanOf(window) * width
  let memory = new Float32Array(0)
  return (scaled, rows) => {
    const kept = size - width
    if (memory.length < rows * kept) memory = new Float32Array(rows * kept)
    for (let row = 0; row < rows; row++) {
      memory.set(scaled.subarray(row * size, row * size + kept), row * kept)
    }
    return memory.subarray(0, rows * kept)
  }
}

/** A version that cannot score here, and why. */
export function refusedModel(
  { name, version }: Pick<ModelRecord, 'name' | 'version'>,
  problem: string,
): LiquidusError {
  return new LiquidusError('MODEL_INVALID', { model: `${name}/${version}`, problem })
}

/** Throws MODEL_INVALID where a record does not fit the features of this engine. */
export function requireFit(record: ModelRecord): void {
  const problem = schemaProblem(record) || scalerProblem(record)
  if (problem !== '') throw refusedModel(record, problem)
}

function scalerProblem({ features, centre, scale, threshold }: ModelRecord): string {
  const width = features.length
  if (centre.length !== width || scale.length !== width) {
    return `has a scaler for ${centre.length} and ${scale.length} features, needs ${width}`
  }
  const finite = centre.every(Number.isFinite) && scale.every(one => one > 0 && one < Infinity)
  if (!finite) return 'has a scaler with a value that is not finite or a scale that is not positive'
  return threshold > 0 && threshold < Infinity ? '' : `has the threshold ${threshold}`
}

/** Rows as a network takes them. */
export function scaledRows({ centre, scale }: ScorerRecord, rows: Float32Array): Float32Array {
  const scaled = new Float32Array(rows.length)
  scaleFeatures(rows, Float32Array.from(centre), Float32Array.from(scale), scaled)
  return scaled
}

/** A feature that is not known takes its centre, which is zero once scaled. */
export function scaleFeatures(
  features: Float32Array,
  centre: Float32Array,
  scale: Float32Array,
  into: Float32Array,
): void {
  const width = centre.length
  for (let from = 0; from < into.length; from += width) {
    for (let f = 0; f < width; f++) {
      const z = (features[from + f]! - centre[f]!) / scale[f]!
      into[from + f] = z > FEATURE_MAX ? FEATURE_MAX : z < -FEATURE_MAX ? -FEATURE_MAX : z || 0
    }
  }
}

interface Rebuilt {
  readonly features: Float32Array // [row][time][feature]
  readonly scaled: Float32Array // [row][time][feature]
  /** The last of the values of each row, as the network tells them. */
  readonly rebuilt: Float32Array // [row][time][feature]
  readonly rows: number
  /** Values of a row, how many of them are told, and how many of those are of one time. */
  readonly size: number
  readonly told: number
  readonly width: number
}

/**
 * Mean squared error of each row over its values that are known, 0 when none is; `shares` takes
 * the part of each feature, over all times that were rebuilt.
 */
function errorsOf(
  { features, scaled, rebuilt, rows, size, told, width }: Rebuilt,
  scores: Float64Array, // [row]
  shares: Float64Array | undefined, // [row][feature]
): void {
  shares?.fill(0, 0, rows * width)
  for (let row = 0; row < rows; row++) {
    const from = (row + 1) * size - told
    let sum = 0
    let known = 0
    for (let i = 0, f = row * width; i < told; i++, f++) {
      if (f === (row + 1) * width) f = row * width
      if (Number.isNaN(features[from + i]!)) continue
      const error = scaled[from + i]! - rebuilt[row * told + i]!
      known++
      sum += error * error
      if (shares) shares[f]! += error * error
    }
    scores[row] = known === 0 ? 0 : sum / known
    if (!shares || sum <= 0) continue
    for (let f = row * width; f < (row + 1) * width; f++) shares[f]! /= sum
  }
}
