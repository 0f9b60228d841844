import { assert } from '../../core/assert.ts'
import {
  bytesOf,
  copyInto,
  jsonBytes,
  packSections,
  parseJsonBytes,
  unpackSections,
} from '../../core/sections.ts'
import {
  type CloseReason,
  type LineDefinition,
  type LineFrame,
  Quality,
  type ReadingBatch,
} from '../../flow.ts'
import { type HappenedReading, type OpenTick, openTick, resetTick } from './open-tick.ts'
import { orderByTime } from './row-order.ts'
import { KIND_EVENT, KIND_SAMPLE, seriesPlan } from './series-plan.ts'

/** Ticks that may be open at once; one more forces the oldest to close. */
const OPEN_TICKS_MAX = 16
/** A gap longer than this many ticks is jumped over instead of being filled tick by tick. */
const SILENT_TICKS_MAX = 900
/** Event time that a `stream` line waits for stragglers after a tick's end. */
const STREAM_GRACE_MS = 200
/** A late event is still counted when it is at most this old. */
export const FIXED_LAG_MS = 120_000

export interface FrameCounters {
  accepted: number
  late: number
  closed: Record<CloseReason, number>
}

/**
 * Turns readings into one frame per tick, by event time. A pure fold: equal entries in equal order
 * give equal frames; all memory is in the snapshot.
 */
export interface FrameBuilder {
  /** Takes a batch; calls `emit` for each tick it closes, in order. The frame is reused. */
  batch(batch: ReadingBatch, emit: (frame: LineFrame) => void): void
  /** Closes every open tick up to `tick`, as a logged close says. */
  close(tick: number, reason: 'grace' | 'silent', emit: (frame: LineFrame) => void): void
  /** The oldest tick not closed yet, or NaN before the first reading. */
  next_tick(): number
  /** The newest tick that a reading belongs to, or NaN. */
  newest_tick(): number
  /** Highest source time of a signal or event so far, or NaN. */
  newest_ms(): number
  readonly counters: FrameCounters
  snapshot(): Uint8Array
  restore(bytes: Uint8Array): void
}

