import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listRows } from '../cli/model-tables.ts'
import { manualClock } from '../core/clock.ts'
import { readBank, writeBank } from './bank.ts'
import { modelDesk } from './desk.ts'
import {
  addFixtureModel,
  addWindowModel,
  fixtureBank,
  fixtureRecord,
  gainNetwork,
} from './fixture-models.ts'
import { poissonMost } from './gate.ts'
import { type ModelRegistry, modelRegistry } from './registry.ts'
import { LIVE_MODEL } from './shelf.ts'

let folder = ''
let registry: ModelRegistry
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'liquidus-desk-'))
  registry = modelRegistry(folder)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

// The clock stands still, so that every latency is zero and no test waits for a machine.
const desk = (limits?: { events_per_line_day: number; p99_max_ms: number }) =>
  modelDesk(registry, manualClock(5), limits)
const promote = (version: string) =>
  desk().promote(LIVE_MODEL, version, 'champion', 'ann', 'better')
/** What stands before the test: a champion that did not go through the gate, which takes time. */
const makeChampion = (version: string) => registry.point(LIVE_MODEL, 'champion', version)

describe('a challenger', () => {
  const challenge = (version: string) =>
    desk().promote(LIVE_MODEL, version, 'challenger', 'ann', 'quieter')

  beforeEach(async () => {
    for (const threshold of [4, 5, 50]) await addFixtureModel(registry, threshold)
    await writeBank(folder, LIVE_MODEL, fixtureBank(1, 3))
    await makeChampion('1')
  })

  it('passed the gate against the champion, and scores as shadow beside it', async () => {
    const { aliases, move } = await challenge('2')
    expect(aliases).toEqual({ champion: '1', challenger: '2', shadow: '3' })
    expect(move).toMatchObject({ alias: 'challenger', gate: { incumbent: 'potline-cells/1' } })
    expect(await desk().list()).toMatchObject([{ challenge: { by: 'ann', to: '2' } }])
    expect(listRows(await desk().list())[1]).toEqual([
      ...[LIVE_MODEL, '1 2 3', '1', '2 (passed against potline-cells/1)', '3'],
    ])
  })

  it('is none that the gate refuses, nor the champion itself', async () => {
    await expect(challenge('3')).rejects.toThrow('faults found 0 of 1, at least 1 needed')
    await expect(challenge('1')).rejects.toThrow('is the champion; name another version')
    const aliases = { champion: '1', challenger: '', shadow: '3' }
    expect(await registry.aliases(LIVE_MODEL)).toEqual(aliases)
    expect(listRows(await desk().list())[1]![3]).toBe('none')
  })

  it('becomes champion by its alias, through the gate again, and is challenger no more', async () => {
    await challenge('2')
    await writeBank(folder, LIVE_MODEL, fixtureBank(9, 3))
    await expect(promote('challenger')).rejects.toThrow('false events')
    expect((await registry.aliases(LIVE_MODEL)).challenger).toBe('2')
    await writeBank(folder, LIVE_MODEL, fixtureBank(1, 3))
    const { aliases, move } = await promote('challenger')
    expect(aliases).toEqual({ champion: '2', challenger: '', shadow: '3' })
    expect(move).toMatchObject({ alias: 'champion', from: '1', to: '2', gate: { passed: true } })
    expect((await registry.history(LIVE_MODEL)).at(-1)).toMatchObject({
      ...{ alias: 'challenger', from: '2', to: '', reason: 'became champion' },
    })
    await desk().rollback(LIVE_MODEL, 'ann', '')
    expect(await registry.aliases(LIVE_MODEL)).toMatchObject({ champion: '1', challenger: '' })
  })
})

