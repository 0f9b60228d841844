import { assert } from '../../core/assert.ts'
import { joinPieces, type Pieces } from '../../core/sections.ts'
import { tickAt, tickStart_ms } from '../../core/tick-grid.ts'
import {
  type CloseReason,
  type LineDefinition,
  type LineFrame,
  Quality,
  type ReadingBatch,
} from '../../flow.ts'
import { type OpenTick, openTick, putReading, putSignals, resetTick } from './open-tick.ts'
import {
  dropSilent,
  foldTick,
  seriesMemory,
  type WritableFrame,
  writeFrame,
} from './series-memory.ts'
import { KIND_EVENT, KIND_SAMPLE, seriesPlan } from './series-plan.ts'
import { builderPieces, unpackBuilder } from './snapshot.ts'

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
 * give equal frames; all memory is in the snapshot, but for the counters of arrivals.
 */
export interface FrameBuilder {
  /**
   * Takes a batch whose rows are in time order and gives each tick it closes, in order. The frame is
   * reused; what comes after it is taken when the next one is asked for.
   */
  batch(batch: ReadingBatch): Generator<LineFrame, void>
  /** Closes every open tick up to `tick`, as a logged close says. */
  close(tick: number, reason: CloseReason): Generator<LineFrame, void>
  /** Puts samples into the tick in which they became known; without effect once it is closed. */
  join(samples: ReadingBatch, tick: number): void
  /** The tick that a sample joins which becomes known now, or NaN. */
  sample_tick(): number
  /** The oldest tick not closed yet, or NaN before the first reading. */
  next_tick(): number
  /** The newest tick that a reading belongs to, or NaN. */
  newest_tick(): number
  /** Highest source time of a signal or event so far, or NaN. */
  newest_ms(): number
  readonly counters: FrameCounters
  snapshot(): Uint8Array
  /** What `snapshot` joins, of use until the next reading. */
  pieces(): Pieces
  restore(bytes: Uint8Array): void
}

/** Where a line stands in event time; NaN before its first reading. */
export interface Standing {
  nextTick: number
  newest_ms: number
  newestTick: number
}

type Frames = Generator<LineFrame, void>

