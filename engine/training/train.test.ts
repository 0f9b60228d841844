import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CELL_FEATURES } from '../anomaly/features.ts'
import { loadCellScorer } from '../anomaly/tensorflow/scorer.ts'
import { seededRandom } from '../core/random.ts'
import { runningRun } from './fixture-running.ts'
import { type ModelRegistry, modelRegistry } from './registry.ts'
import { trainFromFrames } from './train.ts'

let folder = ''
let registry: ModelRegistry
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'liquidus-models-'))
  registry = modelRegistry(folder)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const train = (name: string, seed: number) =>
  trainFromFrames({
    ...{ registry, name, seed, epochs: 4, data: 'made up', code: 'test' },
    runs: [runningRun(7, 500)],
  })

describe('training an autoencoder', () => {
  it('gives the same weights for the same seed and others for another', async () => {
    const first = await train('first', 5)
    const again = await train('again', 5)
    const other = await train('other', 6)
    expect(again.weights_sha256).toBe(first.weights_sha256)
    expect(again.threshold).toBe(first.threshold)
    expect(other.weights_sha256).not.toBe(first.weights_sha256)
  })

  it('learns: the loss falls, and a broken tie scores above the threshold', async () => {
    const record = await train('learns', 5)
    const { loss } = record.training
    expect(loss.at(-1)!).toBeLessThan(loss[0]!)
    const scorer = await loadCellScorer(await registry.load('learns', 'shadow'))
    const row = Float32Array.from(record.centre)
    row[CELL_FEATURES.indexOf('feed_efficiency')]! += 9 * record.scale[7]!
    const out = new Float64Array(1)
    scorer.score(row, 1, out)
    expect(out[0]).toBeGreaterThan(record.threshold)
  })

  it('calibrates on rows that the fit has not seen', async () => {
    const record = await train('split', 5)
    const { rows, blocks, chance_per_block } = record.calibration
    expect(rows + record.training.rows).toBeLessThanOrEqual(4 * (500 - 119))
    expect(rows).toBeGreaterThan(100)
    expect(chance_per_block).toBe(1 / (blocks + 1))
  })

  it('refuses to learn from nothing', async () => {
    const empty = trainFromFrames({
      ...{ registry, name: 'empty', seed: 1, epochs: 1, data: '', code: '' },
      runs: [runningRun(7, 0)],
    })
    await expect(empty).rejects.toThrow('needs 200 rows of normal running')
  })

  it('scores a cell alike whatever cells are beside it', async () => {
    await train('batch', 5)
    const scorer = await loadCellScorer(await registry.load('batch', '1'))
    const random = seededRandom(3)
    const width = scorer.features.length
    const { centre, scale } = (await registry.load('batch', '1')).record
    const many = Float32Array.from(
      { length: 41 * width },
      (_, i) => centre[i % width]! + 2 * random.normal() * scale[i % width]!,
    )
    const together = new Float64Array(41)
    scorer.score(many, 41, together)
    const alone = new Float64Array(1)
    for (let cell = 0; cell < 41; cell++) {
      scorer.score(many.slice(cell * width, (cell + 1) * width), 1, alone)
      // A row is a chain of dot products of its own; only their blocking may differ, float32.
      expect(Math.abs(alone[0]! - together[cell]!)).toBeLessThanOrEqual(1e-5 * together[cell]!)
    }
  })

  it('takes a missing feature for no error', async () => {
    await train('missing', 5)
    const scorer = await loadCellScorer(await registry.load('missing', '1'))
    const out = new Float64Array(1)
    scorer.score(new Float32Array(scorer.features.length).fill(Number.NaN), 1, out)
    expect(out[0]).toBe(0)
  })
})

describe('the shipped model', () => {
  it('is whole and takes the features this engine makes', async () => {
    const shipped = modelRegistry(join(import.meta.dirname, '../../models'))
    const stored = await shipped.load('potline-cells', '1')
    expect(stored.record.features).toEqual([...CELL_FEATURES])
    const scorer = await loadCellScorer(stored)
    const out = new Float64Array(1)
    scorer.score(Float32Array.from(stored.record.centre), 1, out)
    expect(out[0]).toBeLessThan(stored.record.threshold)
  })
})

describe('model registry', () => {
  it('points shadow at the newest version and champion only when told', async () => {
    await train('points', 1)
    await train('points', 2)
    expect(await registry.versions('points')).toEqual(['1', '2'])
    expect(await registry.aliases('points')).toEqual({
      ...{ champion: '', challenger: '', shadow: '2' },
    })
    expect((await registry.loadLive('points'))!.promoted).toBe(false)
    await registry.point('points', 'champion', '1')
    const live = await registry.loadLive('points')
    expect(live).toMatchObject({ promoted: true, record: { version: '1' } })
    await expect(registry.point('points', 'champion', '9')).rejects.toThrow('known: 1, 2')
  })

  it('refuses a model whose weights were changed and names that lead elsewhere', async () => {
    const record = await train('whole', 1)
    await registry.add({ ...record, version: '2' }, {}, new Uint8Array(8))
    await expect(registry.load('whole', '2')).rejects.toThrow('weights do not match')
    await expect(registry.load('../whole', '1')).rejects.toThrow('not a valid name')
    await expect(registry.load('whole', '../1')).rejects.toThrow('not a valid name')
    await expect(registry.load('nothing', '1')).rejects.toThrow(
      /is not in .*; models there: .*whole/,
    )
    await expect(registry.load('whole', '9')).rejects.toThrow('no such version; known: 1, 2')
    expect(await registry.loadLive('nothing')).toBeUndefined()
  })
})
