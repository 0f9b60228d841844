import { createRequire } from 'node:module'
import path from 'node:path'
import { fitRowDetector, type RowDetector } from '#engine/anomaly/rows/detector.ts'
import { type Run, rowOf } from '#engine/anomaly/rows/run.ts'
import type { CellScorer } from '#engine/anomaly/tensorflow/cell-scorer.ts'
import type { StoredModel } from '#engine/anomaly/tensorflow/model-record.ts'
import { FEATURE_MAX, loadCellScorer } from '#engine/anomaly/tensorflow/scorer.ts'
import type { OptionValues } from '#engine/cli/command.ts'
import { systemClock } from '#engine/core/clock.ts'
import { seededRandom } from '#engine/core/random.ts'
import { namedConfiguration } from '#engine/evaluation/configuration.ts'
import { modelRegistry } from '#engine/training/registry.ts'
import { LIVE_MODEL } from '#engine/training/shelf.ts'
import { latencyHistogram } from './histogram.ts'
import { surroundings } from './results.ts'

const DETECTORS = ['pca', 'mewma', 'dpca-q', 'cva', 'cva-ewma', 'tep']
const CHANNELS = 52
const FIT_ROWS = 1000
const CALIBRATE_ROWS = 1000
const MEASURE_MS = 1000
const LINES = 10
const CELLS = 300
const TICKS = 500
const WARMUP_TICKS = 50
const BATCHES = [1, 16, 64, 256, LINES * CELLS]
/** TensorFlow.js counts in single precision, the loops in double. */
const DIFFERENCE_MAX = 1e-4

const now_ms = () => systemClock.elapsed_ms()

/** `liquidus bench score`: readings a second of each detector, and ticks of the cell model. */
export async function benchScore(options: OptionValues): Promise<number> {
  const detectors = DETECTORS.map(name => measureDetector(name))
  const folder = path.resolve((options.models as string | undefined) ?? 'models')
  const stored = await modelRegistry(folder).loadLive(LIVE_MODEL)
  const model = stored ? await measureModel(stored) : null
  const result = { benchmark: 'score', ...surroundings(), channels: CHANNELS, detectors, model }
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : `${textOf(result)}\n`)
  return model && model.difference_most > DIFFERENCE_MAX ? 1 : 0
}

/** Rows of channels that two hidden ones drive; no plant, only something to multiply. */
function drivenRun(seed: number, count: number): Run {
  const random = seededRandom(seed)
  const values = new Float64Array(count * CHANNELS)
  const hidden = [0, 0]
  for (let row = 0; row < count; row++) {
    for (let h = 0; h < 2; h++) hidden[h] = 0.9 * hidden[h]! + random.normal()
    for (let c = 0; c < CHANNELS; c++) {
      values[row * CHANNELS + c] = hidden[c % 2]! * (1 + c / CHANNELS) + random.normal()
    }
  }
  return { values, count, width: CHANNELS }
}

function measureDetector(name: string) {
  const fit = [drivenRun(1, FIT_ROWS)]
  const detector = fitRowDetector(namedConfiguration(name), fit, [drivenRun(2, CALIBRATE_ROWS)])
  const rows_per_s = rowRate(detector, drivenRun(3, 2000))
  return {
    detector: name,
    us_per_row: round(1e6 / rows_per_s),
    readings_per_s: Math.round(rows_per_s * CHANNELS),
  }
}

function rowRate(detector: RowDetector, run: Run): number {
  const scorer = detector.start()
  for (let row = 0; row < run.count; row++) scorer.take(rowOf(run, row))
  const begin_ms = now_ms()
  let rows = 0
  while (now_ms() - begin_ms < MEASURE_MS) {
    for (let k = 0; k < 100; k++) scorer.take(rowOf(run, rows++ % run.count))
  }
  return (1000 * rows) / (now_ms() - begin_ms)
}

async function measureModel(stored: StoredModel) {
  const scorer = await loadCellScorer(stored)
  const plain = plainLoops(stored)
  const most = LINES * CELLS
  const width = scorer.features.length
  const { centre, scale } = stored.record
  const random = seededRandom(4)
  const features = Float32Array.from({ length: most * width }, (_, i) => {
    return centre[i % width]! + scale[i % width]! * random.normal()
  })
  const [one, two] = [new Float64Array(most), new Float64Array(most)]
  scorer.score(features, most, one)
  plain(features, most, two)
  const apart = one.map((x, i) => Math.abs(x - two[i]!) / Math.max(1, Math.abs(x)))
  return {
    model: scorer.version,
    lines: LINES,
    cells: CELLS,
    ...measureTicks(scorer, features),
    difference_most: Math.max(...apart),
    windows_per_s: BATCHES.map(batch => ({
      batch,
      tfjs: rate(batch, () => scorer.score(features.subarray(0, batch * width), batch, one)),
      loops: rate(batch, () => plain(features, batch, two)),
      onnx: null,
    })),
    onnx: installed('onnxruntime-web') ? 'no exporter' : 'onnxruntime-web is not installed',
  }
}

