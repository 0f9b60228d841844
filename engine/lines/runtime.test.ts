import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Clock, manualClock, systemClock } from '../core/clock.ts'
import { LiquidusError } from '../core/errors.ts'
import type { LineChange, LineDefinition } from '../flow.ts'
import { openLmdbStore } from '../store/lmdb/store.ts'
import type { Store } from '../store/port.ts'
import { type DirectoryParts, type LineDirectory, lineDirectory } from './directory.ts'
import { calmGauge, loggedBatch, noTrend, realFold, tinyLine, tinySecond } from './fixture-line.ts'
import type { LineFold } from './fold.ts'
import { inlineFolds } from './inline-seat.ts'
import { verifyLine } from './verify.ts'

const KEY = 'local/tiny'
const away = () =>
  new LiquidusError('STORE_UNAVAILABLE', { store: 'lmdb', problem: 'away' }, { retry: true })

let directory: string
let disk: Store
let engine: LineDirectory | undefined
let changes: LineChange[]
let reported: string[]

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'liquidus-runtime-'))
  disk = await openLmdbStore({ directory })
})
afterEach(async () => {
  await engine?.close()
  engine = undefined
  await disk.close()
  rmSync(directory, { recursive: true })
})

/** An engine on the disk's store, some calls of it changed; `open` again is a restart. */
async function open(
  change: Partial<Store> = {},
  fold: (definition: LineDefinition) => LineFold = realFold,
  {
    log_entries_max = 5000,
    clock = systemClock as Clock,
    definition = tinyLine,
    versions = {} as DirectoryParts['versions'],
  } = {},
) {
  changes = []
  reported = []
  engine = lineDirectory({
    store: { ...disk, close: async () => {}, ...change },
    clock,
    version: '1',
    versions,
    log_entries_max,
    folds: inlineFolds(of => ({ fold: fold(of), trend: noTrend }), clock),
    gauge: calmGauge,
    mayCreate: () => true,
    report: (_, text) => reported.push(text),
  })
  engine.changes$.subscribe(one => changes.push(one))
  await engine.open([definition])
  const line = engine.find('local', 'tiny')!
  const view = engine.line('local', 'tiny')!
  const { epoch, committed_sequence } = await line.openProducer('p')
  let sequence = committed_sequence
  let second = 100 + committed_sequence
  return {
    line,
    view,
    epoch,
    /** Sends seconds of the line; the value is the same for all series. */
    async send(count: number, value: number | ((second: number) => number) = 1, mode?: 'backfill') {
      for (let i = 0; i < count; i++) {
        const now = second++
        const of = () => (typeof value === 'number' ? value + (now % 7) / 10 : value(now))
        await line.append(loggedBatch(++sequence, tinySecond(now, of, mode), epoch), [])
      }
    },
    /** Waits until all of it is folded, and committed where it changed anything. */
    settled: () => vi.waitFor(() => expect(view.status().position).toBe(sequence)),
  }
}

/** Its state is stored with every tick, and is of no use. */
const smallFold = (definition: LineDefinition): LineFold => ({
  ...realFold(definition),
  snapshot: () => new Uint8Array(3),
})

const events = () => changes.flatMap(change => change.events.map(one => one.offset))
const stored = async () => (await disk.events(KEY, 0, 1000)).map(one => one.offset)

