import { toSi, unitOf } from '../core/units.ts'
import type { LineView, Quantity, TagDefinition } from '../flow.ts'
import type { NormalRange } from './websocket/protocol.ts'

/** A range as the configuration says it, in the unit that the page shows. */
export interface ConfiguredRange {
  readonly line: string
  readonly of: string
  readonly low?: number | undefined
  readonly high?: number | undefined
}

/** Where the quantities of a line normally lie. */
export type NormalRangesOf = (view: LineView) => readonly NormalRange[]

/** Fields of a potline twin that a tag measures, by field. */
const MEASURED_BY: Readonly<Record<string, string>> = {
  bath_K: 'bath_temperature',
  liquidus_K: 'liquidus',
  alumina_share: 'alumina',
  excess_alf3_share: 'excess_alf3',
  voltage_V: 'cell_voltage',
}

/**
 * Ranges that are the line's own: what is configured for it, else the alarm limits of the tag that
 * measures the quantity. Nothing is taken from the design of another line.
 */
export function normalRanges(
  configured: readonly ConfiguredRange[],
  warn: (text: string) => void = () => {},
): NormalRangesOf {
  const byLine = new Map<string, ConfiguredRange[]>()
  for (const range of configured) byLine.set(range.line, [...(byLine.get(range.line) ?? []), range])
  const checked = new Set<string>()

  return view => {
    const { line } = view.definition
    const own = byLine.get(line) ?? []
    const quantities = quantitiesOf(view)
    const unknown = own.filter(range => !quantities.has(range.of))
    if (unknown.length > 0 && !checked.has(line)) {
      const names = unknown.map(range => `"${range.of}"`).join(', ')
      const known = [...quantities.keys()].join(', ')
      warn(`normal_ranges: line ${line} has no ${names}; it has ${known}`)
    }
    checked.add(line)
    return [...quantities].flatMap(([of, { quantity, tag }]): NormalRange[] => {
      const said = own.find(range => range.of === of)
      if (said) return [{ of, ...ends(said.low, said.high), source: 'configuration' }]
      const limits = tag && limitsOf(tag, quantity)
      return limits ? [{ of, ...limits, source: 'alarm-limits' }] : []
    })
  }
}

interface Named {
  readonly quantity: Quantity
  /** The tag that measures it, where the line has one. */
  readonly tag: TagDefinition | undefined
}

/** Channels by tag and fields by name. */
function quantitiesOf({ definition, fields, channels }: LineView): ReadonlyMap<string, Named> {
  const tags = new Map(definition.tags.map(tag => [tag.tag, tag]))
  const isPotline = definition.kind === 'potline'
  const found = new Map<string, Named>()
  for (const channel of channels)
    found.set(channel.tag, { quantity: channel, tag: tags.get(channel.tag) })
  for (const field of fields) {
    const measuredBy = isPotline ? MEASURED_BY[field.name] : undefined
    const tag = measuredBy === undefined ? undefined : tags.get(measuredBy)
    if (!found.has(field.name)) found.set(field.name, { quantity: field, tag })
  }
  return found
}

/** Alarm limits in the unit that the page shows the quantity in. */
function limitsOf(tag: TagDefinition, { display }: Quantity) {
  if (tag.alarm_low === undefined && tag.alarm_high === undefined) return undefined
  // A unit that the engine cannot convert is that of the readings and of the page alike.
  const shown = (limit: number | undefined) =>
    limit === undefined
      ? undefined
      : rounded((unitOf(tag.unit) ? toSi(limit, tag.unit) : limit) * display.scale + display.offset)
  return ends(shown(tag.alarm_low), shown(tag.alarm_high))
}

const ends = (low: number | undefined, high: number | undefined) => ({
  ...(low === undefined ? {} : { low }),
  ...(high === undefined ? {} : { high }),
})

/** Takes off what converting there and back has left behind the ninth figure. */
const rounded = (value: number): number => Number(value.toPrecision(9))
