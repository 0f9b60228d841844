import path from 'node:path'
import type { LineDefinition, TagDefinition } from '../flow.ts'
import { malformed, parseTime_ms, parseValue, readCsv } from './csv.ts'
import type { ReplayReading, ReplaySeries, ReplaySource } from './source.ts'

const TIME_COLUMNS = ['timestamp', 'datetime', 'date', 'time', 't_ms', 't_s']
/** Columns that hold labels for evaluation, not readings. */
const LABEL_COLUMNS = ['class', 'anomaly', 'changepoint', 'label', 'is_anomaly']
const PEEK_ROWS = 400

export interface GenericOptions {
  readonly line: string
  readonly tenant: string
  readonly ignore: readonly string[]
  /** Unit by column; others are taken as they are, unit "1". */
  readonly units: ReadonlyMap<string, string>
}

interface Plan {
  /** One column, or a date and a time beside it. */
  readonly timeColumns: readonly number[]
  readonly columns: readonly { readonly index: number; readonly tag: string }[]
  readonly tick_ms: number
  readonly rows: number
  readonly skipped: readonly (readonly [column: string, why: string])[]
}

/** Recorded CSV files with one header as a generic line: a tag per numeric column. */
export async function genericSource(
  files: readonly string[],
  options: GenericOptions,
): Promise<ReplaySource> {
  const plan = await planOf(files[0]!, options)
  const asset = options.line
  const series = plan.columns.map(
    ({ tag }, ref): ReplaySeries => ({
      ref,
      asset_path: asset,
      tag,
      unit: options.units.get(tag) ?? '1',
    }),
  )
  return {
    definition: definitionOf(plan, options, asset),
    series,
    notes: plan.skipped.map(([column, why]) => `column "${column}" is not sent: ${why}`),
    readings_estimate: plan.rows * files.length * plan.columns.length,
    readings: () => readingsOf(files, plan),
  }
}

async function planOf(file: string, options: GenericOptions): Promise<Plan> {
  let header: readonly string[] = []
  const rows: (readonly string[])[] = []
  for await (const row of readCsv(file)) {
    if (row.line === 1) header = row.fields.map(field => field.trim())
    else rows.push(row.fields)
    if (rows.length >= PEEK_ROWS) break
  }
  const lower = header.map(name => name.toLowerCase())
  const named = TIME_COLUMNS.map(name => lower.indexOf(name)).find(index => index >= 0)
  const split = [lower.indexOf('date'), lower.indexOf('time')]
  const timeColumns = split.every(index => index >= 0) ? split : [named ?? 0]
  const times_ms = rows.map(fields => parseTime_ms(timeText(fields, timeColumns)))
  if (times_ms.length === 0 || times_ms.every(Number.isNaN)) {
    malformed(
      file,
      2,
      `no time in column "${timeText(header, timeColumns)}"; name one ${TIME_COLUMNS.join(', ')}`,
    )
  }
  const ignored = new Set(options.ignore.map(name => name.toLowerCase()))
  const skipped: [string, string][] = []
  const columns: { index: number; tag: string }[] = []
  for (const [index, tag] of header.entries()) {
    if (timeColumns.includes(index)) continue
    const numeric = rows.every(fields => parseValue(fields[index]!) !== undefined)
    if (ignored.has(tag.toLowerCase())) skipped.push([tag, 'as --ignore asks'])
    else if (LABEL_COLUMNS.includes(tag.toLowerCase()))
      skipped.push([tag, 'a label for evaluation'])
    else if (!numeric) skipped.push([tag, 'not numeric'])
    else columns.push({ index, tag })
  }
  if (columns.length === 0) malformed(file, 1, 'no numeric column is left to send')
  return { timeColumns, columns, tick_ms: medianGap_ms(times_ms), rows: rows.length, skipped }
}

/** A date with slashes or dashes, and the time beside it when it stands in a column of its own. */
function timeText(fields: readonly string[], columns: readonly number[]): string {
  return columns
    .map(index => fields[index]!.trim())
    .join(' ')
    .replace(/^(\d{4})\/(\d{2})\/(\d{2})/, '$1-$2-$3')
}

function medianGap_ms(times_ms: readonly number[]): number {
  const gaps = times_ms
    .slice(1)
    .map((time_ms, i) => time_ms - times_ms[i]!)
    .filter(gap_ms => gap_ms > 0)
    .sort((a, b) => a - b)
  const median = gaps[Math.floor(gaps.length / 2)] ?? 1000
  return Math.min(3_600_000, Math.max(10, Math.round(median)))
}

function definitionOf(plan: Plan, options: GenericOptions, asset: string): LineDefinition {
  const tags = plan.columns.map(
    ({ tag }): TagDefinition => ({
      tag,
      unit: options.units.get(tag) ?? '1',
      scope: 'cell',
      kind: 'signal',
      period_ms: plan.tick_ms,
      hold_max_ms: 3 * plan.tick_ms,
      in_tick: 'mean',
      low: -1e12,
      high: 1e12,
      stuck_after_ms: 300 * plan.tick_ms,
    }),
  )
  return {
    tenant: options.tenant,
    line: options.line,
    kind: 'generic',
    clock: 'stream',
    origin: 'recorded',
    tick_ms: plan.tick_ms,
    cells: [asset],
    tags,
  }
}

async function* readingsOf(
  files: readonly string[],
  plan: Plan,
): AsyncGenerator<readonly ReplayReading[]> {
  for (const file of files) {
    for await (const row of readCsv(file)) {
      if (row.line === 1) continue
      const when = timeText(row.fields, plan.timeColumns)
      const time_ms = parseTime_ms(when)
      if (Number.isNaN(time_ms)) {
        malformed(file, row.line, `"${when}" is no time`)
      }
      yield plan.columns.map(({ index, tag }, ref) => {
        const value = parseValue(row.fields[index]!)
        if (value === undefined) {
          malformed(file, row.line, `"${row.fields[index]}" in column "${tag}" is no number`)
        }
        return { due_ms: time_ms, ref, time_ms, value }
      })
    }
  }
}

/** CSV files of a folder in the order of their names; a file stands for itself. */
export function csvNames(folder: string, names: readonly string[]): readonly string[] {
  return names
    .filter(name => /\.csv(\.gz)?$/.test(name))
    .sort()
    .map(name => path.join(folder, name))
}
