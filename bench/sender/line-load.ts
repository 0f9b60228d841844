import type { ProducerRejection } from '#engine/client/pending.ts'
import { connectProducer, type Producer } from '#engine/client/producer.ts'
import type { Clock } from '#engine/core/clock.ts'
import { seededRandom } from '#engine/core/random.ts'
import { dueOf, type LineSchedule, lineValues, nextDue, TAGS_COUNT, tagName } from '../schedule.ts'
import type { AckFigures } from './ack-figures.ts'

/** Readings that have times of their own are sent together this often. */
const FLUSH_EVERY_MS = 20
/** Sends that may wait for the engine; what is due meanwhile goes with a later, larger batch. */
const SENDS_WAITING_MAX = 64
/** Groups in one batch at most, so that none is cut in two. */
const BATCH_GROUPS_MAX = 400
/** Wire bytes of a reading, about. */
export const READING_BYTES = 16

/** The open-loop sender of one line. */
export interface LineLoad {
  readonly line: string
  readonly producer: Producer
  /** Sends what is due before the load begins, as fast as the engine takes it. */
  learn(event_start_ms: number): Promise<void>
  /** Sends each reading when it is due, whatever the engine does; resolves when all are sent. */
  run(start_ms: number, event_start_ms: number): Promise<void>
  /** Sends so many more seconds as fast as they are taken. */
  backlog?(seconds: number): Promise<void>
}

/** What every line of a sender is given. */
export interface LineOptions {
  readonly address: string
  readonly clock: Clock
  readonly figures: AckFigures
  /** Keeps the lines from sending all at once. */
  readonly offset_ms: number
}

/** Connects the sender of a generic line. */
export async function connectLoad(
  options: LineOptions & {
    readonly schedule: LineSchedule
    readonly seed: number
    readonly slotted: boolean
  },
): Promise<LineLoad> {
  const { schedule, clock, figures } = options
  const inFlight: { first: number; count: number }[] = []
  const producer = await connectProducer({
    address: options.address,
    line: schedule.name,
    producer: `bench-${schedule.name}`,
    clock,
    onAck(_sequence, rejections) {
      const { first, count } = inFlight.shift()!
      tell(figures, schedule, first, count, rejectedByGroup(rejections), clock.now_ms())
    },
  })
  const fill = lineValues(schedule, seededRandom(options.seed).fork(schedule.name))
  const learnt = schedule.learn_s * schedule.assets.length
  let next = 0
  let waiting = 0
  let named = false
  let failure: unknown

  const send = async (count: number, event_start_ms: number): Promise<void> => {
    const due_ms = dueOf(schedule, next)
    const batch = columnsOf(schedule, next, count, event_start_ms, fill)
    inFlight.push({ first: next, count })
    next += count
    waiting++
    const series = named ? {} : { series: seriesOf(schedule) }
    named = true
    await producer.send({ ...batch, ...series })
    waiting--
    figures.handed(due_ms, batch.count * READING_BYTES, clock.now_ms())
  }
  const sendDue = (start_ms: number, event_start_ms: number): void => {
    const now_ms = clock.now_ms() - start_ms
    while (next < schedule.groups && waiting < SENDS_WAITING_MAX) {
      const count = dueCount(schedule, next, now_ms, options.slotted)
      if (count === 0) return
      send(count, event_start_ms).catch((error: unknown) => {
        failure ??= error
      })
    }
  }

  return {
    line: schedule.name,
    producer,
    async learn(event_start_ms) {
      while (next < learnt) {
        await send(Math.min(BATCH_GROUPS_MAX, learnt - next), event_start_ms)
      }
      await producer.drain()
    },
    run: (start_ms, event_start_ms) =>
      new Promise((resolve, reject) => {
        const wake = () => {
          if (clock.now_ms() >= start_ms) sendDue(start_ms, event_start_ms)
          if (failure !== undefined) reject(failure as Error)
          else if (next === schedule.groups && waiting === 0) resolve()
          else setTimeout(wake, wakeIn_ms(clock.now_ms() - start_ms))
        }
        const wakeIn_ms = (now_ms: number): number => {
          if (options.slotted && next < schedule.groups) {
            const early_ms = dueOf(schedule, next) - now_ms
            return early_ms > 0 ? early_ms : 1
          }
          const past_ms = now_ms - options.offset_ms
          return (Math.floor(past_ms / FLUSH_EVERY_MS) + 1) * FLUSH_EVERY_MS - past_ms
        }
        wake()
      }),
  }
}

/** Groups that can go in one batch now: those of one instant, or all that became due. */
function dueCount(schedule: LineSchedule, next: number, now_ms: number, slotted: boolean): number {
  if (dueOf(schedule, next) > now_ms) return 0
  const last = Math.min(schedule.groups, next + BATCH_GROUPS_MAX)
  if (slotted) return nextDue(schedule, next, last) - next
  let count = 1
  while (next + count < last && dueOf(schedule, next + count) <= now_ms) count++
  return count
}

/** Notes a batch's readings by the time they were due. */
function tell(
  figures: AckFigures,
  schedule: LineSchedule,
  first: number,
  count: number,
  rejected: ReadonlyMap<number, number>,
  at_ms: number,
): void {
  for (let group = first; group < first + count; ) {
    const next = nextDue(schedule, group, first + count)
    let readings = (next - group) * TAGS_COUNT
    for (let i = group; rejected.size > 0 && i < next; i++) readings -= rejected.get(i - first) ?? 0
    figures.acknowledged(dueOf(schedule, group), readings, at_ms)
    group = next
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

const NONE: ReadonlyMap<number, number> = new Map()

function rejectedByGroup(rejections: readonly ProducerRejection[]): ReadonlyMap<number, number> {
  if (rejections.length === 0) return NONE
  const found = new Map<number, number>()
  for (const { first_index, count } of rejections) {
    for (let row = first_index; row < first_index + count; row++) {
      const group = Math.floor(row / TAGS_COUNT)
      found.set(group, (found.get(group) ?? 0) + 1)
    }
  }
  return found
}
