import type { Worker } from 'node:worker_threads'
import type { LineDefinition } from '../../flow.ts'
import type { FoldPlaces } from '../seat.ts'
import type { ThreadStart } from './protocol.ts'
import { type FoldThread, foldThread } from './thread.ts'

export interface PoolParts {
  /** Threads at most; each starts with its first line, so that a small site has few. */
  readonly count: number
  /** The first thread, which starts at once, also loads what scoring needs. */
  readonly warm?: boolean
  readonly start: (start: ThreadStart) => Worker
  /** What a thread has to say to people, such as of a model that it refuses. */
  readonly say: (text: string) => void
}

interface Place {
  readonly name: string
  thread: FoldThread | undefined
  /** Series of the lines that are folded here. */
  series: number
}

/** Folds lines in worker threads, each line in the one with the least to do. */
export function foldPool({ count, warm, start, say }: PoolParts): FoldPlaces {
  const places: Place[] = Array.from({ length: count }, (_, i) => ({
    ...{ name: `fold-${i + 1}`, thread: undefined, series: 0 },
  }))
  const placeOf = new Map<string, Place>()
  let lines = 0

  const threadAt = (place: Place, early = false): FoldThread => {
    if (place.thread?.alive()) return place.thread
    const folding = new Int32Array(new SharedArrayBuffer(4)).fill(-1)
    const { name } = place
    place.thread = foldThread(name, start({ name, folding, warm: early }), folding, say)
    return place.thread
  }
  /** A line keeps its place for good, so that what it does to a thread stays there. */
  const placeFor = (definition: LineDefinition): Place => {
    const key = `${definition.tenant}/${definition.line}`
    const known = placeOf.get(key)
    if (known) return known
    const least = places.reduce((best, one) => (one.series < best.series ? one : best))
    least.series += definition.cells.length * definition.tags.length
    placeOf.set(key, least)
    return least
  }

  if (places[0]) threadAt(places[0], warm)

  return {
    async openSeat(request) {
      lines += 1
      const [line, place] = [lines, placeFor(request.definition)]
      // Loaded late, so that threads start before most of this one is loaded.
      const { remoteSeat } = await import('./remote-seat.ts')
      return remoteSeat(threadAt(place), line, request)
    },
    threads: () => places.flatMap(({ thread }) => (thread?.alive() ? [thread.load()] : [])),
    async close() {
      await Promise.all(places.map(({ thread }) => thread?.close()))
    },
  }
}
