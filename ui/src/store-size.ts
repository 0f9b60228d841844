import type { StoreSize } from './engine-api.ts'
import { formatBytes } from './engine-format.ts'

/** One figure of the store; with `limit` it fills a bar. */
export interface SizeRow {
  readonly text: string
  readonly value: number
  readonly limit?: number
  /** In words, with units. */
  readonly said: string
  readonly note: string
}

/** What the store said of its size, in the order that the page shows it. */
export function sizeRows(size: StoreSize): readonly SizeRow[] {
  const { used_bytes, used_bytes_max, log_bytes, state_bytes, log_bytes_max } = size
  const { disk_free_bytes, disk_bytes } = size
  const rows: SizeRow[] = [
    {
      text: 'Held in all',
      value: used_bytes,
      ...limited(used_bytes_max),
      said: of(used_bytes, used_bytes_max),
      note: used_bytes_max === undefined ? '' : 'beyond it no more readings are taken',
    },
  ]
  if (log_bytes !== undefined) {
    const note =
      log_bytes_max === undefined ? '' : `the oldest beyond ${formatBytes(log_bytes_max)} goes`
    rows.push({ text: 'Log', value: log_bytes, said: formatBytes(log_bytes), note })
  }
  if (state_bytes !== undefined) {
    const said = formatBytes(state_bytes)
    rows.push({ text: 'States and events', value: state_bytes, said, note: '' })
  }
  if (disk_free_bytes !== undefined && disk_bytes !== undefined) {
    rows.push({
      text: 'Disk',
      value: disk_bytes - disk_free_bytes,
      limit: disk_bytes,
      said: `${formatBytes(disk_free_bytes)} free of ${formatBytes(disk_bytes)}`,
      note: '',
    })
  }
  return rows
}

const limited = (limit: number | undefined) => (limit === undefined ? {} : { limit })

const of = (bytes: number, limit: number | undefined): string =>
  limit === undefined ? formatBytes(bytes) : `${formatBytes(bytes)} of ${formatBytes(limit)}`
