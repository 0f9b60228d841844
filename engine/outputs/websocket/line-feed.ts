import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../core/clock.ts'
import type { EngineView, LineView, StoredEvent } from '../../flow.ts'
import { type NormalRangesOf, normalRanges } from '../normal-ranges.ts'
import { sensorFaults } from '../sensor-faults.ts'
import type { Client } from './client.ts'
import { BEHIND_ENTRIES, type WsLimits } from './limits.ts'
import {
  encodeTelemetry,
  type LineInfo,
  type NormalRange,
  type ProgressMessage,
  type ServerMessage,
  StatusBit,
} from './protocol.ts'

const AHEAD_LOOK_MS = 20
/** Then a line is given up that neither catches up nor gets its store back. */
const AHEAD_WAIT_MAX_MS = 60_000

/** One client's interest in one line. */
export interface Subscription {
  readonly client: Client
  /** The client wants to hear of every folded tick. */
  readonly progress: boolean
  /** False until the snapshot or the replay is out; live events wait for it. */
  live: boolean
  /** Highest event offset that was sent. */
  sent_offset: number
  frameSent_ms: number
  /** The client has not yet got the newest frame. */
  dirty: boolean
  statusSent: string
  summarySent: string
}

/** Everything that the clients of one line share: one encoding of each event and frame. */
export interface LineFeed {
  readonly tenant: string
  readonly line: string
  readonly number: number
  readonly subscriptions: Set<Subscription>
  view(): LineView | undefined
  info(view: LineView): LineInfo
  /** Resolves once `published` is known. */
  ready(): Promise<void>
  /** Resolves once what was told reaches the offset, or the line has done all that its log asks. */
  reached(offset: number): Promise<void>
  /** Highest offset known to be told; 0 before the first. */
  published(): number
  publish(events: readonly StoredEvent[]): void
  /** Tells those who asked that ticks up to this one are folded. */
  progress(tick: number, time_ms: number): void
  /** Marks a closed tick and sends it if it is time. */
  ticked(): void
  /** Sends what is due: a new frame, or the newest one to those who missed it. */
  pump(): void
  deliver(subscription: Subscription): void
  /** Frames that a subscriber never got, because a newer one took their place. */
  conflated(): number
}

/** The text of one event, the same for live and replayed ones. */
export function eventText(line: string, epoch: string, stored: StoredEvent): string {
  const message: ServerMessage = {
    type: 'event',
    line,
    epoch,
    offset: stored.offset,
    event: stored.event,
  }
  return JSON.stringify(message)
}

function lineInfo(view: LineView, number: number, normal: readonly NormalRange[]): LineInfo {
  const { definition, fields, channels } = view
  const { line, kind, origin, clock, tick_ms, cells, tags } = definition
  return { number, line, kind, origin, clock, tick_ms, cells, fields, channels, tags, normal }
}

function frameBytes(current: LineView, number: number, sent_ms: number): Uint8Array | undefined {
  const latest = current.latest()
  if (!latest) return undefined
  const { behind_entries, degraded } = current.status()
  const behind = behind_entries > BEHIND_ENTRIES
  return encodeTelemetry({
    lineNumber: number,
    cells: current.definition.cells.length,
    sent_ms,
    status: (degraded === '' ? 0 : StatusBit.degraded) | (behind ? StatusBit.behind : 0),
    behind_entries,
    frame: latest.frame,
    twin: latest.twin,
    scores: current.scores(),
  })
}

function statusText(current: LineView): string {
  const { degraded, revision = 0 } = current.status()
  return JSON.stringify({
    type: 'status',
    line: current.definition.line,
    degraded,
    faults: sensorFaults(current),
    detectors: current.scores().map(score => score.name),
    revision,
  } satisfies ServerMessage)
}

/** The text on the alarms as a whole; its figures are made anew only now and then. */
function summaryTexts(line: string, clock: Clock, interval_ms: number) {
  let text = ''
  let incidentsKnown = ''
  let made_ms = Number.NEGATIVE_INFINITY
  return (current: LineView): string => {
    const summary = current.alarmSummary()
    const incidents = JSON.stringify([summary.flood_since_ms, summary.incidents])
    const now_ms = clock.elapsed_ms()
    if (incidents === incidentsKnown && now_ms - made_ms < interval_ms) return text
    incidentsKnown = incidents
    made_ms = now_ms
    text = JSON.stringify({ type: 'alarm-summary', line, summary } satisfies ServerMessage)
    return text
  }
}

