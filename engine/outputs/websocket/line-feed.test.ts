import { expect, test } from 'vitest'
import { manualClock } from '../../core/clock.ts'
import { fixtureAlarm, fixtureEngine } from '../fixture.ts'
import type { Client } from './client.ts'
import { defaultWsLimits } from './limits.ts'
import { lineFeed, type Subscription } from './line-feed.ts'
import { decodeTelemetry } from './protocol.ts'

function listener(progress = false) {
  const frames: Uint8Array[] = []
  const texts: string[] = []
  const state = { buffered_bytes: 0 }
  const client = {
    hidden: false,
    buffered_bytes: () => state.buffered_bytes,
    sendFrame: (bytes: Uint8Array) => frames.push(bytes),
    sendText: (text: string) => texts.push(text),
    sendEvent: (text: string) => texts.push(text),
  } as unknown as Client
  const subscription: Subscription = {
    client,
    progress,
    live: true,
    sent_offset: 0,
    frameSent_ms: Number.NEGATIVE_INFINITY,
    dirty: true,
    statusSent: '',
    summarySent: '',
  }
  return { client, subscription, frames, texts, state }
}

const ofType = (texts: readonly string[], type: string) =>
  texts.map(text => JSON.parse(text)).filter(message => message.type === type)

function feed() {
  const engine = fixtureEngine()
  const clock = manualClock(1_000_000)
  const limits = defaultWsLimits
  const made = lineFeed({ engine, tenant: 'local', line: 'line-1', number: 1, clock, limits })
  const line = engine.at('local', 'line-1')
  const tick = () => {
    line.tick()
    made.ticked()
  }
  const join = (progress = false) => {
    const one = listener(progress)
    made.subscriptions.add(one.subscription)
    return one
  }
  return { made, line, clock, tick, join }
}

const tickOf = (bytes: Uint8Array | undefined) =>
  bytes && decodeTelemetry(bytes.buffer as ArrayBuffer)?.tick

test('all clients get the very same bytes, at most four times a second', () => {
  const { made, line, clock, tick, join } = feed()
  const [a, b] = [join(), join()]
  tick()
  expect(a.frames).toHaveLength(1)
  expect(b.frames[0]).toBe(a.frames[0])
  clock.advance(100)
  tick()
  expect(a.frames).toHaveLength(1)
  clock.advance(150)
  made.pump()
  expect(a.frames).toHaveLength(2)
  expect(tickOf(a.frames[1])).toBe(line.latest()!.frame.tick)
  made.pump()
  expect(a.frames).toHaveLength(2)
})

test('a slow client misses frames and gets the newest once it has read', () => {
  const { made, line, clock, tick, join } = feed()
  const [slow, quick] = [join(), join()]
  slow.state.buffered_bytes = defaultWsLimits.buffered_skip_bytes + 1
  for (let i = 0; i < 3; i++) {
    tick()
    clock.advance(1000)
  }
  expect([slow.frames.length, quick.frames.length]).toEqual([0, 3])
  slow.state.buffered_bytes = 0
  made.pump()
  expect(slow.frames.map(tickOf)).toEqual([line.latest()!.frame.tick])
})

test('a hidden page gets a frame every five seconds, the newest', () => {
  const { made, line, clock, tick, join } = feed()
  const page = join()
  page.client.hidden = true
  for (let i = 0; i < 20; i++) {
    tick()
    clock.advance(1000)
  }
  made.pump()
  expect(page.frames.length).toBe(5)
  expect(tickOf(page.frames.at(-1))).toBe(line.latest()!.frame.tick)
})

test('the status comes with the first frame and again only when it changes', () => {
  const { line, clock, tick, join } = feed()
  const page = join()
  tick()
  clock.advance(1000)
  tick()
  const statuses = () => ofType(page.texts, 'status')
  expect(statuses()).toHaveLength(1)
  line.faults.set(0, 'stuck')
  clock.advance(1000)
  tick()
  expect(statuses()).toHaveLength(2)
  expect(statuses()[1].faults).toEqual([{ tag: 'cell_voltage', cell: 'cell-101', reason: 'stuck' }])
  const status = line.status()
  Object.assign(line, { status: () => ({ ...status, revision: 1 }) })
  clock.advance(1000)
  tick()
  expect(statuses().map(({ revision }) => revision)).toEqual([0, 0, 1])
})

test('incidents go out as they change, the figures of the alarms every few seconds', () => {
  const { line, clock, tick, join } = feed()
  const page = join()
  const summaries = () => ofType(page.texts, 'alarm-summary').map(({ summary }) => summary)
  tick()
  expect(summaries()).toEqual([line.summary])
  for (let announced = 1; announced <= 4; announced++) {
    line.summary = { ...line.summary, kpis: { ...line.summary.kpis, announced } }
    clock.advance(1000)
    tick()
  }
  expect(summaries()).toHaveLength(1)
  clock.advance(1000)
  tick()
  expect(summaries()[1].kpis.announced).toBe(4)
  line.summary = { ...line.summary, flood_since_ms: 5 }
  clock.advance(1000)
  tick()
  expect(summaries()[2].flood_since_ms).toBe(5)
})

test('an event goes out once, whatever the client already has', () => {
  const { made, line, join } = feed()
  const page = join()
  page.subscription.sent_offset = 1
  const stored = ['a', 'b'].map(id =>
    line.emit({ channel: 'alarm', id, body: fixtureAlarm({ id }) }),
  )
  made.publish(stored)
  made.publish(stored)
  expect(page.texts.map(text => JSON.parse(text).offset)).toEqual([2])
  expect(made.published()).toBe(2)
})

test('who asked hears of every committed tick, unless it is slow; the others do not', () => {
  const { made, join } = feed()
  const asked = join(true)
  const other = join()
  made.progress(7, 8000)
  asked.state.buffered_bytes = defaultWsLimits.buffered_skip_bytes + 1
  made.progress(8, 9000)
  asked.state.buffered_bytes = 0
  made.progress(9, 10_000)
  const told = (tick: number, time_ms: number) => ({
    type: 'progress',
    line: 'line-1',
    tick,
    time_ms,
  })
  expect(asked.texts.map(text => JSON.parse(text))).toEqual([told(7, 8000), told(9, 10_000)])
  expect(other.texts).toEqual([])
})
