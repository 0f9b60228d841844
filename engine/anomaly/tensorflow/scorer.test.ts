import { type LayersModel, layers, sequential } from '@tensorflow/tfjs-layers'
import { beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import { CELL_FEATURES } from '../features.ts'
import { type OnnxSession, openOnnx } from '../onnx/session.ts'
import { startTensorflow } from './backend.ts'
import type { ModelRecord, StoredModel } from './model-record.ts'
import { probeProblem } from './network.ts'
import { loadCellScorer, loadModel } from './scorer.ts'

const WIDTH = CELL_FEATURES.length
const random = seededRandom(5)
let dense: StoredModel
let convolution: StoredModel

async function stored(network: LayersModel): Promise<StoredModel> {
  let model = {} as StoredModel['model']
  let weights = new Uint8Array(0)
  await network.save({
    async save({ modelTopology, weightSpecs, weightData }) {
      model = { topology: modelTopology, weightSpecs }
      weights = new Uint8Array(weightData as ArrayBuffer)
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } }
    },
  })
  const record = {
    ...{ schema: 2, name: 'cells', version: '3', features: [...CELL_FEATURES], threshold: 1 },
    ...{ centre: CELL_FEATURES.map((_, i) => i), scale: CELL_FEATURES.map((_, i) => 1 + i) },
  }
  return { record: record as unknown as ModelRecord, model, weights, promoted: true, sha256: '' }
}

beforeAll(async () => {
  await startTensorflow()
  dense = await stored(
    sequential({
      layers: [
        layers.dense({ units: 5, inputShape: [WIDTH], activation: 'tanh' }),
        layers.dense({ units: WIDTH }),
      ],
    }),
  )
  convolution = await stored(
    sequential({
      layers: [
        layers.reshape({ targetShape: [WIDTH, 1], inputShape: [WIDTH] }),
        layers.conv1d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' }),
        layers.conv1d({ filters: 1, kernelSize: 3, padding: 'same' }),
        layers.flatten({}),
      ],
    }),
  )
})

const rowsOf = (count: number) =>
  Float32Array.from({ length: count * WIDTH }, () => 9 * random.normal())
const withError = (by: number): typeof openOnnx => {
  return async (bytes, shapes) => {
    const { run } = await openOnnx(bytes, shapes)
    return { run: (input, rows) => run(input, rows).map(value => value + by) }
  }
}