describe('promotion', () => {
  it('lets a model pass that finds the fault and is quiet, and keeps who approved it', async () => {
    await addFixtureModel(registry, 4)
    await writeBank(folder, LIVE_MODEL, fixtureBank(1, 3))
    const { aliases, move } = await promote('1')
    expect(aliases).toEqual({ champion: '1', challenger: '', shadow: '1' })
    expect(move).toMatchObject({ by: 'ann', reason: 'better', at_ms: 5, from: '', to: '1' })
    expect(move.gate).toMatchObject({
      ...{ passed: true, failures: [], incumbent: 'linear detector' },
      ...{ normal: { events: 0 }, faults: { episodes: 1, detected: 1, detected_incumbent: 0 } },
    })
    const { moves } = await desk().show(LIVE_MODEL, '1')
    expect(moves.at(-1)).toEqual(move)
  })

  it('is refused with the number that fails, and the champion stays', async () => {
    await addFixtureModel(registry, 4)
    await addFixtureModel(registry, 0.5) // stands out all the time
    await addFixtureModel(registry, 50) // sees nothing
    await writeBank(folder, LIVE_MODEL, fixtureBank(1, 3))
    await makeChampion('1')
    await expect(promote('2')).rejects.toThrow(
      'model potline-cells/2 is not promoted: false events 1 in 0.07 cell-days, at most 0 fit',
    )
    await expect(promote('3')).rejects.toThrow('faults found 0 of 1, at least 1 needed')
    const slow = {
      ...manualClock(),
      elapsed_ms: (
        (at = 0) =>
        () =>
          (at += 40)
      )(),
    }
    const strict = modelDesk(registry, slow, { events_per_line_day: 1, p99_max_ms: 30 })
    await expect(strict.promote(LIVE_MODEL, '1', 'champion', 'ann', '')).rejects.toThrow(
      'p99 40.00 ms for 300 cells, at most 30 ms',
    )
    expect((await registry.aliases(LIVE_MODEL)).champion).toBe('1')
  })

  it('holds a model of windows to the same, on whole windows of the bank', async () => {
    await addFixtureModel(registry, 4)
    await addWindowModel(registry, 4, 4)
    await addWindowModel(registry, 50, 4) // sees nothing
    await writeBank(folder, LIVE_MODEL, fixtureBank(1, 3))
    await makeChampion('1')
    await expect(promote('2')).rejects.toThrow(
      'takes rows 60 s apart, those of its gate bank are 30 s apart',
    )
    await writeBank(folder, LIVE_MODEL, fixtureBank(1, 3, 200, 60))
    await expect(promote('3')).rejects.toThrow('faults found 0 of 1')
    const { move } = await promote('2')
    expect(move.gate).toMatchObject({
      ...{ passed: true, incumbent: 'potline-cells/1', normal: { events: 0 } },
      faults: { detected: 1, detected_incumbent: 1 },
    })
  })

  it('has to beat the linear detector, not to equal it', async () => {
    await addFixtureModel(registry, 4)
    const bank = fixtureBank(1, 3)
    const found = { ...bank.rows, linear: bank.rows.linear.map((_, i) => (i > 300 ? i % 2 : 0)) }
    await writeBank(folder, LIVE_MODEL, { ...bank, rows: found })
    await expect(promote('1')).rejects.toThrow(
      'faults found 1 of 1, at least 2 needed (linear detector)',
    )
    const loud = { ...bank.rows, linear: bank.rows.linear.map((_, i) => (i > 300 ? 1 : 0)) }
    await writeBank(folder, LIVE_MODEL, { ...bank, rows: loud })
    expect((await promote('1')).move.gate).toMatchObject({ normal: { events_incumbent: 1 } })
  })

  it('to shadow needs no gate, but a model that can score', async () => {
    await addFixtureModel(registry, 4)
    await addFixtureModel(registry, 5)
    await desk().promote(LIVE_MODEL, '1', 'shadow', 'ann', '')
    expect((await registry.aliases(LIVE_MODEL)).shadow).toBe('1')
    await addFixtureModel(registry, 4, { centre: [1, 2] })
    await expect(desk().promote(LIVE_MODEL, '3', 'shadow', 'ann', '')).rejects.toThrow(
      'has a scaler for 2 and 14 features, needs 14',
    )
  })

  it('is refused while the champion to be held against can not score', async () => {
    for (const threshold of [4, 5]) await addFixtureModel(registry, threshold)
    await writeBank(folder, LIVE_MODEL, fixtureBank(1, 3))
    await makeChampion('1')
    await writeFile(join(folder, LIVE_MODEL, '1', 'weights.bin'), 'x')
    for (const hold of [() => promote('2'), () => desk().gate(LIVE_MODEL, '2')]) {
      await expect(hold()).rejects.toThrow(
        'model potline-cells/2: can not be held against the champion (model potline-cells/1: ' +
          'weights do not match record); restore its files, or roll it back first',
      )
    }
    expect((await registry.aliases(LIVE_MODEL)).champion).toBe('1')
    await desk().rollback(LIVE_MODEL, 'ann', 'broken')
    expect((await promote('2')).move.gate).toMatchObject({ incumbent: 'linear detector' })
  })

  it('needs a bank, and says how to make one', async () => {
    await addFixtureModel(registry, 4)
    await expect(promote('1')).rejects.toThrow('liquidus models bank potline-cells')
    await writeFile(join(folder, LIVE_MODEL, 'bank.gz'), 'not gzip')
    await expect(promote('1')).rejects.toThrow('its gate bank can not be read')
  })
})

