import { connectProducer, type Producer, type ProducerRejection } from '#engine/client/producer.ts'
import type { Clock } from '#engine/core/clock.ts'
import { seededRandom } from '#engine/core/random.ts'
import { dueOf, type LineSchedule, lineValues, TAGS_COUNT, tagName } from './schedule.ts'

/** A line's due readings are sent together this often. */
export const FLUSH_EVERY_MS = 20
/** Sends that may wait for the engine; what is due meanwhile goes with a later, larger batch. */
const SENDS_WAITING_MAX = 64
/** Groups in one batch at most, so that none is cut in two. */
const BATCH_GROUPS_MAX = 400

/** The open-loop sender of one line. */
export interface LineLoad {
  readonly producer: Producer
  /** Sends each group when it is due, whatever the engine does; resolves when all are sent. */
  run(start_ms: number): Promise<void>
}

/** Told per group of readings once they are acknowledged. */
export type OnGroupAck = (group: number, acknowledged: number, at_ms: number) => void

/** Connects the sender of a line. */
export async function connectLoad(options: {
  readonly schedule: LineSchedule
  readonly address: string
  readonly clock: Clock
  readonly seed: number
  /** Keeps the lines from flushing all at once. */
  readonly offset_ms: number
  readonly onGroupAck: OnGroupAck
}): Promise<LineLoad> {
  const { schedule, clock, onGroupAck } = options
  const inFlight: { first: number; count: number }[] = []
  const producer = await connectProducer({
    address: options.address,
    line: schedule.name,
    producer: `bench-${schedule.name}`,
    clock,
    onAck(_sequence, rejections) {
      const at_ms = clock.now_ms()
      const { first, count } = inFlight.shift()!
      const rejected = rejectedByGroup(rejections)
      for (let i = 0; i < count; i++) {
        onGroupAck(first + i, TAGS_COUNT - (rejected.get(i) ?? 0), at_ms)
      }
    },
  })
  const fill = lineValues(schedule, seededRandom(options.seed).fork(schedule.name))
  let next = 0
  let waiting = 0
  let named = false
  let failure: unknown

  const sendDue = (start_ms: number): void => {
    const now_ms = clock.now_ms() - start_ms
    while (next < schedule.groups && waiting < SENDS_WAITING_MAX) {
      let count = 0
      const last = Math.min(schedule.groups, next + BATCH_GROUPS_MAX)
      while (next + count < last && dueOf(schedule, next + count) <= now_ms) count++
      if (count === 0) return
      const batch = columnsOf(schedule, next, count, start_ms, fill)
      inFlight.push({ first: next, count })
      next += count
      waiting++
      producer.send(named ? batch : { ...batch, series: seriesOf(schedule) }).then(
        () => waiting--,
        (error: unknown) => {
          failure ??= error
        },
      )
      named = true
    }
  }

  return {
    producer,
    run: start_ms =>
      new Promise((resolve, reject) => {
        const began_ms = start_ms + options.offset_ms
        const wake = () => {
          if (clock.now_ms() >= start_ms) sendDue(start_ms)
          if (failure !== undefined) reject(failure as Error)
          else if (next === schedule.groups) resolve()
          else {
            const past_ms = clock.now_ms() - began_ms
            const flush = Math.floor(past_ms / FLUSH_EVERY_MS) + 1
            setTimeout(wake, flush * FLUSH_EVERY_MS - past_ms)
          }
        }
        wake()
      }),
  }
}

/** The columns of `count` groups from `first` on. */
export function columnsOf(
  schedule: LineSchedule,
  first: number,
  count: number,
  start_ms: number,
  fill: (group: number, into: Float64Array, at: number) => void,
) {
  const readings = count * TAGS_COUNT
  const refs = new Uint32Array(readings)
  const times_ms = new Float64Array(readings)
  const values = new Float64Array(readings)
  for (let i = 0; i < count; i++) {
    const at = i * TAGS_COUNT
    const asset = (first + i) % schedule.assets.length
    times_ms.fill(start_ms + dueOf(schedule, first + i), at, at + TAGS_COUNT)
    for (let tag = 0; tag < TAGS_COUNT; tag++) refs[at + tag] = asset * TAGS_COUNT + tag
    fill(first + i, values, at)
  }
  return { count: readings, refs, times_ms, values }
}

function seriesOf({ assets }: LineSchedule) {
  return assets.flatMap((asset_path, asset) =>
    Array.from({ length: TAGS_COUNT }, (_, tag) => ({
      ref: asset * TAGS_COUNT + tag,
      asset_path,
      tag: tagName(tag),
      unit: '1',
    })),
  )
}

function rejectedByGroup(rejections: readonly ProducerRejection[]): Map<number, number> {
  const found = new Map<number, number>()
  for (const { first_index, count } of rejections) {
    for (let row = first_index; row < first_index + count; row++) {
      const group = Math.floor(row / TAGS_COUNT)
      found.set(group, (found.get(group) ?? 0) + 1)
    }
  }
  return found
}
