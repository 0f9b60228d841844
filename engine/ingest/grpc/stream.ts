import * as grpc from '@grpc/grpc-js'
import type { liquidus } from '#proto/gen/ingest.js'
import { LiquidusError, problemOf } from '../../core/errors.ts'
import type { Identity, LineIntake } from '../../flow.ts'
import { isDecodeProblem, readColumns } from '../columns.ts'
import { Acknowledger } from './acknowledger.ts'
import type { Allowance } from './allowance.ts'
import type { Door } from './door.ts'
import { enter, identify, isRefusal, traceparentOf } from './door.ts'
import type { Judged, Lane, RejectionMessage } from './lane.ts'
import { judge, noteDuplicate, openLane, rejectionMessages, sequenceGap, takenOf } from './lane.ts'
import { HELD_RETRY_MS } from './precedence.ts'
import type { Refusal } from './refusal.ts'
import {
  batchTooLarge,
  noBatch,
  noRequest,
  refusal,
  refusalOf,
  tooManySeries,
  tooMuch,
} from './refusal.ts'
import type { Hello } from './request.ts'
import { readStreamRequest } from './request.ts'

type Response = liquidus.ingest.v1.StreamReadingsResponse.$Properties
type Call = grpc.ServerDuplexStream<Buffer, Response>
const { status } = grpc
const REDEFINE: Response = { directive: { redefine: {} } }

/** Open streams of a door: one per producer and line. */
export interface StreamRegistry {
  readonly open: Set<ReadingStream>
  readonly byProducer: Map<string, ReadingStream>
  /** How many streams each line has: they share its credit. */
  readonly counts: Map<LineIntake, number>
}

interface Append {
  readonly sequence: number
  readonly size: number
  readonly rejections: readonly RejectionMessage[]
  readonly late: number
  done: boolean
}

/** One StreamReadings call. Messages are taken one after the other; memory stays bounded. */
export class ReadingStream {
  readonly #call: Call
  readonly #door: Door
  readonly #registry: StreamRegistry
  readonly #identity: Identity
  readonly #acknowledger: Acknowledger
  readonly #allowance: Allowance
  #paceTimer: NodeJS.Timeout | undefined
  readonly #idleTimer: NodeJS.Timeout
  readonly #received: Buffer[] = []
  readonly #appends: Append[] = []
  #append_bytes = 0
  #lane: Lane | undefined
  #key = ''
  #opening = false
  #half_closed = false
  #ending: Refusal | 'ok' | undefined
  #over = false
  #redefined = false
  /** Whether its last batch was history. */
  #backfills = false
  #heard_ms: number

