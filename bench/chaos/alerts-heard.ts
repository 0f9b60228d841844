import { WebSocket } from 'ws'
import {
  type ClientMessage,
  type ServerMessage,
  WS_PATH,
} from '#engine/outputs/websocket/protocol.ts'

const RECONNECT_MS = 100

/** What a dashboard heard over all connections, resuming where the last one broke off. */
export interface AlertsHeard {
  /** Where to connect from now on; undefined: nowhere. */
  to(http: string | undefined): void
  /** Id by offset, by line. */
  readonly heard: ReadonlyMap<string, ReadonlyMap<number, string>>
  /** Events that came a second time, and offsets that carried two ids. */
  readonly faults: readonly string[]
  /** The engine answered a resume with a whole snapshot: what lies before was not heard. */
  readonly snapshots: number
  close(): void
}

/** A dashboard that comes back after each loss and asks for what it missed. */
export function hearAlerts(lines: readonly string[]): AlertsHeard {
  const heard = new Map(lines.map(line => [line, new Map<number, string>()]))
  const last = new Map<string, number>()
  const faults: string[] = []
  let http: string | undefined
  let socket: WebSocket | undefined
  let closed = false
  let snapshots = 0

  const take = (line: string, offset: number, id: string): void => {
    const known = heard.get(line)
    const before = known?.get(offset)
    if (before !== undefined) faults.push(`${line} #${offset}: ${before}, then ${id}`)
    known?.set(offset, id)
    last.set(line, offset)
  }

  const onMessage = (text: string): void => {
    const message = JSON.parse(text) as ServerMessage
    if (message.type === 'welcome') {
      for (const line of lines) {
        const resume = { epoch: message.epoch, offset: last.get(line) ?? 0 }
        const wish: ClientMessage = { type: 'subscribe', line, resume }
        socket?.send(JSON.stringify(wish))
      }
    } else if (message.type === 'snapshot') snapshots += 1
    else if (message.type === 'event') take(message.line, message.offset, message.event.id)
  }

  const connect = (): void => {
    if (closed || http === undefined) return
    const opened = new WebSocket(http.replace(/^http/, 'ws') + WS_PATH)
    socket = opened
    let welcomed = false
    opened.on('message', (data, binary) => {
      if (binary || socket !== opened) return
      const text = String(data)
      // A second welcome of a connection only tells of a new line.
      if (text.startsWith('{"type":"welcome"')) {
        if (welcomed) return
        welcomed = true
      }
      onMessage(text)
    })
    opened.on('error', () => {})
    opened.on('close', () => {
      if (socket === opened) setTimeout(connect, RECONNECT_MS).unref()
    })
  }

  return {
    heard,
    faults,
    get snapshots() {
      return snapshots
    },
    to(next) {
      http = next
      const before = socket
      socket = undefined
      before?.terminate()
      connect()
    },
    close() {
      closed = true
      socket?.terminate()
    },
  }
}
