import type { OutputEvent, StoredEvent } from '../flow.ts'

/** Told and not yet shown is at most what one chunk makes; more waits for its commit. */
const EARLY_MAX = 1000

/**
 * What was told of a line's events, by offset. An event follows from the log alone, which is durable
 * before it is folded: so it is told as soon as it is made, and the commit that stores it comes
 * behind. Whatever is made again, after a kill or by another thread, has the same offset, and is not
 * told again by this engine.
 */
export interface Telling {
  /** The next events of the chunk in the making: those that nobody was told of. */
  early(events: readonly OutputEvent[]): readonly StoredEvent[]
  /** The chunk is stored: those of its events that nobody was told of. */
  stored(events: readonly StoredEvent[]): readonly StoredEvent[]
  /** The chunk is folded anew. */
  restart(): void
  /** What the commit made true can be seen: up to here. */
  shown(offset: number): void
  /** Told, and not yet seen in the store and the views. */
  pending(): readonly StoredEvent[]
}

/** Begins after what is in the outbox; `outboxEnd` gives its end at any time. */
export function lineTelling(outboxEnd: () => number): Telling {
  let told = outboxEnd()
  let made = 0 // events of the chunk in the making
  let pending: StoredEvent[] = []
  return {
    early(events) {
      const fresh: StoredEvent[] = []
      for (const event of events) {
        made += 1
        const offset = outboxEnd() + made
        // None may be left out: what follows it then waits as well.
        if (offset !== told + 1 || pending.length >= EARLY_MAX) continue
        told = offset
        fresh.push({ offset, event })
        pending.push({ offset, event })
      }
      return fresh
    },
    stored(events) {
      made = 0
      const fresh = events.filter(({ offset }) => offset > told)
      told = fresh.at(-1)?.offset ?? told
      return fresh
    },
    restart() {
      made = 0
    },
    shown(offset) {
      pending = pending.filter(one => one.offset > offset)
    },
    pending: () => pending,
  }
}
