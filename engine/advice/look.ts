import type { LineDefinition, Quantity, TwinFrame } from '../flow.ts'
import { isFeedShot, potlineTag } from '../lines/potline.ts'

/** Fields of the twin that advice reads; a line without them gets no advice. */
const FIELDS = {
  alumina: 'alumina_share',
  superheat: 'superheat_K',
  excessAlf3: 'excess_alf3_share',
  feedEfficiency: 'feed_efficiency_1',
  currentEfficiency: 'current_efficiency_1',
  resistance: 'pseudo_resistance_Ohm',
  noise: 'voltage_noise_V',
  voltage: 'voltage_V',
  slope: 'resistance_slope_Ohmps',
} as const
type Name = keyof typeof FIELDS

/** Where the values that advice needs lie in frames of this line. */
export interface Look {
  mean(twin: TwinFrame, name: Name, cell: number): number
  std(twin: TwinFrame, name: Name, cell: number): number
  observable(twin: TwinFrame, name: Name, cell: number): boolean
  readonly feedTags: readonly number[]
  readonly currentTag: number
  readonly eventTags: readonly number[]
  readonly voltageTag: number
}

export function lookOf(definition: LineDefinition, fields: readonly Quantity[]): Look | undefined {
  const cells = definition.cells.length
  const rows = new Map<Name, number>()
  for (const [name, field] of Object.entries(FIELDS) as [Name, string][]) {
    const row = fields.findIndex(one => one.name === field)
    if (row < 0) return undefined
    rows.set(name, row)
  }
  const tagsWhere = (test: (tag: string) => boolean) =>
    definition.tags.flatMap((one, i) => (test(one.tag) ? [i] : []))
  const [currentTag] = tagsWhere(tag => tag === potlineTag.current)
  const [voltageTag] = tagsWhere(tag => tag === potlineTag.voltage)
  if (currentTag === undefined || voltageTag === undefined) return undefined
  const at = (name: Name, cell: number) => rows.get(name)! * cells + cell
  return {
    mean: (twin, name, cell) => twin.estimate[at(name, cell)]!,
    std: (twin, name, cell) => twin.std[at(name, cell)]!,
    observable: (twin, name, cell) => twin.observable[at(name, cell)] === 1,
    feedTags: tagsWhere(isFeedShot),
    currentTag,
    voltageTag,
    eventTags: tagsWhere(tag => tag === potlineTag.anodeChange || tag === potlineTag.tap),
  }
}
