import path from 'node:path'
import { fitRowDetector, type RowDetector } from '#engine/anomaly/rows/detector.ts'
import { type Run, rowOf } from '#engine/anomaly/rows/run.ts'
import type { CellScorer } from '#engine/anomaly/tensorflow/cell-scorer.ts'
import type { StoredModel } from '#engine/anomaly/tensorflow/model-record.ts'
import { loadModel } from '#engine/anomaly/tensorflow/scorer.ts'
import { type OptionValues, say } from '#engine/cli/command.ts'
import { systemClock } from '#engine/core/clock.ts'
import { seededRandom } from '#engine/core/random.ts'
import { namedConfiguration } from '#engine/evaluation/configuration.ts'
import type { ScoreCall } from '#engine/flow.ts'
import { scoreDesk, scoreNow } from '#engine/lines/score-desk.ts'
import { modelRegistry } from '#engine/training/registry.ts'
import { LIVE_MODEL } from '#engine/training/shelf.ts'
import { latencyHistogram } from './histogram.ts'
import { appendResult, surroundings } from './results.ts'
import { linesText, measureLines } from './score-lines.ts'
import {
  convolutionNetwork,
  denseLoops,
  denseNetwork,
  type TimedNetwork,
} from './score-networks.ts'
import { measureRuntimes } from './score-runtimes.ts'

const DETECTORS = ['pca', 'mewma', 'dpca-q', 'cva', 'cva-ewma', 'tep']
const CHANNELS = 52
const FIT_ROWS = 1000
const CALIBRATE_ROWS = 1000
const MEASURE_MS = 1000
const LINES = 10
const CELLS = 300
const SMALL_LINE = 40
const TICKS = 500
const WARMUP_TICKS = 50
/** TensorFlow.js counts in single precision, the loops in double. */
const DIFFERENCE_MAX = 1e-4

const now_ms = () => systemClock.elapsed_ms()

/** What a running engine does with generic lines: a small one of many cells, and wide ones. */
const CASES = [
  { lines: LINES, cells: CELLS },
  { lines: LINES, cells: 1000 },
]

/** `liquidus bench score`: readings a second of lines and detectors, and ticks of the cell model. */
export async function benchScore(options: OptionValues): Promise<number> {
  const lines = CASES.map(one => measureLines(one))
  const detectors = DETECTORS.map(name => measureDetector(name))
  const folder = path.resolve((options.models as string | undefined) ?? 'models')
  const stored = await modelRegistry(folder).loadLive(LIVE_MODEL)
  const model = stored ? await measureModel(stored) : null
  const networks = []
  for (const network of [
    ...(stored ? shippedNetwork(stored) : []),
    ...[denseNetwork(), convolutionNetwork()],
  ]) {
    networks.push(await measureRuntimes(network))
  }
  const result = { benchmark: 'score', ...surroundings(), channels: CHANNELS }
  const all = { ...result, line_cases: lines, detectors, model, networks }
  if (options.save !== false) appendResult({ ...all, command: 'bench score' })
  process.stdout.write(options.json ? `${JSON.stringify(all)}\n` : `${textOf(all)}\n`)
  const worst = networks.flatMap(one => [one.onnx_difference_most, one.loops_difference_most])
  return worst.every(difference => difference <= DIFFERENCE_MAX) ? 0 : 1
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
  const { tensorflow, onnx } = await loadModel(stored, { warn: say })
  const ticks = []
  for (const cells of [SMALL_LINE, CELLS]) {
    const features = rowsLike(stored, cells)
    if (onnx) ticks.push(measureTicks(onnx, features, cells))
    ticks.push(measureTicks(tensorflow, features, cells))
  }
  return { model: tensorflow.version, lines: LINES, ticks }
}

/** Rows about as far from the middle as a plant's, of all lines. */
function rowsLike({ record }: StoredModel, cells: number): Float32Array {
  const width = record.features.length
  const random = seededRandom(4)
  return Float32Array.from({ length: LINES * cells * width }, (_, i) => {
    return record.centre[i % width]! + record.scale[i % width]! * random.normal()
  })
}

