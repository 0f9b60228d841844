import type { LineInfo, NormalRange } from '#engine/outputs/websocket/protocol.ts'
import { type Display, formatNumber, formatUnit } from './format.ts'

type Ends = readonly [low: number, high: number]

/** Where a field, by name, or a channel, by tag, of this line normally lies, if that is known. */
export function normalOf(info: LineInfo, of: string): NormalRange | undefined {
  return info.normal?.find(range => range.of === of)
}

/** Both ends of a range; one that is open lies at infinity. */
export function bandOf({ low, high }: NormalRange): Ends {
  return [low ?? Number.NEGATIVE_INFINITY, high ?? Number.POSITIVE_INFINITY]
}

/** A scale on which the whole range is, with some room beyond its ends. */
export function scaleWith(scale: Ends, range: NormalRange | undefined): Ends {
  if (!range) return scale
  const ends = bandOf(range).filter(Number.isFinite)
  const [low, high] = [Math.min(scale[0], ...ends), Math.max(scale[1], ...ends)]
  const room = (high - low) / 10
  return [
    low < scale[0] ? Math.floor(low - room) : low,
    high > scale[1] ? Math.ceil(high + room) : high,
  ]
}

const SOURCES: Readonly<Record<NormalRange['source'], string>> = {
  configuration: 'normally',
  'alarm-limits': 'alarm limits',
}

/** The range in words, e.g. "normally 955.0 to 968.0 °C". */
export function normalText({ low, high, source }: NormalRange, display: Display): string {
  const text = (end: number) => formatNumber(end, display.digits)
  const range =
    low === undefined
      ? `at most ${text(high ?? Number.NaN)}`
      : high === undefined
        ? `at least ${text(low)}`
        : `${text(low)} to ${text(high)}`
  return `${SOURCES[source]} ${range} ${formatUnit(display.unit)}`.trimEnd()
}
