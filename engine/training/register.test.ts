import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import { layers, sequential } from '@tensorflow/tfjs-layers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CELL_FEATURES } from '../anomaly/features.ts'
import { startTensorflow } from '../anomaly/tensorflow/backend.ts'
import { FEATURE_UNITS, inputSchema } from '../anomaly/tensorflow/input-schema.ts'
import { loadCellScorer } from '../anomaly/tensorflow/scorer.ts'
import { windowNetwork } from './fixture-models.ts'
import { registerModel } from './register.ts'
import { type ModelRegistry, modelRegistry } from './registry.ts'

const WIDTH = CELL_FEATURES.length
let folder = ''
let registry: ModelRegistry
let expected: Float32Array

/** Writes a network as `model.save('file://...')` of another program would. */
async function writeLayersModel(at: string, units: number): Promise<void> {
  const network = sequential({
    layers: [
      layers.dense({ units: 6, inputShape: [WIDTH], activation: 'relu' }),
      layers.dropout({ rate: 0.5 }),
      layers.dense({ units, useBias: false }),
    ],
  })
  const x = tf.ones([1, WIDTH]) as tf.Tensor2D
  expected = (network.predict(x) as tf.Tensor).dataSync() as Float32Array
  await mkdir(at, { recursive: true })
  await network.save({
    async save({ modelTopology, weightSpecs, weightData }) {
      const bytes = new Uint8Array(weightData as ArrayBuffer)
      await writeFile(join(at, 'group1-shard1of2.bin'), bytes.subarray(0, 100))
      await writeFile(join(at, 'group1-shard2of2.bin'), bytes.subarray(100))
      const paths = ['group1-shard1of2.bin', 'group1-shard2of2.bin']
      const weightsManifest = [{ paths, weights: weightSpecs }]
      const file = { format: 'layers-model', modelTopology, weightsManifest }
      await writeFile(join(at, 'model.json'), JSON.stringify(file))
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } }
    },
  })
  network.dispose()
}

/** The same of a network that takes windows of rows. */
async function writeWindowModel(at: string, rows: number): Promise<void> {
  const { model, weights } = await windowNetwork(rows)
  await mkdir(at, { recursive: true })
  await writeFile(join(at, 'all.bin'), weights)
  const weightsManifest = [{ paths: ['all.bin'], weights: model.weightSpecs }]
  const file = { format: 'layers-model', modelTopology: model.topology, weightsManifest }
  await writeFile(join(at, 'model.json'), JSON.stringify(file))
}

