import type { LineClock, LineDefinition, LineOrigin, TagDefinition } from '../flow.ts'

/** Tag names of a potline; one place, so that plant, replay and twin agree. */
export const potlineTag = {
  voltage: 'cell_voltage',
  current: 'line_current',
  beam: 'beam_position',
  feedShot: (feeder: number) => `feed_shot_${feeder}`, // feeders count from 1
  alf3Shot: 'alf3_shot',
  anodeChange: 'anode_change', // value: anode position, from 1
  tap: 'tap', // value: metal tapped, kg
  quench: 'quench',
  bathTemperature: 'bath_temperature',
  liquidus: 'liquidus',
  alumina: 'alumina',
  excessAlf3: 'excess_alf3',
  caf2: 'caf2',
  metalHeight: 'metal_height',
  bathHeight: 'bath_height',
} as const

const FEEDER_PREFIX = 'feed_shot_'
export const isFeedShot = (tag: string): boolean => tag.startsWith(FEEDER_PREFIX)

/** Tag dictionary of a potline (process model specification 9.1), physical ranges included. */
export function potlineTags(feeders: number): readonly TagDefinition[] {
  const event = { scope: 'cell', kind: 'event', period_ms: 0, hold_max_ms: 0 } as const
  const sample = {
    scope: 'cell',
    kind: 'sample',
    period_ms: 0,
    hold_max_ms: 36 * 3600_000,
    in_tick: 'last',
  } as const
  const signal = { kind: 'signal', period_ms: 1000, hold_max_ms: 10_000 } as const
  return [
    {
      ...signal,
      tag: potlineTag.voltage,
      unit: 'V',
      scope: 'cell',
      in_tick: 'mean',
      low: 0,
      high: 100,
      rate_max_per_s: 40,
      stuck_after_ms: 60_000,
    },
    {
      ...signal,
      tag: potlineTag.current,
      unit: 'kA',
      scope: 'line',
      in_tick: 'mean',
      low: 0,
      high: 1000,
      stuck_after_ms: 600_000,
    },
    {
      ...signal,
      tag: potlineTag.beam,
      unit: 'mm',
      scope: 'cell',
      in_tick: 'last',
      low: -50,
      high: 500,
      hold_max_ms: 3600_000,
    },
    ...Array.from(
      { length: feeders },
      (_, i): TagDefinition => ({
        ...event,
        tag: potlineTag.feedShot(i + 1),
        unit: 'kg',
        in_tick: 'sum',
        low: 0,
        high: 20,
      }),
    ),
    { ...event, tag: potlineTag.alf3Shot, unit: 'kg', in_tick: 'sum', low: 0, high: 100 },
    { ...event, tag: potlineTag.anodeChange, unit: '1', in_tick: 'event', low: 0, high: 100 },
    { ...event, tag: potlineTag.tap, unit: 'kg', in_tick: 'sum', low: 0, high: 10_000 },
    { ...event, tag: potlineTag.quench, unit: '1', in_tick: 'event', low: 0, high: 100 },
    { ...sample, tag: potlineTag.bathTemperature, unit: 'C', low: 900, high: 1050 },
    { ...sample, tag: potlineTag.liquidus, unit: 'C', low: 900, high: 1050 },
    { ...sample, tag: potlineTag.alumina, unit: 'wt%', low: 0, high: 15 },
    { ...sample, tag: potlineTag.excessAlf3, unit: 'wt%', low: 0, high: 30 },
    { ...sample, tag: potlineTag.caf2, unit: 'wt%', low: 0, high: 15 },
    { ...sample, tag: potlineTag.metalHeight, unit: 'cm', low: 5, high: 60 },
    { ...sample, tag: potlineTag.bathHeight, unit: 'cm', low: 5, high: 60 },
  ]
}

/** Cell names as a potroom numbers them: 101, 102, ... */
export function cellNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => `cell-${101 + i}`)
}

export function potlineDefinition(options: {
  readonly tenant: string
  readonly line: string
  readonly cells: readonly string[]
  readonly feeders: number
  readonly clock: LineClock
  readonly origin: LineOrigin
}): LineDefinition {
  return {
    tenant: options.tenant,
    line: options.line,
    kind: 'potline',
    clock: options.clock,
    origin: options.origin,
    tick_ms: 1000,
    cells: options.cells,
    tags: potlineTags(options.feeders),
  }
}
