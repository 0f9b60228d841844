import type { LineClock, LineDefinition, LineOrigin, TagDefinition } from '../flow.ts'

/** Tag names of a potline; one place, so that plant, replay and twin agree. */
export const potlineTag = {
  voltage: 'cell_voltage',
  current: 'line_current',
  beam: 'beam_position',
  anodeCurrent: (anode: number) => `anode_current_${String(anode).padStart(2, '0')}`, // from 1
  shellTemperature: (place: number) => `shell_temperature_${place}`, // from 1, see below
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

const ANODE_PREFIX = 'anode_current_'
/** True for the current of one anode. */
export const isAnodeCurrent = (tag: string): boolean => tag.startsWith(ANODE_PREFIX)

const SHELL_PREFIX = 'shell_temperature_'
/**
 * True for a temperature of the steel shell: 1 and 2 at bath height on side A and B, 3 and 4 at
 * metal height on side A and B.
 */
export const isShellTemperature = (tag: string): boolean => tag.startsWith(SHELL_PREFIX)

/** Tags of the anodes in order: the first half along side A, the second along side B. */
export const anodeTagNames = (anodes: number): readonly string[] =>
  Array.from({ length: anodes }, (_, i) => potlineTag.anodeCurrent(i + 1))

/** Tags of the shell temperatures in order. */
export const shellTagNames = (places: number): readonly string[] =>
  Array.from({ length: places }, (_, i) => potlineTag.shellTemperature(i + 1))

/** Gauges that not every potline has; none by default. */
export interface PotlineGauges {
  /** Anodes whose currents are measured, of each cell. */
  readonly anodes?: number | undefined
  /** Thermocouples on the shell of each cell. */
  readonly shellTemperatures?: number | undefined
}

/** Slow signals: a tick does not wait for them, and a value counts until some scans are missed. */
function gaugeTags({ anodes = 0, shellTemperatures = 0 }: PotlineGauges): TagDefinition[] {
  const gauge = { scope: 'cell', kind: 'signal' } as const
  return [
    ...anodeTagNames(anodes).map(
      (tag): TagDefinition => ({
        ...gauge,
        tag,
        unit: 'kA',
        period_ms: 10_000,
        hold_max_ms: 60_000,
        in_tick: 'mean',
        low: -1,
        high: 100,
        // Long, for a fresh anode carries next to nothing at first.
        stuck_after_ms: 3600_000,
      }),
    ),
    ...shellTagNames(shellTemperatures).map(
      (tag): TagDefinition => ({
        ...gauge,
        tag,
        unit: 'C',
        period_ms: 60_000,
        hold_max_ms: 300_000,
        in_tick: 'last',
        low: 0,
        high: 900,
        stuck_after_ms: 6 * 3600_000,
      }),
    ),
  ]
}

/** Tag dictionary of a potline (process model specification 9.1), physical ranges included. */
export function potlineTags(feeders: number, gauges: PotlineGauges = {}): readonly TagDefinition[] {
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
    // Before the last of the signals that close a tick, so that at one instant none comes late.
    ...gaugeTags(gauges),
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

export function potlineDefinition(
  options: PotlineGauges & {
    readonly tenant: string
    readonly line: string
    readonly cells: readonly string[]
    readonly feeders: number
    readonly clock: LineClock
    readonly origin: LineOrigin
  },
): LineDefinition {
  return {
    tenant: options.tenant,
    line: options.line,
    kind: 'potline',
    clock: options.clock,
    origin: options.origin,
    tick_ms: 1000,
    cells: options.cells,
    tags: potlineTags(options.feeders, options),
  }
}
