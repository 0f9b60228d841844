/** Runs entries through a line's real fold with a log in memory; for tests of determinism. */
import { encodeEntry } from '../core/log-entry.ts'
import type { LineDefinition, LogEntry, OutputEvent } from '../flow.ts'
import { BatchBuilder } from '../sim/batch.ts'
import { parseFaults } from '../sim/faults.ts'
import { createPlant } from '../sim/plant.ts'
import { plantDefinition } from '../sim/run.ts'
import { type BatchColumns, loggedBatch, realFold } from './fixture-line.ts'
import { foldWhole, type LineFold } from './fold.ts'
import { processHash, stateHash } from './state-hash.ts'

/** One reading of a recorded run, by the ref that its batch gives it. */
export interface Row {
  readonly ref: number
  readonly time_ms: number
  readonly value: number
}

export interface Run {
  readonly process: string
  readonly state: string
  /** Active alarms now, by cell and kind. */
  readonly alarms: readonly string[]
  readonly events: readonly OutputEvent[]
  readonly rewinds: number
  readonly late: number
}

/** Folds entries; before each one in `cuts` the fold is stored, thrown away and restored. */
export async function runEntries(
  definition: LineDefinition,
  entries: readonly LogEntry[],
  cuts: ReadonlySet<number> = new Set(),
  make: (definition: LineDefinition) => LineFold = realFold,
): Promise<Run> {
  const log = entries.map((entry, i) => ({ position: i + 1, bytes: encodeEntry(entry) }))
  let fold = make(definition)
  const events: OutputEvent[] = []
  const kept = new Map<number, Uint8Array>()
  for (const [i, entry] of entries.entries()) {
    if (cuts.has(i)) {
      const stored = fold.snapshot()
      const { blobs, numbers } = fold.takeKept()
      for (const { number, bytes } of blobs) kept.set(number, bytes)
      for (const number of kept.keys()) if (!numbers.includes(number)) kept.delete(number)
      fold = make(definition)
      fold.restore(stored, new Set(kept.keys()))
    }
    const item = { position: i + 1, entry, size_bytes: log[i]!.bytes.length }
    // Two entries a call, so that reading on is part of it.
    const read = async (from: number) => log.slice(from - 1, from + 1)
    const past = { read, checkpoint: async (number: number) => kept.get(number) }
    await foldWhole(fold, item, past, step => events.push(...step.events))
  }
  const bytes = fold.snapshot()
  const alarms = fold.anomaly.alarms().filter(({ active }) => active)
  return {
    process: processHash(bytes),
    state: stateHash(bytes),
    alarms: alarms.map(({ cell, tag, kind }) => `${cell} ${tag} ${kind}`).sort(),
    events,
    rewinds: fold.revision(),
    late: fold.builder.counters.late,
  }
}

/** Batches of `size` rows each, in the order given; the first names the series. */
export function entriesOf(
  series: BatchColumns['series'],
  rows: readonly Row[],
  size: (batch: number) => number,
): LogEntry[] {
  const entries: LogEntry[] = []
  for (let first = 0; first < rows.length; ) {
    const part = rows.slice(first, first + Math.max(1, size(entries.length)))
    first += part.length
    entries.push(
      loggedBatch(entries.length + 1, {
        series: entries.length === 0 ? series : [],
        count: part.length,
        refs: Uint32Array.from(part, row => row.ref),
        times_ms: Float64Array.from(part, row => row.time_ms),
        values: Float64Array.from(part, row => row.value),
      }),
    )
  }
  return entries
}

/**
 * The rows as they might arrive: a share of them moved by up to some places, another share late by
 * up to `late_ms`. `chance` gives numbers of [0, 1).
 */
export function disturbed(
  rows: readonly Row[],
  share: { readonly shuffled: number; readonly late: number; readonly late_ms: number },
  may: (row: Row) => boolean,
  chance: () => number,
): Row[] {
  const places = rows.map((row, i) => {
    if (!may(row)) return { row, at: row.time_ms, i }
    const draw = chance()
    if (draw < share.late) return { row, at: row.time_ms + chance() * share.late_ms, i }
    if (draw < share.late + share.shuffled) {
      return { row, at: row.time_ms + (chance() - 0.5) * 4000, i }
    }
    return { row, at: row.time_ms, i }
  })
  return places.sort((a, b) => a.at - b.at || a.i - b.i).map(({ row }) => row)
}

/** What a simulated potline of some cells sends in its first seconds, in order. */
export function plantRun(options: {
  readonly cells: number
  readonly seconds: number
  readonly faults: string
  readonly feeders?: number
}): {
  readonly definition: LineDefinition
  readonly series: BatchColumns['series']
  readonly rows: readonly Row[]
  /** Samples are late by nature: they join the tick in which they became known. */
  isSample(row: Row): boolean
} {
  const { cells, seconds, feeders = 2 } = options
  const proposed = plantDefinition({ line: 'pots', cells, feeders, speed: 60 })
  const definition = { ...proposed, tenant: 't' }
  const faults = parseFaults(options.faults, cells, feeders)
  const plant = createPlant({ seed: 3, cells, feeders, start_ms: 0, faults })
  const builder = new BatchBuilder(definition)
  const series: BatchColumns['series'][number][] = []
  const rows: Row[] = []
  for (let second = 0; second < seconds; second++) {
    builder.clear()
    builder.add(plant.step())
    series.push(...builder.series)
    for (let r = 0; r < builder.count; r++) {
      const [ref, time_ms, value] = [builder.refs[r]!, builder.times_ms[r]!, builder.values[r]!]
      rows.push({ ref, time_ms, value })
    }
  }
  const kinds = new Map(definition.tags.map(({ tag, kind }) => [tag, kind]))
  const samples = new Set(series.filter(one => kinds.get(one.tag) === 'sample').map(one => one.ref))
  return { definition, series, rows, isSample: row => samples.has(row.ref) }
}
