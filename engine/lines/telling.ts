import type { OutputEvent, StoredEvent } from '../flow.ts'

/** Told and not yet stored are these many, and what two chunks make in one step. */
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
  /** The chunk is whole, and its events have places: those that nobody was told of. */
  made(events: readonly StoredEvent[]): readonly StoredEvent[]
  /** The chunk is folded anew. */
  restart(): void
  /** The outbox has all up to here. */
  stored(offset: number): void
  /** Told, and not yet stored. */
  pending(): readonly StoredEvent[]
}

/** Begins after what is in the outbox; `outboxTaken` gives the last place in it that is taken. */
export function lineTelling(outboxTaken: () => number): Telling {
  let told = outboxTaken()
  let made = 0 // events of the chunk in the making
  let pending: StoredEvent[] = []
  return {
    early(events) {
      const fresh: StoredEvent[] = []
      for (const event of events) {
        made += 1
        const offset = outboxTaken() + made
        // None may be left out: what follows it then waits as well.
        if (offset !== told + 1 || pending.length >= EARLY_MAX) continue
        told = offset
        fresh.push({ offset, event })
        pending.push({ offset, event })
      }
      return fresh
    },
    made(events) {
      made = 0
      const fresh = events.filter(({ offset }) => offset > told)
      told = fresh.at(-1)?.offset ?? told
      pending.push(...fresh)
      return fresh
    },
    restart() {
      made = 0
    },
    stored(offset) {
      pending = pending.filter(one => one.offset > offset)
    },
    pending: () => pending,
  }
}
