import {
  type ClientMessage,
  decodeTelemetry,
  parseServerMessage,
  type ServerMessage,
} from '#engine/outputs/websocket/protocol.ts'
import { type Action, type ClientState, emptyState, reduce } from './store.ts'

const RETRY_FIRST_MS = 500
const RETRY_MAX_MS = 8000
/** Messages of one burst are shown together, so that an alarm flood draws a few times only. */
const NOTIFY_MS = 40
/** `WebSocket.OPEN`, which is not defined outside browsers. */
const SOCKET_OPEN = 1
/** A socket that says nothing at all for this long is taken for dead. */
const SILENT_MAX_MS = 30_000

/** What the connection needs from a browser; a test hands in its own. */
export interface Surroundings {
  openSocket(): WebSocket
  elapsed_ms(): number
  setTimeout(run: () => void, delay_ms: number): number
  clearTimeout(timer: number): void
}

/** The page's one connection to the engine and the state that follows from it. */
export interface Connection {
  state(): ClientState
  subscribe(listener: () => void): () => void
  setHidden(hidden: boolean): void
  /** Somebody has read what was missed of the line. */
  noted(line: string): void
  close(): void
}

/** Connects, keeps the connection up, and resumes each line where it stopped. */
export function connect(surroundings: Surroundings): Connection {
  let state = emptyState
  let socket: WebSocket | undefined
  let retry_ms = RETRY_FIRST_MS
  let timer = 0
  let watchdog = 0
  let notice = 0
  let closed = false
  let hidden = false
  const subscribed = new Set<string>()
  const listeners = new Set<() => void>()

  const dispatch = (action: Action) => {
    const next = reduce(state, action)
    if (next === state) return
    state = next
    if (notice !== 0) return
    notice = surroundings.setTimeout(() => {
      notice = 0
      for (const listener of listeners) listener()
    }, NOTIFY_MS)
  }
  const send = (message: ClientMessage) => {
    if (socket?.readyState === SOCKET_OPEN) socket.send(JSON.stringify(message))
  }
  const onMessage = (message: ServerMessage) => {
    dispatch({ type: 'message', message })
    if (message.type !== 'welcome') return
    retry_ms = RETRY_FIRST_MS
    for (const { line } of message.lines) {
      if (subscribed.has(line)) continue
      subscribed.add(line)
      const resume = state.positions.get(line)
      send(resume ? { type: 'subscribe', line, resume } : { type: 'subscribe', line })
    }
  }
  const expectMore = () => {
    surroundings.clearTimeout(watchdog)
    watchdog = surroundings.setTimeout(() => socket?.close(), SILENT_MAX_MS)
  }
  const open = () => {
    subscribed.clear()
    dispatch({ type: 'connecting' })
    const current = surroundings.openSocket()
    socket = current
    current.binaryType = 'arraybuffer'
    current.onopen = () => {
      dispatch({ type: 'opened' })
      if (hidden) send({ type: 'visibility', hidden })
      expectMore()
    }
    current.onmessage = event => {
      expectMore()
      if (typeof event.data === 'string') return onMessage(parseServerMessage(event.data))
      const telemetry = decodeTelemetry(event.data as ArrayBuffer)
      if (telemetry)
        dispatch({ type: 'telemetry', telemetry, arrived_ms: surroundings.elapsed_ms() })
    }
    current.onclose = event => {
      surroundings.clearTimeout(watchdog)
      if (closed || socket !== current) return
      const reason = event.reason || 'the engine does not answer'
      dispatch({ type: 'lost', problem: reason })
      timer = surroundings.setTimeout(open, retry_ms)
      retry_ms = Math.min(RETRY_MAX_MS, retry_ms * 2)
    }
  }
  open()
  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    setHidden(next) {
      hidden = next
      send({ type: 'visibility', hidden })
    },
    noted: line => dispatch({ type: 'noted', line }),
    close() {
      closed = true
      surroundings.clearTimeout(timer)
      surroundings.clearTimeout(notice)
      surroundings.clearTimeout(watchdog)
      socket?.close()
    },
  }
}
