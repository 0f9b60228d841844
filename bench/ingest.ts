import { measureRun, type RunResult } from './measure.ts'
import { spawnClient } from './peers/spawn.ts'
import type { Rig, RunPlan } from './rig.ts'
import { TAGS_COUNT } from './schedule.ts'
import type { TwinPlan } from './twin-444/plan.ts'

/** What `bench ingest` is asked to do. */
export interface IngestPlan {
  /** Readings per second of the generic assets; TWIN-444 comes beside them. */
  readonly rate_per_s: number
  readonly seconds_s: number
  readonly warmup_s: number
  readonly learn_s: number
  readonly alerts: number
  readonly assets_per_line: number
  readonly delay_ms: number
  readonly seed: number
  readonly store: 'lmdb' | 'redis'
  /** Leave TWIN-444 out. */
  readonly alone: boolean
  readonly opcua: boolean
  /** All lines begin their second, and so end their ticks, together. */
  readonly aligned: boolean
}

/** The readings of a line's assets come in so many batches a second. */
const SLOT_MS = 100
/** Bounds the log of a run to a few minutes of its batches. */
const LOG_ENTRIES_MAX = 2000

export const TWIN_LINE = 'twin-444'
export const TWIN_CELLS = 444

/** TWIN-444 as it is beside other load, without disturbances. */
export const quietTwin = (
  plan: Pick<TwinPlan, 'learn_s' | 'warmup_s' | 'seconds_s' | 'seed'>,
): TwinPlan => ({
  ...{ line: TWIN_LINE, cells: TWIN_CELLS, alerts: { reading: 0, filter: 0, model: 0 } },
  ...{ clock: plan.learn_s > 0 ? 'stream' : 'wall' },
  ...{ learn_s: plan.learn_s, warmup_s: plan.warmup_s },
  ...{ seconds_s: plan.seconds_s, seed: plan.seed },
})

/** The load RATE-n, and TWIN-444 beside it. */
export function ingestRun(plan: IngestPlan): RunPlan {
  const { rate_per_s, seconds_s, warmup_s, learn_s, alerts, seed, delay_ms, store } = plan
  const lines = Math.max(1, Math.ceil(rate_per_s / TAGS_COUNT / plan.assets_per_line))
  const rate = {
    ...{ rate_per_s, seconds_s, warmup_s, learn_s, alerts, seed, lines },
    ...{ slot_ms: SLOT_MS, aligned: plan.aligned },
  }
  const twin = plan.alone ? undefined : quietTwin(plan)
  return {
    ...{ rate, twin, store, delay_ms, hidden: true, opcua: plan.opcua },
    log_entries_max: LOG_ENTRIES_MAX,
  }
}

/** Measures one run of the load. */
export function measureIngest(plan: IngestPlan, say: (text: string) => void): Promise<RunResult> {
  return measureRun(ingestRun(plan), say, plan.delay_ms > 0 ? oneStream : undefined)
}

const STREAM_S = 5
/** Batches of 1000 readings under way: 2 MiB; a million a second at 20 ms need a sixth of it. */
const STREAM_BATCHES = 128

/** The rate that one stream of one producer reaches by itself, through the relay. */
async function oneStream(rig: Rig, say: (text: string) => void): Promise<Record<string, unknown>> {
  say('sending one stream as fast as it is acknowledged ...')
  const client = spawnClient()
  const { address } = rig
  const orders = { form: 'columns', address, in_flight: STREAM_BATCHES, seed: 1 } as const
  try {
    await client.ask({ ...orders, seconds_s: 2 })
    const { readings, seconds_s, problem } = await client.ask({ ...orders, seconds_s: STREAM_S })
    return {
      one_stream_readings_per_s: Math.round(readings / seconds_s),
      problems: problem === undefined ? [] : [`one stream: ${problem}`],
    }
  } finally {
    client.close()
  }
}

/** An acknowledgement this late means that the engine falls behind, not that it is slow. */
const SUSTAINED_ACK_MS = 1000

/** Whether a run kept its rate to its end. */
export function sustained(run: RunResult, rate_per_s: number): boolean {
  const reached = Number(run.readings_per_s) >= 0.99 * rate_per_s
  return reached && run.problems.length === 0 && Number(run.ack_ms_p99) <= SUSTAINED_ACK_MS
}

/**
 * The highest rate that is sustained, to a tenth: halves until one is, doubles until one is not,
 * then closes in. Gives that run, or the last when none was sustained.
 */
export async function findRate(
  from_per_s: number,
  measure: (rate_per_s: number) => Promise<RunResult>,
  say: (text: string) => void,
): Promise<RunResult & { readonly tried: readonly (readonly [rate: number, kept: boolean])[] }> {
  const tried: [number, boolean][] = []
  let best: RunResult | undefined
  let last: RunResult
  let low = 0
  let high = Number.POSITIVE_INFINITY
  let rate = from_per_s
  do {
    last = await measure(rate)
    const kept = sustained(last, rate)
    tried.push([rate, kept])
    say(`${rate} readings/s: ${kept ? 'sustained' : 'not sustained'}`)
    if (kept) {
      low = rate
      best = last
    } else high = rate
    rate =
      Math.round((high === Infinity ? 2 * low : low === 0 ? high / 2 : (low + high) / 2) / 100) *
      100
  } while (high > 1.1 * low && rate >= 1000 && tried.length < 12)
  return { ...(best ?? last), tried }
}