  constructor(call: Call, door: Door, registry: StreamRegistry, identity: Identity) {
    this.#call = call
    this.#door = door
    this.#registry = registry
    this.#identity = identity
    this.#heard_ms = door.clock.elapsed_ms()
    this.#allowance = door.allowances.of(identity.tenant)
    this.#acknowledger = new Acknowledger(call, door, () => this.#credit_bytes())
    registry.open.add(this)
    this.#idleTimer = setInterval(() => this.#checkIdle(), door.limits.idle_ms / 3)
    this.#idleTimer.unref()
    call.on('data', (message: Buffer) => {
      this.#received.push(message)
      this.#pump()
    })
    call.on('end', () => {
      this.#half_closed = true
      this.#pump()
    })
    call.on('drain', () => this.#pump())
    call.on('cancelled', () => this.#leave())
  }

  /** Asks the producer to finish and come again. */
  drain(reason: string): void {
    if (!this.#over) this.#call.write({ directive: { drain: { reason } } })
  }

  /** Ends the stream with a status once what it appended is acknowledged. */
  end(how: Refusal | 'ok'): void {
    this.#ending ??= how
    this.#received.length = 0
    this.#pump()
  }

  /** Takes messages while there is room, and pauses the transport while there is none. */
  #pump(): void {
    while (!this.#waits() && this.#received.length > 0) {
      this.#heard_ms = this.#door.clock.elapsed_ms()
      this.#take(this.#received.shift()!)
    }
    if (this.#over) return
    const wait = this.#waits() || this.#received.length > 0
    if (wait && !this.#ending) this.#call.pause()
    else if (this.#call.isPaused()) this.#call.resume()
    if (this.#half_closed && !this.#opening && this.#received.length === 0) this.#ending ??= 'ok'
    if (this.#ending && this.#appends.length === 0) this.#finish(this.#ending)
  }

  #waits(): boolean {
    return this.#over || this.#opening || this.#full() || this.#pace()
  }

  /** Holds the stream for its line, its tenant's rates and live readings; the timer pumps again. */
  #pace(): boolean {
    if (this.#paceTimer) return true
    const paced_ms = this.#lane ? this.#allowance.wait_ms() : 0
    const held = this.#held()
    if (paced_ms === 0 && !held) return false
    if (paced_ms > 0) this.#allowance.paced(paced_ms)
    const wait_ms = Math.max(paced_ms, held ? HELD_RETRY_MS : 0)
    this.#paceTimer = setTimeout(() => {
      this.#paceTimer = undefined
      this.#pump()
    }, wait_ms)
    return true
  }

  /** Acknowledgements follow the disk; the line may be far behind what they say. */
  #held(): boolean {
    if (this.#lane?.line.held()) return true
    return this.#backfills && this.#door.precedence.holds(this.#appends.length)
  }

  #credit_bytes(): number {
    const { line } = this.#lane!
    const share_bytes = line.credit_bytes() / (this.#registry.counts.get(line) ?? 1)
    const bytes = Math.ceil(this.#allowance.credit_bytes(share_bytes))
    return this.#backfills ? this.#door.precedence.credit_bytes(bytes) : bytes
  }

  #full(): boolean {
    const { limits } = this.#door
    return (
      this.#appends.length >= limits.appends_max ||
      this.#append_bytes >= limits.append_bytes_max ||
      this.#acknowledger.backlog >= limits.rejections_waiting_max
    )
  }

  #take(message: Buffer): void {
    if (this.#ending) return
    const request = readStreamRequest(message)
    let refused: Refusal | undefined
    if (request.kind === 'problem') refused = noRequest('StreamReadings', request.problem)
    else if (request.kind === 'hello') {
      if (this.#lane) refused = noRequest('StreamReadings', 'a second hello')
      else void this.#open(request.hello)
    } else if (!this.#lane) refused = noRequest('StreamReadings', 'a stream starts with a hello')
    else if (request.kind === 'batch') refused = this.#takeBatch(this.#lane, request.wire)
    if (refused) this.end(refused)
  }

  async #open(hello: Hello): Promise<void> {
    this.#opening = true
    try {
      const entrance = await enter(this.#door, this.#identity, hello)
      if (isRefusal(entrance)) {
        this.end(entrance)
        return
      }
      if (this.#over) return // a hello for nobody would fence a stream that came since
      const { line, producer, created } = entrance
      const { epoch, committed_sequence } = await line.openProducer(producer)
      if (this.#over) return // it left, and nobody would take it off the registry again
      this.#lane = openLane(line, producer, epoch, committed_sequence)
      this.#register()
      if (this.#ending) return
      this.#acknowledger.committed = committed_sequence
      const { limits } = this.#door
      this.#call.write({
        welcome: {
          epoch,
          committedSequence: committed_sequence,
          creditBytes: this.#credit_bytes(),
          maxBatchBytes: limits.batch_bytes_max,
          heartbeatIntervalMs: limits.heartbeat_interval_ms,
          lineCreated: created,
          newestEventTimeMs: wholeOrZero(line.newest_event_ms()),
        },
      })
    } catch (error) {
      this.end(refusalOf(error))
    } finally {
      this.#opening = false
      this.#pump()
    }
  }

  /** The newest epoch of a producer stays; the other stream is fenced. */
  #register(): void {
    const { line, producer, epoch } = this.#lane!
    this.#key = `${line.definition.tenant}/${line.definition.line}/${producer}`
    const other = this.#registry.byProducer.get(this.#key)
    const newer = other?.epoch ?? 0
    this.#count(line, 1)
    if (newer > epoch) this.fence(newer)
    else {
      this.#registry.byProducer.set(this.#key, this)
      other?.fence(epoch)
    }
  }

  #count(line: LineIntake, by: 1 | -1): void {
    const { counts } = this.#registry
    const streams = (counts.get(line) ?? 0) + by
    if (streams > 0) counts.set(line, streams)
    else counts.delete(line)
  }

  get epoch(): number {
    return this.#lane?.epoch ?? 0
  }

  /** Ends the stream because a newer one of the same producer took over. */
  fence(newest_epoch: number): void {
    const { line, producer, epoch } = this.#lane!
    const facts = { producer, line: line.definition.line, epoch, current: newest_epoch }
    this.end(refusalOf(new LiquidusError('PRODUCER_FENCED', facts)))
  }

  #takeBatch(lane: Lane, wire: Uint8Array): Refusal | undefined {
    const { batch_bytes_max } = this.#door.limits
    if (wire.length > batch_bytes_max) return batchTooLarge(wire.length, batch_bytes_max)
    const columns = readColumns(wire)
    if (isDecodeProblem(columns)) return noBatch(columns.problem)
    const { sequence } = columns
    if (sequence === 0) return noBatch('sequence 0; batches of a stream count from 1')
    if (sequence < lane.expected) {
      if (!noteDuplicate(lane, columns)) return tooManySeries()
      this.#acknowledger.again()
      return undefined
    }
    if (sequence > lane.expected) return sequenceGap(lane, sequence)
    const judged = judge(lane, columns, wire, this.#door.clock.now_ms())
    if (!judged) return tooManySeries()
    if (!this.#redefined && judged.admission.undefined_refs) {
      this.#redefined = true
      this.#call.write(REDEFINE)
    }
    this.#allowance.take(columns.count, wire.length)
    const { onTaken } = this.#door
    if (onTaken) {
      const traceparent = traceparentOf(this.#call)
      onTaken(takenOf(lane, judged, columns.count, this.#heard_ms, traceparent, false))
    }
    this.#append(lane, judged)
    return undefined
  }

  #append(lane: Lane, judged: Judged): void {
    const append: Append = {
      sequence: judged.entry.sequence,
      size: judged.entry.wire.length,
      rejections: rejectionMessages(judged),
      late: judged.admission.late_count,
      done: false,
    }
    this.#appends.push(append)
    this.#append_bytes += append.size
    this.#backfills = judged.entry.mode === 'backfill'
    const settled = this.#backfills ? undefined : this.#door.precedence.live()
    lane.line.append(judged.entry, judged.admission.quarantine).then(
      () => {
        settled?.()
        this.#onDurable(append)
      },
      error => {
        settled?.()
        this.#onFailed(error)
      },
    )
  }

  /** Appends become durable in order; only an unbroken run from the oldest is acknowledged. */
  #onDurable(append: Append): void {
    append.done = true
    while (this.#appends[0]?.done) {
      const first = this.#appends.shift()!
      this.#append_bytes -= first.size
      this.#acknowledger.add(first.sequence, first.rejections, first.late)
    }
    this.#pump()
  }

  #onFailed(error: unknown): void {
    this.#door.log.warn({ problem: problemOf(error) }, 'append failed')
    this.#appends.length = 0
    this.#append_bytes = 0
    this.end(refusalOf(error))
  }

  #checkIdle(): void {
    if (this.#call.isPaused() || this.#appends.length > 0 || this.#opening) return
    const { idle_ms } = this.#door.limits
    const quiet_ms = this.#door.clock.elapsed_ms() - this.#heard_ms
    if (quiet_ms < idle_ms) return
    this.end(refusal(status.DEADLINE_EXCEEDED, `no batch and no heartbeat for ${idle_ms} ms`))
  }

  #finish(how: Refusal | 'ok'): void {
    this.#over = true
    // The status must not overtake the last acknowledgement.
    this.#acknowledger.flush(() => {
      this.#leave()
      if (how === 'ok') this.#call.end()
      else this.#call.emit('error', how)
    })
  }

  #leave(): void {
    this.#over = true
    this.#received.length = 0
    clearInterval(this.#idleTimer)
    clearTimeout(this.#paceTimer)
    this.#acknowledger.stop()
    if (this.#registry.open.delete(this)) {
      this.#allowance.closeStream()
      if (this.#lane) this.#count(this.#lane.line, -1)
    }
    if (this.#registry.byProducer.get(this.#key) === this)
      this.#registry.byProducer.delete(this.#key)
  }
}

/** Serves one StreamReadings call. */
export function serveStream(call: Call, door: Door, registry: StreamRegistry): void {
  const identity = identify(door, call as never)
  if (isRefusal(identity)) call.emit('error', identity)
  else if (registry.open.size >= door.limits.streams_max) {
    const limit = `${door.limits.streams_max} streams are open already; try again later`
    call.emit('error', refusal(status.RESOURCE_EXHAUSTED, limit))
  } else {
    const allowance = door.allowances.of(identity.tenant)
    if (allowance.openStream()) new ReadingStream(call, door, registry, identity)
    else {
      allowance.refuse()
      const problem = `has ${allowance.load().streams} streams open, all it may`
      call.emit('error', tooMuch(identity.tenant, problem, 'streams_max'))
    }
  }
}

function wholeOrZero(time_ms: number): number {
  return Number.isFinite(time_ms) ? Math.round(time_ms) : 0
}
