import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CELL_FEATURES } from '../anomaly/features.ts'
import { checkedFiles } from '../anomaly/onnx/checked-files.ts'
import type { CellScorer } from '../anomaly/tensorflow/cell-scorer.ts'
import { problemOf } from '../core/errors.ts'
import { addFixtureModel, fixtureRecord, gainNetwork } from './fixture-models.ts'
import { checkElsewhere, checkHere, type ModelChecks } from './model-check.ts'
import { type ModelRegistry, modelRegistry } from './registry.ts'
import { LIVE_MODEL, openShelf } from './shelf.ts'

const LOADER = ['--import', new URL('../tools/ts.mjs', import.meta.url).href]
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

  it('are the champion and the challenger, whatever is new meanwhile, then the shadow again', async () => {
    for (const threshold of [4, 7]) await addFixtureModel(registry, threshold)
    await registry.point(LIVE_MODEL, 'champion', '1')
    await registry.point(LIVE_MODEL, 'challenger', '2')
    const shelf = await open()
    const both = { model: 'potline-cells/1', model_role: 'champion', shadow: 'potline-cells/2' }
    expect(shelf.inForce('local')).toMatchObject(both)
    await addFixtureModel(registry, 9)
    expect((await registry.aliases(LIVE_MODEL)).shadow).toBe('3')
    await shelf.refresh()
    expect(shelf.inForce('local')).toMatchObject(both)
    expect((await open()).forLine('local').second).toMatchObject({ threshold: 7, promoted: false })
    await registry.point(LIVE_MODEL, 'champion', '')
    expect(await registry.loadLive(LIVE_MODEL)).toMatchObject({ record: { version: '2' } })
    await shelf.refresh()
    const { shadow, ...alone } = shelf.inForce('local')
    expect(alone).toMatchObject({ model: 'potline-cells/2', model_role: 'shadow' })
    expect(shadow).toBeUndefined()
    await registry.point(LIVE_MODEL, 'champion', '2')
    await shelf.refresh()
    expect(shelf.inForce('local')).toMatchObject({
      ...{ model: 'potline-cells/2', model_role: 'champion', shadow: 'potline-cells/3' },
    })
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

describe('models that were checked before', () => {
  const rows = Float32Array.from({ length: 3 * CELL_FEATURES.length }, (_, i) => Math.sin(i))
  const scoresOf = (scorer: CellScorer | undefined) => {
    const out = new Float64Array(3)
    scorer!.score(rows, 3, out)
    return [...out]
  }
  let checks: ModelChecks
  let checked: string[] = []
  beforeEach(() => {
    checked = []
    checks = {
      files: checkedFiles(join(folder, 'checked')),
      async check(task) {
        checked.push(task.stored.record.version)
        return checkHere(task)
      },
    }
  })
  const openLazily = () => openShelf(folder, text => said.push(text), checks)

  it('are not checked again, and give the bits they gave', async () => {
    await addFixtureModel(registry, 4)
    const wanted = (await open()).forLine('local').lead
    await openLazily()
    expect(checked).toEqual(['1'])
    const shelf = await openLazily()
    expect(checked).toEqual(['1'])
    const named = shelf.inForce('local')
    expect(named).toEqual((await open()).inForce('local'))
    await shelf.hold('local', named)
    const { lead } = shelf.forLine('local')
    expect(lead).toMatchObject({ runtime: 'onnx', threshold: 4 })
    expect(scoresOf(lead)).toEqual(scoresOf(wanted))
    expect(said).toEqual([])
  })

  it('score by TensorFlow.js where the log names it, once they are held', async () => {
    await addFixtureModel(registry, 4)
    const eager = (await open()).forLine('local')
    await openLazily()
    const shelf = await openLazily()
    const { model_runtime: _, ...old } = shelf.inForce('local')
    eager.put(old)
    const line = shelf.forLine('local')
    expect(line.lead).toBeUndefined()
    expect(said).toEqual(['potline-cells/1 is not loaded: it does not score'])
    await shelf.hold('local', old)
    line.put(old)
    expect(line.lead).toMatchObject({ runtime: 'tensorflow' })
    expect(scoresOf(line.lead)).toEqual(scoresOf(eager.lead))
    // One of long ago names no hash.
    const { model_sha256: __, ...older } = old
    await shelf.hold('local', older)
    line.put(older)
    expect(line.lead).toMatchObject({ runtime: 'tensorflow' })
  })

  it('are checked again when the model is another, and refused when it is broken', async () => {
    await addFixtureModel(registry, 4)
    const shelf = await openLazily()
    await addFixtureModel(registry, 5, { features: [...CELL_FEATURES.slice(0, -1), 'colour'] })
    expect(await shelf.refresh()).toBe(true)
    expect(shelf.inForce('local')).toMatchObject({ model: 'potline-cells/1' })
    expect(said.join()).toContain('feature 14 is "colour"')
    expect(checked).toEqual(['1'])
    await addFixtureModel(registry, 6)
    expect(await shelf.refresh()).toBe(true)
    expect(checked).toEqual(['1', '3'])
  })

  it('may be checked in a thread of their own, which refuses with the same reason', async () => {
    await addFixtureModel(registry, 4)
    const stored = await registry.load(LIVE_MODEL, '1')
    const task = { stored, rows: new Float32Array(0) }
    expect(await checkElsewhere(task, LOADER)).toEqual(await checkHere(task))
    const broken = { ...task, stored: { ...stored, weights: stored.weights.slice(4) } }
    const reason = await checkHere(broken).catch(problemOf)
    expect(await checkElsewhere(broken, LOADER).catch(problemOf)).toBe(reason)
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
    'has a record that was changed': [
      async () => {
        const version = await addFixtureModel(registry, 5)
        const at = join(folder, LIVE_MODEL, version, 'record.json')
        const text = await readFile(at, 'utf8')
        await writeFile(at, text.replace('"threshold": 5', '"threshold": 0.001'))
        return version
      },
      'its files were changed after it was added',
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