/** A tick scores every line in one call, with each feature's share, as a running engine does. */
function measureTicks(scorer: CellScorer, features: Float32Array) {
  const width = scorer.features.length
  const out = new Float64Array(CELLS)
  const parts = new Float64Array(CELLS * width)
  const histogram = latencyHistogram()
  for (let tick = -WARMUP_TICKS; tick < TICKS; tick++) {
    const begin_ms = now_ms()
    for (let line = 0; line < LINES; line++) {
      const from = line * CELLS * width
      scorer.score(features.subarray(from, from + CELLS * width), CELLS, out, parts)
    }
    if (tick >= 0) histogram.add(now_ms() - begin_ms)
  }
  return histogram.percentiles('tick')
}

function rate(batch: number, call: () => void): number {
  call()
  const begin_ms = now_ms()
  let windows = 0
  while (now_ms() - begin_ms < MEASURE_MS / 2) {
    call()
    windows += batch
  }
  return Math.round((1000 * windows) / (now_ms() - begin_ms))
}

/** The same dense network as loops over typed arrays. */
function plainLoops({ record, weights }: StoredModel) {
  const all = new Float32Array(weights.slice().buffer)
  const sizes = [record.features.length, ...record.layers]
  let at = 0
  const layers = record.layers.map((units, l) => {
    const inputs = sizes[l]!
    const kernel = all.subarray(at, at + inputs * units)
    const bias = all.subarray(at + inputs * units, at + inputs * units + units)
    at += inputs * units + units
    return { kernel, bias, out: new Float64Array(units) }
  })
  const scaled = new Float64Array(sizes[0]!)
  return (features: Float32Array, rows: number, out: Float64Array): void => {
    for (let row = 0; row < rows; row++) {
      for (let f = 0; f < scaled.length; f++) {
        const z = (features[row * scaled.length + f]! - record.centre[f]!) / record.scale[f]!
        scaled[f] = Math.max(-FEATURE_MAX, Math.min(FEATURE_MAX, z))
      }
      let x: Float64Array = scaled
      for (const layer of layers) x = dense(layer, x, layer === layers.at(-1))
      let sum = 0
      for (let f = 0; f < scaled.length; f++) sum += (scaled[f]! - x[f]!) ** 2
      out[row] = sum / scaled.length
    }
  }
}

interface Layer {
  readonly kernel: Float32Array // [input][unit]
  readonly bias: Float32Array
  readonly out: Float64Array
}

function dense({ kernel, bias, out }: Layer, x: Float64Array, last: boolean): Float64Array {
  const units = out.length
  out.set(bias)
  for (let i = 0; i < x.length; i++) {
    const value = x[i]!
    for (let j = 0; j < units; j++) out[j]! += value * kernel[i * units + j]!
  }
  if (!last) for (let j = 0; j < units; j++) out[j] = Math.tanh(out[j]!)
  return out
}

function installed(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name)
    return true
  } catch {
    return false
  }
}

const round = (value: number) => Math.round(value * 100) / 100

interface ScoreResult {
  readonly channels: number
  readonly detectors: readonly ReturnType<typeof measureDetector>[]
  readonly model: Awaited<ReturnType<typeof measureModel>> | null
}

function textOf({ channels, detectors, model }: ScoreResult): string {
  const lines = [`detector, ${channels} channels    us a row   readings/s`]
  for (const { detector, us_per_row, readings_per_s } of detectors) {
    const numbers = [us_per_row.toFixed(1).padStart(10), String(readings_per_s).padStart(12)]
    lines.push(`${detector.padEnd(24)}${numbers.join(' ')}`)
  }
  if (!model) return [...lines, 'no model in the registry'].join('\n')
  const tick = ['p50', 'p99', 'max'].map(part => {
    return `${part} ${(model as Record<string, unknown>)[`tick_ms_${part}`]} ms`
  })
  lines.push('', `${model.model}, ${LINES} lines x ${CELLS} cells a tick: ${tick.join(', ')}`)
  lines.push('windows/s at batch     TensorFlow.js      plain loops')
  for (const { batch, tfjs, loops } of model.windows_per_s) {
    lines.push(
      `${String(batch).padStart(18)} ${String(tfjs).padStart(17)} ${String(loops).padStart(16)}`,
    )
  }
  lines.push(
    `ONNX: ${model.onnx}; largest difference of the two ${model.difference_most.toExponential(1)}`,
  )
  return lines.join('\n')
}
