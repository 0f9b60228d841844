import { WebSocket } from 'ws'
import {
  type ClientMessage,
  decodeTelemetry,
  type ProgressMessage,
  type ServerMessage,
  type Telemetry,
  WS_PATH,
} from '#engine/outputs/websocket/protocol.ts'

const OPEN_WITHIN_MS = 60_000
/** A client may say this much in ten seconds, and one message is a line. */
const LINES_PER_SOCKET = 150

/** WebSocket clients as dashboards are, that note when each message came. */
export interface Listener {
  /** Why a connection ended, or ''. */
  lost(): string
  close(): void
}

/** What a listener is told. */
export interface Heard {
  message(message: ServerMessage | ProgressMessage): void
  /** A frame of a line, with the names of its detectors. */
  telemetry?(line: string, frame: Telemetry, detectors: readonly string[]): void
}

/**
 * Subscribes to the lines with progress, over as many sockets as they need, and resolves when all
 * are live. `hidden`: telemetry only every 5 s, as for a page in the background.
 */
export async function connectListener(
  http: string,
  lines: readonly string[],
  heard: Heard,
  hidden = false,
): Promise<Listener> {
  const parts: string[][] = []
  for (let i = 0; i < lines.length; i += LINES_PER_SOCKET) {
    parts.push(lines.slice(i, i + LINES_PER_SOCKET))
  }
  const sockets = await Promise.all(parts.map(part => connectOne(http, part, heard, hidden)))
  return {
    lost: () => sockets.map(socket => socket.lost()).find(text => text !== '') ?? '',
    close() {
      for (const socket of sockets) socket.close()
    },
  }
}

async function connectOne(
  http: string,
  lines: readonly string[],
  heard: Heard,
  hidden: boolean,
): Promise<Listener> {
  const socket = new WebSocket(http.replace(/^http/, 'ws') + WS_PATH, { maxPayload: 1 << 28 })
  socket.binaryType = 'arraybuffer'
  let lost = ''
  const waiting = new Set(lines)
  const names = new Map<number, string>()
  const detectors = new Map<string, readonly string[]>()
  const say = (message: ClientMessage) => socket.send(JSON.stringify(message))
  const onFrame = (bytes: ArrayBuffer): void => {
    const frame = heard.telemetry && decodeTelemetry(bytes)
    const line = frame && names.get(frame.lineNumber)
    if (line !== undefined) heard.telemetry!(line, frame!, detectors.get(line) ?? [])
  }
  const onText = (message: ServerMessage | ProgressMessage): void => {
    if (message.type === 'welcome') for (const one of message.lines) names.set(one.number, one.line)
    if (message.type === 'status') detectors.set(message.line, message.detectors)
    if (message.type === 'snapshot') waiting.delete(message.line)
  }
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`no snapshot of ${[...waiting].join(', ')} from ${http}`)),
      OPEN_WITHIN_MS,
    )
    socket.on('open', () => {
      if (hidden) say({ type: 'visibility', hidden })
      for (const line of lines) say({ type: 'subscribe', line, progress: true })
    })
    socket.on('message', (data, binary) => {
      if (binary) return onFrame(data as ArrayBuffer)
      const message = JSON.parse(textOf(data)) as ServerMessage | ProgressMessage
      onText(message)
      if (waiting.size === 0) {
        clearTimeout(timer)
        resolve()
      }
      heard.message(message)
    })
    socket.on('error', error => {
      lost ||= error.message
      reject(error)
    })
    socket.on('close', (code, reason) => {
      lost ||= `closed with ${code} ${String(reason)}`
    })
  })
  return { lost: () => lost, close: () => socket.close() }
}

const textOf = (data: unknown): string =>
  data instanceof ArrayBuffer ? Buffer.from(data).toString() : String(data)
