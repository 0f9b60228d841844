import { createContext, useContext, useEffect, useState, useSyncExternalStore } from 'react'
import { systemClock } from '#engine/core/clock.ts'
import type { Connection } from './connection.ts'
import { parseRoute, type Route } from './route.ts'
import type { ClientState, LineState } from './store.ts'

export const ConnectionContext = createContext<Connection | undefined>(undefined)

/** The connection that the page was given. */
export function useConnection(): Connection {
  const connection = useContext(ConnectionContext)
  if (!connection) throw new Error('should hold: a connection is provided')
  return connection
}

/** The page's state; the component renders again whenever it changes. */
export function useClient(): ClientState {
  const connection = useConnection()
  return useSyncExternalStore(connection.subscribe, connection.state)
}

/** The route of the address bar. */
export function useRoute(): Route {
  const hash = useSyncExternalStore(
    listener => {
      window.addEventListener('hashchange', listener)
      return () => window.removeEventListener('hashchange', listener)
    },
    () => window.location.hash,
  )
  return parseRoute(hash)
}

/** Monotonic time that renders again every `period_ms`. */
export function useNow(period_ms: number): number {
  const [now_ms, setNow] = useState(() => systemClock.elapsed_ms())
  useEffect(() => {
    const timer = setInterval(() => setNow(systemClock.elapsed_ms()), period_ms)
    return () => clearInterval(timer)
  }, [period_ms])
  return now_ms
}

export type Freshness = 'fresh' | 'stale' | 'old' | 'none'

const STALE_AFTER_MS = 3000
const OLD_AFTER_MS = 10_000
/** A slow line, such as a room read every half minute, may be this many of its ticks late. */
const STALE_AFTER_TICKS = 2
const OLD_AFTER_TICKS = 4

/** How long no reading has come to a line whose ticks the clock closes, in event time; else 0. */
export function silenceOf(line: LineState | undefined): number {
  if (!line?.telemetry || line.silent_since_ms === 0) return 0
  const silent_ms = line.telemetry.time_ms - line.silent_since_ms
  return silent_ms > Math.max(STALE_AFTER_MS, STALE_AFTER_TICKS * line.info.tick_ms) ? silent_ms : 0
}

/** How old the newest telemetry of a line is, and what that means. */
export function freshnessOf(
  line: LineState | undefined,
  now_ms: number,
): {
  readonly age_ms: number
  readonly freshness: Freshness
} {
  const age_ms = line ? Math.max(0, now_ms - line.arrived_ms) : Number.NaN
  if (!Number.isFinite(age_ms)) return { age_ms: Number.NaN, freshness: 'none' }
  const tick_ms = line?.info.tick_ms ?? 0
  if (age_ms > Math.max(OLD_AFTER_MS, OLD_AFTER_TICKS * tick_ms))
    return { age_ms, freshness: 'old' }
  const isStale = age_ms > Math.max(STALE_AFTER_MS, STALE_AFTER_TICKS * tick_ms)
  return { age_ms, freshness: isStale ? 'stale' : 'fresh' }
}

/** Size of an element, kept up to date. */
export function useWidth(element: HTMLElement | null): number {
  const [width, setWidth] = useState(0)
  useEffect(() => {
    if (!element) return
    const observer = new ResizeObserver(entries => {
      const box = entries[0]?.contentRect
      if (box) setWidth(Math.floor(box.width))
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [element])
  return width
}

/** Inner height of the window, kept up to date. */
export function useViewportHeight(): number {
  return useSyncExternalStore(
    listener => {
      window.addEventListener('resize', listener)
      return () => window.removeEventListener('resize', listener)
    },
    () => window.innerHeight,
  )
}

/** The short form of a cell's name where all cells of a line end in a number. */
export function shortCellName(name: string): string {
  return /(\d+)$/.exec(name)?.[1] ?? name
}
