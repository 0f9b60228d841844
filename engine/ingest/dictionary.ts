import { unitOf } from '../core/units.ts'
import type { LineDefinition, RejectReason, TagKind } from '../flow.ts'
import { seriesIndex } from '../flow.ts'
import type { SeriesDefinition } from './columns.ts'

/** Where a series belongs in its line, and how its values become SI: si = v * scale + offset. */
export interface ResolvedSeries {
  readonly series: number
  readonly kind: TagKind
  readonly scale: number
  readonly offset: number
  /** Physical range in SI, widened by the rounding of the conversion. */
  readonly low: number
  readonly high: number
}

/** Why readings of a series cannot be taken. */
export interface SeriesProblem {
  readonly reason: RejectReason
  readonly detail: string
}

/** A series as stored: by its number where it is named as its line names it, else by its names. */
type StoredSeries =
  | readonly [ref: number, series: number, unit: string]
  | readonly [ref: number, asset: string, tag: string, unit: string]

/** A dictionary as plain JSON; equal dictionaries give equal JSON. */
export interface DictionaryJson {
  readonly series: readonly StoredSeries[]
}

/** Most series that one dictionary holds. */
export const DICTIONARY_SERIES_MAX = 262_144
const DENSE_REFS = 65_536
const TENANT_PREFIX = 'tenant:'

interface LineIndex {
  readonly tags: ReadonlyMap<string, number>
  readonly cells: ReadonlyMap<string, number>
}
const indexes = new WeakMap<LineDefinition, LineIndex>()

function indexOf(definition: LineDefinition): LineIndex {
  let index = indexes.get(definition)
  if (!index) {
    index = {
      tags: new Map(definition.tags.map((tag, i) => [tag.tag, i])),
      cells: new Map(definition.cells.map((cell, i) => [cell, i])),
    }
    indexes.set(definition, index)
  }
  return index
}

/** Finds a series in the line's definition. */
export function resolveSeries(
  definition: LineDefinition,
  named: SeriesDefinition,
): ResolvedSeries | SeriesProblem {
  const index = indexOf(definition)
  let asset = named.asset_path
  if (asset.startsWith(TENANT_PREFIX)) {
    const own = `${TENANT_PREFIX}${definition.tenant}`
    if (asset !== own && !asset.startsWith(`${own}/`)) {
      return { reason: 'UNAUTHORIZED', detail: `asset "${asset}" is another tenant's` }
    }
    asset = asset.slice(own.length + 1)
  }
  const tagIndex = index.tags.get(named.tag)
  if (tagIndex === undefined) {
    return unknown(`line "${definition.line}" has no tag "${named.tag}"`)
  }
  const tag = definition.tags[tagIndex]!
  let cell = 0
  if (tag.scope === 'line') {
    if (asset !== '' && asset !== definition.line) {
      return unknown(`tag "${tag.tag}" belongs to the line; leave asset_path "${asset}" empty`)
    }
  } else {
    const found = index.cells.get(asset)
    if (found === undefined) {
      return unknown(`line "${definition.line}" has no asset "${asset}" (tag "${tag.tag}")`)
    }
    cell = found
  }
  const unit = named.unit === '' ? tag.unit : named.unit
  const [from, to] = [unitOf(unit), unitOf(tag.unit)]
  if (unit !== tag.unit && (!from || !to || from.si !== to.si)) {
    const detail = `tag "${tag.tag}" is measured in "${tag.unit}"; "${unit}" does not convert to it`
    return { reason: 'UNIT', detail }
  }
  const rangeScale = to?.scale ?? 1
  const rangeOffset = to?.offset ?? 0
  const low = tag.low * rangeScale + rangeOffset
  const high = tag.high * rangeScale + rangeOffset
  const rounding = 1e-12 * Math.max(Math.abs(low), Math.abs(high))
  return {
    series: seriesIndex(definition, tagIndex, cell),
    kind: tag.kind,
    scale: from?.scale ?? 1,
    offset: from?.offset ?? 0,
    low: low - rounding,
    high: high + rounding,
  }
}

const unknown = (detail: string): SeriesProblem => ({ reason: 'UNKNOWN_SERIES', detail })

const KINDS: readonly TagKind[] = ['signal', 'sample', 'event']

/** Columns of a dictionary, one entry per slot; read them, never write them. */
export interface DictionaryColumns {
  readonly series: Int32Array // [slot], dense series index; -1: cannot be taken
  readonly kind: Uint8Array // [slot], 0 signal, 1 sample, 2 event
  /** What values are multiplied with, what is added, and the SI range they then must lie in. */
  readonly terms: Float64Array // [slot][scale, offset, low, high]
}

/** Numbers of one slot in `terms`: side by side, because a reading needs all of them. */
export const TERMS = 4

/**
 * What the refs of one producer's stream mean. It lives from a hello to the next: a new epoch of
 * the producer starts with an empty one. A new definition of a ref replaces the old one.
 */
export interface SeriesDictionary {
  readonly definition: LineDefinition
  readonly count: number
  readonly columns: DictionaryColumns
  /** Slots of small refs, -1 where none; refs beyond its length are for `slot` alone. */
  readonly dense: Int32Array // [ref]
  /** Adds definitions; false when the dictionary would pass DICTIONARY_SERIES_MAX. */
  define(series: readonly SeriesDefinition[]): boolean
  /** Slot of a ref, or -1 when it was never defined. */
  slot(ref: number): number
  /** The series as the producer named it. */
  named(slot: number): SeriesDefinition
  /** Why the readings of a slot cannot be taken, if so. */
  problem(slot: number): SeriesProblem | undefined
  toJson(): DictionaryJson
}

