import { seededRandom } from '#engine/core/random.ts'

/** Assets and tags of the readings that every peer is sent; a sweep is one reading of each. */
export const ASSETS = 1000
export const TAGS = 10
/** A batch holds the readings of this many assets at one instant. */
export const BATCH_ASSETS = 100
export const BATCH_READINGS = BATCH_ASSETS * TAGS
const BATCHES_PER_SWEEP = ASSETS / BATCH_ASSETS
/** Different batches; then values come again, with new times. */
const SWEEPS = 6

/** How one reading or a batch of them is written. */
export type Form = 'columns' | 'influx-fields' | 'influx-lines' | 'json-batch' | 'json-single'

/** Assets and values of one batch. */
export interface Batch {
  readonly first_asset: number
  readonly values: Float64Array // [asset][tag]
}

export const assetName = (asset: number): string => `unit-${String(asset + 1).padStart(4, '0')}`
export const tagOf = (tag: number): string => `tag_${String(tag + 1).padStart(2, '0')}`

/** The line of the engine that takes them, as its configuration names it. */
export function peersLine(): object {
  const tags = Array.from({ length: TAGS }, (_, tag) => ({
    ...{ tag: tagOf(tag), unit: '1', period_ms: 1000, hold_max_ms: 5000 },
    ...{ low: 0, high: 100, alarm_high: 90 },
  }))
  const cells = Array.from({ length: ASSETS }, (_, asset) => assetName(asset))
  return { line: 'peers', kind: 'generic', clock: 'stream', origin: 'synthetic', cells, tags }
}

/** The batches that are sent again and again, in order. */
export function batchesOf(seed: number): readonly Batch[] {
  const random = seededRandom(seed)
  return Array.from({ length: SWEEPS * BATCHES_PER_SWEEP }, (_, i) => ({
    first_asset: (i % BATCHES_PER_SWEEP) * BATCH_ASSETS,
    values: Float64Array.from(
      { length: BATCH_READINGS },
      () => Math.round(1000 * (50 + 3 * random.normal())) / 1000,
    ),
  }))
}

/** Event time of the n-th batch: a second for each sweep. */
export const timeOf_ms = (start_ms: number, batch: number): number =>
  start_ms + 1000 * Math.floor(batch / BATCHES_PER_SWEEP)

/** Ready bytes with a gap of 13 digits wherever the time of sending goes. */
export interface Template {
  readonly bytes: Buffer
  readonly gaps: Uint32Array
  readonly readings: number
}

const GAP = '0000000000000'
const MARK = /0{13}/g

/** Writes a batch, or only its first reading, in the given form. */
export function templateOf(form: Exclude<Form, 'columns'>, batch: Batch): Template {
  const text = WRITERS[form](batch)
  const gaps = Uint32Array.from(text.matchAll(MARK), match => match.index)
  const readings = form === 'json-single' ? 1 : BATCH_READINGS
  return { bytes: Buffer.from(text, 'latin1'), gaps, readings }
}

/** A copy of the template with the time written in; it is the caller's own. */
export function stamped({ bytes, gaps }: Template, time_ms: number): Buffer {
  const copy = Buffer.from(bytes)
  const digits = Buffer.from(String(time_ms), 'latin1')
  for (const at of gaps) digits.copy(copy, at)
  return copy
}

const WRITERS: Readonly<Record<Exclude<Form, 'columns'>, (batch: Batch) => string>> = {
  'influx-fields': batch =>
    assetsOf(batch)
      .map(({ asset, values }) => {
        const fields = values.map((value, tag) => `${tagOf(tag)}=${value}`).join(',')
        return `readings,asset=${asset} ${fields} ${GAP}`
      })
      .join('\n'),
  'influx-lines': batch =>
    assetsOf(batch)
      .flatMap(({ asset, values }) =>
        values.map(
          (value, tag) => `readings,asset=${asset},tag=${tagOf(tag)} value=${value} ${GAP}`,
        ),
      )
      .join('\n'),
  'json-batch': batch => {
    const readings = assetsOf(batch).flatMap(({ asset, values }) =>
      values.map((value, tag) => `{"asset":"${asset}","tag":"${tagOf(tag)}","value":${value}}`),
    )
    return `{"time_ms":${GAP},"readings":[${readings.join(',')}]}`
  },
  'json-single': batch =>
    `{"time_ms":${GAP},"asset":"${assetName(batch.first_asset)}","tag":"${tagOf(0)}",` +
    `"value":${batch.values[0]}}`,
}

const assetsOf = (batch: Batch) =>
  Array.from({ length: BATCH_ASSETS }, (_, i) => ({
    asset: assetName(batch.first_asset + i),
    values: [...batch.values.subarray(i * TAGS, (i + 1) * TAGS)],
  }))
