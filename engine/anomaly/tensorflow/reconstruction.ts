import { LiquidusError } from '../../core/errors.ts'
import type { CellScorer, Runner, Runtime } from './cell-scorer.ts'
import { schemaProblem } from './input-schema.ts'
import type { ModelRecord } from './model-record.ts'

/** A scaled feature further out than this is held here, so that one cannot drown the others. */
export const FEATURE_MAX = 10

/** As much of a record as scoring takes. */
export type ScorerRecord = Pick<
  ModelRecord,
  'name' | 'version' | 'features' | 'centre' | 'scale' | 'threshold'
>

/** Scores cells by how far a network's answer lies from what it was given. */
export function reconstructionScorer(
  runtime: Runtime,
  run: Runner,
  record: ScorerRecord,
  promoted: boolean,
): CellScorer {
  const width = record.features.length
  const centre = Float32Array.from(record.centre)
  const scale = Float32Array.from(record.scale)
  let memory = new Float32Array(0) // [row][feature]
  return {
    version: `${record.name}/${record.version}`,
    runtime,
    features: record.features,
    threshold: record.threshold,
    promoted,
    score(features, rows, scores, shares) {
      if (memory.length < rows * width) memory = new Float32Array(rows * width)
      const scaled = memory.subarray(0, rows * width)
      scaleFeatures(features, centre, scale, scaled)
      const rebuilt = run(scaled, rows)
      for (let row = 0; row < rows; row++) {
        scores[row] = rowError(features, scaled, rebuilt, row * width, width, shares)
      }
    },
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

/** Mean squared error over the features that are known; 0 when none is. */
function rowError(
  features: Float32Array,
  scaled: Float32Array,
  rebuilt: Float32Array,
  from: number,
  width: number,
  parts: Float64Array | undefined,
): number {
  let sum = 0
  let known = 0
  for (let i = from; i < from + width; i++) {
    const error = Number.isNaN(features[i]!) ? 0 : scaled[i]! - rebuilt[i]!
    if (!Number.isNaN(features[i]!)) known++
    sum += error * error
    if (parts) parts[i] = error * error
  }
  if (parts && sum > 0) for (let i = from; i < from + width; i++) parts[i]! /= sum
  return known === 0 ? 0 : sum / known
}
