import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Subject } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { manualClock } from '../core/clock.ts'
import type { AlarmRecord, Anomaly, LineChange, LineView, StoredEvent } from '../flow.ts'
import { potlineDefinition } from '../lines/potline.ts'
import { writeBank } from './bank.ts'
import { type ModelCare, modelCare } from './care.ts'
import { addFixtureModel, fixtureBank } from './fixture-models.ts'
import type { GateLimits } from './gate.ts'
import { type ModelRegistry, modelRegistry } from './registry.ts'
import { LIVE_MODEL, type ModelShelf, openShelf } from './shelf.ts'

const definition = potlineDefinition({
  ...{ tenant: 'local', line: 'pots', cells: ['c1', 'c2', 'c3'], feeders: 1 },
  ...{ clock: 'stream', origin: 'synthetic' },
})
const HOUR_MS = 3600_000

let folder = ''
let registry: ModelRegistry
let shelf: ModelShelf
let care: ModelCare
let changes$: Subject<LineChange>
let outbox: StoredEvent[]
let said: string[]
let renewed: string[]
/** Lines that have not taken what was put in force. */
let late: string[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'liquidus-care-'))
  registry = modelRegistry(folder)
  for (const threshold of [4, 5]) await addFixtureModel(registry, threshold)
  for (const version of ['1', '2']) await registry.point(LIVE_MODEL, 'champion', version)
  start()
  shelf = await openShelf(folder, text => said.push(text))
  begin()
})
afterEach(async () => {
  care.close()
  await rm(folder, { recursive: true, force: true })
})

function start() {
  outbox = []
  said = []
  renewed = []
  late = []
}

/** An engine with one line, as far as the care looks at it. */
function begin(budget?: number, limits?: GateLimits) {
  changes$ = new Subject()
  const view = {
    definition,
    latest: () => undefined,
    events: async (after: number) => ({
      ...{ oldest: 1, newest: outbox.length, events: outbox.filter(one => one.offset > after) },
    }),
  } as unknown as LineView
  care = modelCare({
    shelf,
    clock: manualClock(7),
    log: { info: () => {}, warn: text => said.push(text), error: text => said.push(text) },
    ...(budget === undefined ? {} : { budgetOf: () => budget }),
    ...(limits ? { limits } : {}),
    engine: {
      changes$,
      line: () => view,
      renewVersions: async () => {
        renewed.push(shelf.inForce('local').model ?? '')
        return late
      },
    } as unknown as Parameters<typeof modelCare>[0]['engine'],
  })
}

/** A false event of a model in the outbox, of which the care hears by a change alone. */
function tell(model: string, time_ms: number) {
  const body = { kind: 'unusual-pattern', cell: 'c1', time_ms, detector: `autoencoder ${model}` }
  outbox.push({
    offset: outbox.length + 1,
    event: { channel: 'anomaly', id: '', body: body as Anomaly },
  })
}
/** Another alarm of a cell, which confirms the events within an hour. */
function confirm(cell: string, time_ms: number) {
  const body = { kind: 'noisy-cell', cell, raised_ms: time_ms, revision: 1 } as AlarmRecord
  outbox.push({ offset: outbox.length + 1, event: { channel: 'alarm', id: '', body } })
}
/** False events of a model, one after the other, and the line's time after each. */
function raise(count: number, model: string) {
  for (let i = 0; i < count; i++) {
    const time_ms = (outbox.length + 1) * 600_000
    tell(model, time_ms)
    send(outbox.slice(-1), time_ms)
  }
}
function restart() {
  care.close()
  begin()
}
/** Long enough for whatever a change sets off to be done. */
const settle = () => new Promise(resolve => setTimeout(resolve, 50))
const send = (events: readonly StoredEvent[], time_ms: number) =>
  changes$.next({
    ...{ tenant: 'local', line: 'pots', ticked: true, tick: 1, time_ms, events },
    ...{ position: 1, whole: true },
  })
const champion = async () => (await registry.aliases(LIVE_MODEL)).champion