/** The reliable half of a feed: what is published, and to whom it goes. */
function eventSide(
  engine: EngineView,
  line: string,
  view: () => LineView | undefined,
  subscriptions: ReadonlySet<Subscription>,
  ahead_wait_ms: number,
): Pick<LineFeed, 'ready' | 'reached' | 'published' | 'publish'> {
  let published_offset: number | undefined
  return {
    async ready() {
      if (published_offset !== undefined) return
      const newest = (await view()?.events(0, 1))?.newest ?? 0
      published_offset = Math.max(published_offset ?? 0, newest)
    },
    async reached(offset) {
      let idle_ms = 0
      for (let waited_ms = 0; waited_ms < AHEAD_WAIT_MAX_MS; waited_ms += AHEAD_LOOK_MS) {
        if ((published_offset ?? 0) >= offset || idle_ms >= ahead_wait_ms) return
        await sleep(AHEAD_LOOK_MS)
        const status = view()?.status()
        const isBusy = !status || status.behind_entries > 0 || status.degraded !== ''
        idle_ms = isBusy ? 0 : idle_ms + AHEAD_LOOK_MS
      }
    },
    published: () => published_offset ?? 0,
    publish(events) {
      for (const stored of events) {
        published_offset = Math.max(published_offset ?? 0, stored.offset)
        if (subscriptions.size === 0) continue
        const text = eventText(line, engine.epoch, stored)
        for (const subscription of subscriptions) {
          if (!subscription.live || stored.offset <= subscription.sent_offset) continue
          subscription.sent_offset = stored.offset
          subscription.client.sendEvent(text)
        }
      }
    },
  }
}

/** Makes the shared side of one line. */
export function lineFeed(options: {
  readonly engine: EngineView
  readonly tenant: string
  readonly line: string
  readonly number: number
  readonly clock: Clock
  readonly limits: WsLimits
  readonly normalRanges?: NormalRangesOf
}): LineFeed {
  const { engine, tenant, line, number, clock, limits } = options
  const normalOf = options.normalRanges ?? normalRanges([])
  const subscriptions = new Set<Subscription>()
  const view = () => engine.line(tenant, line)
  const events = eventSide(engine, line, view, subscriptions, limits.ahead_wait_ms)
  let frame: Uint8Array | undefined
  let encoded_ms = Number.NEGATIVE_INFINITY
  let stale = true
  let status = ''
  let summary = ''
  let conflated = 0
  const summaryText = summaryTexts(line, clock, limits.summary_interval_ms)

  function encode(): void {
    const current = view()
    if (!current) return
    // A line that has not ticked since the start has no frame, but alarms and a state all the same.
    frame = frameBytes(current, number, clock.now_ms()) ?? frame
    status = statusText(current)
    summary = summaryText(current)
    encoded_ms = clock.elapsed_ms()
    stale = false
    for (const subscription of subscriptions) {
      if (subscription.dirty && subscription.live) conflated++
      subscription.dirty = true
    }
  }

  function deliver(subscription: Subscription): void {
    if (stale && frame === undefined) encode()
    const { client } = subscription
    if (!subscription.live || !subscription.dirty) return
    const now_ms = clock.elapsed_ms()
    const rested_ms = now_ms - subscription.frameSent_ms
    if (client.hidden && rested_ms < limits.hidden_interval_ms) return
    if (client.buffered_bytes() > limits.buffered_skip_bytes) return
    if (subscription.statusSent !== status) {
      subscription.statusSent = status
      client.sendText(status)
    }
    if (subscription.summarySent !== summary) {
      subscription.summarySent = summary
      client.sendText(summary)
    }
    subscription.dirty = false
    if (!frame) return
    client.sendFrame(frame)
    subscription.frameSent_ms = now_ms
  }

  function pump(): void {
    if (subscriptions.size === 0) return
    // A timer may fire a little early; a frame must not slip to the next round for that.
    const due = clock.elapsed_ms() - encoded_ms >= limits.frame_interval_ms - 10
    if (stale && due) encode()
    for (const subscription of subscriptions) deliver(subscription)
  }

  return {
    tenant,
    line,
    number,
    subscriptions,
    view,
    pump,
    deliver,
    conflated: () => conflated,
    info: current => lineInfo(current, number, normalOf(current)),
    ...events,
    progress(tick, time_ms) {
      const text = JSON.stringify({
        type: 'progress',
        line,
        tick,
        time_ms,
      } satisfies ProgressMessage)
      for (const { client, progress, live } of subscriptions) {
        // A later one says all that this says: it may be left out for a client that is slow.
        if (!progress || !live || client.buffered_bytes() > limits.buffered_skip_bytes) continue
        client.sendText(text)
      }
    },
    ticked() {
      stale = true
      pump()
    },
  }
}
