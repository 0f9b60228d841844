import type * as grpc from '@grpc/grpc-js'
import { liquidus } from '#proto/gen/ingest.js'
import type { LiquidusError } from '../core/errors.ts'
import type { EngineAddress } from './connection.ts'
import { connectionError, openConnection, whole } from './connection.ts'
import { lineProposal } from './line-proposal.ts'

const { StreamReadingsRequest } = liquidus.ingest.v1
type StreamReadingsResponse = liquidus.ingest.v1.StreamReadingsResponse
type BatchAck = liquidus.ingest.v1.BatchAck.$Properties
type ServerWelcome = liquidus.ingest.v1.ServerWelcome.$Properties

/** What the engine said when the producer came. */
export interface Welcome {
  readonly epoch: number
  readonly committed_sequence: number
  readonly line_created: boolean
  /** Highest event time of the line; 0 before its first reading. */
  readonly newest_event_ms: number
}

/** One stream to the engine, from its welcome to its end. */
export interface Link {
  readonly welcome: Welcome
  readonly max_batch_bytes: number
  /** Bytes that may be unacknowledged; the engine changes it with each acknowledgement. */
  readonly credit_bytes: number
  /** The engine asked to finish and connect again. */
  readonly draining: boolean
  /** False while the transport has more than it can send. */
  readonly writable: boolean
  write(message: Buffer): void
  /** Half-closes, waits for the engine's last word, and closes the channel. */
  close(): Promise<void>
}

/** Called by the link; `onEnd` once and only after `onOpen`, and nothing after it. */
export interface LinkListener {
  onOpen(link: Link): void
  onAck(ack: BatchAck): void
  onRedefine(): void
  /** Something that a waiting send may depend on changed. */
  onChange(): void
  onEnd(error: LiquidusError): void
}

const WELCOME_TIMEOUT_MS = 10_000
const CLOSE_TIMEOUT_MS = 2_000
const HEARTBEAT = Buffer.from(StreamReadingsRequest.encode({ heartbeat: {} }).finish())

type Stream = grpc.ClientDuplexStream<Buffer, StreamReadingsResponse>

/** Opens a stream and says hello; resolves on the welcome, rejects when the engine refuses. */
export function openLink(
  to: EngineAddress,
  next_sequence: number,
  listener: LinkListener,
): Promise<void> {
  const connection = openConnection(to)
  const call = connection.stream()
  return new Promise((resolve, reject) => {
    let link: OpenLink | undefined
    const timeout = setTimeout(() => call.cancel(), WELCOME_TIMEOUT_MS)
    call.on('data', (message: StreamReadingsResponse) => {
      if (message.welcome && !link) {
        clearTimeout(timeout)
        link = new OpenLink(call, message.welcome, listener)
        listener.onOpen(link)
        resolve()
      } else if (message.ack && link) {
        link.credit_bytes = message.ack.creditBytes ?? 0
        listener.onAck(message.ack)
      } else if (message.directive?.redefine) listener.onRedefine()
      else if (message.directive?.drain && link) {
        link.draining = true
        listener.onChange()
      }
    })
    call.on('error', () => {}) // the status event says it all
    call.on('status', (status: grpc.StatusObject) => {
      clearTimeout(timeout)
      connection.close()
      link?.ended()
      const error = connectionError(to, status, link !== undefined)
      if (link) listener.onEnd(error)
      else reject(error)
    })
    call.write(encodeHello(to, next_sequence))
  })
}

/** The first message of a stream. */
export function encodeHello(to: EngineAddress, next_sequence: number): Buffer {
  const hello = {
    producerId: to.producer,
    line: to.line,
    nextSequence: next_sequence,
    ...(to.proposal ? { proposal: lineProposal(to.proposal) } : {}),
  }
  return Buffer.from(StreamReadingsRequest.encode({ hello }).finish())
}

class OpenLink implements Link {
  readonly welcome: Welcome
  readonly max_batch_bytes: number
  credit_bytes: number
  draining = false
  writable = true
  readonly #call: Stream
  readonly #heartbeat: NodeJS.Timeout
  readonly #ended: Promise<void>
  #idle = true
  #markEnded: () => void = () => {}

  constructor(call: Stream, welcome: ServerWelcome, listener: LinkListener) {
    this.#call = call
    this.welcome = {
      epoch: welcome.epoch ?? 0,
      committed_sequence: whole(welcome.committedSequence),
      line_created: welcome.lineCreated ?? false,
      newest_event_ms: whole(welcome.newestEventTimeMs),
    }
    this.credit_bytes = welcome.creditBytes ?? 0
    this.max_batch_bytes = welcome.maxBatchBytes ?? 0
    this.#ended = new Promise(resolve => {
      this.#markEnded = resolve
    })
    call.on('drain', () => {
      this.writable = true
      listener.onChange()
    })
    this.#heartbeat = setInterval(
      () => {
        if (this.#idle) call.write(HEARTBEAT)
        this.#idle = true
      },
      Math.max(50, (welcome.heartbeatIntervalMs ?? 10_000) / 2),
    )
    this.#heartbeat.unref()
  }

  write(message: Buffer): void {
    this.#idle = false
    this.writable = this.#call.write(message)
  }

  ended(): void {
    clearInterval(this.#heartbeat)
    this.#markEnded()
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat)
    if (!this.#call.writableEnded) this.#call.end()
    const timeout = setTimeout(() => this.#call.cancel(), CLOSE_TIMEOUT_MS)
    await this.#ended
    clearTimeout(timeout)
  }
}
