/**
 * What travels on `/ws`: JSON text for control and reliable events, binary for telemetry.
 * Used by the engine and by the browser: types, constants and codecs only, no Node imports.
 */
import type {
  Advice,
  AlarmRecord,
  AlarmSummary,
  Channel,
  CloseReason,
  Identity,
  LineClock,
  LineFrame,
  LineKind,
  LineOrigin,
  OutputEvent,
  Quantity,
  TagDefinition,
  TwinFrame,
} from '../../flow.ts'

/** Path of the WebSocket on the HTTP server. */
export const WS_PATH = '/ws'

/** Version of this protocol, in the welcome and in every telemetry header. */
export const PROTOCOL_VERSION = 1

/** Close codes that a client should know; after TRY_AGAIN it resumes with its last offset. */
export const CloseCode = { goingAway: 1001, policy: 1008, tryAgain: 1013 } as const

// ------------------------------------------------------------------ client to server

/** Where a client stands in a line's events. */
export interface ResumePoint {
  readonly epoch: string
  readonly offset: number
}

/** Everything a client may say. */
export type ClientMessage =
  | {
      readonly type: 'subscribe'
      readonly line: string
      readonly resume?: ResumePoint
      /** Send a ProgressMessage after every commit that closed a tick. */
      readonly progress?: boolean
    }
  | { readonly type: 'unsubscribe'; readonly line: string }
  | { readonly type: 'visibility'; readonly hidden: boolean }

// ------------------------------------------------------------------ server to client

/** One line as the welcome describes it. */
export interface LineInfo {
  /** Number that telemetry headers carry for this line; valid for this connection. */
  readonly number: number
  readonly line: string
  readonly kind: LineKind
  readonly origin: LineOrigin
  readonly clock: LineClock
  readonly tick_ms: number
  readonly cells: readonly string[]
  readonly fields: readonly Quantity[]
  readonly channels: readonly Channel[]
  readonly tags: readonly TagDefinition[]
  /** Where quantities normally lie; what is not named has no known range. */
  readonly normal?: readonly NormalRange[]
}

/** Where a quantity of a line normally lies, in the unit of its display; an absent end is open. */
export interface NormalRange {
  /** Name of a field, or tag of a channel. */
  readonly of: string
  readonly low?: number
  readonly high?: number
  readonly source: 'configuration' | 'alarm-limits'
}

/** A sensor that is not healthy now. */
export interface SensorFault {
  readonly tag: string
  /** Asset, or '' for a tag of the whole line. */
  readonly cell: string
  readonly reason: string
}

/**
 * Why a resume point does not hold: the history is another one, the events are no longer kept, there
 * are more than are sent one by one, or the client is ahead of the engine.
 */
export type NotResumed = 'other-history' | 'no-longer-kept' | 'too-many' | 'ahead'

/** Everything the server may say as text. */
export type ServerMessage =
  | {
      /** First message; sent again, whole, when the set of lines changes. */
      readonly type: 'welcome'
      readonly protocol: number
      readonly epoch: string
      readonly version: string
      readonly now_ms: number
      readonly identity: Identity
      /** What this identity may do: "read", "acknowledge", "approve", ... */
      readonly actions: readonly string[]
      readonly lines: readonly LineInfo[]
    }
  | {
      /** Replaces what the client knows of alarms and advice; live events follow `offset`. */
      readonly type: 'snapshot'
      readonly line: string
      readonly epoch: string
      readonly offset: number
      readonly alarms: readonly AlarmRecord[]
      readonly advice: readonly Advice[]
      /** Only where the client asked to resume: why what it missed cannot come one by one. */
      readonly not_resumed?: NotResumed
    }
  | {
      /** The resume point holds: the events after `offset` follow, nothing is missing. */
      readonly type: 'resumed'
      readonly line: string
      readonly epoch: string
      readonly offset: number
    }
  | {
      /** At least once; later revisions of one id replace earlier ones. */
      readonly type: 'event'
      readonly line: string
      readonly epoch: string
      readonly offset: number
      readonly event: OutputEvent
    }
  | {
      /** After subscribing and whenever it changes. */
      readonly type: 'status'
      readonly line: string
      readonly degraded: string
      readonly faults: readonly SensorFault[]
      /** Names of the rows of `Telemetry.scores`. */
      readonly detectors: readonly string[]
      /** Rises when late readings changed the past: history that was read before is out of date. */
      readonly revision: number
    }
  | {
      /** Flood, incidents and figures; replaces the one before. After subscribing and on change. */
      readonly type: 'alarm-summary'
      readonly line: string
      readonly summary: AlarmSummary
    }
  /** Every 15 s, because a page does not see the socket's own pings. */
  | { readonly type: 'heartbeat'; readonly now_ms: number }
  | { readonly type: 'error'; readonly code: WsErrorCode; readonly message: string }

