import { formatNumber, NOTHING } from './format.ts'

const STEPS = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const

/** A count with three figures, such as "61.8 k". */
export function formatCount(value: number): string {
  if (!Number.isFinite(value)) return NOTHING
  for (const [from, letter] of STEPS) {
    if (Math.abs(value) >= from) return `${threeFigures(value / from)} ${letter}`
  }
  return value === 0 ? '0' : threeFigures(value)
}

/** Bytes in binary units, such as "4.00 MiB". */
export function formatBytes(value: number): string {
  if (!Number.isFinite(value)) return NOTHING
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let at = 0
  let left = value
  while (left >= 1024 && at < units.length - 1) {
    left /= 1024
    at++
  }
  return `${at === 0 ? formatNumber(left, 0) : threeFigures(left)} ${units[at]}`
}

/** Milliseconds with three figures. */
export function formatMs(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return NOTHING
  return `${value >= 1000 ? formatNumber(value, 0) : threeFigures(value)} ms`
}

/** A share as per cent. */
export const formatShare = (share: number): string => `${formatNumber(100 * share, 1)} %`

function threeFigures(value: number): string {
  const size = Math.abs(value)
  if (size >= 100) return formatNumber(value, 0)
  return formatNumber(value, size >= 10 ? 1 : 2)
}
