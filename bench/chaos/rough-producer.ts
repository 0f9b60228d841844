import { setTimeout as sleep } from 'node:timers/promises'
import { openConnection, whole } from '#engine/client/connection.ts'
import { encodeBatchRequest, encodeColumns, encodeSeries } from '#engine/client/encode-batch.ts'
import { encodeHello } from '#engine/client/link.ts'
import { type Random, seededRandom } from '#engine/core/random.ts'
import { type Journal, openJournal } from './journal.ts'
import { seriesOf } from './lines.ts'
import type { ProducerOrders } from './producer.ts'
import { chaosBatch, streamBase_ms } from './readings.ts'

const RETRY_MS = 100
const IN_FLIGHT_MAX = 24
const PAUSE_MS = 30
const WELCOME_WITHIN_MS = 10_000
/** Chances per batch. */
const REPEATS = 0.1
const REORDERS = 0.02
const DOUBLES = 0.01
const PAUSES = 0.6
const LAST_WORDS_MS = 2000

/** A stream by hand: it can do what the engine's own client never would. */
class RoughStream {
  committed = -1
  over = false
  readonly #call
  readonly #connection
  #wake: () => void = () => {}

  constructor(orders: ProducerOrders, journal: Journal) {
    const { plan, address } = orders
    const to = { address, line: plan.line, producer: plan.producer }
    this.#connection = openConnection(to)
    this.#call = this.#connection.stream()
    const rejected = new Map<number, number>()
    this.#call.on('data', message => {
      if (message.welcome) this.committed = whole(message.welcome.committedSequence)
      for (const one of message.ack?.rejections ?? []) {
        const sequence = whole(one.sequence)
        rejected.set(sequence, (rejected.get(sequence) ?? 0) + (one.count ?? 0))
      }
      const committed = message.ack ? whole(message.ack.committedSequence) : 0
      while (this.committed >= 0 && this.committed < committed) {
        this.committed += 1
        journal.acknowledged(this.committed, rejected.get(this.committed) ?? 0)
        rejected.delete(this.committed)
      }
      this.#wake()
    })
    this.#call.on('error', () => {}) // the status event says it all
    this.#call.on('status', () => {
      this.over = true
      this.#connection.close()
      this.#wake()
    })
    this.#call.write(encodeHello(to, 0))
  }

  send(bytes: Uint8Array): void {
    if (!this.over) this.#call.write(Buffer.from(bytes))
  }

  /** Waits until so, or the stream is over, or the time is. */
  async until(so: () => boolean, within_ms: number): Promise<void> {
    const end_ms = Date.now() + within_ms
    while (!this.over && !so() && Date.now() < end_ms) {
      const changed = new Promise<void>(resolve => {
        this.#wake = resolve
      })
      await Promise.race([changed, sleep(50)])
    }
  }

  cancel(): void {
    this.#call.cancel()
  }

  finish(): void {
    if (!this.over) this.#call.end()
  }
}

/** Sends batches again, before their turn, and on two streams at once. */
export async function runRough(orders: ProducerOrders, stopped: () => boolean): Promise<void> {
  const { plan, seed } = orders
  const journal = openJournal(orders.directory, plan.producer)
  const random = seededRandom(seed).fork(`${plan.producer} ${process.pid}`)
  const series = encodeSeries(seriesOf(plan))
  const message = (sequence: number, named: boolean): Buffer => {
    const base_ms = streamBase_ms(plan, sequence)
    const batch = chaosBatch(seed, plan, sequence, base_ms)
    const columns = encodeColumns(batch, { first: 0, count: batch.count })
    journal.sent(sequence, base_ms)
    return encodeBatchRequest(sequence, named ? series : new Uint8Array(), columns)
  }
  let older: RoughStream | undefined
  while (!stopped()) {
    const stream = new RoughStream(orders, journal)
    await stream.until(() => stream.committed >= 0, WELCOME_WITHIN_MS)
    if (stream.committed < 0) {
      stream.cancel()
      await sleep(RETRY_MS)
      continue
    }
    // What an older stream still sends must be refused, not taken a second time.
    older?.send(message(stream.committed + 1, true))
    older?.cancel()
    const last = await sendOn(stream, message, random, stopped)
    older = stream
    if (!stopped()) continue
    await stream.until(() => stream.committed >= last, WELCOME_WITHIN_MS)
    stream.finish()
    await stream.until(() => false, LAST_WORDS_MS)
    stream.cancel()
  }
}

/** Sends on one stream until it ends or is left for a second one; the last sequence sent. */
async function sendOn(
  stream: RoughStream,
  message: (sequence: number, named: boolean) => Buffer,
  random: Random,
  stopped: () => boolean,
): Promise<number> {
  let sequence = stream.committed
  for (let first = true; !stopped() && !stream.over; first = false) {
    sequence += 1
    const chance = random.uniform()
    if (chance < REORDERS && !first) stream.send(message(sequence + 1, false))
    stream.send(message(sequence, first))
    if (chance > 1 - REPEATS) {
      stream.send(message(Math.max(1, sequence - 1 - random.integer(20)), false))
    }
    if (random.uniform() < DOUBLES) break
    await stream.until(() => sequence - stream.committed < IN_FLIGHT_MAX, WELCOME_WITHIN_MS)
    if (random.uniform() < PAUSES) await sleep(PAUSE_MS)
  }
  return sequence
}
