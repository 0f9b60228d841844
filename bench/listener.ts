import { WebSocket } from 'ws'
import {
  type ClientMessage,
  type ProgressMessage,
  type ServerMessage,
  WS_PATH,
} from '#engine/outputs/websocket/protocol.ts'

const OPEN_WITHIN_MS = 10_000

/** A WebSocket client as any dashboard could be, that notes when each message came. */
export interface Listener {
  /** Why the connection ended, or ''. */
  lost(): string
  close(): void
}

/** Connects, subscribes to the lines with progress, and resolves when all are live. */
export async function connectListener(
  http: string,
  lines: readonly string[],
  onMessage: (message: ServerMessage | ProgressMessage) => void,
): Promise<Listener> {
  const socket = new WebSocket(http.replace(/^http/, 'ws') + WS_PATH)
  let lost = ''
  const waiting = new Set(lines)
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`no snapshot of ${[...waiting].join(', ')} from ${http}`)),
      OPEN_WITHIN_MS,
    )
    socket.on('open', () => {
      for (const line of lines) {
        const message: ClientMessage = { type: 'subscribe', line, progress: true }
        socket.send(JSON.stringify(message))
      }
    })
    socket.on('message', (data, binary) => {
      if (binary) return
      const message = JSON.parse(String(data)) as ServerMessage | ProgressMessage
      if (message.type === 'snapshot') waiting.delete(message.line)
      if (waiting.size === 0) {
        clearTimeout(timer)
        resolve()
      }
      onMessage(message)
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
