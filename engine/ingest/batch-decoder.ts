import { assert } from '../core/assert.ts'
import { jsonBytes, parseJsonBytes } from '../core/sections.ts'
import { type BatchDecoder, type LineDefinition, Quality } from '../flow.ts'
import { decodeColumns, isDecodeProblem } from './columns.ts'
import { createDictionary, type DictionaryJson, type SeriesDictionary } from './dictionary.ts'

/** Producers whose dictionaries are kept; the one unused for longest goes first. */
const PRODUCERS_MAX = 10_000

interface ProducerDictionary {
  readonly producer: string
  readonly epoch: number
  readonly dictionary: SeriesDictionary
}

/**
 * Reads logged batches back into readings in SI. A producer's dictionary lives for one epoch, as it
 * does at the door, so the same entries give the same readings.
 */
export function batchDecoder(definition: LineDefinition): BatchDecoder {
  let producers: ProducerDictionary[] = [] // most recently used last
  let written: Uint8Array | undefined // the snapshot, until a dictionary changes

  const dictionaryOf = (producer: string, epoch: number): SeriesDictionary => {
    const last = producers.at(-1)
    if (last?.producer === producer && last.epoch === epoch) return last.dictionary
    written = undefined
    const at = producers.findIndex(one => one.producer === producer)
    const known = at < 0 ? undefined : producers.splice(at, 1)[0]!
    const current =
      known?.epoch === epoch ? known : { producer, epoch, dictionary: createDictionary(definition) }
    producers.push(current)
    if (producers.length > PRODUCERS_MAX) producers.shift()
    return current.dictionary
  }

  return {
    decode(entry) {
      const columns = decodeColumns(entry.wire)
      assert(!isDecodeProblem(columns), 'a logged batch can be decoded')
      const dictionary = dictionaryOf(entry.producer, entry.epoch)
      if (columns.series.length > 0) {
        dictionary.define(columns.series)
        written = undefined
      }
      const rejected = rejectedRows(entry.rejected, columns.count)
      const series = new Uint32Array(columns.count)
      const times_ms = new Float64Array(columns.count)
      const values = new Float64Array(columns.count)
      const quality = new Uint8Array(columns.count)
      const meaning = dictionary.columns
      let count = 0
      for (let row = 0; row < columns.count; row++) {
        if (rejected?.[row] === 1) continue
        const slot = dictionary.slot(columns.refs[row]!)
        const index = slot < 0 ? -1 : meaning.series[slot]!
        if (index < 0) continue
        const value = columns.values[row]! * meaning.scale[slot]! + meaning.offset[slot]!
        const told = columns.qualities.length > 0 ? columns.qualities[row]! : Quality.good
        series[count] = index
        times_ms[count] = columns.times_ms[row]!
        values[count] = value
        quality[count] = Number.isNaN(value) ? Quality.bad : told
        count += 1
      }
      return {
        producer: entry.producer,
        epoch: entry.epoch,
        sequence: entry.sequence,
        received_ms: entry.received_ms,
        mode: entry.mode,
        count,
        series,
        times_ms,
        values,
        quality,
      }
    },
    snapshot() {
      written ??= jsonBytes(
        producers.map(one => ({
          producer: one.producer,
          epoch: one.epoch,
          dictionary: one.dictionary.toJson(),
        })),
      )
      return written
    },
    restore(bytes) {
      written = undefined
      const stored =
        parseJsonBytes<{ producer: string; epoch: number; dictionary: DictionaryJson }[]>(bytes)
      producers = stored.map(one => ({
        producer: one.producer,
        epoch: one.epoch,
        dictionary: createDictionary(definition, one.dictionary),
      }))
    },
  }
}

function rejectedRows(
  runs: readonly (readonly [first: number, count: number])[],
  count: number,
): Uint8Array | undefined {
  if (runs.length === 0) return undefined
  const rejected = new Uint8Array(count)
  for (const [first, length] of runs) rejected.fill(1, first, first + length)
  return rejected
}