export function frameBuilder(definition: LineDefinition): FrameBuilder {
  const cells = definition.cells.length
  const seriesCount = definition.tags.length * cells
  const { tick_ms } = definition
  const { kind, rank, inTickMean, silent_ticks, hold_ms, holdsTick } = seriesPlan(definition)

  // Memory of the fold, all of it in the snapshot.
  const held = new Float64Array(seriesCount).fill(Number.NaN)
  const held_ms = new Float64Array(seriesCount).fill(Number.NaN)
  const heldQuality = new Uint8Array(seriesCount).fill(Quality.missing)
  const lastTick = new Float64Array(seriesCount).fill(Number.NaN)
  const expected = new Uint8Array(seriesCount)
  let expectedCount = 0
  let nextTick = Number.NaN
  let newest_ms = Number.NaN
  let newestTick = Number.NaN
  let open: OpenTick[] = [] // ascending by tick
  const pool: OpenTick[] = []
  const counters: FrameCounters = {
    accepted: 0,
    late: 0,
    closed: { complete: 0, watermark: 0, grace: 0, silent: 0 },
  }

  const frame = {
    tick: 0,
    time_ms: 0,
    closed: 'complete' as CloseReason,
    values: new Float64Array(seriesCount),
    quality: new Uint8Array(seriesCount),
    age_ms: new Float64Array(seriesCount),
    events: [] as LineFrame['events'],
    samples: [] as LineFrame['samples'],
  }

  const openAt = (tick: number): OpenTick => {
    let at = open.length
    while (at > 0 && open[at - 1]!.tick >= tick) at--
    if (at < open.length && open[at]!.tick === tick) return open[at]!
    const fresh = pool.pop() ?? openTick(seriesCount)
    resetTick(fresh, tick)
    open.splice(at, 0, fresh)
    return fresh
  }

  const toHappened = (reading: HappenedReading) => ({
    tagIndex: Math.floor(reading.series / cells),
    cell: reading.series % cells,
    value: reading.value,
    time_ms: reading.time_ms,
  })

  const foldSeries = (taken: OpenTick, series: number): void => {
    if (taken.reported[series] === 1) {
      lastTick[series] = taken.tick
      const mean = taken.count[series]! > 0 && inTickMean[series] === 1
      held[series] = mean ? taken.sum[series]! / taken.count[series]! : taken.last[series]!
      held_ms[series] = taken.last_ms[series]!
      heldQuality[series] = taken.quality[series]!
    }
    const joins =
      holdsTick[series]! & (taken.tick - lastTick[series]! < silent_ticks[series]! ? 1 : 0)
    if (joins !== expected[series]) {
      expected[series] = joins
      expectedCount += joins ? 1 : -1
    }
  }

  const writeValue = (series: number, end_ms: number, taken: OpenTick | undefined): void => {
    if (kind[series] === KIND_EVENT) {
      frame.values[series] = taken ? taken.sum[series]! : 0
      frame.quality[series] = Quality.good
      frame.age_ms[series] = 0
      return
    }
    const age_ms = Math.max(0, end_ms - held_ms[series]!)
    const known = age_ms <= hold_ms[series]! + tick_ms
    frame.age_ms[series] = age_ms
    frame.values[series] = known ? held[series]! : Number.NaN
    frame.quality[series] = known ? heldQuality[series]! : Quality.missing
  }

  const writeFrame = (tick: number, taken: OpenTick | undefined, closed: CloseReason): void => {
    const end_ms = (tick + 1) * tick_ms
    frame.tick = tick
    frame.time_ms = end_ms
    frame.closed = closed
    for (let series = 0; series < seriesCount; series++) {
      if (taken) foldSeries(taken, series)
      writeValue(series, end_ms, taken)
    }
    frame.events = (taken?.events ?? []).map(toHappened)
    frame.samples = (taken?.samples ?? []).map(reading => {
      const { tagIndex, cell, value, time_ms } = toHappened(reading)
      return { tagIndex, cell, value, taken_ms: time_ms }
    })
    if (!taken) dropSilent(tick)
    counters.closed[closed] += 1
  }

  /** Without any reading the tick's series still grow silent. */
  const dropSilent = (tick: number): void => {
    for (let series = 0; series < seriesCount; series++) {
      if (expected[series] === 1 && !(tick - lastTick[series]! < silent_ticks[series]!)) {
        expected[series] = 0
        expectedCount -= 1
      }
    }
  }

  /** Reported-and-expected counts of ticks still open, after the expected set changed. */
  const recount = (): void => {
    for (const taken of open) {
      let count = 0
      for (let series = 0; series < seriesCount; series++) {
        count += taken.reported[series]! & expected[series]!
      }
      taken.reported_expected = count
    }
  }

  const closeThrough = (
    tick: number,
    reason: CloseReason,
    emit: (frame: LineFrame) => void,
  ): void => {
    while (nextTick <= tick) {
      const upcoming = Math.min(open[0]?.tick ?? tick + 1, tick + 1)
      if (upcoming - nextTick > SILENT_TICKS_MAX) {
        nextTick = upcoming
        continue
      }
      const taken = open[0]?.tick === nextTick ? open.shift() : undefined
      const why = taken
        ? nextTick < tick && reason === 'complete'
          ? 'watermark'
          : reason
        : 'silent'
      writeFrame(nextTick, taken, why)
      nextTick += 1
      if (taken) pool.push(taken)
      emit(frame)
    }
    recount()
  }

  const isComplete = (taken: OpenTick): boolean =>
    expectedCount > 0 && taken.reported_expected >= expectedCount

  /** Closes what this reading shows to be over: complete ticks and, on a stream clock, past ones. */
  const closeDue = (touched: OpenTick, emit: (frame: LineFrame) => void): void => {
    if (definition.clock === 'stream') {
      const due = Math.floor((newest_ms - STREAM_GRACE_MS) / tick_ms) - 1
      if (due >= nextTick) closeThrough(due, 'watermark', emit)
    }
    if (touched.tick >= nextTick && isComplete(touched))
      closeThrough(touched.tick, 'complete', emit)
    // Closing may have made the expected set known that a waiting tick already meets.
    while (open[0]?.tick === nextTick && open[0] !== touched && isComplete(open[0])) {
      closeThrough(nextTick, 'complete', emit)
    }
    while (open.length > OPEN_TICKS_MAX) closeThrough(open[0]!.tick, 'watermark', emit)
  }

  const putSignal = (
    taken: OpenTick,
    series: number,
    time_ms: number,
    value: number,
    q: number,
  ) => {
    const good = q !== Quality.bad && !Number.isNaN(value)
    if (good) {
      taken.sum[series]! += value
      taken.count[series]! += 1
    }
    if (taken.reported[series] === 0) {
      taken.reported[series] = 1
      taken.reported_expected += expected[series]!
    } else if (time_ms < taken.last_ms[series]!) {
      return
    }
    taken.last[series] = good ? value : Number.NaN
    taken.last_ms[series] = time_ms
    taken.quality[series] = good ? q : Quality.bad
  }

  /** A sample tells of the past: it joins the tick in which it became known. */
  const putSample = (series: number, time_ms: number, value: number, quality: number): void => {
    if (Number.isNaN(value) || quality === Quality.bad || Number.isNaN(nextTick)) return
    const taken = openAt(Math.max(nextTick, newestTick || nextTick))
    taken.samples.push({ series, time_ms, value })
    putSignal(taken, series, time_ms, value, quality)
  }

  const putEvent = (series: number, time_ms: number, value: number, quality: number): void => {
    const tick = Math.floor(time_ms / tick_ms)
    if (nextTick - tick > 1) {
      // What a late event carried (mass fed, metal tapped) still counts, up to the lag.
      counters.late += 1
      if (newest_ms - time_ms > FIXED_LAG_MS) return
    }
    noteTime(time_ms, tick)
    if (Number.isNaN(value) || quality === Quality.bad) return
    const taken = openAt(Math.max(tick, nextTick))
    taken.events.push({ series, time_ms, value })
    taken.sum[series]! += value
  }

  /** The open tick a signal joins, or NaN when it came too late for the live state. */
  const tickOfSignal = (series: number, time_ms: number): number => {
    const tick = Math.floor(time_ms / tick_ms)
    if (tick >= nextTick) return tick
    // No tick waits for a slow signal, so what comes after its own tick joins the open one.
    const slow = holdsTick[series] === 0 && nextTick - tick < silent_ticks[series]!
    if (slow && !(time_ms < held_ms[series]!)) return nextTick
    // A clock that jitters puts two readings into one tick and none into the next: what comes
    // within half a tick after its own tick closed belongs to the one that is open.
    return nextTick * tick_ms - time_ms <= tick_ms / 2 ? nextTick : Number.NaN
  }

  const noteTime = (time_ms: number, tick: number): void => {
    if (newest_ms >= time_ms) return
    newest_ms = time_ms
    newestTick = tick
  }

  const put = (
    series: number,
    time_ms: number,
    value: number,
    quality: number,
    emit: (frame: LineFrame) => void,
  ): void => {
    counters.accepted += 1
    if (kind[series] === KIND_SAMPLE) {
      putSample(series, time_ms, value, quality)
      return
    }
    if (Number.isNaN(nextTick)) nextTick = Math.floor(time_ms / tick_ms)
    if (kind[series] === KIND_EVENT) {
      putEvent(series, time_ms, value, quality)
      return
    }
    const tick = tickOfSignal(series, time_ms)
    if (Number.isNaN(tick)) {
      counters.late += 1
      return
    }
    noteTime(time_ms, tick)
    const taken = openAt(tick)
    putSignal(taken, series, time_ms, value, quality)
    closeDue(taken, emit)
  }

  return {
    counters,
    next_tick: () => nextTick,
    newest_tick: () => newestTick,
    newest_ms: () => newest_ms,
    batch(batch, emit) {
      const order = orderByTime(batch, rank)
      for (let i = 0; i < batch.count; i++) {
        const row = order ? order[i]! : i
        const series = batch.series[row]!
        assert(series < seriesCount, 'a batch holds series of its line')
        put(series, batch.times_ms[row]!, batch.values[row]!, batch.quality[row]!, emit)
      }
    },
    close(tick, reason, emit) {
      if (tick >= nextTick) closeThrough(tick, reason, emit)
    },
    snapshot() {
      const scalars = {
        nextTick,
        newest_ms,
        newestTick,
        expectedCount,
        counters,
        open: open.map(o => ({ tick: o.tick, events: o.events, samples: o.samples })),
      }
      return packSections([
        ['scalars', jsonBytes(scalars)],
        ['held', bytesOf(held)],
        ['held_ms', bytesOf(held_ms)],
        ['heldQuality', bytesOf(heldQuality)],
        ['lastTick', bytesOf(lastTick)],
        ['expected', bytesOf(expected)],
        ...open.flatMap((o, i): [string, Uint8Array][] => [
          [`sum${i}`, bytesOf(o.sum)],
          [`count${i}`, bytesOf(o.count)],
          [`last${i}`, bytesOf(o.last)],
          [`last_ms${i}`, bytesOf(o.last_ms)],
          [`quality${i}`, bytesOf(o.quality)],
          [`reported${i}`, bytesOf(o.reported)],
        ]),
      ])
    },
    restore(bytes) {
      const parts = unpackSections(bytes)
      const scalars = parseJsonBytes<{
        nextTick: number | null
        newest_ms: number | null
        newestTick: number | null
        expectedCount: number
        counters: FrameCounters
        open: { tick: number; events: HappenedReading[]; samples: HappenedReading[] }[]
      }>(parts.get('scalars')!)
      nextTick = scalars.nextTick ?? Number.NaN
      newest_ms = scalars.newest_ms ?? Number.NaN
      newestTick = scalars.newestTick ?? Number.NaN
      expectedCount = scalars.expectedCount
      Object.assign(counters, scalars.counters)
      copyInto(held, parts.get('held'), 'held')
      copyInto(held_ms, parts.get('held_ms'), 'held_ms')
      copyInto(heldQuality, parts.get('heldQuality'), 'heldQuality')
      copyInto(lastTick, parts.get('lastTick'), 'lastTick')
      copyInto(expected, parts.get('expected'), 'expected')
      open = scalars.open.map((o, i) => {
        const taken = openTick(seriesCount)
        taken.tick = o.tick
        taken.events = o.events
        taken.samples = o.samples
        copyInto(taken.sum, parts.get(`sum${i}`), 'sum')
        copyInto(taken.count, parts.get(`count${i}`), 'count')
        copyInto(taken.last, parts.get(`last${i}`), 'last')
        copyInto(taken.last_ms, parts.get(`last_ms${i}`), 'last_ms')
        copyInto(taken.quality, parts.get(`quality${i}`), 'quality')
        copyInto(taken.reported, parts.get(`reported${i}`), 'reported')
        return taken
      })
      recount()
    },
  }
}