/** An empty dictionary, or the one that `json` was taken of. */
export function createDictionary(
  definition: LineDefinition,
  json?: DictionaryJson,
): SeriesDictionary {
  const sparse = new Map<number, number>()
  const names = seriesNames(definition)
  const problems = new Map<number, SeriesProblem>()
  let count = 0
  let dense = new Int32Array(256).fill(-1)
  let columns = allocate(64)

  const slot = (ref: number): number =>
    ref < DENSE_REFS ? (ref < dense.length ? dense[ref]! : -1) : (sparse.get(ref) ?? -1)

  const place = (ref: number): number => {
    const known = slot(ref)
    if (known >= 0) return known
    const added = count++
    if (ref >= DENSE_REFS) sparse.set(ref, added)
    else {
      if (ref >= dense.length) {
        const wider = new Int32Array(Math.min(DENSE_REFS, 2 ** Math.ceil(Math.log2(ref + 1))))
        wider.fill(-1).set(dense)
        dense = wider
      }
      dense[ref] = added
    }
    if (added >= columns.series.length) columns = grow(columns)
    return added
  }

  const define = (series: readonly SeriesDefinition[]): boolean => {
    for (const one of series) {
      if (count >= DICTIONARY_SERIES_MAX && slot(one.ref) < 0) return false
      const at = place(one.ref)
      const resolved = resolveSeries(definition, one)
      const known = 'series' in resolved ? resolved : NOWHERE
      names.set(at, one, known.series)
      if ('reason' in resolved) problems.set(at, resolved)
      else problems.delete(at)
      write(columns, at, known)
    }
    return true
  }

  if (json) define(json.series.map(names.read))
  return {
    definition,
    get count() {
      return count
    },
    get columns() {
      return columns
    },
    get dense() {
      return dense
    },
    define,
    slot,
    named: at => names.at(at, columns.series[at]!),
    problem: at => problems.get(at),
    toJson: () => ({
      series: Array.from({ length: count }, (_, at) => names.stored(at, columns.series[at]!)),
    }),
  }
}

/** What producers call the series, in little memory: most are called as their line calls them. */
function seriesNames({ cells, tags }: LineDefinition) {
  const odd = new Map<number, SeriesDefinition>()
  const units: string[] = []
  let refs = new Uint32Array(64) // [slot]
  let unitAt = new Uint16Array(64) // [slot]

  const byNumber = (ref: number, series: number, unit: string): SeriesDefinition => {
    const { tag, scope } = tags[Math.floor(series / cells.length)]!
    return { ref, asset_path: scope === 'line' ? '' : cells[series % cells.length]!, tag, unit }
  }
  const unitNumber = (unit: string): number => {
    const known = units.indexOf(unit)
    return known < 0 ? units.push(unit) - 1 : known
  }
  return {
    set(slot: number, named: SeriesDefinition, series: number): void {
      if (slot >= refs.length) {
        refs = widened(refs, new Uint32Array(2 * refs.length))
        unitAt = widened(unitAt, new Uint16Array(2 * unitAt.length))
      }
      const { ref, asset_path, tag, unit } = named
      refs[slot] = ref
      const plain = series < 0 ? undefined : byNumber(ref, series, unit)
      if (plain?.asset_path === asset_path && plain.tag === tag) {
        odd.delete(slot)
        unitAt[slot] = unitNumber(unit)
      } else odd.set(slot, named)
    },
    at: (slot: number, series: number): SeriesDefinition =>
      odd.get(slot) ?? byNumber(refs[slot]!, series, units[unitAt[slot]!]!),
    stored(slot: number, series: number): StoredSeries {
      const named = odd.get(slot)
      if (!named) return [refs[slot]!, series, units[unitAt[slot]!]!]
      return [named.ref, named.asset_path, named.tag, named.unit]
    },
    read(stored: StoredSeries): SeriesDefinition {
      if (stored.length === 3) return byNumber(...stored)
      const [ref, asset_path, tag, unit] = stored
      return { ref, asset_path, tag, unit }
    },
  }
}

function widened<T extends Uint32Array | Uint16Array>(narrow: T, wide: T): T {
  wide.set(narrow)
  return wide
}

const NOWHERE: ResolvedSeries = {
  series: -1,
  kind: 'signal',
  scale: 1,
  offset: 0,
  low: Number.NaN,
  high: Number.NaN,
}

function write(columns: DictionaryColumns, slot: number, resolved: ResolvedSeries): void {
  columns.series[slot] = resolved.series
  columns.kind[slot] = KINDS.indexOf(resolved.kind)
  const { scale, offset, low, high } = resolved
  // Finite bounds, so that an infinite value lies outside every range.
  const finite = [Math.max(low, -Number.MAX_VALUE), Math.min(high, Number.MAX_VALUE)]
  columns.terms.set([scale, offset, ...finite], TERMS * slot)
}

function allocate(size: number): DictionaryColumns {
  return {
    series: new Int32Array(size),
    kind: new Uint8Array(size),
    terms: new Float64Array(TERMS * size),
  }
}

function grow(old: DictionaryColumns): DictionaryColumns {
  const wider = allocate(2 * old.series.length)
  wider.series.set(old.series)
  wider.kind.set(old.kind)
  wider.terms.set(old.terms)
  return wider
}