describe('a line whose store is away for a while', () => {
  it('says so, tells what its durable log gives, and goes on with each event once', async () => {
    let failures = 0
    const { send, settled, view, line } = await open({
      async commit(key, commit) {
        if (commit.events.length > 0 && failures < 2) {
          failures += 1
          // The first time the commit is made and only its answer is lost.
          if (failures === 1) await disk.commit(key, commit)
          throw away()
        }
        await disk.commit(key, commit)
      },
    })
    await send(5)
    await settled()
    const before = view.status().state_hash
    await send(1, 500)
    await vi.waitFor(() => expect(view.status().degraded).toMatch(/not answer: away/))
    expect(engine!.health('rival').problems).toEqual([expect.stringMatching('another tenant')])
    expect(events().length).toBeGreaterThan(0)
    expect(view.pendingEvents().map(one => one.offset)).toEqual(events())
    expect((await view.events(0, 1000)).events.map(one => one.offset)).toEqual(events())
    expect(view.status().state_hash).toBe(before)
    expect(line.credit_bytes()).toBeLessThan(100_000)
    await vi.waitFor(() => expect(view.pendingEvents()).toEqual([]))
    expect(view.status().degraded).toBe('')
    expect(engine!.health().ready).toBe(true)
    await send(3)
    await vi.waitFor(async () => expect(events()).toEqual(await stored()))
    expect(new Set(events()).size).toBe(events().length)
    expect(await verifyLine(disk, KEY, realFold, {}, () => {})).toMatchObject({ equal: true })
  })

  it('reads its log on once the store answers again', async () => {
    const first = await open()
    await first.send(20)
    await engine!.close()
    let failures = 0
    const { view } = await open({
      async read(...args) {
        if (failures++ < 1) throw away()
        return disk.read(...args)
      },
    })
    await vi.waitFor(() => expect(view.status().behind_entries).toBe(0))
    expect(reported).toEqual([])
  })

  it('is not stopped by a trim that fails', async () => {
    const trimLog = vi.fn(async () => {
      throw away()
    })
    const { send, settled } = await open({ trimLog }, smallFold, { log_entries_max: 300 })
    await send(1200).then(settled)
    expect(trimLog).toHaveBeenCalled()
    expect(reported).toEqual([])
  })
})

describe('a line that cannot go on', () => {
  it('stops when a newer engine took it over, and says so', async () => {
    const { send } = await open()
    await send(2)
    await disk.acquire(KEY)
    await expect(send(1)).rejects.toMatchObject({ code: 'STORE_FENCED' })
    await vi.waitFor(() => expect(reported.join()).toMatch(/taken over by a newer engine/))
    expect(engine!.health()).toMatchObject({ ready: false })
  })

  it('stops when a stage throws and takes nothing more; a restart goes on from its log', async () => {
    const brittle = (definition: LineDefinition): LineFold => {
      const fold = realFold(definition)
      return {
        ...fold,
        runTwin(frame) {
          if (frame.tick >= 105) throw new Error('no such state')
          return fold.runTwin(frame)
        },
      }
    }
    let versions = {}
    const first = await open({}, brittle, { versions: () => versions })
    await first.send(4)
    await first.settled()
    await first.send(2)
    await vi.waitFor(() => expect(reported.join()).toMatch(/stopped: no such state/))
    expect(first.view.status().degraded).toMatch(/no such state/)
    const refused = { code: 'LINE_STOPPED', retry: true }
    await expect(first.send(1)).rejects.toMatchObject(refused)
    await expect(first.line.openProducer('p')).rejects.toMatchObject(refused)
    versions = { models: 'new' }
    await engine!.renewVersions() // other lines take them
    await engine!.close()
    const second = await open()
    await second.send(1)
    await second.settled()
    await vi.waitFor(() => expect(second.view.status().time_ms).toBe(107_000))
    expect(await verifyLine(disk, KEY, realFold, {}, () => {})).toMatchObject({ equal: true })
  })

  it('refuses readings at last, instead of filling the store', async () => {
    const failing = async () => Promise.reject(away())
    const { send } = await open({ commit: failing }, smallFold, { log_entries_max: 400 })
    await expect(send(500)).rejects.toMatchObject({ code: 'STORE_FULL', retry: true })
  })
})

