import { liquidus } from '#proto/gen/ingest.js'
import type { Clock } from '../core/clock.ts'
import { LiquidusError } from '../core/errors.ts'
import { seededRandom } from '../core/random.ts'
import type { EngineAddress } from './connection.ts'
import { whole } from './connection.ts'
import type { ProducerBatch, ProducerSeries } from './encode-batch.ts'
import { encodeBatchRequest, encodeColumns, encodeSeries, segments } from './encode-batch.ts'
import type { Link, Welcome } from './link.ts'
import { openLink } from './link.ts'
import { namesOnly, type Pending, type ProducerRejection, sizeOf } from './pending.ts'
import { seriesParts } from './series-parts.ts'

const { RejectionReason } = liquidus.ingest.v1
type BatchAck = liquidus.ingest.v1.BatchAck.$Properties

/** What became of the readings; sent = acknowledged + rejected once drained. */
export interface ProducerCounts {
  readonly sent_readings: number
  readonly acknowledged_readings: number
  readonly rejected_readings: number
  /** Rejected readings by reason. */
  readonly reasons: Readonly<Record<string, number>>
  /** Acknowledged readings that came too late for the live state. */
  readonly late_readings: number
  /** Batches that the engine already held when the connection came back. */
  readonly duplicates: number
  readonly reconnects: number
}

/** Sends the readings of one producer to one line, in order and each once. */
export interface Producer {
  /** Of the newest connection. */
  readonly welcome: Welcome
  readonly next_sequence: number
  readonly counts: ProducerCounts
  /**
   * Numbers the batch, waits until the engine has room for it, and keeps it until it is
   * acknowledged. The arrays may be reused once the promise resolved.
   */
  send(batch: ProducerBatch): Promise<void>
  /** Resolves when everything sent is acknowledged. */
  drain(): Promise<void>
  /** Ends the connection; what is not acknowledged yet is given up. */
  close(): Promise<void>
}

/** How to reach the engine and what to do on the way. */
export interface ProducerOptions extends EngineAddress {
  readonly clock: Clock
  /** Called once per batch, in order; not for batches that only name series ahead of one. */
  readonly onAck?: (sequence: number, rejections: readonly ProducerRejection[]) => void
  /** Called when a connection is lost that will be tried again. */
  readonly onLost?: (error: LiquidusError) => void
  /** Reconnect when the connection is lost; default true. */
  readonly retry?: boolean
  /** How long the first connection may be tried; default 0: once. */
  readonly connect_patience_ms?: number
}

/** Sends that may wait for room at the same time. */
export const WAITING_SENDS_MAX = 1024
/** Room for the sequence, the mode and the lengths around series and columns. */
const HEAD_BYTES = 64
const RETRY_FIRST_MS = 100
const RETRY_MAX_MS = 5_000

/** Connects, says hello, and resolves once the engine welcomed the producer. */
export async function connectProducer(options: ProducerOptions): Promise<Producer> {
  const started_ms = options.clock.elapsed_ms()
  const patience_ms = options.connect_patience_ms ?? 0
  const session = new Session(options)
  for (;;) {
    try {
      await session.connect()
      return session
    } catch (error) {
      const waited_ms = options.clock.elapsed_ms() - started_ms
      const hope = error instanceof LiquidusError && error.retry && waited_ms < patience_ms
      if (!hope) throw error
      await session.pause()
    }
  }
}

class Session implements Producer {
  welcome: Welcome = {
    epoch: 0,
    committed_sequence: 0,
    line_created: false,
    newest_event_ms: 0,
  }
  next_sequence = 0
  readonly counts = {
    sent_readings: 0,
    acknowledged_readings: 0,
    rejected_readings: 0,
    reasons: {} as Record<string, number>,
    late_readings: 0,
    duplicates: 0,
    reconnects: 0,
  }
  readonly #options: ProducerOptions
  readonly #random
  /** Meaning of the refs as of the last acknowledged batch; a new stream starts from it. */
  readonly #defined = new Map<number, ProducerSeries>()
  readonly #unacknowledged: Pending[] = []
  #unacknowledged_bytes = 0
  #link: Link | undefined
  #failure: LiquidusError | undefined
  #closed = false
  #reconnecting = false
  #attempt = 0
  #fresh = true
  /** The engine missed a sequence, and has acknowledged nothing since. */
  #gap = false
  #waiting = 0
  #turn: Promise<void> = Promise.resolve()
  #wakers: (() => void)[] = []
  #retryTimer: { readonly timer: NodeJS.Timeout; readonly done: () => void } | undefined

