/** The process that plays a plant: it steps the simulated line and speaks only the gRPC door. */
import { setTimeout as wait } from 'node:timers/promises'
import { connectProducer, type Producer, type ProducerCounts } from '../client/producer.ts'
import type { Clock } from '../core/clock.ts'
import { LiquidusError } from '../core/errors.ts'
import type { LineDefinition } from '../flow.ts'
import { cellNames, potlineDefinition } from '../lines/potline.ts'
import { BatchBuilder } from './batch.ts'
import type { CrewEvents } from './crew.ts'
import type { Fault } from './faults.ts'
import { ANODES, WALLS } from './parameters.ts'
import { createPlant, type Plant } from './plant.ts'

/** Simulated seconds per wall second; Infinity: as fast as the engine takes them. */
export type PlantSpeed = number

/** What to play, where to send it and how fast. */
export interface RunPlantOptions {
  readonly address: string
  readonly line: string
  readonly clock: Clock
  readonly seed: number
  /** Start of simulated time; rounded down to a whole second. */
  readonly start_ms: number
  readonly tenant?: string
  readonly producer?: string
  readonly cells?: number
  readonly feeders?: number
  readonly faults?: readonly Fault[]
  readonly events?: CrewEvents
  readonly speed?: PlantSpeed
  /**
   * Simulated seconds that go out at full speed before the pace begins; default 0. Faults count
   * from its end. At speed 1, start this much before now.
   */
  readonly preroll_s?: number
  /** Simulated seconds to send, the preroll included; default: until the signal. */
  readonly seconds?: number
  readonly apiKey?: string
  readonly tls_ca?: string | Uint8Array
  readonly signal?: AbortSignal
  /** How long the first connection may be tried. */
  readonly connect_patience_ms?: number
  /** Called after each batch. */
  readonly onProgress?: (progress: PlantProgress) => void
  /** Opens the producer; default: the gRPC client. */
  readonly connect?: typeof connectProducer
}

/** How far a run is. */
export interface PlantProgress {
  readonly simulated_s: number
  /** Time of the newest reading sent. */
  readonly time_ms: number
  readonly counts: ProducerCounts
}

/** After a restart the plant runs itself again up to where the line stands, at most this long. */
const RUN_AGAIN_MAX_MS = 48 * 3600_000
/** Simulated seconds in one batch at the highest speeds. */
const BATCH_SECONDS_MAX = 10
/** A faster run that lags more than this does not try to catch up in a burst. */
const LAG_MAX_MS = 5_000
const DRAIN_PATIENCE_MS = 2_000
const CONNECT_PATIENCE_MS = 30_000
const CONNECT_AGAIN_MS = 300

/** Reads "1", "10", "60" or "max". */
export function parseSpeed(text: string): PlantSpeed {
  if (text === 'max') return Number.POSITIVE_INFINITY
  const speed = Number(text)
  if (text.trim() !== '' && Number.isFinite(speed) && speed > 0) return speed
  throw new LiquidusError('USAGE', { problem: `speed "${text}": use a number such as 60, or max` })
}

/** The line as the plant proposes it to an engine that does not know it. */
export function plantDefinition(options: {
  readonly tenant?: string
  readonly line: string
  readonly cells: number
  readonly feeders: number
  readonly speed: PlantSpeed
}): LineDefinition {
  return potlineDefinition({
    tenant: options.tenant ?? '',
    line: options.line,
    cells: cellNames(options.cells),
    feeders: options.feeders,
    anodes: ANODES,
    shellTemperatures: WALLS,
    clock: options.speed === 1 ? 'wall' : 'stream',
    origin: 'simulated',
  })
}

/** Runs the plant until the signal, the given seconds, or a refusal by the engine. */
export async function runPlant(options: RunPlantOptions): Promise<PlantProgress> {
  const { cells = 40, feeders = 5, speed = 1, preroll_s = 0, signal } = options
  const definition = plantDefinition({ ...options, cells, feeders, speed })
  const producer = await connect(options, definition)
  if (!producer) return nothingSent(options.start_ms)
  const newest_ms = producer.welcome.newest_event_ms
  const start_ms = Math.floor(options.start_ms / 1000) * 1000
  // A line that already holds more than can be run again goes on with a plant started afresh.
  const afresh = newest_ms - start_ms > RUN_AGAIN_MAX_MS
  const plant = createPlant({
    seed: options.seed,
    cells,
    feeders,
    start_ms: afresh ? Math.ceil(newest_ms / 1000) * 1000 + 1000 : start_ms,
    faults: (options.faults ?? []).map(one => ({ ...one, start_s: one.start_s + preroll_s })),
    ...(options.events ? { events: options.events } : {}),
  })
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= drainFor(producer, DRAIN_PATIENCE_MS).then(() => producer.close())
  }
  signal?.addEventListener('abort', stop, { once: true })
  try {
    const progress = await send(plant, definition, producer, { ...options, speed })
    if (signal?.aborted !== true) await producer.drain()
    return progress
  } finally {
    signal?.removeEventListener('abort', stop)
    if (signal?.aborted === true) stop()
    await (stopped ?? producer.close())
  }
}

