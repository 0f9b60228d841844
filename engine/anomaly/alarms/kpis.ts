import type { AlarmKpis, AlarmPriority } from '../../flow.ts'
import type { Stateful } from '../state.ts'
import { durations } from './durations.ts'
import { floodWatch } from './flood.ts'
import { CHATTER_MS, HOURS, hourCounts } from './hours.ts'

/** Acknowledgements and shelves whose durations are kept for the quantiles. */
export const DURATIONS_MAX = 500
/** Sources named in a report. */
export const TOP_SOURCES = 10

const MINUTE_MS = 60_000
const HOUR_MS = 3600_000
const WINDOW_MINUTES = 10
const MINUTES = HOURS * 60
const HOUR_ALARMS_MAX = 30
const WINDOW_ALARMS_MAX = 10

/** What only the alarm list knows, at the instant of a report. */
export interface ListCounts {
  readonly stale: number
  readonly shelved: number
  readonly suppressed: number
  readonly out_of_service: number
  readonly not_kept: number
}

/** The figures of EEMUA 191 and ISA-18.2, counted as things happen; memory is fixed. */
export interface AlarmKpiCounter extends Stateful {
  /** Event time has come this far; earlier times count as this one from here on. */
  advance(time_ms: number): void
  /** How far event time has come; 0 before the first. */
  time_ms(): number
  announced(source: string, priority: AlarmPriority): void
  /** An announced alarm went back to normal after this long. */
  returned(active_ms: number, acknowledged: boolean): void
  /** After this long. */
  acknowledged(waited_ms: number): void
  unshelved(shelved_ms: number): void
  unauthorised(): void
  /** When the flood that lasts began, or 0. */
  flood_since_ms(): number
  report(counts: ListCounts): AlarmKpis
}

/** Counts the alarms of one line, whose operator is one position. */
export function alarmKpis(): AlarmKpiCounter {
  const minutes = new Uint32Array(MINUTES) // [minute of the day], announced
  const flood_ms = new Uint32Array(MINUTES) // [minute of the day]
  const clock = new Float64Array(2) // first time, time now; 0 before the first
  const now = () => clock[1]!
  const hours = hourCounts()
  const waits = durations(DURATIONS_MAX)
  const shelves = durations(DURATIONS_MAX)
  const flood = floodWatch((from_ms, to_ms) => {
    const kept_ms = (minuteOf(now()) - MINUTES + 1) * MINUTE_MS
    for (let at_ms = Math.max(from_ms, kept_ms); at_ms < to_ms; ) {
      const end_ms = Math.min(to_ms, (minuteOf(at_ms) + 1) * MINUTE_MS)
      flood_ms[minuteOf(at_ms) % MINUTES]! += end_ms - at_ms
      at_ms = end_ms
    }
  })

  const advance = (time_ms: number) => {
    if (clock[0] === 0) clock.fill(time_ms)
    if (time_ms <= clock[1]!) return
    const from = minuteOf(clock[1]!) + 1
    const to = minuteOf(time_ms)
    for (let minute = Math.max(from, to - MINUTES + 1); minute <= to; minute++) {
      minutes[minute % MINUTES] = 0
      flood_ms[minute % MINUTES] = 0
    }
    clock[1] = time_ms
    flood.advance(time_ms)
  }
  return {
    advance,
    time_ms: now,
    announced(source, priority) {
      minutes[minuteOf(now()) % MINUTES]!++
      hours.announced(source, priority, now())
      flood.announced(now())
    },
    returned(active_ms, acknowledged) {
      if (!acknowledged && active_ms < CHATTER_MS) hours.count('fleeting', now())
    },
    acknowledged: waited_ms => waits.add(now(), waited_ms),
    unshelved: shelved_ms => shelves.add(now(), shelved_ms),
    unauthorised: () => hours.count('unauthorised', now()),
    flood_since_ms: flood.since_ms,
    report(counts) {
      const since_ms = Math.max(clock[0]!, (Math.floor(now() / HOUR_MS) - HOURS + 1) * HOUR_MS)
      const totals = hours.totals(now())
      const [acknowledge_p50_ms, acknowledge_p95_ms] = waits.quantiles(since_ms, 0.5, 0.95)
      const [shelved_p50_ms, shelved_p95_ms] = shelves.quantiles(since_ms, 0.5, 0.95)
      return {
        since_ms,
        time_ms: now(),
        ...rates(minutes, flood_ms, since_ms, now()),
        ...shares(totals.sources, totals.priorities),
        chattering: totals.chattering,
        fleeting: totals.fleeting,
        unauthorised: totals.unauthorised,
        acknowledge_p50_ms: acknowledge_p50_ms!,
        acknowledge_p95_ms: acknowledge_p95_ms!,
        shelved_p50_ms: shelved_p50_ms!,
        shelved_p95_ms: shelved_p95_ms!,
        ...counts,
      }
    },
    save(out) {
      for (const array of [minutes, flood_ms, clock]) out.array(array)
      for (const part of [hours, waits, shelves, flood]) part.save(out)
    },
    load(from) {
      for (const array of [minutes, flood_ms, clock]) from.array(array)
      for (const part of [hours, waits, shelves, flood]) part.load(from)
    },
  }
}

