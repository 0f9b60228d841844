/** Small models and banks for tests; quick to make and right in every check of the registry. */
import * as tf from '@tensorflow/tfjs-core'
import { layers, sequential } from '@tensorflow/tfjs-layers'
import { CELL_FEATURES } from '../anomaly/features.ts'
import { startTensorflow } from '../anomaly/tensorflow/backend.ts'
import { inputSchema } from '../anomaly/tensorflow/input-schema.ts'
import type { ModelRecord } from '../anomaly/tensorflow/model-record.ts'
import { WINDOW_STEP_MS } from '../anomaly/tensorflow/window.ts'
import type { FaultEpisode, GateBank } from './bank.ts'
import { exportNetwork } from './fit-network.ts'
import type { ModelRegistry } from './registry.ts'
import { sha256 } from './sha256.ts'
import { LIVE_MODEL } from './shelf.ts'

const WIDTH = CELL_FEATURES.length

/** A network that gives back `gain` times what it takes; 0: the score is the squared distance. */
export async function gainNetwork(gain: number, width: number = WIDTH, gives = width) {
  await startTensorflow()
  const network = sequential({ layers: [layers.dense({ units: gives, inputShape: [width] })] })
  const kernel = tf.mul(tf.eye(width, gives), gain)
  network.setWeights([kernel, tf.zeros([gives])])
  const made = await exportNetwork(network)
  network.dispose()
  return made
}

/** A network that gives zeros for windows of rows, by a convolution and as many as it is asked. */
export async function windowNetwork(rows: number, width: number = WIDTH) {
  await startTensorflow()
  const kernelInitializer = 'zeros'
  const network = sequential({
    layers: [
      layers.conv1d({
        ...{ filters: width, kernelSize: 3, padding: 'same', inputShape: [rows, width] },
        kernelInitializer,
      }),
    ],
  })
  const made = await exportNetwork(network)
  network.dispose()
  return made
}

/** A record that fits the features of this engine. */
export function fixtureRecord(weights: Uint8Array, change: Partial<ModelRecord> = {}): ModelRecord {
  return {
    ...{ schema: 2, name: LIVE_MODEL, version: '1', features: [...CELL_FEATURES] },
    ...{ centre: CELL_FEATURES.map(() => 0), scale: CELL_FEATURES.map(() => 1), layers: [WIDTH] },
    inputs: inputSchema({ tick_ms: 1000, tags: [] }),
    threshold: 1,
    calibration: {
      ...{ rows: 1, block_s: 1, blocks: 1, largest: 1, safety_1: 1, chance_per_block: 0.5 },
    },
    training: {
      ...{ rows: 1, from_ms: 0, to_ms: 0, seed: 1, epochs: 1, loss: [1], data: 'made up' },
      ...{ data_sha256: '', code: 'test' },
    },
    weights_sha256: sha256(weights),
    ...change,
  }
}

/** Adds a version that scores the squared distance from zero, with its own threshold. */
export async function addFixtureModel(
  registry: ModelRegistry,
  threshold: number,
  change: Partial<ModelRecord> = {},
): Promise<string> {
  const { model, weights } = await gainNetwork(0)
  const version = await registry.nextVersion(LIVE_MODEL)
  await registry.add(fixtureRecord(weights, { version, threshold, ...change }), model, weights)
  return version
}

/** The same of windows of rows: the mean squared distance from zero over the window. */
export async function addWindowModel(
  registry: ModelRegistry,
  threshold: number,
  rows: number,
): Promise<string> {
  const { model, weights } = await windowNetwork(rows)
  const version = await registry.nextVersion(LIVE_MODEL)
  const window = { rows, step_ms: WINDOW_STEP_MS, answer: 'window' } as const
  const inputs = inputSchema({ tick_ms: 1000, tags: [], window })
  const record = fixtureRecord(weights, { version, threshold, inputs, layers: [] })
  await registry.add(record, model, weights)
  return version
}

/**
 * A bank of one normal cell whose rows reach `quiet`, and one cell whose rows are `fault` in the
 * second half, where an episode is.
 */
export function fixtureBank(quiet: number, fault: number, rowCount = 200, every_s = 30): GateBank {
  const values = new Float32Array(2 * rowCount * WIDTH)
  const times_ms = new Float64Array(2 * rowCount)
  const cells = new Uint16Array(2 * rowCount)
  const half_ms = (rowCount / 2) * 1000 * every_s
  for (let i = 0; i < 2 * rowCount; i++) {
    const row = Math.floor(i / 2)
    cells[i] = i % 2
    times_ms[i] = row * 1000 * every_s
    const level = cells[i] === 0 ? quiet : times_ms[i]! >= half_ms ? fault : 0
    values.fill(level, i * WIDTH, (i + 1) * WIDTH)
  }
  const episodes: FaultEpisode[] = [
    { kind: 'noisy-cell', cell: 1, from_ms: half_ms, to_ms: half_ms + 1800_000 },
  ]
  const linear = new Float32Array(2 * rowCount)
  const names = CELL_FEATURES
  return {
    rows: { names, values, times_ms, cells, linear, alarmed_count: 0 },
    ...{ every_s, normal_cells: 1, cell_days: (rowCount * every_s) / 86_400, episodes },
    ...{ sources: ['made up'], sha256: 'made up' },
  }
}
