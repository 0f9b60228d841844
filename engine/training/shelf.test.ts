import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CELL_FEATURES } from '../anomaly/features.ts'
import { addFixtureModel, fixtureRecord, gainNetwork } from './fixture-models.ts'
import { type ModelRegistry, modelRegistry } from './registry.ts'
import { LIVE_MODEL, openShelf } from './shelf.ts'

let folder = ''
let registry: ModelRegistry
let said: string[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'liquidus-shelf-'))
  registry = modelRegistry(folder)
  said = []
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const open = () => openShelf(folder, text => said.push(text))

describe('models in force', () => {
  it('follow the aliases, and a line takes them only when its log names them', async () => {
    await addFixtureModel(registry, 4)
    const shelf = await open()
    const line = shelf.forLine('local')
    const before = shelf.inForce('local')
    expect(before).toMatchObject({ model: 'potline-cells/1', model_role: 'shadow' })
    expect(line.lead).toMatchObject({ threshold: 4, promoted: false })
    expect(await shelf.refresh()).toBe(false)

    await addFixtureModel(registry, 7)
    await registry.point(LIVE_MODEL, 'champion', '1')
    expect(await shelf.refresh()).toBe(true)
    expect(line.lead).toMatchObject({ promoted: false })
    line.put(shelf.inForce('local'))
    expect(line.lead).toMatchObject({ threshold: 4, promoted: true })
    expect(line.second).toMatchObject({ threshold: 7, promoted: false })
    line.put(before)
    expect(line).toMatchObject({ lead: { promoted: false }, second: undefined })
    expect(said).toEqual([])
  })

  it('are a tenant\u2019s own where it has some, else the shared ones', async () => {
    await addFixtureModel(registry, 4)
    await addFixtureModel(modelRegistry(folder, 'acme'), 9)
    const shelf = await open()
    expect(shelf.forLine('acme').lead!.threshold).toBe(9)
    expect(shelf.forLine('other').lead!.threshold).toBe(4)
    expect(shelf.registryOf('acme').folder).toBe(join(folder, 'tenants', 'acme'))
  })

  it('are none that a log names and the registry lacks, and that is said', async () => {
    await addFixtureModel(registry, 4)
    const shelf = await open()
    const line = shelf.forLine('local')
    line.put({ model: 'potline-cells/8', model_sha256: 'abc' })
    expect(line.lead).toBeUndefined()
    expect(said[0]).toContain('the log names model potline-cells/8 (abc), which is not in')
  })
})

describe('the runtime of a model', () => {
  it('is named in the log, and a log that names none is scored as it was: TensorFlow.js', async () => {
    await addFixtureModel(registry, 4)
    await addFixtureModel(registry, 7)
    await registry.point(LIVE_MODEL, 'champion', '1')
    const shelf = await open()
    const named = shelf.inForce('local')
    expect(named).toMatchObject({ model_runtime: 'onnx', shadow_runtime: 'onnx' })
    const line = shelf.forLine('local')
    expect(line).toMatchObject({ lead: { runtime: 'onnx' }, second: { runtime: 'onnx' } })
    const { model_runtime: _, shadow_runtime: __, ...before } = named
    line.put(before)
    expect(line).toMatchObject({
      lead: { runtime: 'tensorflow' },
      second: { runtime: 'tensorflow' },
    })
    line.put({ ...named, shadow_runtime: 'tensorflow' })
    expect(line).toMatchObject({ lead: { runtime: 'onnx' }, second: { runtime: 'tensorflow' } })
    expect(said).toEqual([])
  })
})

describe('a champion that can not score here', () => {
  const broken: Readonly<Record<string, [() => Promise<string>, string]>> = {
    'has weights that were changed': [
      async () => {
        const version = await addFixtureModel(registry, 5)
        const at = join(folder, LIVE_MODEL, version, 'weights.bin')
        await writeFile(at, (await readFile(at)).fill(1))
        return version
      },
      'weights do not match record',
    ],
    'takes another number of features': [
      async () => {
        const { model, weights } = await gainNetwork(0, 13)
        await registry.add(fixtureRecord(weights, { version: '2' }), model, weights)
        return '2'
      },
      'takes 13 values, its record names 14 features',
    ],
    'gives another number of values back': [
      async () => {
        const { model, weights } = await gainNetwork(0, 14, 3)
        await registry.add(fixtureRecord(weights, { version: '2' }), model, weights)
        return '2'
      },
      'gives 3 values back, needs 14',
    ],
    'was trained on other features': [
      async () => {
        const features = [...CELL_FEATURES.slice(0, -1), 'bath_colour']
        return addFixtureModel(registry, 5, { features })
      },
      'feature 14 is "bath_colour"',
    ],
    'was trained in other units': [
      async () => {
        const inputs = fixtureRecord(new Uint8Array()).inputs!
        const features = inputs.features.map(one =>
          one.name === 'superheat' ? { ...one, unit: 'F' } : one,
        )
        return addFixtureModel(registry, 5, { inputs: { ...inputs, features } })
      },
      'takes superheat in F, this engine makes it in K',
    ],
    'has weights that are not numbers': [
      async () => {
        const { model, weights } = await gainNetwork(Number.NaN)
        await registry.add(fixtureRecord(weights, { version: '2' }), model, weights)
        return '2'
      },
      'gives no finite answer to a probe',
    ],
  }
  for (const [name, [make, problem]] of Object.entries(broken)) {
    it(`because it ${name} is refused with the reason, and the one before stays`, async () => {
      await addFixtureModel(registry, 4)
      await registry.point(LIVE_MODEL, 'champion', '1')
      await registry.point(LIVE_MODEL, 'shadow', '')
      const shelf = await open()
      const before = shelf.inForce('local')
      const version = await make()
      await registry.point(LIVE_MODEL, 'shadow', '')
      await registry.point(LIVE_MODEL, 'champion', version)
      await shelf.refresh()
      expect(shelf.inForce('local')).toEqual(before)
      expect(said.join()).toContain(problem)
      expect(said.join()).toContain('potline-cells/1 stays in force')
      // A start finds it broken too, and takes the champion before.
      expect((await open()).inForce('local')).toEqual(before)
    })
  }
})
