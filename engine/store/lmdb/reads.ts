import { assert } from '../../core/assert.ts'
import type { QuarantineRow, StoredEvent } from '../../flow.ts'
import { decodeJson } from '../codec.ts'
import type { LineKey, LogRecord, Store } from '../port.ts'
import { firstRowKept, type LogSegments } from './segments.ts'
import { readLine, type Tables } from './tables.ts'

/** All calls that only read; they see what the last finished transaction left. */
export function lmdbReads(
  tables: Tables,
  segments: LogSegments,
): Pick<Store, 'definitions' | 'read' | 'events' | 'quarantine'> {
  const { definitions, outbox } = tables
  return {
    async definitions() {
      const all = new Map<LineKey, string>()
      for (const line of definitions.getKeys()) {
        all.set(line, decodeJson<string>(definitions.getBinary(line)!))
      }
      return all
    },

    async read(line, from, limit) {
      const { log_end } = segments.ends(line)
      const records: LogRecord[] = []
      let size = 0
      let position = Math.max(from, segments.startOf(line))
      while (position <= log_end && records.length < limit.count_max && size < limit.bytes_max) {
        const bytes = segments.entry(line, position)
        assert(bytes, `entry ${position} of line ${line} is in the log`)
        size += bytes.byteLength
        // The first entry comes even when it is larger than the limit, so that reading goes on.
        if (records.length > 0 && size > limit.bytes_max) break
        records.push({ position: position++, bytes })
      }
      return records
    },

    async events(line, after, count_max) {
      const { outbox_start, outbox_end } = readLine(tables, line)
      const first = Math.max(after + 1, outbox_start)
      const last = Math.min(outbox_end, first + count_max - 1)
      return readPlaces(first, last, offset => ({
        offset,
        event: decodeJson<StoredEvent['event']>(outbox.getBinary([line, offset])!),
      }))
    },

    async quarantine(line, after, count_max) {
      const { quarantine_end } = segments.ends(line)
      const first = Math.max(after + 1, firstRowKept(quarantine_end))
      const last = Math.min(quarantine_end, first + count_max - 1)
      return readPlaces(first, last, id => ({
        id,
        row: decodeJson<QuarantineRow>(segments.quarantineRow(line, id)!),
      }))
    },
  }
}

function readPlaces<T>(first: number, last: number, read: (place: number) => T): T[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => read(first + index))
}
