import { setTimeout as sleep } from 'node:timers/promises'
import * as grpc from '@grpc/grpc-js'
import type { liquidus } from '#proto/gen/ingest.js'
import type { LineIntake, ProducerState } from '../../flow.ts'
import { isDecodeProblem, readColumns } from '../columns.ts'
import type { Door, Entrance } from './door.ts'
import { enter, identify, isRefusal, traceparentOf } from './door.ts'
import { judge, openLane, rejectionMessages, sequenceGap, takenOf, withSequence } from './lane.ts'
import { HELD_RETRY_MS } from './precedence.ts'
import type { Refusal } from './refusal.ts'
import {
  batchTooLarge,
  lineBehind,
  liveFirst,
  noBatch,
  noRequest,
  refusal,
  refusalOf,
  tooManySeries,
  tooMuch,
} from './refusal.ts'
import type { WriteRequest } from './request.ts'
import { readWriteRequest } from './request.ts'

type Response = liquidus.ingest.v1.WriteReadingsResponse.$Properties
const { status } = grpc

interface Writer {
  /** Epoch that this door opened for the producer's unary calls; 0: none yet. */
  epoch: number
  waiting: number
  turn: Promise<unknown>
}

/** Serves WriteReadings: each call is its own small stream, one at a time per producer. */
export class UnaryWriter {
  readonly #door: Door
  readonly #writers = new Map<string, Writer>()
  /** Backfill of all calls on its way to the log: together they are held as one stream is. */
  #backfilling = 0

  constructor(door: Door) {
    this.#door = door
  }

  async serve(call: grpc.ServerUnaryCall<Buffer, Response>): Promise<Response | Refusal> {
    const identity = identify(this.#door, call as never)
    if (isRefusal(identity)) return identity
    const allowance = this.#door.allowances.of(identity.tenant)
    const wait_ms = allowance.wait_ms()
    if (wait_ms > 0) {
      allowance.refuse()
      return tooMuch(identity.tenant, 'sends more than it may', allowance.limit(), wait_ms)
    }
    const request = readWriteRequest(call.request)
    if ('problem' in request) {
      return noRequest('WriteReadings', request.problem)
    }
    const entrance = await enter(this.#door, identity, request.hello)
    if (isRefusal(entrance)) return entrance
    const { line, producer } = entrance
    const writer = this.#writer(`${line.definition.tenant}/${line.definition.line}/${producer}`)
    if (writer.waiting >= this.#door.limits.writes_waiting_max) {
      const cure = 'wait for answers, or use StreamReadings'
      return refusal(status.RESOURCE_EXHAUSTED, `too many calls of ${producer} at once; ${cure}`)
    }
    writer.waiting++
    const call_ms = this.#door.onTaken ? this.#door.clock.elapsed_ms() : 0
    const traceparent = this.#door.onTaken && traceparentOf(call)
    const turn = writer.turn.then(() =>
      this.#write(writer, entrance, request, { call_ms, traceparent }),
    )
    writer.turn = turn.catch(() => {})
    try {
      return await turn
    } catch (error) {
      return refusalOf(error)
    } finally {
      writer.waiting--
    }
  }

  async #write(
    writer: Writer,
    { identity, line, producer, created }: Entrance,
    request: Exclude<WriteRequest, { problem: string }>,
    from: { readonly call_ms: number; readonly traceparent: string | undefined },
  ): Promise<Response | Refusal> {
    const { limits, clock, precedence, allowances } = this.#door
    let { wire } = request
    if (wire.length > limits.batch_bytes_max) {
      return batchTooLarge(wire.length, limits.batch_bytes_max)
    }
    const give_up_ms = clock.elapsed_ms() + limits.write_held_ms
    if (await this.#isHeld(() => line.held(), give_up_ms)) return lineBehind(line.definition.line)
    const producerState = await this.#state(writer, line, producer)
    let columns = readColumns(wire)
    if (!isDecodeProblem(columns) && columns.sequence === 0) {
      wire = withSequence(wire, producerState.committed_sequence + 1)
      columns = readColumns(wire)
    }
    if (isDecodeProblem(columns)) return noBatch(columns.problem)
    const lane = openLane(line, producer, producerState.epoch, producerState.committed_sequence)
    const { sequence, count, mode } = columns
    const { expected } = lane
    if (sequence > expected) return sequenceGap(lane, sequence)
    const allowance = allowances.of(identity.tenant)
    const line_bytes = allowance.credit_bytes(line.credit_bytes())
    const creditBytes = mode === 'backfill' ? precedence.credit_bytes(line_bytes) : line_bytes
    const ack = { creditBytes, rejections: [], reroutedToBackfill: 0 }
    if (sequence < expected) {
      return { ack: { ...ack, committedSequence: expected - 1 }, lineCreated: created }
    }
    // The columns are gone with the next await: what is judged has copies.
    const judged = judge(lane, columns, wire, clock.now_ms())
    if (!judged) return tooManySeries()
    const logged = await this.#inPrecedence(mode, give_up_ms, async () => {
      allowance.take(count, wire.length)
      const { call_ms, traceparent } = from
      this.#door.onTaken?.(takenOf(lane, judged, count, call_ms, traceparent, true))
      await line.append(judged.entry, judged.admission.quarantine)
    })
    if (!logged) return liveFirst()
    return {
      ack: {
        ...ack,
        committedSequence: sequence,
        rejections: rejectionMessages(judged),
        reroutedToBackfill: judged.admission.late_count,
      },
      lineCreated: created,
    }
  }

  /** Waits while `held`; true when it still is after all that time. */
  async #isHeld(held: () => boolean, give_up_ms: number): Promise<boolean> {
    const { clock } = this.#door
    while (held() && clock.elapsed_ms() < give_up_ms) await sleep(HELD_RETRY_MS)
    return held()
  }

  /** Live readings go at once and are counted; history waits for them, false when for too long. */
  async #inPrecedence(
    mode: 'live' | 'backfill',
    give_up_ms: number,
    append: () => Promise<void>,
  ): Promise<boolean> {
    const { precedence } = this.#door
    if (mode === 'live') {
      const settled = precedence.live()
      await append().finally(settled)
      return true
    }
    const held = () => precedence.holds(this.#backfilling)
    // Asked again after the wait: another call may have come between.
    while (held()) if (await this.#isHeld(held, give_up_ms)) return false
    this.#backfilling++
    await append().finally(() => this.#backfilling--)
    return true
  }

  /** Opens an epoch of its own, so that a stream's refs and a call's refs are never mixed. */
  async #state(writer: Writer, line: LineIntake, producer: string): Promise<ProducerState> {
    const now = line.producer(producer)
    if (writer.epoch !== 0 && now.epoch === writer.epoch) return now
    const opened = await line.openProducer(producer)
    writer.epoch = opened.epoch
    return opened
  }

  #writer(key: string): Writer {
    let writer = this.#writers.get(key)
    if (!writer) {
      writer = { epoch: 0, waiting: 0, turn: Promise.resolve() }
      if (this.#writers.size >= this.#door.limits.writers_max) {
        for (const [old, { waiting }] of this.#writers) {
          if (waiting > 0) continue
          this.#writers.delete(old)
          break
        }
      }
      this.#writers.set(key, writer)
    }
    return writer
  }
}
