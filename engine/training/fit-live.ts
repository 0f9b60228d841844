import type { LayersModel } from '@tensorflow/tfjs-layers'
import { startTensorflow } from '../anomaly/tensorflow/backend.ts'
import { seededRandom } from '../core/random.ts'
import { exportNetwork, fitNetwork } from './fit-network.ts'
import type { LivePlan } from './networks.ts'
import type { RowWindows } from './row-windows.ts'

/** Windows of scaled features, one row each for a dense network, and how to learn them. */
export interface LiveFit {
  readonly plan: LivePlan
  readonly windows: RowWindows
  /** Windows to learn from, by the row that each ends with. */
  readonly ends: Uint32Array
  readonly seed: number
  readonly epochs: number
  readonly onProgress?: (epoch: number, loss: number) => void
}

/** A network that has learnt, in memory and as the registry keeps it. */
export interface TrainedNetwork {
  readonly network: LayersModel
  readonly model: { readonly topology: unknown; readonly weightSpecs: unknown }
  readonly weights: Uint8Array
  readonly loss: readonly number[] // [epoch]
}

const BATCH = 256

/** Fits the network of a live model; the same windows and seed give the same weights. */
export async function fitLive(fit: LiveFit): Promise<TrainedNetwork> {
  await startTensorflow()
  const { plan, windows, ends, seed } = fit
  const network = plan.build(seed)
  const random = seededRandom(seed).fork('shuffle')
  const { width, size } = windows
  const told = plan.window?.answer === 'next' ? width : 0
  const examples = (chosen: Uint32Array) => {
    const x = windows.gather(chosen.map(one => ends[one]!))
    if (told === 0) return { x, y: x }
    const [past, next] = [size - told, told]
    const split = (from: number, count: number) => {
      const part = new Float32Array(chosen.length * count)
      for (let k = 0; k < chosen.length; k++) {
        part.set(x.subarray(k * size + from, k * size + from + count), k * count)
      }
      return part
    }
    return { x: split(0, past), y: split(past, next) }
  }
  const loss = await fitNetwork({
    ...{ network, random, examples, count: ends.length, batch: BATCH },
    ...{ epochs: fit.epochs, noise: plan.noise, onProgress: fit.onProgress },
  })
  return { network, loss, ...(await exportNetwork(network)) }
}