describe('a model with two runtimes', () => {
  it('scores on ONNX Runtime as on TensorFlow.js, whatever its layers are', async () => {
    for (const model of [dense, convolution]) {
      const { onnx, tensorflow } = await loadModel(model, { rows: rowsOf(20) })
      expect(onnx).toMatchObject({ runtime: 'onnx', version: 'cells/3', promoted: true })
      expect(tensorflow).toMatchObject({ runtime: 'tensorflow', version: 'cells/3' })
      const rows = rowsOf(50)
      rows[3] = Number.NaN
      const [one, two] = [new Float64Array(50), new Float64Array(50)]
      const [parts, others] = [new Float64Array(50 * WIDTH), new Float64Array(50 * WIDTH)]
      onnx!.score(rows, 50, one, parts)
      tensorflow.score(rows, 50, two, others)
      for (const [i, score] of one.entries()) expect(score / two[i]!).toBeCloseTo(1, 4)
      for (const [i, part] of parts.entries()) expect(part).toBeCloseTo(others[i]!, 4)
    }
  })

  it.each([
    ['ONNX Runtime', 'onnx'],
    ['TensorFlow.js', 'tensorflow'],
  ] as const)('gives a cell the same bits whatever cells are beside it, by %s', async (_, on) => {
    for (const model of [dense, convolution]) {
      const scorer = (await loadModel(model))[on]!
      expect(scorer.runtime).toBe(on)
      const rows = rowsOf(600)
      const together = new Float64Array(600)
      scorer.score(rows, 600, together)
      // Alone, and as the lines of a worker might come: of any size, in any order.
      for (const cells of [1, 2, 40, 333]) {
        const some = new Float64Array(cells)
        for (let from = 0; from + cells <= 600; from += cells < 3 ? 7 : cells) {
          scorer.score(rows.slice(from * WIDTH, (from + cells) * WIDTH), cells, some)
          expect([...some]).toEqual([...together.subarray(from, from + cells)])
        }
      }
    }
  })

  it('is refused where rows that are beside it change the answer for a row', () => {
    const ends = { input: [WIDTH], output: [WIDTH] }
    const plain = (input: Float32Array) => input.map(value => 2 * value)
    const joined = (input: Float32Array, rows: number) =>
      input.map(value => 2 * value + 1e-7 * (rows % 2))
    expect(probeProblem(plain, plain, ends)).toBe('')
    expect(probeProblem(joined, plain, ends)).toContain('depend on the rows beside it')
    const none = () => new Float32Array(11 * WIDTH).fill(Number.NaN)
    expect(probeProblem(plain, none, ends)).toBe('gives no finite answer to a probe')
  })

  it('stays with TensorFlow.js when the package can not be loaded, and says so', async () => {
    const said: string[] = []
    const absent = async () => Promise.reject(new Error('Cannot find package onnxruntime-web'))
    const model = await loadModel(dense, { openOnnx: absent, warn: text => said.push(text) })
    expect(model.onnx).toBeUndefined()
    expect(said).toEqual([
      'no ONNX for cells/3: Cannot find package onnxruntime-web; TensorFlow.js scores, slower',
    ])
    const scorer = await loadCellScorer(dense, { openOnnx: absent })
    expect(scorer.runtime).toBe('tensorflow')
    const out = new Float64Array(1)
    scorer.score(Float32Array.from(dense.record.centre), 1, out)
    expect(out[0]).toBeGreaterThanOrEqual(0)
  })

  it('stays with TensorFlow.js when the two differ, on random or on real rows', async () => {
    const said: string[] = []
    const warn = (text: string) => said.push(text)
    expect((await loadModel(dense, { openOnnx: withError(1e-3), warn })).onnx).toBeUndefined()
    expect((await loadModel(dense, { openOnnx: withError(Number.NaN), warn })).onnx).toBeUndefined()
    expect(said[0]).toMatch(/differs from TensorFlow.js by \d\.\de-4/)
    expect(said[1]).toContain('differs from TensorFlow.js by NaN')
    // One that is wrong for a row it sees from a plant only.
    const odd = Float32Array.from({ length: WIDTH }, (_, i) => i + 0.25 * (1 + i))
    const wrongAt = (input: Float32Array, run: OnnxSession['run'], rows: number) =>
      run(input, rows).map((value, i) => (input[i] === 0.25 ? value + 9 : value))
    const some: typeof openOnnx = async (bytes, shapes) => {
      const { run } = await openOnnx(bytes, shapes)
      return { run: (input, rows) => wrongAt(input, run, rows) }
    }
    expect((await loadModel(dense, { openOnnx: some, warn })).onnx).toBeDefined()
    expect((await loadModel(dense, { openOnnx: some, warn, rows: odd })).onnx).toBeUndefined()
  })

  it('stays with TensorFlow.js when a row depends on the rows beside it', async () => {
    const said: string[] = []
    const blocked: typeof openOnnx = async (bytes, shapes) => {
      const { run } = await openOnnx(bytes, shapes)
      return {
        run: (input, rows) => run(input, rows).map(value => value * (1 + 1e-7 * (rows % 2))),
      }
    }
    const model = await loadModel(dense, { openOnnx: blocked, warn: text => said.push(text) })
    expect(model.onnx).toBeUndefined()
    expect(said[0]).toContain('depend on the rows beside it')
  })

  it('stays with TensorFlow.js when the exporter does not know a layer, and names it', async () => {
    const said: string[] = []
    const other = await stored(
      sequential({
        layers: [
          layers.dense({ units: 4, inputShape: [WIDTH] }),
          layers.layerNormalization({ name: 'evened' }),
          layers.dense({ units: WIDTH }),
        ],
      }),
    )
    const scorer = await loadCellScorer(other, { warn: text => said.push(text) })
    expect(scorer.runtime).toBe('tensorflow')
    expect(said[0]).toContain('layer "evened" (LayerNormalization)')
  })
})
