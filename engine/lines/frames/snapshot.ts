import {
  bytesOf,
  copyInto,
  jsonBytes,
  type Pieces,
  parseJsonBytes,
  sectionPieces,
  unpackSections,
} from '../../core/sections.ts'
import type { Standing } from './builder.ts'
import { type HappenedReading, type OpenTick, openTick } from './open-tick.ts'
import type { SeriesMemory } from './series-memory.ts'

interface Scalars {
  readonly nextTick: number | null
  readonly newest_ms: number | null
  readonly newestTick: number | null
  readonly expectedCount: number
  readonly open: readonly {
    readonly tick: number
    readonly events: HappenedReading[]
    readonly samples: HappenedReading[]
  }[]
}

type Arrays = readonly (readonly [name: string, array: Float64Array | Uint8Array])[]

const arraysOfMemory = (memory: SeriesMemory): Arrays => [
  ['held', memory.held],
  ['held_ms', memory.held_ms],
  ['heldQuality', memory.quality],
  ['lastTick', memory.lastTick],
  ['expected', memory.expected],
]

const arraysOfTick = (taken: OpenTick, i: number): Arrays => [
  [`sum${i}`, taken.sum],
  [`count${i}`, taken.count],
  [`last${i}`, taken.last],
  [`last_ms${i}`, taken.last_ms],
  [`quality${i}`, taken.quality],
  [`reported${i}`, taken.reported],
]

/** All memory of a frame builder, without a copy. */
export function builderPieces(
  at: Standing,
  memory: SeriesMemory,
  open: readonly OpenTick[],
): Pieces {
  const scalars: Scalars = {
    ...at,
    expectedCount: memory.expectedCount,
    open: open.map(({ tick, events, samples }) => ({ tick, events, samples })),
  }
  const arrays = [...arraysOfMemory(memory), ...open.flatMap(arraysOfTick)]
  return sectionPieces([
    ['scalars', jsonBytes(scalars)],
    ...arrays.map(([name, array]) => [name, bytesOf(array)] as const),
  ])
}

/** Fills what `builderPieces` gave; returns the open ticks, not counted yet. */
export function unpackBuilder(bytes: Uint8Array, at: Standing, memory: SeriesMemory): OpenTick[] {
  const parts = unpackSections(bytes)
  const fill = (arrays: Arrays) => {
    for (const [name, array] of arrays) copyInto(array, parts.get(name), name)
  }
  const scalars = parseJsonBytes<Scalars>(parts.get('scalars')!)
  at.nextTick = scalars.nextTick ?? Number.NaN
  at.newest_ms = scalars.newest_ms ?? Number.NaN
  at.newestTick = scalars.newestTick ?? Number.NaN
  memory.expectedCount = scalars.expectedCount
  fill(arraysOfMemory(memory))
  return scalars.open.map(({ tick, events, samples }, i) => {
    const taken = openTick(memory.held.length)
    Object.assign(taken, { tick, events, samples })
    fill(arraysOfTick(taken, i))
    return taken
  })
}
