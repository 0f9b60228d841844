import type { AlarmPriority, AlarmRecord } from '#engine/flow.ts'
import { isHidden } from './alarm-state.ts'
import type { ClientState } from './store.ts'

/** What a tone stands for: a priority, or a page that no alarm can reach. */
export type Tone = AlarmPriority | 'lost'

/** From the most urgent; where two are due, the first one sounds. */
export const TONES: readonly Tone[] = ['critical', 'lost', 'high', 'medium', 'low']

/** While something stands that nobody acknowledged, its tone comes again this often. */
export const REPEAT_MS: Readonly<Record<Tone, number>> = {
  critical: 10_000,
  lost: 30_000,
  high: 20_000,
  medium: 40_000,
  low: 60_000,
}
/** From the start of one pattern to the start of the next, at least. */
export const GAP_MS = 2000
/** A connection that comes back within this is no matter for the ear. */
export const LOST_AFTER_MS = 10_000

/** Something that calls the operator now. */
export interface Caller {
  /** Its id and tone: an alarm that becomes more urgent calls anew. */
  readonly key: string
  readonly tone: Tone
}

/** What has sounded and what was silenced; nothing outlasts the caller it belongs to. */
export interface SoundMemory {
  readonly heard: ReadonlySet<string>
  readonly silenced: ReadonlySet<string>
  /** When each tone began last. */
  readonly played_ms: ReadonlyMap<Tone, number>
}

export const emptyMemory: SoundMemory = {
  heard: new Set(),
  silenced: new Set(),
  played_ms: new Map(),
}

/** True for what ISA-18.2 annunciates: unacknowledged, standing or latched, and not hidden. */
export function isCalling(alarm: AlarmRecord): boolean {
  return !isHidden(alarm) && !alarm.acknowledged && (alarm.active || alarm.latched)
}

/** All that calls now; `away_ms` is how long the engine has not been reached. */
export function callersOf(alarms: Iterable<AlarmRecord>, away_ms: number): readonly Caller[] {
  const callers: Caller[] = []
  if (away_ms >= LOST_AFTER_MS) callers.push({ key: 'lost', tone: 'lost' })
  for (const alarm of alarms) {
    if (!isCalling(alarm)) continue
    callers.push({ key: `${alarm.priority} ${alarm.id}`, tone: alarm.priority })
  }
  return callers
}

/** True while any line is in an alarm flood. */
export function isFlooded(summaries: ClientState['summaries']): boolean {
  for (const { flood_since_ms } of summaries.values()) if (flood_since_ms > 0) return true
  return false
}

/**
 * The tone that should begin now, if any, and what to remember. A new caller sounds at once, then
 * at its tone's interval. In a flood only the most urgent tone sounds, and never more often.
 */
export function plan(
  before: SoundMemory,
  callers: readonly Caller[],
  flooded: boolean,
  now_ms: number,
): { readonly memory: SoundMemory; readonly tone: Tone | undefined } {
  const memory = withoutGone(before, callers)
  const last_ms = Math.max(Number.NEGATIVE_INFINITY, ...memory.played_ms.values())
  if (now_ms - last_ms < GAP_MS) return { memory, tone: undefined }
  const audible = callers.filter(({ key }) => !memory.silenced.has(key))
  const due = TONES.filter(tone => audible.some(caller => caller.tone === tone))
  const tone = (flooded ? due.slice(0, 1) : due).find(each => {
    const isNew = audible.some(({ tone, key }) => tone === each && !memory.heard.has(key))
    const since_ms = now_ms - (memory.played_ms.get(each) ?? Number.NEGATIVE_INFINITY)
    return (isNew && !flooded) || since_ms >= REPEAT_MS[each]
  })
  if (tone === undefined) return { memory, tone }
  const told = audible.filter(caller => flooded || caller.tone === tone)
  return {
    memory: {
      heard: new Set([...memory.heard, ...told.map(({ key }) => key)]),
      silenced: memory.silenced,
      played_ms: new Map(memory.played_ms).set(tone, now_ms),
    },
    tone,
  }
}

/** Silences these callers; what comes later sounds. Nothing is acknowledged by it. */
export function silenced(memory: SoundMemory, keys: readonly string[]): SoundMemory {
  return { ...memory, silenced: new Set([...memory.silenced, ...keys]) }
}

/** What the header says of the sound. */
export type SoundState = 'off' | 'on' | 'blocked' | 'silenced'

/** The state of the sound, and whether there is anything to silence. */
export function soundState(
  memory: SoundMemory,
  callers: readonly Caller[],
  is: { readonly on: boolean; readonly running: boolean },
): { readonly state: SoundState; readonly sounding: boolean } {
  if (!is.on) return { state: 'off', sounding: false }
  if (!is.running) return { state: 'blocked', sounding: false }
  const sounding = callers.some(({ key }) => !memory.silenced.has(key))
  return { state: sounding || callers.length === 0 ? 'on' : 'silenced', sounding }
}

/** Forgets callers that are gone, so that they sound anew when they come again. */
function withoutGone(memory: SoundMemory, callers: readonly Caller[]): SoundMemory {
  const present = new Set(callers.map(({ key }) => key))
  const kept = (keys: ReadonlySet<string>) => new Set([...keys].filter(key => present.has(key)))
  return { ...memory, heard: kept(memory.heard), silenced: kept(memory.silenced) }
}