/** A tick of all lines with each feature's share: every line by itself, and joined as in a thread. */
function measureTicks(scorer: CellScorer, features: Float32Array, cells: number) {
  const width = scorer.features.length
  const calls = Array.from({ length: LINES }, (_, line): ScoreCall => {
    const rows = features.subarray(line * cells * width, (line + 1) * cells * width)
    const out = { scores: new Float64Array(cells), shares: new Float64Array(cells * width) }
    return { scorer, features: rows, rows: cells, ...out }
  })
  let endTurn = () => {}
  const desk = scoreDesk(systemClock, work => {
    endTurn = work
  })
  const joined = () => {
    for (const call of calls) void desk.score([call])
    endTurn()
  }
  return {
    ...{ cells, runtime: scorer.runtime },
    ...timedTicks('alone', () => scoreNow(calls)),
    ...timedTicks('joined', joined),
  }
}

function timedTicks(name: string, tick: () => void) {
  const histogram = latencyHistogram()
  for (let i = -WARMUP_TICKS; i < TICKS; i++) {
    const begin_ms = now_ms()
    tick()
    if (i >= 0) histogram.add(now_ms() - begin_ms)
  }
  return histogram.percentiles(name)
}

/** The network of the registry's model, where it is the kind that training makes. */
function shippedNetwork({ record, model, weights }: StoredModel): TimedNetwork[] {
  if (record.layers.length === 0) return []
  const width = record.features.length
  const name = `${record.name}/${record.version} ${[width, ...record.layers].join('-')}`
  const loops = denseLoops(weights, width, record.layers)
  return [{ name, stored: { model, weights }, input: [width], output: [width], loops }]
}

const round = (value: number) => Math.round(value * 100) / 100

interface ScoreResult {
  readonly line_cases: readonly ReturnType<typeof measureLines>[]
  readonly channels: number
  readonly detectors: readonly ReturnType<typeof measureDetector>[]
  readonly model: Awaited<ReturnType<typeof measureModel>> | null
  readonly networks: readonly Awaited<ReturnType<typeof measureRuntimes>>[]
}

function textOf({ line_cases, channels, detectors, model, networks }: ScoreResult): string {
  const lines = [
    linesText(line_cases),
    '',
    `detector, ${channels} channels    us a row   readings/s`,
  ]
  for (const { detector, us_per_row, readings_per_s } of detectors) {
    const numbers = [us_per_row.toFixed(1).padStart(10), String(readings_per_s).padStart(12)]
    lines.push(`${detector.padEnd(24)}${numbers.join(' ')}`)
  }
  lines.push('', model ? ticksText(model) : 'no model in the registry')
  for (const { network, windows_per_s, onnx_difference_most } of networks) {
    const worst = onnx_difference_most.toExponential(1)
    lines.push('', `${network}, windows/s; ONNX differs by ${worst} at most`)
    lines.push(row('batch', ['tfjs wasm', 'tfjs cpu', 'tfjs-node', 'plain loops', 'ONNX']))
    for (const { batch, tfjs, tfjs_cpu, tfjs_node, loops, onnx } of windows_per_s) {
      const rates = [tfjs, tfjs_cpu, tfjs_node, loops, onnx]
      lines.push(
        row(
          String(batch),
          rates.map(rate => String(rate ?? 'not installed')),
        ),
      )
    }
  }
  return lines.join('\n')
}

const row = (first: string, cells: readonly string[]) =>
  first.padStart(8) + cells.map(cell => cell.padStart(14)).join('')

function ticksText({ model, lines, ticks }: NonNullable<ScoreResult['model']>): string {
  const text = [
    `${model}, a tick of ${lines} lines, ms`,
    row('cells', ['runtime', 'alone p50', 'p99', 'joined p50', 'p99']),
  ]
  for (const { cells, runtime, ...times } of ticks) {
    const figures = times as unknown as Readonly<Record<string, number>>
    const names = ['alone_ms_p50', 'alone_ms_p99', 'joined_ms_p50', 'joined_ms_p99']
    const shown = names.map(name => figures[name]!.toFixed(3))
    text.push(row(String(cells), [String(runtime), ...shown]))
  }
  return text.join('\n')
}
