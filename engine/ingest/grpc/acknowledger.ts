import type * as grpc from '@grpc/grpc-js'
import type { liquidus } from '#proto/gen/ingest.js'
import type { Door } from './door.ts'
import type { RejectionMessage } from './lane.ts'

type Response = liquidus.ingest.v1.StreamReadingsResponse.$Properties

/**
 * Sends cumulative acknowledgements of one stream: the first at once, then at most one per
 * interval or number of batches, and none while the producer does not read them.
 */
export class Acknowledger {
  committed = 0
  readonly #call: grpc.ServerDuplexStream<Buffer, Response>
  readonly #door: Door
  readonly #credit: () => number
  #rejections: RejectionMessage[] = []
  #late = 0
  #batches = 0
  #sent_ms = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined
  #blocked = false
  #due = false
  #stopped = false
  #unsent = 0
  #whenSent: () => void = () => {}

  constructor(call: grpc.ServerDuplexStream<Buffer, Response>, door: Door, credit: () => number) {
    this.#call = call
    this.#door = door
    this.#credit = credit
    call.prependListener('drain', () => {
      this.#blocked = false
      if (this.#due) this.#schedule()
    })
  }

  /** Rejections that wait to be sent. */
  get backlog(): number {
    return this.#rejections.length
  }

  /** A batch became durable. */
  add(sequence: number, rejections: readonly RejectionMessage[], late: number): void {
    this.committed = sequence
    for (const one of rejections) this.#rejections.push(one)
    this.#late += late
    this.#batches++
    this.#schedule()
  }

  /** Repeats the last acknowledgement, for a duplicate. */
  again(): void {
    this.#schedule()
  }

  /** Sends what is due, now; `sent` is called once all acknowledgements left. */
  flush(sent: () => void): void {
    if (this.#due && !this.#stopped) this.#send()
    if (this.#unsent === 0) sent()
    else this.#whenSent = sent
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #schedule(): void {
    this.#due = true
    if (this.#blocked || this.#stopped) return
    const { ack_batches, ack_interval_ms } = this.#door.limits
    const since_ms = this.#door.clock.elapsed_ms() - this.#sent_ms
    if (this.#batches >= ack_batches || since_ms >= ack_interval_ms) this.#send()
    else this.#timer ??= setTimeout(() => this.#send(), ack_interval_ms - since_ms)
  }

  #send(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#due = false
    this.#batches = 0
    this.#sent_ms = this.#door.clock.elapsed_ms()
    const rejections = this.#rejections
    const per_ack = this.#door.limits.rejections_per_ack
    this.#rejections = []
    // Pieces before the last acknowledge nothing, so that a batch settles with all its rejections.
    let first = 0
    while (rejections.length - first > per_ack) {
      this.#write(rejections[0]!.sequence as number, rejections.slice(first, first + per_ack), true)
      first += per_ack
    }
    this.#write(this.committed, rejections.slice(first), false)
  }

  #write(sequence: number, rejections: RejectionMessage[], partial: boolean): void {
    const committedSequence = partial ? sequence - 1 : sequence
    const reroutedToBackfill = partial ? 0 : this.#late
    if (!partial) this.#late = 0
    const ack = { committedSequence, creditBytes: this.#credit(), rejections, reroutedToBackfill }
    this.#unsent++
    this.#blocked = !this.#call.write({ ack }, () => {
      this.#unsent--
      if (this.#unsent === 0) this.#whenSent()
    })
  }
}