export function frameBuilder(definition: LineDefinition): FrameBuilder {
  const cells = definition.cells.length
  const seriesCount = definition.tags.length * cells
  const { tick_ms } = definition
  const isStream = definition.clock === 'stream'
  const plan = seriesPlan(definition)
  const { kind, silent_ticks, holdsTick } = plan

  // Memory of the fold, all of it in the snapshot; not so the counters.
  const memory = seriesMemory(seriesCount)
  const at: Standing = { nextTick: Number.NaN, newest_ms: Number.NaN, newestTick: Number.NaN }
  let open: OpenTick[] = [] // ascending by tick
  const passed = { tick: Number.NaN } // newest tick that event time has passed, on a stream clock
  const counters: FrameCounters = {
    accepted: 0,
    late: 0,
    closed: { complete: 0, watermark: 0, grace: 0, silent: 0 },
  }

  const pool: OpenTick[] = []
  const frame: WritableFrame = {
    tick: 0,
    time_ms: 0,
    closed: 'complete',
    values: new Float64Array(seriesCount),
    quality: new Uint8Array(seriesCount),
    age_ms: new Float64Array(seriesCount),
    events: [],
    samples: [],
  }

  const openAt = (tick: number): OpenTick => {
    let place = open.length
    while (place > 0 && open[place - 1]!.tick >= tick) place--
    if (place < open.length && open[place]!.tick === tick) return open[place]!
    const fresh = pool.pop() ?? openTick(seriesCount)
    resetTick(fresh, tick)
    open.splice(place, 0, fresh)
    return fresh
  }

  /** Reported-and-expected counts of ticks still open, after the expected set changed. */
  const recount = (): void => {
    const { expected } = memory
    for (const taken of open) {
      const { reported } = taken
      let count = 0
      for (let series = 0; series < seriesCount; series++) {
        count += reported[series]! & expected[series]!
      }
      taken.reported_expected = count
    }
  }

  /** Writes the frame of the next tick, `upcoming` or silent; true when the expected set changed. */
  const closeNext = (upcoming: number, reason: CloseReason): boolean => {
    const tick = at.nextTick
    const taken = tick === upcoming && open[0]?.tick === tick ? open.shift() : undefined
    frame.tick = tick
    frame.time_ms = tickStart_ms(definition, tick + 1)
    frame.closed = taken ? reason : 'silent'
    const changed = taken ? foldTick(memory, plan, taken) : dropSilent(memory, plan, tick)
    writeFrame(frame, memory, plan, cells, tick_ms, taken)
    counters.closed[frame.closed] += 1
    at.nextTick = tick + 1
    if (taken) pool.push(taken)
    return changed
  }

  function* closeThrough(tick: number, reason: CloseReason): Frames {
    let changed = false
    while (at.nextTick <= tick) {
      const upcoming = Math.min(open[0]?.tick ?? tick + 1, tick + 1)
      if (upcoming - at.nextTick > SILENT_TICKS_MAX) {
        at.nextTick = upcoming
      } else {
        const asked = at.nextTick < tick && reason === 'complete' ? 'watermark' : reason
        changed = closeNext(upcoming, asked) || changed
        yield frame
      }
    }
    if (changed) recount()
  }

  const isComplete = (taken: OpenTick): boolean =>
    memory.expectedCount > 0 && taken.reported_expected >= memory.expectedCount

  const isWaitingComplete = (touched: OpenTick): boolean => {
    const first = open[0]
    return first !== touched && first?.tick === at.nextTick && isComplete(first)
  }

  /** True when `closeDue` has something to close. */
  const isDue = (touched: OpenTick): boolean =>
    passed.tick >= at.nextTick ||
    isComplete(touched) ||
    (open.length > 1 && (open.length > OPEN_TICKS_MAX || isWaitingComplete(touched)))

  /** Closes what this reading shows to be over: complete ticks and, on a stream clock, past ones. */
  function* closeDue(touched: OpenTick): Frames {
    if (passed.tick >= at.nextTick) yield* closeThrough(passed.tick, 'watermark')
    if (touched.tick >= at.nextTick && isComplete(touched)) {
      yield* closeThrough(touched.tick, 'complete')
    }
    // Closing may have made the expected set known that a waiting tick already meets.
    while (isWaitingComplete(touched)) yield* closeThrough(at.nextTick, 'complete')
    while (open.length > OPEN_TICKS_MAX) yield* closeThrough(open[0]!.tick, 'watermark')
  }

  const sampleTick = (): number => Math.max(at.nextTick, at.newestTick || at.nextTick)

  /** A sample tells of the past: it joins the tick in which it became known. */
  const putSample = (
    tick: number,
    series: number,
    time_ms: number,
    value: number,
    quality: number,
  ): void => {
    if (Number.isNaN(value) || quality === Quality.bad || !(tick >= at.nextTick)) return
    const taken = openAt(tick)
    taken.samples.push({ series, time_ms, value })
    putReading(taken, memory.expected, series, time_ms, value, quality)
  }

  const putEvent = (series: number, time_ms: number, value: number, quality: number): void => {
    const tick = tickAt(definition, time_ms)
    if (at.nextTick - tick > 1) {
      // What a late event carried (mass fed, metal tapped) still counts, up to the lag.
      counters.late += 1
      if (at.newest_ms - time_ms > FIXED_LAG_MS) return
    }
    noteTime(time_ms, tick)
    if (Number.isNaN(value) || quality === Quality.bad) return
    const taken = openAt(Math.max(tick, at.nextTick))
    taken.events.push({ series, time_ms, value })
    taken.sum[series]! += value
  }

  /** The open tick a signal joins, or NaN when it came too late for the live state. */
  const tickOfSignal = (series: number, time_ms: number): number => {
    const tick = tickAt(definition, time_ms)
    if (tick >= at.nextTick) return tick
    // No tick waits for a slow signal, so what comes after its own tick joins the open one.
    const slow = holdsTick[series] === 0 && at.nextTick - tick < silent_ticks[series]!
    if (slow && !(time_ms < memory.held_ms[series]!)) return at.nextTick
    // A clock that jitters puts two readings into one tick and none into the next: what comes
    // within half a tick after its own tick closed belongs to the one that is open.
    const early_ms = tickStart_ms(definition, at.nextTick) - time_ms
    return early_ms <= tick_ms / 2 ? at.nextTick : Number.NaN
  }

  const noteTime = (time_ms: number, tick: number): void => {
    if (at.newest_ms >= time_ms) return
    at.newest_ms = time_ms
    at.newestTick = tick
    notePassed()
  }

  const notePassed = (): void => {
    if (isStream) passed.tick = tickAt(definition, at.newest_ms - STREAM_GRACE_MS) - 1
  }

  /** Takes one reading of any kind; the open tick that a signal joined is returned. */
  const put = (
    series: number,
    time_ms: number,
    value: number,
    quality: number,
  ): OpenTick | undefined => {
    if (kind[series] === KIND_SAMPLE) {
      putSample(sampleTick(), series, time_ms, value, quality)
      return undefined
    }
    if (Number.isNaN(at.nextTick)) at.nextTick = tickAt(definition, time_ms)
    if (kind[series] === KIND_EVENT) {
      putEvent(series, time_ms, value, quality)
      return undefined
    }
    const tick = tickOfSignal(series, time_ms)
    if (Number.isNaN(tick)) {
      counters.late += 1
      return undefined
    }
    noteTime(time_ms, tick)
    const taken = openAt(tick)
    putReading(taken, memory.expected, series, time_ms, value, quality)
    return taken
  }

  /** Takes rows of one tick; gives the open tick to look at now that the last row is in. */
  const putTick = (batch: ReadingBatch, from: number, to: number): OpenTick | undefined => {
    const { series, times_ms, values, quality } = batch
    const tick = tickAt(definition, times_ms[from]!)
    let taken: OpenTick | undefined // the tick that the last signal joined
    let touched: OpenTick | undefined // the tick to look at
    for (let row = from; row < to; row++) {
      if (taken?.tick === tick) {
        const next = putSignals(taken, memory.expected, kind, batch, row, to)
        if (next > row) noteTime(times_ms[next - 1]!, tick)
        row = next
        if (row === to) break
      }
      const s = series[row]!
      assert(s < seriesCount, 'a batch holds series of its line')
      taken = put(s, times_ms[row]!, values[row]!, quality[row]!)
      touched = taken ?? touched
    }
    return touched
  }

  function* putRows(batch: ReadingBatch): Frames {
    const { count, times_ms } = batch
    const tickOf = (row: number) => tickAt(definition, times_ms[row]!)
    for (let from = 0; from < count; ) {
      const tick = tickOf(from)
      let to = tickOf(count - 1) === tick ? count : from + 1
      while (to < count && tickOf(to) === tick) to++
      const touched = putTick(batch, from, to)
      if (touched && isDue(touched)) yield* closeDue(touched)
      from = to
    }
  }

  return {
    counters,
    next_tick: () => at.nextTick,
    newest_tick: () => at.newestTick,
    newest_ms: () => at.newest_ms,
    *batch(batch) {
      counters.accepted += batch.count
      yield* putRows(batch)
    },
    *close(tick, reason) {
      if (tick >= at.nextTick) yield* closeThrough(tick, reason)
    },
    sample_tick: sampleTick,
    join({ count, series, times_ms, values, quality }, tick) {
      for (let row = 0; row < count; row++) {
        putSample(tick, series[row]!, times_ms[row]!, values[row]!, quality[row]!)
      }
    },
    snapshot: () => joinPieces(builderPieces(at, memory, open)),
    pieces: () => builderPieces(at, memory, open),
    restore(bytes) {
      open = unpackBuilder(bytes, at, memory)
      notePassed()
      recount()
    },
  }
}