describe('rollback', () => {
  it('goes back promotion by promotion, never to what was rolled back', async () => {
    await writeBank(folder, LIVE_MODEL, fixtureBank(1, 3))
    for (const threshold of [4, 5, 6]) await addFixtureModel(registry, threshold)
    for (const version of ['1', '2', '3']) await promote(version)
    const back = async () =>
      (await desk().rollback(LIVE_MODEL, 'engine', 'budget')).aliases.champion
    expect(await back()).toBe('2')
    expect(await back()).toBe('1')
    await promote('3')
    expect(await back()).toBe('1')
    expect(await back()).toBe('')
    await expect(back()).rejects.toThrow('has no champion to go back from')
  })

  it('skips versions that can not score, and says which and why', async () => {
    for (const threshold of [4, 5, 6]) await addFixtureModel(registry, threshold)
    for (const version of ['1', '2', '3']) await registry.point(LIVE_MODEL, 'champion', version)
    await writeFile(join(folder, LIVE_MODEL, '2', 'weights.bin'), 'x')
    const back = () => desk().rollback(LIVE_MODEL, 'engine', 'budget')
    const why = 'model potline-cells/2: weights do not match record'
    expect(await back()).toMatchObject({
      aliases: { champion: '1' },
      move: { from: '3', to: '1', reason: `budget; skipped: ${why}` },
      skipped: [why],
    })
    // It is none then, and never version 1 again.
    expect(await back()).toMatchObject({ aliases: { champion: '' }, skipped: [] })
    await expect(back()).rejects.toThrow('has no champion to go back from')
  })

  it('goes to none where nothing of before can score', async () => {
    for (const threshold of [4, 5]) await addFixtureModel(registry, threshold)
    for (const version of ['1', '2', '2']) await registry.point(LIVE_MODEL, 'champion', version)
    await rm(join(folder, LIVE_MODEL, '1', 'model.json'))
    const { aliases, skipped } = await desk().rollback(LIVE_MODEL, 'engine', 'budget')
    expect(aliases.champion).toBe('')
    expect(skipped).toEqual([expect.stringContaining('model potline-cells/1: ENOENT')])
  })

  it('goes past a version that it is told to leave', async () => {
    for (const threshold of [4, 5]) await addFixtureModel(registry, threshold)
    for (const version of ['1', '2']) await registry.point(LIVE_MODEL, 'champion', version)
    const { aliases } = await desk().rollback(LIVE_MODEL, 'engine', 'budget', '1')
    expect(aliases.champion).toBe('')
  })
})

describe('two who move aliases at once', () => {
  it('lose neither move, in one process or in two', async () => {
    for (const threshold of [4, 5, 6]) await addFixtureModel(registry, threshold)
    const others = [registry, modelRegistry(folder), modelRegistry(folder)]
    await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        others[i % 3]!.point(LIVE_MODEL, 'challenger', String(1 + (i % 3)), { reason: `${i}` }),
      ),
    )
    const history = await registry.history(LIVE_MODEL)
    const reasons = history.filter(one => one.alias === 'challenger').map(one => one.reason)
    expect(reasons.sort()).toEqual(Array.from({ length: 30 }, (_, i) => `${i}`).sort())
    for (const [i, one] of history.entries()) {
      const last = history.slice(0, i).findLast(({ alias }) => alias === one.alias)
      expect(one.from).toBe(last?.to ?? '')
    }
  })

  it('are told when the champion that they were held against was replaced', async () => {
    await writeBank(folder, LIVE_MODEL, fixtureBank(1, 3))
    for (const threshold of [4, 4, 4]) await addFixtureModel(registry, threshold)
    await makeChampion('1')
    const both = await Promise.allSettled([promote('2'), promote('3')])
    const [lost] = both.filter(one => one.status === 'rejected')
    const { champion } = await registry.aliases(LIVE_MODEL)
    expect(['2', '3']).toContain(champion)
    expect(String(lost!.reason)).toContain(`its champion became version ${champion} meanwhile`)
  })

  it('wait for no process that has died', async () => {
    await addFixtureModel(registry, 4)
    const lock = join(folder, LIVE_MODEL, 'aliases.json.lock')
    const ended = spawnSync(process.execPath, ['-e', '']).pid
    await writeFile(lock, `${hostname()} ${ended} x`)
    await registry.point(LIVE_MODEL, 'challenger', '1')
    expect(existsSync(lock)).toBe(false)
  })

  it('get a version each', async () => {
    const { model, weights } = await gainNetwork(0)
    const draft = fixtureRecord(weights, { version: '1' })
    const added = await Promise.all(
      [0, 1, 2, 3].map(() => modelRegistry(folder).addNext(draft, model, weights)),
    )
    expect(added.map(one => one.version).sort()).toEqual(['1', '2', '3', '4'])
    for (const { version } of added) {
      expect((await registry.load(LIVE_MODEL, version)).record.version).toBe(version)
    }
  })
})

