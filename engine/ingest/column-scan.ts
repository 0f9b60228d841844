/** Where the columns of a ReadingBatch lie, as a first pass over its bytes found them. */
export interface ColumnPlaces {
  sequence: number
  mode: number
  base_ms: number
  refs_at: number
  refs_size: number
  offsets_at: number
  offsets_size: number
  values_at: number
  values_size: number
  qualities_at: number
  qualities_size: number
}

const places: ColumnPlaces = {
  sequence: 0,
  mode: 0,
  base_ms: 0,
  refs_at: 0,
  refs_size: 0,
  offsets_at: 0,
  offsets_size: 0,
  values_at: 0,
  values_size: 0,
  qualities_at: 0,
  qualities_size: 0,
}

/** Key bytes of the fields: number << 3 | wire type. */
const Key = {
  sequence: 0x08,
  mode: 0x10,
  base: 0x20,
  refs: 0x2a,
  offsets: 0x32,
  values: 0x3a,
  qualities: 0x42,
} as const
/** Longer numbers (above 2^49) are left to the careful reader. */
const VARINT_BYTES_MAX = 7

let at = 0 // of the running scan

/**
 * Finds the columns of a batch as nearly every producer writes it: each column once and packed, no
 * definitions. Undefined for all else, right or wrong: the careful reader takes it then. The result
 * is valid until the next call.
 */
export function scanColumns(bytes: Uint8Array): Readonly<ColumnPlaces> | undefined {
  places.sequence = 0
  places.mode = 0
  places.base_ms = 0
  places.refs_at = 0
  places.offsets_at = 0
  places.values_at = 0
  places.qualities_at = 0
  places.qualities_size = 0
  at = 0
  while (at < bytes.length) {
    const key = bytes[at++]!
    const known = key < Key.refs ? scanNumber(bytes, key) : scanColumn(bytes, key)
    if (!known) return undefined
  }
  const count = places.refs_size / 4
  const whole =
    places.refs_at > 0 &&
    places.offsets_at > 0 &&
    places.values_at > 0 &&
    Number.isInteger(count) &&
    places.offsets_size === 4 * count &&
    places.values_size === 8 * count
  const { qualities_size } = places
  return whole && (qualities_size === 0 || qualities_size === count) ? places : undefined
}

function scanNumber(bytes: Uint8Array, key: number): boolean {
  const value = varint(bytes)
  if (value < 0) return false
  if (key === Key.sequence) places.sequence = value
  else if (key === Key.mode) places.mode = value
  else if (key === Key.base) places.base_ms = value
  else return false
  return true
}

function scanColumn(bytes: Uint8Array, key: number): boolean {
  const size = varint(bytes)
  const from = at
  if (size < 0 || size > bytes.length - from) return false
  at += size
  if (key === Key.refs && places.refs_at === 0) {
    places.refs_at = from
    places.refs_size = size
  } else if (key === Key.offsets && places.offsets_at === 0) {
    places.offsets_at = from
    places.offsets_size = size
  } else if (key === Key.values && places.values_at === 0) {
    places.values_at = from
    places.values_size = size
  } else if (key === Key.qualities && places.qualities_at === 0) {
    places.qualities_at = from
    places.qualities_size = size
  } else return false
  return true
}

/** An unsigned number, or -1 where it is too long or cut off. */
function varint(bytes: Uint8Array): number {
  let value = 0
  let scale = 1
  for (let i = 0; i < VARINT_BYTES_MAX && at < bytes.length; i++) {
    const byte = bytes[at++]!
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return value
    scale *= 128
  }
  return -1
}