const nothingSent = (start_ms: number): PlantProgress => ({
  simulated_s: 0,
  time_ms: start_ms,
  counts: {
    sent_readings: 0,
    acknowledged_readings: 0,
    rejected_readings: 0,
    reasons: {},
    late_readings: 0,
    duplicates: 0,
    reconnects: 0,
  },
})

/** Opens the producer, or gives undefined when the signal came first. */
async function connect(
  options: RunPlantOptions,
  definition: LineDefinition,
): Promise<Producer | undefined> {
  const { signal, clock, connect_patience_ms = CONNECT_PATIENCE_MS } = options
  const started_ms = clock.elapsed_ms()
  while (signal?.aborted !== true) {
    try {
      // One attempt at a time, so that a stop leaves no attempt behind that connects later.
      return await (options.connect ?? connectProducer)({
        address: options.address,
        line: options.line,
        producer: options.producer ?? 'simulated-plant',
        proposal: definition,
        clock,
        connect_patience_ms: 0,
        ...(options.tenant === undefined ? {} : { tenant: options.tenant }),
        ...(options.apiKey === undefined ? {} : { apiKey: options.apiKey }),
        ...(options.tls_ca === undefined ? {} : { tls_ca: options.tls_ca }),
      })
    } catch (error) {
      const waited_ms = clock.elapsed_ms() - started_ms
      const hope = error instanceof LiquidusError && error.retry
      if (!hope || waited_ms >= connect_patience_ms) throw error
      await pause(CONNECT_AGAIN_MS, signal)
    }
  }
  return undefined
}

async function send(
  plant: Plant,
  definition: LineDefinition,
  producer: Producer,
  options: RunPlantOptions & { readonly speed: PlantSpeed },
): Promise<PlantProgress> {
  const { clock, speed, signal, preroll_s = 0, seconds = Number.POSITIVE_INFINITY } = options
  const batch = new BatchBuilder(definition)
  const paced_s = Math.max(1, Math.min(BATCH_SECONDS_MAX, Math.ceil(speed / 10)))
  let simulated_s = runAgain(plant, producer.welcome.newest_event_ms)
  let time_ms = plant.start_ms + simulated_s * 1000
  const pace = pacer(speed, { preroll_s, from_s: simulated_s }, clock, signal)
  const aborted = () => signal?.aborted === true
  while (simulated_s < seconds && !aborted()) {
    batch.clear()
    const batch_s = simulated_s + BATCH_SECONDS_MAX <= preroll_s ? BATCH_SECONDS_MAX : paced_s
    for (let n = 0; n < batch_s && simulated_s < seconds; n++) {
      const readings = plant.step()
      batch.add(readings)
      time_ms = readings.time_ms
      simulated_s++
    }
    await pace(simulated_s)
    try {
      await producer.send(batch)
    } catch (error) {
      if (aborted()) break
      throw error
    }
    // A line made by an earlier plant may not know the gauges; then they are not for it.
    if (!producer.welcome.line_created && producer.counts.reasons.UNKNOWN_SERIES) {
      batch.leaveOutGauges()
    }
    options.onProgress?.({ simulated_s, time_ms, counts: producer.counts })
  }
  return { simulated_s, time_ms, counts: producer.counts }
}

/** Steps the plant, unsent, past what the line already holds; gives the seconds stepped. */
function runAgain(plant: Plant, newest_ms: number): number {
  let simulated_s = 0
  while (plant.start_ms + simulated_s * 1000 <= newest_ms) {
    plant.step()
    simulated_s++
  }
  return simulated_s
}

/**
 * Waits until the second just simulated is due; neither the preroll is waited for nor what a
 * line held before that this plant goes on with.
 */
function pacer(
  speed: PlantSpeed,
  { preroll_s, from_s }: { readonly preroll_s: number; readonly from_s: number },
  clock: Clock,
  signal: AbortSignal | undefined,
): (simulated_s: number) => Promise<void> {
  let origin_ms = clock.elapsed_ms() - (1000 * Math.max(0, from_s - preroll_s)) / speed
  return async simulated_s => {
    const due_ms = ((simulated_s - 1 - preroll_s) * 1000) / speed
    if (speed === Number.POSITIVE_INFINITY || simulated_s <= preroll_s) {
      origin_ms = clock.elapsed_ms() - due_ms
      return
    }
    const early_ms = origin_ms + due_ms - clock.elapsed_ms()
    // At speed 1 the readings carry wall time, so what an outage held back is sent at once.
    if (speed !== 1 && early_ms < -LAG_MAX_MS) origin_ms -= early_ms
    if (early_ms > 0) await pause(early_ms, signal)
  }
}

async function pause(wait_ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await wait(wait_ms, undefined, signal ? { signal } : {})
  } catch (error) {
    if (signal?.aborted !== true) throw error
  }
}

/** Waits for the acknowledgements, but not for an engine that is gone. */
async function drainFor(producer: Producer, patience_ms: number): Promise<void> {
  const patience = new AbortController()
  const drained = producer.drain().catch(() => {})
  const enough = wait(patience_ms, undefined, { signal: patience.signal }).catch(() => {})
  await Promise.race([drained, enough])
  patience.abort()
}
