import type { AlarmPriority } from '../../flow.ts'
import type { Stateful } from '../state.ts'

/** Sources counted by name in one clock hour; the others count in the totals alone. */
export const SOURCES_MAX = 1000
/** Clock hours in a report, the running one included. */
export const HOURS = 24

/** Three calls within this time are chattering; gone within it is fleeting. */
export const CHATTER_MS = 60_000
const CHATTER_COUNT = 3

/** What is counted of one clock hour. */
interface Hour {
  readonly hour: number
  fleeting: number
  unauthorised: number
  readonly priorities: Record<AlarmPriority, number>
  readonly sources: Map<string, number>
  readonly chattering: Set<string>
  encoded: string
}

/** Counts of a whole report. */
export interface HourTotals {
  readonly fleeting: number
  readonly unauthorised: number
  readonly priorities: Readonly<Record<AlarmPriority, number>>
  readonly sources: ReadonlyMap<string, number>
  readonly chattering: number
}

/** Counts by source, by priority and by behaviour, hour by hour. */
export interface HourCounts extends Stateful {
  announced(source: string, priority: AlarmPriority, time_ms: number): void
  count(what: 'fleeting' | 'unauthorised', time_ms: number): void
  totals(time_ms: number): HourTotals
}

const none = (): Record<AlarmPriority, number> => ({ critical: 0, high: 0, medium: 0, low: 0 })
const hourOf = (time_ms: number): number => Math.floor(time_ms / 3600_000)

function newHour(hour: number): Hour {
  const counts = { fleeting: 0, unauthorised: 0, priorities: none() }
  return { hour, ...counts, sources: new Map(), chattering: new Set(), encoded: '' }
}

/** The counts of the last 24 clock hours; times must not fall. */
export function hourCounts(): HourCounts {
  const hours: Hour[] = []
  /** Times of the two calls before, of the sources that called within the last minute. */
  const recent = new Map<string, readonly number[]>()

  const running = (time_ms: number): Hour => {
    const hour = hourOf(time_ms)
    let last = hours.at(-1)
    if (last?.hour !== hour) {
      last = newHour(hour)
      hours.push(last)
      while (hours[0]!.hour <= hour - HOURS) hours.shift()
    }
    last.encoded = ''
    return last
  }
  const chatters = (source: string, time_ms: number): boolean => {
    // Insertion order is the order of the newest calls: the first are the oldest.
    for (const [key, times] of recent) {
      if (times.at(-1)! > time_ms - CHATTER_MS && recent.size < SOURCES_MAX) break
      recent.delete(key)
    }
    const times = [...(recent.get(source) ?? []), time_ms].slice(-CHATTER_COUNT)
    recent.delete(source)
    recent.set(source, times)
    return times.length === CHATTER_COUNT && times[0]! > time_ms - CHATTER_MS
  }
  return {
    announced(source, priority, time_ms) {
      const hour = running(time_ms)
      hour.priorities[priority]++
      const before = hour.sources.get(source)
      const isChattering = chatters(source, time_ms)
      if (before === undefined && hour.sources.size >= SOURCES_MAX) return
      hour.sources.set(source, (before ?? 0) + 1)
      if (isChattering) hour.chattering.add(source)
    },
    count(what, time_ms) {
      running(time_ms)[what]++
    },
    totals: time_ms => totalsOf(hours.filter(({ hour }) => hour > hourOf(time_ms) - HOURS)),
    save(out) {
      for (const hour of hours) {
        if (hour.encoded !== '') continue
        const { sources, chattering } = hour
        const plain = { ...hour, sources: [...sources], chattering: [...chattering], encoded: '' }
        hour.encoded = JSON.stringify(plain)
      }
      out.text(`[${hours.map(({ encoded }) => encoded).join(',')}]`)
      out.text(JSON.stringify([...recent]))
    },
    load(from) {
      hours.length = 0
      for (const saved of JSON.parse(from.text()) as Hour[]) {
        const { sources, chattering } = saved
        const whole = { sources: new Map(sources), chattering: new Set(chattering) }
        hours.push({ ...saved, ...whole })
      }
      recent.clear()
      const calls = JSON.parse(from.text()) as [string, readonly number[]][]
      for (const [source, times] of calls) recent.set(source, times)
    },
  }
}

function totalsOf(hours: readonly Hour[]): HourTotals {
  const priorities = none()
  const sources = new Map<string, number>()
  const chattering = new Set<string>()
  let fleeting = 0
  let unauthorised = 0
  for (const hour of hours) {
    fleeting += hour.fleeting
    unauthorised += hour.unauthorised
    for (const priority of Object.keys(priorities) as AlarmPriority[]) {
      priorities[priority] += hour.priorities[priority]
    }
    for (const [source, count] of hour.sources) {
      sources.set(source, (sources.get(source) ?? 0) + count)
    }
    for (const source of hour.chattering) chattering.add(source)
  }
  return { fleeting, unauthorised, priorities, sources, chattering: chattering.size }
}
