import { encodeSeries, type ProducerSeries } from './encode-batch.ts'

/** Series definitions that one message carries, and the same as bytes. */
export interface SeriesPart {
  readonly series: readonly ProducerSeries[]
  readonly named: Uint8Array
}

/** Definitions that an engine takes in one batch, however short they are. */
export const PART_SERIES_MAX = 65_536
/** Tag and length of a definition, its ref, and tags and lengths of its three texts, at most. */
const FRAME_BYTES = 4 + 6 + 3 * 4

/** Cuts series definitions into parts of at most `bytes_max`, in order. */
export function seriesParts(
  series: Iterable<ProducerSeries>,
  bytes_max: number,
): readonly SeriesPart[] {
  const parts: SeriesPart[] = []
  let some: ProducerSeries[] = []
  let bytes = 0
  const end = () => {
    if (some.length > 0) parts.push({ series: some, named: encodeSeries(some) })
    some = []
    bytes = 0
  }
  for (const one of series) {
    const size = boundOf(one)
    if (bytes + size > bytes_max || some.length === PART_SERIES_MAX) end()
    some.push(one)
    bytes += size
  }
  end()
  return parts
}

/** Bytes that a definition takes at most. */
function boundOf({ asset_path, tag, unit }: ProducerSeries): number {
  return FRAME_BYTES + Buffer.byteLength(asset_path) + Buffer.byteLength(tag + unit)
}
