import { assert } from '../core/assert.ts'
import { parseJsonBytes } from '../core/sections.ts'
import { type BatchDecoder, type LineDefinition, Quality } from '../flow.ts'
import { type Columns, isDecodeProblem, readColumns } from './columns.ts'
import {
  createDictionary,
  type DictionaryJson,
  type SeriesDictionary,
  TERMS,
} from './dictionary.ts'

/** Producers whose dictionaries are kept; the one unused for longest goes first. */
const PRODUCERS_MAX = 10_000

interface ProducerDictionary {
  readonly producer: string
  readonly epoch: number
  readonly dictionary: SeriesDictionary
  /** As it is stored; empty after a change. */
  json: string
}

/**
 * Reads logged batches back into readings in SI. A producer's dictionary lives for one epoch, as it
 * does at the door, so the same entries give the same readings. The arrays of a batch are used
 * again by the next one: copy to keep.
 */
export function batchDecoder(definition: LineDefinition): BatchDecoder {
  const producers = new Map<string, ProducerDictionary>() // most recently used last
  let last: ProducerDictionary | undefined
  let written: Uint8Array | undefined // the snapshot, until a dictionary or the order changes

  const known = (producer: string, epoch: number): ProducerDictionary => {
    if (last?.producer === producer && last.epoch === epoch) return last
    written = undefined
    const found = producers.get(producer)
    producers.delete(producer)
    last =
      found?.epoch === epoch
        ? found
        : { producer, epoch, dictionary: createDictionary(definition), json: '' }
    producers.set(producer, last)
    if (producers.size > PRODUCERS_MAX) producers.delete(producers.keys().next().value!)
    return last
  }

  const reading = readingColumns()

  return {
    decode(entry) {
      const columns = readColumns(entry.wire)
      assert(!isDecodeProblem(columns), 'a logged batch can be decoded')
      const from = known(entry.producer, entry.epoch)
      const { dictionary } = from
      if (columns.series.length > 0) {
        dictionary.define(columns.series)
        from.json = ''
        written = undefined
      }
      const { producer, epoch, sequence, received_ms, mode } = entry
      const taken = reading.take(columns, dictionary, rejectedRows(entry.rejected, columns.count))
      return { producer, epoch, sequence, received_ms, mode, ...taken }
    },
    snapshot() {
      written ??= new TextEncoder().encode(`[${[...producers.values()].map(jsonOf).join(',')}]`)
      return written
    },
    restore(bytes) {
      written = undefined
      producers.clear()
      for (const one of parseJsonBytes<StoredDictionary[]>(bytes)) {
        const { producer, epoch } = one
        const dictionary = createDictionary(definition, one.dictionary)
        producers.set(producer, { producer, epoch, dictionary, json: '' })
      }
      last = [...producers.values()].at(-1)
    },
  }
}

interface StoredDictionary {
  readonly producer: string
  readonly epoch: number
  readonly dictionary: DictionaryJson
}

function jsonOf(one: ProducerDictionary): string {
  const { producer, epoch, dictionary } = one
  if (one.json === '') {
    const stored: StoredDictionary = { producer, epoch, dictionary: dictionary.toJson() }
    one.json = JSON.stringify(stored)
  }
  return one.json
}

interface ReadingColumns {
  readonly count: number
  readonly series: Uint32Array
  readonly times_ms: Float64Array
  readonly values: Float64Array
  readonly quality: Uint8Array
}

/** Rows that a decoder keeps arrays for; a larger batch gets its own, or many lines keep much. */
const KEPT_ROWS_MAX = 4096

/** Columns in SI that one decoder fills again and again, handed out as views of the right length. */
function readingColumns() {
  let whole = allocate(0)
  let cut = whole
  return {
    take(columns: Columns, dictionary: SeriesDictionary, rejected: Uint8Array | undefined) {
      if (columns.count > KEPT_ROWS_MAX) {
        const own = allocate(columns.count)
        return first(own, translate(columns, dictionary, rejected, own))
      }
      if (columns.count > whole.count) whole = allocate(2 ** Math.ceil(Math.log2(columns.count)))
      const count = translate(columns, dictionary, rejected, whole)
      // Batches of a producer tend to have one length, and four views cost more than a few readings.
      if (cut.count !== count || cut.series.buffer !== whole.series.buffer)
        cut = first(whole, count)
      return cut
    },
  }
}

/** Of this module alone: the compiler reads what is exported or imported anew in every turn. */
const GOOD: number = Quality.good
const BAD: number = Quality.bad
const TERMS_SLOT: number = TERMS

/** Writes the accepted readings that are known; returns how many. */
function translate(
  columns: Columns,
  dictionary: SeriesDictionary,
  rejected: Uint8Array | undefined,
  into: ReadingColumns,
): number {
  const { refs, times_ms, values, qualities } = columns
  const { dense } = dictionary
  const { series, terms } = dictionary.columns
  const told = qualities.length > 0
  let count = 0
  for (let row = 0; row < columns.count; row++) {
    if (rejected?.[row] === 1) continue
    const ref = refs[row]!
    const slot = ref < dense.length ? dense[ref]! : dictionary.slot(ref)
    const index = slot < 0 ? -1 : series[slot]!
    if (index < 0) continue
    const value = values[row]! * terms[TERMS_SLOT * slot]! + terms[TERMS_SLOT * slot + 1]!
    into.series[count] = index
    into.times_ms[count] = times_ms[row]!
    into.values[count] = value
    const quality = told ? qualities[row]! : GOOD
    into.quality[count] = Number.isNaN(value) ? BAD : quality
    count += 1
  }
  return count
}

function allocate(count: number): ReadingColumns {
  return {
    count,
    series: new Uint32Array(count),
    times_ms: new Float64Array(count),
    values: new Float64Array(count),
    quality: new Uint8Array(count),
  }
}

function first(of: ReadingColumns, count: number): ReadingColumns {
  return {
    count,
    series: of.series.subarray(0, count),
    times_ms: of.times_ms.subarray(0, count),
    values: of.values.subarray(0, count),
    quality: of.quality.subarray(0, count),
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
