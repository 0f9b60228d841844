import type { z } from 'zod'
import { fromSi } from '../../core/units.ts'
import {
  type Channel,
  type LineView,
  type Profile,
  Quality,
  type Quantity,
  seriesIndex,
} from '../../flow.ts'
import { P95_SIGMA } from '../band.ts'
import type { NormalRangesOf } from '../normal-ranges.ts'
import { sensorFaults } from '../sensor-faults.ts'
import type {
  cellSchema,
  lineListSchema,
  lineSchema,
  profilesSchema,
  trendSchema,
} from './schema.ts'

const known = (value: number | undefined): number | null =>
  value === undefined || !Number.isFinite(value) ? null : value

const shown = (quantity: Quantity, value: number | undefined): number | null =>
  known((value ?? Number.NaN) * quantity.display.scale + quantity.display.offset)

const shownStd = (quantity: Quantity, std: number | undefined): number | null =>
  known((std ?? Number.NaN) * Math.abs(quantity.display.scale))

const named = (quantity: Quantity) => ({
  name: quantity.name,
  text: quantity.text,
  unit: quantity.display.unit,
})

/** A line in one row of a list. */
export function lineSummary(view: LineView): z.infer<typeof lineListSchema>['lines'][number] {
  const { definition } = view
  const status = view.status()
  return {
    line: definition.line,
    kind: definition.kind,
    origin: definition.origin,
    clock: definition.clock,
    cells_count: definition.cells.length,
    tick: status.tick,
    time_ms: status.time_ms,
    degraded: status.degraded,
  }
}

const qualityNames = ['good', 'uncertain', 'bad', 'missing'] as const

/** Everything about a line but its cells' numbers. */
export function lineDetail(view: LineView, normalOf: NormalRangesOf): z.infer<typeof lineSchema> {
  const { definition, fields, channels } = view
  const status = view.status()
  const quality = { good: 0, uncertain: 0, bad: 0, missing: 0 }
  const ranges = new Map(normalOf(view).map(({ of, ...normal }) => [of, normal]))
  const normalPart = (of: string) => {
    const normal = ranges.get(of)
    return normal ? { normal } : {}
  }
  const frame = view.latest()?.frame
  definition.tags.forEach((tag, tagIndex) => {
    const cells = tag.scope === 'line' ? 1 : definition.cells.length
    for (let cell = 0; cell < cells && frame; cell++) {
      const code = frame.quality[seriesIndex(definition, tagIndex, cell)] ?? Quality.missing
      quality[qualityNames[code] ?? 'missing']++
    }
  })
  return {
    ...lineSummary(view),
    tick_ms: definition.tick_ms,
    tick_offset_ms: definition.tick_offset_ms ?? 0,
    cells: [...definition.cells],
    fields: fields.map(field => ({ ...named(field), ...normalPart(field.name) })),
    channels: channels.map(({ tag, ...channel }) => ({
      ...named(channel),
      tag,
      ...normalPart(tag),
    })),
    position: status.position,
    state_hash: status.state_hash,
    behind_entries: status.behind_entries,
    readings_accepted: status.readings_accepted,
    readings_rejected: status.readings_rejected,
    readings_late: status.readings_late,
    revision: status.revision ?? 0,
    clock_problems: [...(status.clock_problems ?? [])],
    ticks_closed: { ...status.ticks_closed },
    quality,
    sensor_faults: [...sensorFaults(view)],
    alarms_active: view.alarms().filter(alarm => alarm.active).length,
  }
}

type Cell = z.infer<typeof cellSchema>

function estimateOf(view: LineView, field: Quantity, at: number): Cell['estimates'][number] {
  const twin = view.latest()?.twin
  const value = twin?.estimate[at] ?? Number.NaN
  const std = twin?.std[at] ?? Number.NaN
  const edges = [
    shown(field, value - P95_SIGMA * std),
    shown(field, value + P95_SIGMA * std),
  ] as const
  const flipped = field.display.scale < 0
  return {
    ...named(field),
    value: shown(field, value),
    std: shownStd(field, std),
    p05: edges[flipped ? 1 : 0],
    p95: edges[flipped ? 0 : 1],
    observable: twin?.observable[at] === 1,
  }
}