  constructor(options: ProducerOptions) {
    this.#options = options
    const seed = options.clock.now_ms() % 0x7fffffff
    this.#random = seededRandom(seed).fork(options.producer)
  }

  async connect(): Promise<void> {
    await openLink(this.#options, this.next_sequence, {
      onOpen: link => this.#onOpen(link),
      onAck: ack => this.#onAck(ack),
      onRedefine: () => {
        this.#fresh = true
      },
      onChange: () => this.#wake(),
      onEnd: error => this.#onEnd(error),
    })
  }

  async send(batch: ProducerBatch): Promise<void> {
    if (this.#waiting >= WAITING_SENDS_MAX) {
      const problem = `${WAITING_SENDS_MAX} sends are waiting already; await each send`
      throw new LiquidusError('USAGE', { problem })
    }
    this.#waiting++
    const turn = this.#turn.then(() => this.#sendInTurn(batch))
    this.#turn = turn.catch(() => {})
    try {
      await turn
    } finally {
      this.#waiting--
    }
  }

  async drain(): Promise<void> {
    await this.#turn
    while (this.#unacknowledged.length > 0) await this.#changed()
    if (this.#failure) throw this.#failure
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#retryTimer?.timer)
    this.#retryTimer?.done()
    this.#wake()
    await this.#link?.close()
  }

  /** Waits longer with each failed attempt, jittered so that many producers spread out. */
  async pause(): Promise<void> {
    const full_ms = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** this.#attempt++)
    const wait_ms = full_ms * (0.5 + 0.5 * this.#random.uniform())
    await new Promise<void>(done => {
      this.#retryTimer = { timer: setTimeout(done, wait_ms), done }
    })
    this.#retryTimer = undefined
  }

  async #sendInTurn(batch: ProducerBatch): Promise<void> {
    this.#throwWhenOver()
    const bytes_max = this.#link?.max_batch_bytes ?? 1 << 20
    let series = batch.series ?? []
    for (const segment of segments(batch, bytes_max / 2)) {
      const columns = encodeColumns(batch, segment)
      let named = encodeSeries(series)
      if (columns.length + named.length + HEAD_BYTES > bytes_max) {
        await this.#sendAhead(series, batch.mode, bytes_max)
        series = []
        named = new Uint8Array(0)
      }
      const { count } = segment
      await this.#sendOne({ count, mode: batch.mode, series, named, columns })
      series = []
    }
  }

  /** Names series in batches of their own: those with the readings have no room for them. */
  async #sendAhead(
    series: readonly ProducerSeries[],
    mode: ProducerBatch['mode'],
    bytes_max: number,
  ): Promise<void> {
    for (const part of seriesParts(series, bytes_max - HEAD_BYTES)) {
      await this.#sendOne({ ...namesOnly(mode), ...part, ahead: 'first' })
    }
  }

  async #sendOne(one: Omit<Pending, 'sequence' | 'rejections'>): Promise<void> {
    const pending = { ...one, sequence: 0, rejections: [] }
    while (!this.#hasRoom(sizeOf(pending))) await this.#changed()
    this.counts.sent_readings += pending.count
    this.#transmit(pending)
  }

  #hasRoom(size: number): boolean {
    const link = this.#link
    if (!link || link.draining || !link.writable) return false
    const { length } = this.#unacknowledged
    return length === 0 || this.#unacknowledged_bytes + size <= link.credit_bytes
  }

  /** Gives the batch the next number and sends it; the first of a link names every series. */
  #transmit(pending: Pending): void {
    if (!this.#fresh) {
      this.#write(pending, pending.named)
      return
    }
    this.#fresh = false
    const room = this.#link!.max_batch_bytes - HEAD_BYTES
    const known = this.#definitions()
    const all = new Map(known)
    for (const one of pending.series) all.set(one.ref, one)
    const named = encodeSeries(all.values())
    if (named.length + pending.columns.length <= room) {
      this.#write(pending, named)
      return
    }
    // They pass the credit by a few messages; the engine's transport holds them back.
    for (const part of seriesParts(known.values(), room)) {
      const ahead = { ...namesOnly(pending.mode), ...part, ahead: 'again' as const }
      this.#write({ ...ahead, sequence: 0, rejections: [] }, part.named)
    }
    this.#write(pending, pending.named)
  }

  #write(pending: Pending, named: Uint8Array): void {
    pending.sequence = this.next_sequence++
    this.#unacknowledged.push(pending)
    this.#unacknowledged_bytes += sizeOf(pending)
    this.#link!.write(encodeBatchRequest(pending.sequence, named, pending.columns))
  }

  /** The meaning of each ref after all that was sent so far. */
  #definitions(): ReadonlyMap<number, ProducerSeries> {
    const known = new Map(this.#defined)
    for (const batch of this.#unacknowledged) {
      for (const one of batch.series) known.set(one.ref, one)
    }
    return known
  }

  /** Drops what is durable, numbers on from there, and sends the rest again. */
  #resume(committed: number): void {
    while ((this.#unacknowledged[0]?.sequence ?? Infinity) <= committed) {
      if (!this.#unacknowledged[0]!.ahead) this.counts.duplicates++
      this.#settle(this.#unacknowledged.shift()!)
    }
    const left = this.#unacknowledged.splice(0).filter(({ ahead }) => ahead !== 'again')
    this.#unacknowledged_bytes = 0
    // Numbers change when the engine lost acknowledged batches, or where series are named again.
    this.next_sequence = committed + 1
    for (const pending of left) {
      pending.rejections = []
      this.#transmit(pending)
    }
  }

  #onAck(ack: BatchAck): void {
    for (const one of ack.rejections ?? []) {
      const sequence = whole(one.sequence)
      const pending = this.#unacknowledged.find(batch => batch.sequence === sequence)
      pending?.rejections.push({
        first_index: one.firstIndex ?? 0,
        count: one.count ?? 0,
        reason: (RejectionReason[one.reason ?? 0] ?? '').replace('REJECTION_REASON_', ''),
        detail: one.detail ?? '',
      })
    }
    this.counts.late_readings += ack.reroutedToBackfill ?? 0
    const committed = whole(ack.committedSequence)
    while ((this.#unacknowledged[0]?.sequence ?? Infinity) <= committed) {
      this.#settle(this.#unacknowledged.shift()!)
    }
    this.#wake()
  }

  #settle(batch: Pending): void {
    this.#gap = false
    this.#unacknowledged_bytes -= sizeOf(batch)
    for (const one of batch.series) this.#defined.set(one.ref, one)
    let rejected = 0
    for (const { reason, count } of batch.rejections) {
      rejected += count
      this.counts.reasons[reason] = (this.counts.reasons[reason] ?? 0) + count
    }
    this.counts.rejected_readings += rejected
    this.counts.acknowledged_readings += batch.count - rejected
    if (!batch.ahead) this.#options.onAck?.(batch.sequence, batch.rejections)
  }

  #onOpen(link: Link): void {
    this.#link = link
    if (this.#closed) {
      void link.close()
      return
    }
    this.#attempt = 0
    this.#fresh = true
    this.welcome = link.welcome
    this.#resume(link.welcome.committed_sequence)
    this.#wake()
  }

  #onEnd(error: LiquidusError): void {
    this.#link = undefined
    if (this.#closed) return
    // A gap that stays although everything was sent again does not go away by itself.
    const stuck = error.code === 'SEQUENCE_GAP' && this.#gap
    this.#gap ||= error.code === 'SEQUENCE_GAP'
    if (!error.retry || stuck || this.#options.retry === false) this.#fail(error)
    else {
      this.#options.onLost?.(error)
      void this.#reconnect()
    }
  }

  async #reconnect(): Promise<void> {
    if (this.#reconnecting) return
    this.#reconnecting = true
    while (!this.#closed && !this.#failure && !this.#link) {
      await this.pause()
      if (this.#closed) break
      try {
        await this.connect()
        this.counts.reconnects++
      } catch (error) {
        if (!(error instanceof LiquidusError)) throw error
        if (!error.retry) this.#fail(error)
      }
    }
    this.#reconnecting = false
  }

  #fail(error: LiquidusError): void {
    this.#failure ??= error
    this.#wake()
  }

  async #changed(): Promise<void> {
    this.#throwWhenOver()
    await new Promise<void>(resolve => {
      this.#wakers.push(resolve)
    })
    this.#throwWhenOver()
  }

  #throwWhenOver(): void {
    if (this.#failure) throw this.#failure
    if (this.#closed) {
      const { address } = this.#options
      throw new LiquidusError('CONNECTION_LOST', { address, problem: 'the producer was closed' })
    }
  }

  #wake(): void {
    const wakers = this.#wakers
    this.#wakers = []
    for (const wake of wakers) wake()
    // A draining engine closes once nothing is outstanding; then a new connection takes over.
    if (this.#link?.draining && this.#unacknowledged.length === 0) void this.#link.close()
  }
}