describe('registry', () => {
  it('refuses a version whose files were changed after it was added', async () => {
    await addFixtureModel(registry, 4)
    const at = join(folder, LIVE_MODEL, '1', 'record.json')
    const whole = await readFile(at, 'utf8')
    await writeFile(at, whole.replace('"threshold": 4', '"threshold": 0.001'))
    await expect(registry.load(LIVE_MODEL, '1')).rejects.toThrow(
      'model potline-cells/1: its files were changed after it was added',
    )
    await expect(promote('1')).rejects.toThrow('its files were changed after it was added')
    await writeFile(at, whole)
    expect((await registry.load(LIVE_MODEL, '1')).record.threshold).toBe(4)
  })

  it('loads versions of before there were hashes, and keeps theirs from the next move on', async () => {
    await addFixtureModel(registry, 4)
    const aliases = join(folder, LIVE_MODEL, 'aliases.json')
    const { sha256: _, ...old } = JSON.parse(await readFile(aliases, 'utf8'))
    await writeFile(aliases, JSON.stringify(old))
    const { sha256 } = await registry.load(LIVE_MODEL, '1')
    await registry.point(LIVE_MODEL, 'challenger', '1')
    expect(JSON.parse(await readFile(aliases, 'utf8')).sha256).toEqual({ 1: sha256 })
    const at = join(folder, LIVE_MODEL, '1', 'model.json')
    await writeFile(at, `${await readFile(at, 'utf8')} `)
    await expect(registry.load(LIVE_MODEL, '1')).rejects.toThrow('its files were changed')
  })

  it('keeps the namespaces of tenants apart', async () => {
    const own = modelRegistry(folder, 'acme')
    await addFixtureModel(own, 4)
    await addFixtureModel(registry, 5)
    await own.point(LIVE_MODEL, 'champion', '1')
    expect(await registry.aliases(LIVE_MODEL)).toMatchObject({ champion: '' })
    expect(await registry.names()).toEqual([LIVE_MODEL])
    expect((await own.load(LIVE_MODEL, '1')).record.threshold).toBe(4)
    expect(() => modelRegistry(folder, '../acme')).toThrow('is not a valid tenant')
  })

  it('never changes a version that is there', async () => {
    await addFixtureModel(registry, 4)
    await expect(addFixtureModel(registry, 5, { version: '1' })).rejects.toThrow('versions never')
    expect((await registry.load(LIVE_MODEL, '1')).record.threshold).toBe(4)
  })

  it('refuses files that are cut short and says which', async () => {
    await addFixtureModel(registry, 4)
    for (const file of ['record.json', 'model.json'] as const) {
      const at = join(folder, LIVE_MODEL, '1', file)
      const whole = await readFile(at)
      await writeFile(at, whole.subarray(0, 40))
      await expect(registry.load(LIVE_MODEL, '1')).rejects.toThrow(`${file} is not whole`)
      await writeFile(at, whole)
    }
  })
})

describe('the gate bank', () => {
  it('is read as it was written, hash included', async () => {
    await addFixtureModel(registry, 4)
    const bank = fixtureBank(1, 3)
    await writeBank(folder, LIVE_MODEL, bank)
    const read = await readBank(folder, LIVE_MODEL)
    expect({ ...read, sha256: '' }).toEqual({ ...bank, sha256: '' })
    expect((await readBank(folder, LIVE_MODEL)).sha256).toBe(read.sha256)
  })

  it('allows as many events as the budget explains', () => {
    expect(poissonMost(0.01, 0.05)).toBe(0)
    expect(poissonMost(1, 0.05)).toBe(3) // P(N <= 3) = 0.981, P(N <= 2) = 0.920
    expect(poissonMost(3.3, 0.05)).toBe(7)
  })
})
