import type { WebSocket } from 'ws'
import type { Clock } from '../../core/clock.ts'
import type { Identity } from '../../flow.ts'
import { CLOSE_GRACE_ms, COMMAND_WINDOW_ms, type WsLimits } from './limits.ts'
import type { Subscription } from './line-feed.ts'
import { CloseCode, type ServerMessage } from './protocol.ts'

/** One connected socket and what is known of it. */
export interface Client {
  readonly identity: Identity
  readonly subscriptions: Map<string, Subscription>
  hidden: boolean
  buffered_bytes(): number
  send(message: ServerMessage): void
  sendText(text: string): void
  sendFrame(bytes: Uint8Array): void
  /** Never left out: a client that cannot take it is closed and resumes. */
  sendEvent(text: string): void
  /** Counts one message of the client; false when it sends too many. */
  takeCommand(): boolean
  /** Closes the client when it has been too slow for too long. */
  checkStall(): void
  /** Pings; false when the last ping was never answered. */
  ping(): boolean
  answered(): void
  close(code: number, reason: string): void
}

const TOO_SLOW = 'too slow; resume with your last epoch and offset'

/** Closes, and cuts off who does not answer that. */
export function closeOrCut(socket: WebSocket, code: number, reason: string): void {
  socket.close(code, reason)
  const cut = setTimeout(() => socket.terminate(), CLOSE_GRACE_ms)
  socket.once('close', () => clearTimeout(cut))
}

/** Counts commands in windows of fixed length; false above the maximum. */
function commandCounter(clock: Clock, commands_max: number): () => boolean {
  let windowStart_ms = clock.elapsed_ms()
  let commands = 0
  return () => {
    const now_ms = clock.elapsed_ms()
    if (now_ms - windowStart_ms >= COMMAND_WINDOW_ms) {
      windowStart_ms = now_ms
      commands = 0
    }
    return ++commands <= commands_max
  }
}

/** Wraps a socket; `gone` is called once, when it is to be forgotten. */
export function wsClient(options: {
  readonly socket: WebSocket
  readonly identity: Identity
  readonly clock: Clock
  readonly limits: WsLimits
  readonly gone: (client: Client) => void
  readonly tooSlow: () => void
}): Client {
  const { socket, identity, clock, limits, gone, tooSlow } = options
  let pendingEvents = 0
  let slowSince_ms = Number.NaN
  let alive = true
  let closing = false
  const closeSlow = () => {
    if (!closing) tooSlow()
    client.close(CloseCode.tryAgain, TOO_SLOW)
  }

  const client: Client = {
    identity,
    subscriptions: new Map(),
    hidden: false,
    buffered_bytes: () => socket.bufferedAmount,
    send: message => client.sendText(JSON.stringify(message)),
    sendText(text) {
      if (!closing) socket.send(text)
    },
    sendFrame(bytes) {
      if (!closing) socket.send(bytes)
    },
    sendEvent(text) {
      if (closing) return
      const full = socket.bufferedAmount > limits.buffered_max_bytes
      if (full || pendingEvents >= limits.events_pending_max) {
        closeSlow()
        return
      }
      pendingEvents++
      socket.send(text, () => {
        pendingEvents--
      })
    },
    takeCommand: commandCounter(clock, limits.commands_max),
    checkStall() {
      const buffered_bytes = socket.bufferedAmount
      if (buffered_bytes <= limits.buffered_skip_bytes) {
        slowSince_ms = Number.NaN
        return
      }
      const now_ms = clock.elapsed_ms()
      if (Number.isNaN(slowSince_ms)) slowSince_ms = now_ms
      const stalled = now_ms - slowSince_ms > limits.stalled_max_ms
      if (stalled || buffered_bytes > limits.buffered_max_bytes) closeSlow()
    },
    ping() {
      if (!alive) return false
      alive = false
      if (!closing) socket.ping()
      return true
    },
    answered() {
      alive = true
    },
    close(code, reason) {
      if (closing) return
      closing = true
      gone(client)
      closeOrCut(socket, code, reason)
    },
  }
  return client
}