describe('the care of models', () => {
  it('rolls a champion back that breaks its false-event budget, and says why', async () => {
    raise(3, 'potline-cells/2')
    send([], 5 * HOUR_MS)
    await vi.waitFor(() => expect(renewed).toEqual(['potline-cells/1']), 10_000)
    expect(await champion()).toBe('1')
    const [move] = (await registry.history(LIVE_MODEL)).slice(-1)
    expect(move).toMatchObject({ by: 'engine', rollback: true, from: '2', to: '1', at_ms: 7 })
    expect(move!.reason).toMatch(/^false-event budget: \d false events in a day of line pots/)
    expect(said.join()).toContain('model potline-cells/2 is rolled back')
  })

  it('says which lines have not taken what is in force, and goes on without them', async () => {
    late = Array.from({ length: 7 }, (_, i) => `local/l${i}`)
    await care.desk.of('local', true).rollback(LIVE_MODEL, 'ann', 'it is worse than before')
    expect(renewed).toEqual(['potline-cells/1'])
    const told = said.filter(text => text.startsWith('models: not yet in force on local/l0, '))
    expect(told).toHaveLength(1)
    expect(told[0]).toContain('local/l4 and 2 more')
    expect(told[0]).not.toContain('local/l5')
  })

  it('holds it to the budget that the line has', async () => {
    care.close()
    begin(1000)
    raise(3, 'potline-cells/2')
    send([], 5 * HOUR_MS)
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(await champion()).toBe('2')
  })

  it('holds a new champion to the budget that is configured', async () => {
    await writeBank(folder, LIVE_MODEL, fixtureBank(1, 3))
    const version = await addFixtureModel(registry, 0.5) // stands out all the time
    const promote = () =>
      care.desk.of('local', true).promote(LIVE_MODEL, version, 'champion', 'ann', 'it sees all')
    await expect(promote()).rejects.toThrow('at most 0 fit the budget of 1 a line-day')
    care.close()
    begin(undefined, { events_per_line_day: 10_000, p99_max_ms: 50 })
    const { move } = await promote()
    expect(move.gate!.normal).toMatchObject({ events: 1, events_per_line_day: 10_000 })
    expect(shelf.inForce('local')).toMatchObject({ model: `${LIVE_MODEL}/${version}` })
  })

  it('lists what drift monitors told, also what they told before a restart', async () => {
    const drift = (kind: string, time_ms: number) => {
      const body = { kind, line: 'pots', cell: '', tag: 'x', time_ms, text: `${kind} moved` }
      outbox.push({
        offset: outbox.length + 1,
        event: { channel: 'anomaly', id: '', body: body as Anomaly },
      })
    }
    drift('drift-score', 60_000)
    drift('unusual-running', 120_000)
    send(outbox, 120_000)
    await vi.waitFor(() => expect(said).toEqual(['drift on line pots: drift-score moved']), 10_000)
    restart()
    drift('drift-residual', 180_000)
    send(outbox.slice(-1), 180_000)
    const { desk } = care
    const listed = () => desk.proposals('local').map(({ monitor, tag }) => `${monitor} ${tag}`)
    await vi.waitFor(() => expect(listed()).toEqual(['residual x', 'score x']), 10_000)
    expect(desk.proposals('acme')).toEqual([])
  })

  it('remembers after a restart what the outbox says', async () => {
    raise(1, 'potline-cells/2')
    care.close()
    begin()
    raise(1, 'potline-cells/2')
    send([], 5 * HOUR_MS)
    await vi.waitFor(async () => expect(await champion()).toBe('1'), 10_000)
  })

  it('stays after a restart with a champion whose events were confirmed in time', async () => {
    for (let i = 1; i <= 6; i++) tell('potline-cells/2', i * 600_000)
    confirm('c1', 6.5 * 600_000)
    confirm('c1', 5 * HOUR_MS) // long after
    send(outbox, 5 * HOUR_MS)
    await settle()
    restart()
    send([], 6 * HOUR_MS)
    tell('potline-cells/2', 6 * HOUR_MS)
    send(outbox.slice(-1), 8 * HOUR_MS)
    await settle()
    expect(await champion()).toBe('2')
    expect(said).toEqual([])
  })

  it('acts after a restart on a breach of the newest day, not on an older one', async () => {
    for (let i = 1; i <= 3; i++) tell('potline-cells/2', i * 600_000)
    confirm('c2', 3 * HOUR_MS)
    restart()
    send([], 30 * HOUR_MS)
    await settle()
    expect(await champion()).toBe('2')
    restart()
    send([], 4 * HOUR_MS)
    await vi.waitFor(async () => expect(await champion()).toBe('1'), 10_000)
  })

  it('does not undo a promotion for what was before it, restarted or not', async () => {
    raise(3, 'potline-cells/2')
    send([], 3 * HOUR_MS)
    await vi.waitFor(() => expect(renewed).toEqual(['potline-cells/1']), 10_000)
    await registry.point(LIVE_MODEL, 'champion', '2', { at_ms: 3 * HOUR_MS })
    await vi.waitFor(() => expect(renewed.at(-1)).toBe('potline-cells/2'), 5000)
    tell('potline-cells/2', 4 * HOUR_MS)
    send(outbox.slice(-1), 6 * HOUR_MS)
    await settle()
    expect(await champion()).toBe('2')
    restart()
    tell('potline-cells/1', 7 * HOUR_MS)
    send(outbox.slice(-1), 9 * HOUR_MS)
    await settle()
    expect(await champion()).toBe('2')
  })

  it('leaves a model alone that only scores', async () => {
    raise(5, 'potline-cells/1')
    send([], 5 * HOUR_MS)
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(await champion()).toBe('2')
  })

  it('sees what another process did to the aliases', async () => {
    await registry.point(LIVE_MODEL, 'champion', '')
    await vi.waitFor(() => expect(renewed).toEqual(['potline-cells/2']), 5000)
    expect(shelf.inForce('local').model_role).toBe('shadow')
  })

  it('goes past a champion of before that is damaged', async () => {
    const version = await addFixtureModel(registry, 6)
    await registry.point(LIVE_MODEL, 'champion', version)
    await vi.waitFor(() => expect(renewed.at(-1)).toBe('potline-cells/3'), 5000)
    await writeFile(join(folder, LIVE_MODEL, '2', 'weights.bin'), 'x')
    raise(3, 'potline-cells/3')
    send([], 5 * HOUR_MS)
    await vi.waitFor(() => expect(renewed.at(-1)).toBe('potline-cells/1'), 5000)
    expect(said.join()).toContain('skipped: model potline-cells/2: weights do not match record')
  })

  it('lets a tenant move its own models, not those that serve others too', async () => {
    const { desk } = care
    const moves = [
      () => desk.of('acme').demote(LIVE_MODEL, 'champion', 'bob', 'mine'),
      () => desk.of('acme').rollback(LIVE_MODEL, 'bob', 'mine'),
      () => desk.of('acme').promote(LIVE_MODEL, '1', 'challenger', 'bob', 'mine'),
    ]
    for (const move of moves) {
      await expect(move()).rejects.toThrow(
        'tenant acme has no potline-cells of its own, and the shared one serves others too: ask ' +
          'an administrator, or make one with "liquidus train --tenant acme"',
      )
    }
    expect((await desk.of('acme').show(LIVE_MODEL, '2')).aliases).toContain('champion')
    expect(await champion()).toBe('2')
    const own = modelRegistry(folder, 'acme')
    await addFixtureModel(own, 9)
    await own.point(LIVE_MODEL, 'champion', '1')
    for (const alias of ['champion', 'shadow'] as const) {
      await desk.of('acme', true).demote(LIVE_MODEL, alias, 'bob', 'mine')
    }
    // Its own, even where the shared ones serve it now.
    expect(desk.inForce('acme')).toEqual(desk.inForce('local'))
    await desk.of('acme', true).promote(LIVE_MODEL, '1', 'shadow', 'bob', 'mine')
    expect(desk.inForce('acme').model_role).toBe('shadow')
    expect(await champion()).toBe('2')
    await desk.of('acme').show(LIVE_MODEL, '1')
    await desk.of('local', true).demote(LIVE_MODEL, 'champion', 'ann', 'too loud')
    expect(await champion()).toBe('')
  })

  it('puts in force at once what the desk moves', async () => {
    await care.desk.of('local', true).rollback(LIVE_MODEL, 'ann', 'too loud')
    expect(renewed).toEqual(['potline-cells/1'])
    expect(care.desk.inForce('local').model).toBe('potline-cells/1')
  })
})
