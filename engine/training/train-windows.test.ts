import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CELL_FEATURES } from '../anomaly/features.ts'
import { inputSchema } from '../anomaly/tensorflow/input-schema.ts'
import { loadModel } from '../anomaly/tensorflow/scorer.ts'
import { seededRandom } from '../core/random.ts'
import { runningRun } from './fixture-running.ts'
import { type ModelRegistry, modelRegistry } from './registry.ts'
import { type TrainingOptions, trainFromFrames } from './train.ts'

let folder = ''
let registry: ModelRegistry
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'liquidus-windows-'))
  registry = modelRegistry(folder)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const train = (name: string, options: Partial<TrainingOptions>, ticks = 320) =>
  trainFromFrames({
    ...{ registry, name, seed: 5, epochs: 4, data: 'made up', code: 'test', ...options },
    runs: [runningRun(7, ticks)],
  })

describe.each([
  ['temporal', 'window', 8],
  ['conv-patch', 'window', 8],
  ['forecast', 'next', 9],
] as const)('training a %s network on windows', (network, answer, span) => {
  const options = { network, window_rows: 8, epochs: 4 }

  it('gives a version with its window in the schema, the same again for the same seed', async () => {
    const record = await train(network, options)
    const again = await train(`${network}-again`, options)
    expect(again.weights_sha256).toBe(record.weights_sha256)
    expect(again.threshold).toBe(record.threshold)
    expect(record).toMatchObject({ network, layers: [] })
    expect(record.inputs!.window).toEqual({ rows: 8, step_ms: 60_000, answer })
    expect(record.inputs!.sha256).not.toBe(inputSchema({ tick_ms: 60_000, tags: [] }).sha256)
    const { loss } = record.training
    expect(loss.at(-1)!).toBeLessThan(loss[0]!)
  })

  it('scores windows alike whatever is beside them, and a broken tie above the threshold', async () => {
    const { record, ...stored } = await registry.load(network, '1')
    const { onnx, tensorflow } = await loadModel({ record, ...stored })
    expect(onnx!.window).toEqual(record.inputs!.window)
    const size = span * CELL_FEATURES.length
    const random = seededRandom(3)
    const at = (i: number) => i % CELL_FEATURES.length
    const many = Float32Array.from({ length: 23 * size }, (_, i) => {
      return record.centre[at(i)]! + 2 * random.normal() * record.scale[at(i)]!
    })
    const byOnnx = new Float64Array(23)
    onnx!.score(many, 23, byOnnx)
    for (const scorer of [onnx!, tensorflow]) {
      const together = new Float64Array(23)
      scorer.score(many, 23, together)
      const alone = new Float64Array(1)
      for (let row = 0; row < 23; row++) {
        scorer.score(many.slice(row * size, (row + 1) * size), 1, alone)
        expect(alone[0]).toBe(together[row])
        expect(alone[0]! / byOnnx[row]!).toBeCloseTo(1, 4)
      }
    }
    const broken = Float32Array.from({ length: size }, (_, i) => record.centre[at(i)]!)
    for (let i = 7; i < size; i += CELL_FEATURES.length) broken[i]! += 9 * record.scale[7]!
    const [out, parts] = [new Float64Array(1), new Float64Array(CELL_FEATURES.length)]
    if (answer === 'next') broken.fill(record.centre[7]!, 7, 8)
    tensorflow.score(broken, 1, out, parts)
    expect(out[0]).toBeGreaterThan(record.threshold)
    expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(1)
  })
})

describe('training on windows', () => {
  it('is refused where windows have another size or rows have gaps', async () => {
    const wide = train('wide', { network: 'temporal', window_rows: 65 })
    await expect(wide).rejects.toThrow('takes windows of 65 rows, this engine makes 2 to 64')
    const short = train('short', { network: 'temporal', window_rows: 60 }, 180)
    await expect(short).rejects.toThrow('windows of 60 rows a minute apart without a gap, got 0')
  })
})
