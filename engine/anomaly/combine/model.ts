import type { FittedModel, RowStatistics } from '../rows/statistics.ts'
import { type FittedStreams, startStreams } from '../rows/streams.ts'
import type { StateReader, StateWriter } from '../state.ts'

/** Weights of a network with one tanh layer and one answer. */
export interface CombinerWeights {
  readonly hiddenKernel: Float32Array // [input][hidden]
  readonly hiddenBias: Float32Array // [hidden]
  readonly outKernel: Float32Array // [hidden]
  readonly outBias: Float32Array // [1]
}

/** A network that weighs the streams of linear detectors together. */
export interface CombinerModel {
  readonly streams: FittedStreams
  /** Where the memory of each stream starts. */
  readonly neutral: Float64Array // [stream]
  readonly mean: Float64Array // [stream]
  readonly spread: Float64Array // [stream]
  readonly weights: CombinerWeights
}

/** Scaled inputs are held here: a network says nothing sensible far from what it learnt. */
const INPUT_LEAST = -6
const INPUT_MOST = 12
/** Keeps the odds finite. */
const LOGIT_MOST = 600

/** Odds that a row is a fault, as plain loops: what else is scored can not change them. */
export function combinerFitted(model: CombinerModel): FittedModel {
  return { statistics: ['odds'], start: () => combinerStatistics(model) }
}

function combinerStatistics(model: CombinerModel): RowStatistics {
  const { neutral, weights } = model
  const streams = startStreams(model.streams, neutral)
  const inputs = new Float64Array(neutral.length)
  const hidden = new Float64Array(weights.hiddenBias.length)
  return {
    take(row, alarm, out) {
      streams.take(row, alarm)
      scaleInto(model, streams.values, inputs)
      const logit = logitOf(weights, inputs, hidden)
      out[0] = Math.exp(Math.max(-LOGIT_MOST, Math.min(LOGIT_MOST, logit)))
      return true
    },
    addShares(_statistic, into) {
      scaleInto(model, streams.values, inputs)
      const pulls = pullsOf(weights, inputs, hidden)
      const total = pulls.reduce((sum, pull) => sum + pull, 0)
      if (total <= 0) return
      for (let s = 0; s < pulls.length; s++) {
        if (pulls[s]! <= 0) continue
        const shares = streams.shares(s)
        for (let c = 0; c < into.length; c++) into[c]! += (pulls[s]! / total) * shares[c]!
      }
    },
    reset: () => streams.reset(),
    save: (out: StateWriter) => streams.save(out),
    load: (from: StateReader) => streams.load(from),
  }
}

/** Streams as the network takes them. */
export function scaleInto(
  { mean, spread }: Pick<CombinerModel, 'mean' | 'spread'>,
  values: Float64Array,
  into: Float64Array,
): void {
  for (let s = 0; s < into.length; s++) {
    const z = (values[s]! - mean[s]!) / spread[s]!
    into[s] = Math.max(INPUT_LEAST, Math.min(INPUT_MOST, z))
  }
}

/** Logarithm of the odds of a fault; leaves the active hidden layer in `hidden`. */
export function logitOf(
  { hiddenKernel, hiddenBias, outKernel, outBias }: CombinerWeights,
  inputs: Float64Array,
  hidden: Float64Array,
): number {
  const units = hidden.length
  hidden.set(hiddenBias)
  for (let s = 0; s < inputs.length; s++) {
    const x = inputs[s]!
    for (let h = 0; h < units; h++) hidden[h]! += x * hiddenKernel[s * units + h]!
  }
  let logit = outBias[0]!
  for (let h = 0; h < units; h++) {
    hidden[h] = Math.tanh(hidden[h]!)
    logit += hidden[h]! * outKernel[h]!
  }
  return logit
}

/** How far each raised stream pulls the answer up: its slope times its height. */
function pullsOf(weights: CombinerWeights, inputs: Float64Array, hidden: Float64Array) {
  logitOf(weights, inputs, hidden)
  const units = hidden.length
  return inputs.map((x, s) => {
    let slope = 0
    for (let h = 0; h < units; h++) {
      const flat = 1 - hidden[h]! * hidden[h]!
      slope += weights.outKernel[h]! * flat * weights.hiddenKernel[s * units + h]!
    }
    return Math.max(0, slope * x)
  })
}