/** Ticks up to this one are folded, from readings that are durable. Only those who subscribed with `progress` hear it. */
export interface ProgressMessage {
  readonly type: 'progress'
  readonly line: string
  readonly tick: number
  /** End of the tick. */
  readonly time_ms: number
}

/** Why the server refused a message. */
export type WsErrorCode = 'BAD_MESSAGE' | 'LINE_UNKNOWN' | 'TOO_MANY_COMMANDS' | 'FORBIDDEN'

/** Parses a text message of the server; throws SyntaxError when it is not JSON. */
export function parseServerMessage(text: string): ServerMessage {
  return JSON.parse(text) as ServerMessage
}

const LINE_NAME_CHARS_MAX = 200

/** Parses and checks a text message of a client; undefined when it is not one. */
export function parseClientMessage(text: string): ClientMessage | undefined {
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof raw !== 'object' || raw === null) return undefined
  const message = raw as Record<string, unknown>
  if (message.type === 'visibility') {
    return typeof message.hidden === 'boolean'
      ? { type: 'visibility', hidden: message.hidden }
      : undefined
  }
  const { line } = message
  if (typeof line !== 'string' || line.length > LINE_NAME_CHARS_MAX) return undefined
  if (message.type === 'unsubscribe') return { type: 'unsubscribe', line }
  if (message.type !== 'subscribe') return undefined
  if (message.progress !== undefined && typeof message.progress !== 'boolean') return undefined
  const wish = message.progress === undefined ? {} : { progress: message.progress }
  if (message.resume === undefined) return { type: 'subscribe', line, ...wish }
  const resume = resumePoint(message.resume)
  return resume && { type: 'subscribe', line, resume, ...wish }
}

function resumePoint(raw: unknown): ResumePoint | undefined {
  if (typeof raw !== 'object' || raw === null) return undefined
  const { epoch, offset } = raw as Record<string, unknown>
  if (typeof epoch !== 'string' || typeof offset !== 'number') return undefined
  return Number.isSafeInteger(offset) && offset >= 0 ? { epoch, offset } : undefined
}

// ------------------------------------------------------------------ binary telemetry

/*
 * Little endian. Header of 56 bytes:
 *  0 u32 magic   4 u8 version   5 u8 close reason   6 u16 status bits
 *  8 u32 line number   12 u32 cells   16 u16 fields   18 u16 channels   20 u32 behind_entries
 * 24 f64 tick   32 f64 time_ms (end of the tick)   40 f64 sent_ms (wall)   48 u16 detectors
 * Then float32: estimate, std [field][cell]; observed, expected, expected_std,
 * residual [channel][cell]; scores [detector][cell]; then bytes: observable [field][cell], trusted [cell], masked [cell].
 */
const MAGIC = 0x5451_4c01 // "LQT" and 1
const HEADER_BYTES = 56

/** Bits of `Telemetry.status`. */
export const StatusBit = { degraded: 1, behind: 2 } as const

const CLOSE_REASONS: readonly CloseReason[] = ['complete', 'watermark', 'grace', 'silent']

/** One tick of one line as a client reads it; arrays are views of the received bytes. */
export interface Telemetry {
  readonly lineNumber: number
  readonly tick: number
  readonly time_ms: number
  readonly sent_ms: number
  readonly closed: CloseReason
  readonly status: number
  readonly behind_entries: number
  readonly cells: number
  readonly estimate: Float32Array // [field][cell], SI
  readonly std: Float32Array // [field][cell], SI; NaN: no band
  readonly observed: Float32Array // [channel][cell], SI
  readonly expected: Float32Array // [channel][cell], SI
  readonly expected_std: Float32Array // [channel][cell], SI
  readonly residual: Float32Array // [channel][cell], 1
  readonly scores: Float32Array // [detector][cell], 0..1; names in the status message
  readonly observable: Uint8Array // [field][cell]
  readonly trusted: Uint8Array // [cell]
  readonly masked: Uint8Array // [cell]
}