beforeAll(async () => {
  await startTensorflow()
  folder = await mkdtemp(join(tmpdir(), 'liquidus-register-'))
  registry = modelRegistry(join(folder, 'models'))
  await writeLayersModel(join(folder, 'narrow'), 5)
  await writeLayersModel(join(folder, 'net'), WIDTH)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const scaler = {
  features: [...CELL_FEATURES],
  ...{ centre: CELL_FEATURES.map(() => 0), scale: CELL_FEATURES.map(() => 1), threshold: 3 },
  units: CELL_FEATURES.map(name => FEATURE_UNITS[name]),
}
async function register(net: string, content: object) {
  const scaler_path = join(folder, 'scaler.json')
  await writeFile(scaler_path, JSON.stringify(content))
  return registerModel({
    ...{ registry, name: 'outside', folder: join(folder, net), scaler_path, runs: [] },
    ...{ sources: () => [], author: 'ann', code: 'test' },
  })
}

describe('a network that was trained elsewhere', () => {
  it('scores here as it predicts there, whatever its layers are', async () => {
    const record = await register('net', scaler)
    expect(record).toMatchObject({ origin: 'registered', author: 'ann', version: '1' })
    const scorer = await loadCellScorer(await registry.load('outside', '1'))
    expect(scorer.runtime).toBe('onnx')
    const out = new Float64Array(1)
    scorer.score(new Float32Array(WIDTH).fill(1), 1, out)
    const error = expected.reduce((sum, value) => sum + (1 - value) ** 2, 0) / WIDTH
    expect(out[0]).toBeCloseTo(error, 5)
    expect(await registry.aliases('outside')).toMatchObject({ champion: '', shadow: '1' })
  })

  it('keeps the signals and their resolution that its scaler file names', async () => {
    const tags = [{ tag: 'cell_voltage', unit: 'V', period_ms: 1000, resolution: 0.001 }]
    const { inputs } = await register('net', { ...scaler, tick_ms: 1000, tags })
    expect(inputs).toEqual(inputSchema({ tick_ms: 1000, tags }))
    const { units: _, ...without } = scaler
    expect((await register('net', { ...without, tick_ms: 1000, tags })).inputs).toEqual(inputs)
    for (const wrong of [[{ ...tags[0], resolution: '1 mV' }], [{ tag: 'x' }], [null], {}]) {
      await expect(register('net', { ...scaler, tags: wrong })).rejects.toThrow(
        'the scaler file has tags without tag, unit, period_ms and resolution',
      )
    }
  })

  it('may take windows of rows, which its scaler file names', async () => {
    await writeWindowModel(join(folder, 'windows'), 5)
    const record = await register('windows', { ...scaler, window: { rows: 5 } })
    const window = { rows: 5, step_ms: 60_000, answer: 'window' }
    expect(record.inputs).toEqual(inputSchema({ tick_ms: 0, tags: [], window } as never))
    const scorer = await loadCellScorer(await registry.load('outside', record.version))
    expect(scorer).toMatchObject({ runtime: 'onnx', window })
    const out = new Float64Array(2)
    const rows = new Float32Array(2 * 5 * WIDTH).fill(2, 5 * WIDTH)
    scorer.score(rows, 2, out)
    expect([...out]).toEqual([0, 4])
  })

  it.each([
    [{}, 'takes 5 x 14 values, its record names 14 features and no window'],
    [{ window: { rows: 6 } }, 'takes 5 x 14 values, its record names a window of 6 rows of 14'],
    [{ window: { rows: 5, answer: 'next' } }, 'gives 5 x 14 values back, needs 14'],
    [{ window: { rows: 1 } }, 'takes windows of 1 rows, this engine makes 2 to 64'],
    [{ window: { rows: 5, step_ms: 1000 } }, 'takes rows 1000 ms apart, this engine makes them'],
    [{ window: { rows: 5, answer: 'mean' } }, 'answers "mean" to a window, known answers are'],
  ])('is refused with its window %o: %s', async (change, reason) => {
    await expect(register('windows', { ...scaler, ...change })).rejects.toThrow(reason)
  })

  it('is refused, and leaves no version, when it does not fit', async () => {
    const before = await registry.versions('outside')
    await expect(register('narrow', scaler)).rejects.toThrow('gives 5 values back, needs 14')
    await expect(register('nowhere', scaler)).rejects.toThrow('cannot read')
    await expect(register('net.h5', scaler)).rejects.toThrow('is a file of Keras')
    const shard = join(folder, 'net', 'group1-shard2of2.bin')
    const whole = await readFile(shard)
    await writeFile(shard, whole.subarray(4))
    await expect(register('net', scaler)).rejects.toThrow(/has \d+ bytes of weights, its layers/)
    await writeFile(shard, whole)
    const other = { ...scaler, features: [...CELL_FEATURES].reverse() }
    await expect(register('net', other)).rejects.toThrow('takes other features')
    const units = scaler.units.map(unit => (unit === 'K' ? 'C' : unit))
    await expect(register('net', { ...scaler, units })).rejects.toThrow('takes superheat in C')
    const { threshold: _, ...without } = scaler
    await expect(register('net', without)).rejects.toThrow('has no threshold')
    expect(await registry.versions('outside')).toEqual(before)
  })
})
