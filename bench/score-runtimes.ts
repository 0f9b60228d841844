import { exportOnnx } from '#engine/anomaly/onnx/export.ts'
import type { SourceNetwork } from '#engine/anomaly/onnx/network.ts'
import { openOnnx } from '#engine/anomaly/onnx/session.ts'
import { largestDifference } from '#engine/anomaly/onnx/verified.ts'
import { switchBackend } from '#engine/anomaly/tensorflow/backend.ts'
import type { Runner } from '#engine/anomaly/tensorflow/cell-scorer.ts'
import { loadNetwork, predictRows, tensorflowRunner } from '#engine/anomaly/tensorflow/network.ts'
import { systemClock } from '#engine/core/clock.ts'
import { seededRandom } from '#engine/core/random.ts'
import type { TimedNetwork } from './score-networks.ts'

/** Rows at once: one, a small line, a line, ten lines. */
export const BATCHES = [1, 40, 300, 3000]
const MEASURE_MS = 300
/** TensorFlow.js with its native library; no part of this product. */
const NATIVE = '@tensorflow/tfjs-node'

const now_ms = () => systemClock.elapsed_ms()

/** Windows per second of one network on each runtime; null where a runtime is not installed. */
export async function measureRuntimes(network: TimedNetwork) {
  const layers = await loadNetwork(network.stored)
  const width = network.input.reduce((product, size) => product * size, 1)
  const most = Math.max(...BATCHES)
  const random = seededRandom(4)
  const input = Float32Array.from({ length: most * width }, () => random.normal())
  const onnx = await openOnnx(exportOnnx(layers as unknown as SourceNetwork), network)
  const tfjs: Runner =
    network.input.length === 1
      ? tensorflowRunner(layers)
      : (rows, count) => predictRows(layers, rows, count, network.input)
  const rates = (run: Runner) =>
    BATCHES.map(batch => rate(batch, () => run(input.subarray(0, batch * width), batch)))

  const wasm = rates(tfjs)
  const some = input.subarray(0, 300 * width)
  const wanted = tfjs(some, 300).slice()
  const onnx_apart = largestDifference(onnx.run(some, 300), wanted)
  const loops_apart = largestDifference(network.loops(some, 300), wanted)
  const by = { onnx: rates(onnx.run), loops: rates(network.loops) }
  const cpu = (await switchBackend('cpu')) ? rates(tfjs) : undefined
  const native =
    (await hasNative()) && (await switchBackend('tensorflow')) ? rates(tfjs) : undefined
  await switchBackend('wasm')
  layers.dispose()
  return {
    network: network.name,
    ...{ onnx_difference_most: onnx_apart, loops_difference_most: loops_apart },
    windows_per_s: BATCHES.map((batch, i) => ({
      ...{ batch, tfjs: wasm[i]!, tfjs_cpu: cpu?.[i] ?? null, tfjs_node: native?.[i] ?? null },
      ...{ loops: by.loops[i]!, onnx: by.onnx[i]! },
      onnx_over_tfjs: Math.round((10 * by.onnx[i]!) / wasm[i]!) / 10,
    })),
  }
}

async function hasNative(): Promise<boolean> {
  try {
    await import(NATIVE)
    return true
  } catch {
    return false
  }
}

/** A first call that takes long enough is the measurement; else more follow, once warm. */
function rate(batch: number, call: () => void): number {
  const cold_ms = now_ms()
  call()
  const first_ms = now_ms() - cold_ms
  if (first_ms > MEASURE_MS) return Math.round((1000 * batch) / first_ms)
  call()
  const begin_ms = now_ms()
  let windows = 0
  while (now_ms() - begin_ms < MEASURE_MS) {
    call()
    windows += batch
  }
  return Math.round((1000 * windows) / (now_ms() - begin_ms))
}