const minuteOf = (time_ms: number): number => Math.floor(time_ms / MINUTE_MS)

/** Sums over the minutes, the ten-minute windows and the hours of the clock. */
function rates(minutes: Uint32Array, flood_ms: Uint32Array, since_ms: number, time_ms: number) {
  const windows = new Map<number, number>()
  const hourly = new Map<number, number>()
  let announced = 0
  let inFlood_ms = 0
  let max_minute = 0
  for (let minute = minuteOf(since_ms); minute <= minuteOf(time_ms); minute++) {
    const count = minutes[minute % MINUTES]!
    const [window, hour] = [Math.floor(minute / WINDOW_MINUTES), Math.floor(minute / 60)]
    windows.set(window, (windows.get(window) ?? 0) + count)
    hourly.set(hour, (hourly.get(hour) ?? 0) + count)
    announced += count
    inFlood_ms += flood_ms[minute % MINUTES]!
    if (count > max_minute) max_minute = count
  }
  const over = (counts: Map<number, number>, max: number) =>
    (100 * [...counts.values()].filter(count => count > max).length) / counts.size
  // A rate needs a window's worth of time behind it.
  const span_ms = Math.max(time_ms - since_ms, WINDOW_MINUTES * MINUTE_MS)
  const per = (unit_ms: number) => (announced * unit_ms) / span_ms
  return {
    announced,
    per_10min: per(WINDOW_MINUTES * MINUTE_MS),
    per_hour: per(HOUR_MS),
    per_day: per(24 * HOUR_MS),
    hours_over_30_pct: over(hourly, HOUR_ALARMS_MAX),
    windows_over_10_pct: over(windows, WINDOW_ALARMS_MAX),
    current_10min: windows.get(Math.floor(minuteOf(time_ms) / WINDOW_MINUTES))!,
    max_10min: Math.max(...windows.values()),
    max_hour: Math.max(...hourly.values()),
    max_minute,
    flood_pct: time_ms > since_ms ? (100 * inFlood_ms) / (time_ms - since_ms) : 0,
  }
}

/** How the alarms are spread over sources and priorities. */
function shares(
  sources: ReadonlyMap<string, number>,
  priorities: Readonly<Record<AlarmPriority, number>>,
) {
  const total = Object.values(priorities).reduce((sum, count) => sum + count, 0)
  const pct = (count: number) => (100 * count) / total
  const top = [...sources]
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .slice(0, TOP_SOURCES)
    .map(([source, announced]) => ({ source, announced }))
  if (total === 0) return { top, top10_pct: null, priorities_pct: null }
  const { critical, high, medium, low } = priorities
  return {
    top,
    top10_pct: pct(top.reduce((sum, { announced }) => sum + announced, 0)),
    priorities_pct: {
      ...{ critical: pct(critical), high: pct(high) },
      ...{ medium: pct(medium), low: pct(low) },
    },
  }
}
