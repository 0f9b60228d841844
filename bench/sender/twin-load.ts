import { connectProducer } from '#engine/client/producer.ts'
import { twinDue_ms, twinSource } from '../twin-444/line.ts'
import type { TwinPlan } from '../twin-444/plan.ts'
import { type LineLoad, type LineOptions, READING_BYTES } from './line-load.ts'

/** Seconds that may wait for the engine; what is due meanwhile is sent after them. */
const SENDS_WAITING_MAX = 64
/** Seconds in one batch while the detectors learn. */
const LEARN_SECONDS = 4

/** A timer comes up to this late; the rest of the way is looked at the clock. */
const TIMER_MS = 2

/** Calls when so much time has passed, or a little earlier: then it has to look again. */
function wakeAt(wake: () => void, in_ms: number): void {
  if (in_ms > TIMER_MS) setTimeout(wake, in_ms - TIMER_MS)
  else if (in_ms > 0) setImmediate(wake)
  else setTimeout(wake, 1) // what is due waits for the engine
}

/** Connects the sender of TWIN-444. */
export async function connectTwin(
  options: LineOptions & { readonly plan: TwinPlan },
): Promise<LineLoad> {
  const { plan, clock, figures } = options
  const source = twinSource(plan)
  const inFlight: { due_ms: number; count: number }[] = []
  const producer = await connectProducer({
    address: options.address,
    line: plan.line,
    producer: `bench-${plan.line}`,
    clock,
    onAck(_sequence, rejections) {
      const { due_ms, count } = inFlight.shift()!
      const rejected = rejections.reduce((sum, one) => sum + one.count, 0)
      figures.acknowledged(due_ms, count - rejected, clock.now_ms())
    },
  })
  const last = plan.warmup_s + plan.seconds_s
  let next = -plan.learn_s
  let waiting = 0
  let named = false
  let failure: unknown
  let begun_ms = Number.NaN

  const send = async (seconds: number, event_start_ms: number): Promise<void> => {
    const due_ms = twinDue_ms(next)
    const count = seconds * source.readings
    const refs = new Uint32Array(count)
    const times_ms = new Float64Array(count)
    const values = new Float64Array(count)
    for (let s = 0; s < seconds; s++) {
      const at = s * source.readings
      refs.set(source.refs, at)
      times_ms.fill(event_start_ms + twinDue_ms(next + s), at, at + source.readings)
      source.next(values.subarray(at, at + source.readings))
    }
    next += seconds
    inFlight.push({ due_ms, count })
    waiting++
    const series = named ? {} : { series: source.series }
    named = true
    await producer.send({ count, refs, times_ms, values, ...series })
    waiting--
    figures.handed(due_ms, count * READING_BYTES, clock.now_ms())
  }

  if (plan.learn_s === 0) source.prepare(last)
  return {
    line: plan.line,
    producer,
    async learn(event_start_ms) {
      while (next < 0) await send(Math.min(LEARN_SECONDS, -next), event_start_ms)
      await producer.drain()
      source.prepare(last)
    },
    async backlog(seconds) {
      const end = next + seconds
      while (next < end) await send(1, begun_ms)
      await producer.drain()
    },
    run: (start_ms, event_start_ms) =>
      new Promise((resolve, reject) => {
        begun_ms = event_start_ms
        const wake = () => {
          const now_ms = clock.now_ms() - start_ms
          while (next < last && twinDue_ms(next) <= now_ms && waiting < SENDS_WAITING_MAX) {
            send(1, event_start_ms).catch((error: unknown) => {
              failure ??= error
            })
          }
          if (failure !== undefined) reject(failure as Error)
          else if (next === last && waiting === 0) resolve()
          else if (next === last) setTimeout(wake, 5)
          else wakeAt(wake, twinDue_ms(next) - now_ms)
        }
        wake()
      }),
  }
}