describe('a line that is opened again', () => {
  it('folds its log anew when the stored state is of another version, and publishes nothing twice', async () => {
    const first = await open({}, smallFold)
    await first.send(130) // more than a chunk
    await first.send(2, 500)
    await first.settled()
    await vi.waitFor(() => expect(events().length).toBeGreaterThan(0))
    const before = await stored()
    await engine!.close()
    const second = await open()
    expect(reported.join()).toMatch(/not of this version/)
    await second.settled()
    expect(events()).toEqual([])
    expect(second.view.alarms().length).toBeGreaterThan(0)
    await vi.waitFor(() => expect(second.view.status().state_hash).toHaveLength(64))
    await second.send(10)
    await second.settled()
    await vi.waitFor(async () => expect(await stored()).toEqual([...before, ...events()]))
    expect(second.view.status().degraded).toBe('')
    expect(await verifyLine(disk, KEY, realFold, {}, () => {})).toMatchObject({ equal: true })
  })

  it('knows the time it stands at before anything new comes', async () => {
    const first = await open()
    await first.send(5)
    await first.settled()
    await vi.waitFor(() => expect(first.view.status().time_ms).toBe(105_000))
    await engine!.close()
    const { view } = await open()
    expect(view.status()).toMatchObject({ tick: 104, time_ms: 105_000 })
  })

  it('stores an event between ticks without the state, and loses nothing at a restart', async () => {
    const states: (number | undefined)[] = []
    const first = await open({
      async commit(key, commit) {
        states.push(commit.state?.length)
        await disk.commit(key, commit)
      },
    })
    await first.send(5)
    await first.send(1, 500)
    await first.settled()
    const [alarm] = await vi.waitFor(() => {
      expect(first.view.alarms().length).toBeGreaterThan(0)
      return first.view.alarms()
    })
    await vi.waitFor(async () => expect(events()).toEqual(await stored()))
    const [ticks, before] = [states.length, (await stored()).length]
    const decision = { on: 'alarm', action: 'acknowledge', target: alarm!.id } as const
    const anna = { subject: 'anna', tenant: 'local', role: 'operator' } as const
    await first.view.decide(decision, anna, '')
    await vi.waitFor(() => expect(states.length).toBe(ticks + 1))
    expect(states.at(-1)).toBeUndefined()
    await vi.waitFor(() => expect(events().length).toBeGreaterThan(before))
    const published = await stored()
    await disk.acquire(KEY) // as a kill would: the end of the line stores nothing more
    await engine!.close()
    const left = await disk.look(KEY)
    expect(left.commit!.position).toBeLessThan(left.published)
    const { view, send } = await open()
    await vi.waitFor(() =>
      expect(view.alarms().find(one => one.id === alarm!.id)?.acknowledged_by).toBe('anna'),
    )
    await send(2)
    await vi.waitFor(async () => expect((await stored()).slice(published.length)).toEqual(events()))
    expect(await verifyLine(disk, KEY, realFold, {}, () => {})).toMatchObject({ equal: true })
  })

  it('drops at once what a shorter retention no longer keeps', async () => {
    const first = await open()
    await first.send(420)
    await first.settled()
    await engine!.close()
    expect((await disk.look(KEY)).log_start).toBe(1)
    await open({}, realFold, { log_entries_max: 10 })
    const start = async () => (await disk.look(KEY)).log_start
    await vi.waitFor(async () => expect(await start()).toBeGreaterThan(50))
    expect(await start()).toBeLessThan(300) // what a rewind may still read stays
  })

  it('does not read again and again what changed nothing', async () => {
    const { send, settled } = await open()
    await send(1500, 1, 'backfill')
    await settled()
    await vi.waitFor(async () => {
      expect((await disk.look(KEY)).commit?.position).toBeGreaterThanOrEqual(1000)
    })
  })
})