/** What a telemetry message is made of. */
export interface TelemetrySource {
  readonly lineNumber: number
  readonly cells: number
  readonly sent_ms: number
  readonly status: number
  readonly behind_entries: number
  readonly frame: Pick<LineFrame, 'tick' | 'time_ms' | 'closed'>
  readonly twin: TwinFrame
  readonly scores: readonly { readonly values: Float64Array }[]
}

/** Writes one telemetry message into fresh bytes. */
export function encodeTelemetry(source: TelemetrySource): Uint8Array<ArrayBuffer> {
  const { cells, frame, twin } = source
  const fieldCells = twin.estimate.length
  const channelCells = twin.observed.length
  const detectors = source.scores.length
  const floats = 2 * fieldCells + 4 * channelCells + detectors * cells
  const bytes = new Uint8Array(HEADER_BYTES + 4 * floats + fieldCells + 2 * cells)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, MAGIC, true)
  view.setUint8(4, PROTOCOL_VERSION)
  view.setUint8(5, CLOSE_REASONS.indexOf(frame.closed))
  view.setUint16(6, source.status, true)
  view.setUint32(8, source.lineNumber, true)
  view.setUint32(12, cells, true)
  view.setUint16(16, cells === 0 ? 0 : fieldCells / cells, true)
  view.setUint16(18, cells === 0 ? 0 : channelCells / cells, true)
  view.setUint32(20, source.behind_entries, true)
  view.setFloat64(24, frame.tick, true)
  view.setFloat64(32, frame.time_ms, true)
  view.setFloat64(40, source.sent_ms, true)
  view.setUint16(48, detectors, true)
  const payload = new Float32Array(bytes.buffer, HEADER_BYTES, floats)
  let at = 0
  for (const values of [
    twin.estimate,
    twin.std,
    twin.observed,
    twin.expected,
    twin.expected_std,
    twin.residual,
    ...source.scores.map(score => score.values),
  ]) {
    payload.set(values, at)
    at += values.length
  }
  let byteAt = HEADER_BYTES + 4 * floats
  for (const flags of [twin.observable, twin.trusted, twin.masked]) {
    bytes.set(flags, byteAt)
    byteAt += flags.length
  }
  return bytes
}

/** Reads one telemetry message; undefined when it is not one of this version or is cut short. */
export function decodeTelemetry(buffer: ArrayBuffer): Telemetry | undefined {
  if (buffer.byteLength < HEADER_BYTES) return undefined
  const view = new DataView(buffer)
  if (view.getUint32(0, true) !== MAGIC || view.getUint8(4) !== PROTOCOL_VERSION) return undefined
  const cells = view.getUint32(12, true)
  const fieldCells = view.getUint16(16, true) * cells
  const channelCells = view.getUint16(18, true) * cells
  const closed = CLOSE_REASONS[view.getUint8(5)]
  const scoreCells = view.getUint16(48, true) * cells
  const size_bytes = HEADER_BYTES + 9 * fieldCells + 16 * channelCells + 4 * scoreCells + 2 * cells
  if (closed === undefined || buffer.byteLength !== size_bytes) return undefined
  let at = HEADER_BYTES
  const floats = (count: number) => {
    const part = new Float32Array(buffer, at, count)
    at += 4 * count
    return part
  }
  const flags = (count: number) => {
    const part = new Uint8Array(buffer, at, count)
    at += count
    return part
  }
  return {
    lineNumber: view.getUint32(8, true),
    tick: view.getFloat64(24, true),
    time_ms: view.getFloat64(32, true),
    sent_ms: view.getFloat64(40, true),
    closed,
    status: view.getUint16(6, true),
    behind_entries: view.getUint32(20, true),
    cells,
    estimate: floats(fieldCells),
    std: floats(fieldCells),
    observed: floats(channelCells),
    expected: floats(channelCells),
    expected_std: floats(channelCells),
    residual: floats(channelCells),
    scores: floats(scoreCells),
    observable: flags(fieldCells),
    trusted: flags(cells),
    masked: flags(cells),
  }
}