function channelOf(view: LineView, channel: Channel, at: number): Cell['channels'][number] {
  const twin = view.latest()?.twin
  return {
    ...named(channel),
    tag: channel.tag,
    observed: shown(channel, twin?.observed[at]),
    expected: shown(channel, twin?.expected[at]),
    expected_std: shownStd(channel, twin?.expected_std[at]),
    residual_sigma: known(twin?.residual[at]),
  }
}

/** Everything about one cell now: estimates with bands, readings with age, alarms, advice. */
export function cellDetail(view: LineView, cell: number): Cell {
  const { definition } = view
  const latest = view.latest()
  const cells = definition.cells.length
  const name = definition.cells[cell] ?? ''
  const faults = view.sensorFaults()
  return {
    line: definition.line,
    cell: name,
    origin: definition.origin,
    tick: latest?.frame.tick ?? 0,
    time_ms: latest?.frame.time_ms ?? 0,
    trusted: latest?.twin.trusted[cell] === 1,
    masked: latest?.twin.masked[cell] === 1,
    estimates: view.fields.map((field, i) => estimateOf(view, field, i * cells + cell)),
    channels: view.channels.map((channel, i) => channelOf(view, channel, i * cells + cell)),
    scores: view
      .scores()
      .map(({ name: detector, values }) => ({ detector, score: known(values[cell]) })),
    measured: definition.tags.map((tag, tagIndex) => {
      const at = seriesIndex(definition, tagIndex, tag.scope === 'line' ? 0 : cell)
      const value = latest?.frame.values[at] ?? Number.NaN
      return {
        tag: tag.tag,
        unit: tag.unit,
        scope: tag.scope,
        value: known(fromSi(value, tag.unit)),
        age_ms: Number.isNaN(value) ? null : known(latest?.frame.age_ms[at]),
        quality: qualityNames[latest?.frame.quality[at] ?? Quality.missing] ?? 'missing',
        fault: faults.get(at) ?? '',
      }
    }),
    alarms: view.alarms().filter(alarm => alarm.cell === name) as Cell['alarms'],
    advice: view.advice().filter(advice => advice.cell === name) as Cell['advice'],
  }
}

function rowsOf(profile: Profile, values: Float64Array): (number | null)[][] {
  const points = profile.axis.positions.length
  return profile.rows.map((_, row) =>
    Array.from(values.subarray(row * points, (row + 1) * points), value => shown(profile, value)),
  )
}

/** What lies behind the estimates of one cell: alumina along it, current by anode, ledge. */
export async function cellProfiles(
  view: LineView,
  cell: number,
): Promise<z.infer<typeof profilesSchema>> {
  const profiles = await view.profiles(cell)
  const frame = view.latest()?.frame
  return {
    line: view.definition.line,
    cell: view.definition.cells[cell] ?? '',
    tick: frame?.tick ?? 0,
    time_ms: frame?.time_ms ?? 0,
    profiles: profiles.map(profile => ({
      ...named(profile),
      digits: profile.display.digits,
      axis: {
        text: profile.axis.text,
        unit: profile.axis.unit,
        positions: [...profile.axis.positions],
        ...(profile.axis.labels && { labels: [...profile.axis.labels] }),
      },
      rows: [...profile.rows],
      values: rowsOf(profile, profile.values),
      ...(profile.observed && { observed: rowsOf(profile, profile.observed) }),
    })),
  }
}

/** Columns of one cell over time; those named, or all. */
export async function cellTrend(
  view: LineView,
  cell: number,
  wish: { from_ms: number; points: number; columns: readonly string[] | undefined },
): Promise<z.infer<typeof trendSchema>> {
  const trend = await view.trend(cell, wish.from_ms, wish.points)
  const wanted = [...trend.columns].filter(([name]) => wish.columns?.includes(name) ?? true)
  const units = new Map<string, string>()
  for (const field of view.fields) units.set(field.name, field.unit)
  for (const channel of view.channels) units.set(channel.tag, channel.unit)
  const unitOf = (column: string) =>
    units.get(column) ?? units.get(column.replace(/_(std|expected|expected_std)$/, '')) ?? '1'
  return {
    line: view.definition.line,
    cell: view.definition.cells[cell] ?? '',
    times_ms: [...trend.times_ms],
    columns: wanted.map(([name, values]) => ({
      name,
      unit: unitOf(name),
      values: Array.from(values, known),
    })),
  }
}