describe('a line that goes by the clock', () => {
  it('takes its own closes for no sign of life: a silent line moves on second by second', async () => {
    const interval = vi.spyOn(globalThis, 'setInterval')
    const clock = manualClock(103_000)
    const definition = { ...tinyLine, clock: 'wall' } as const
    const { send, settled, view } = await open({}, realFold, { clock, definition })
    const watch = interval.mock.calls.find(([, every_ms]) => every_ms === 1000)![0]
    interval.mockRestore()
    await send(3)
    await settled()
    for (let second = 1; second <= 6; second++) {
      clock.advance(1000)
      watch()
      // The newest reading was a second old when it came.
      const behind_ms = clock.now_ms() - 4000
      if (second > 3) await vi.waitFor(() => expect(view.status().time_ms).toBe(behind_ms))
    }
    expect(view.status().ticks_closed.silent).toBeGreaterThan(0)
  })
})

describe('verifyLine', () => {
  it('looks at a line that is running and leaves it to its engine', async () => {
    const { send, settled, view } = await open()
    await send(5)
    await send(1, 500)
    await settled()
    expect(await verifyLine(disk, KEY, realFold, {}, () => {})).toMatchObject({ equal: true })
    await send(5)
    await settled()
    expect(view.status().degraded).toBe('')
  })

  it('tells a log whose events are not those of the fold', async () => {
    const { send, settled } = await open()
    await send(3)
    await send(1, 500)
    await settled()
    await vi.waitFor(() => expect(events().length).toBeGreaterThan(0))
    const deaf = (definition: LineDefinition) =>
      realFold({ ...definition, tags: definition.tags.map(tag => ({ ...tag, alarm_high: 900 })) })
    const result = await verifyLine(disk, KEY, deaf, {}, () => {})
    expect(result.equal).toBe(false)
    expect(result.events_different).toBeGreaterThan(0)
  })

  it('names the versions that wrote the log, each change once', async () => {
    const use = async (model: string, from: number) => {
      const { send, view } = await open({}, realFold, { versions: { engine: '1', model } })
      await send(5)
      await vi.waitFor(() => expect(view.status().position).toBe(from + 5))
      await engine!.close()
    }
    await use('a', 1)
    await use('a', 6)
    await use('b', 12)
    const now = { engine: '1', model: 'b' }
    const result = await verifyLine(disk, KEY, realFold, now, () => {})
    expect(result.versions_others).toEqual(['engine 1, model a'])
    expect(result).toMatchObject({
      equal: true,
      entries: 17,
      versions_in_log: ['engine 1, model a', 'engine 1, model b'],
      versions_now: 'engine 1, model b',
    })
  })

  it('writes new versions between two ticks while readings come, and loses none', async () => {
    let model = 'a'
    const { send, view } = await open({}, realFold, { versions: () => ({ engine: '1', model }) })
    const sending = send(300)
    await vi.waitFor(() => expect(view.status().tick).toBeGreaterThan(100))
    model = 'b'
    for (const _ of ['', 'the same again is no entry']) await engine!.renewVersions()
    await sending
    await vi.waitFor(() => expect(view.status().position).toBe(302))
    await engine!.close()
    const result = await verifyLine(disk, KEY, realFold, {}, () => {})
    expect(result).toMatchObject({
      ...{ equal: true, entries: 302, readings: 1200 },
      versions_in_log: ['engine 1, model a', 'engine 1, model b'],
    })
    expect(result.ticks).toBe(view.status().tick - 100 + 1)
  })

  it('writes its versions again when the log was not folded to its end', async () => {
    const held = { commit: async () => new Promise<void>(() => {}) }
    const first = await open(held, realFold, { versions: { model: 'a' } })
    await first.send(3)
    await engine!.close()
    const { view, send } = await open({}, realFold, { versions: { model: 'a' } })
    await send(2)
    await vi.waitFor(() => expect(view.status().position).toBe(7))
    await engine!.close()
    const result = await verifyLine(disk, KEY, realFold, { model: 'a' }, () => {})
    expect(result).toMatchObject({ equal: true, versions_in_log: ['model a', 'model a'] })
  })
})
