import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { LiquidusError, problemOf } from '../../core/errors.ts'
import { isPotlineRecording } from '../../replay/potline.ts'
import { effectOutcomes, falseAlarms, faultOutcomes, type ScoredLine } from './events.ts'
import type { BuildFold } from './line.ts'
import { runRecording } from './recorded.ts'
import { processRisk } from './risk.ts'
import { recordedTruth } from './truth.ts'

/** A recorded day of another plant and what became of its faults. */
export interface DayResult {
  readonly day: string
  readonly cell_days: number
  readonly alarms: readonly DayAlarm[]
  readonly false_alarms: number
  readonly faults: readonly {
    readonly kind: string
    /** From 1; 0: the line. */
    readonly cell: number
    readonly start_h: number
    readonly found_min: number | null
    readonly right_cause_min: number | null
  }[]
  readonly effects: readonly { readonly cell: number; readonly lead_min: number | null }[]
  /** Faults of a kind that is not known here. */
  readonly unknown: readonly string[]
}

/** An alarm of such a day. */
export interface DayAlarm {
  /** From 1; 0: the line. */
  readonly cell: number
  readonly kind: string
  readonly raised_h: number
  readonly text: string
  readonly is_false: boolean
}

/** The days in a folder: itself, or the folders in it that hold `observed` recordings. */
export function recordedDays(folder: string): { readonly name: string; readonly folder: string }[] {
  if (!existsSync(folder)) {
    throw new LiquidusError('FILE_UNREADABLE', { path: folder, problem: 'no such folder' })
  }
  const isDay = (at: string) => isPotlineRecording(path.join(at, 'observed'))
  if (isDay(folder)) return [{ name: path.basename(folder), folder }]
  const days = readdirSync(folder)
    .toSorted()
    .map(name => ({ name, folder: path.join(folder, name) }))
    .filter(day => isDay(day.folder))
  if (days.length === 0) {
    const problem = 'it holds no day with observed/cells.json and observed/fast.csv'
    throw new LiquidusError('FILE_UNREADABLE', { path: folder, problem })
  }
  return days
}

/** Runs a day and scores it against its `truth/faults.json`. */
export async function scoreDay(
  { name, folder }: { readonly name: string; readonly folder: string },
  buildFold: BuildFold,
): Promise<DayResult> {
  const { known, unknown } = readTruth(path.join(folder, 'truth', 'faults.json'))
  const watched = await runRecording(path.join(folder, 'observed'), buildFold, processRisk)
  return dayResult(name, { ...watched, faults: known }, unknown)
}

const hours = (seconds: number) => Math.round(seconds / 36) / 100
const minutes = (seconds: number) =>
  Number.isFinite(seconds) ? Math.round(seconds / 6) / 10 : null

/** Figures of a day that ran. */
export function dayResult(day: string, line: ScoredLine, unknown: readonly string[]): DayResult {
  const wrong = new Set(falseAlarms(line))
  const outcomes = faultOutcomes(line)
  return {
    day,
    cell_days: (line.cells * line.seconds) / 86_400,
    alarms: line.alarms.map(alarm => ({
      cell: alarm.cell + 1,
      kind: alarm.kind,
      raised_h: hours(alarm.raised_s),
      text: alarm.text,
      is_false: wrong.has(alarm),
    })),
    false_alarms: wrong.size,
    faults: line.faults.map(({ kind, cell, start_s }, i) => ({
      kind,
      cell: cell + 1,
      start_h: hours(start_s),
      found_min: minutes(outcomes[i]!.found_s),
      right_cause_min: minutes(outcomes[i]!.named_s),
    })),
    effects: effectOutcomes(line).map(({ lead_s }, i) => ({
      cell: line.effects[i]!.cell + 1,
      lead_min: minutes(lead_s),
    })),
    unknown,
  }
}

function readTruth(file: string) {
  try {
    const { faults } = JSON.parse(readFileSync(file, 'utf8')) as {
      faults: Parameters<typeof recordedTruth>[0]
    }
    return recordedTruth(faults)
  } catch (error) {
    throw new LiquidusError('FILE_UNREADABLE', { path: file, problem: problemOf(error) })
  }
}

/** A day as text. */
export function dayReport(result: DayResult): string {
  const name = (cell: number) => (cell === 0 ? 'line' : `cell ${cell}`)
  const told = (value: number | null) => (value === null ? '-' : value.toFixed(0)).padStart(6)
  return [
    `${result.day}: recorded, another plant; ${result.false_alarms} false alarms in ` +
      `${result.cell_days.toFixed(0)} cell-days`,
    ...result.alarms.map(
      ({ cell, kind, raised_h, text, is_false }) =>
        `  ${raised_h.toFixed(2).padStart(6)} h  ${name(cell).padEnd(7)} ${kind.padEnd(21)} ` +
        `${is_false ? 'FALSE ' : ''}${text}`,
    ),
    ...(result.faults.length > 0 ? ['  fault, cell, from h: found and right cause after min'] : []),
    ...result.faults.map(
      ({ kind, cell, start_h, found_min, right_cause_min }) =>
        `  ${kind.padEnd(18)} ${name(cell).padEnd(7)} ${start_h.toFixed(1).padStart(5)} ` +
        `${told(found_min)} ${told(right_cause_min)}`,
    ),
    ...result.effects.map(
      ({ cell, lead_min }) =>
        `  anode effect of ${name(cell)}: ${lead_min === null ? 'not foretold' : `foretold ${lead_min} min ahead`}`,
    ),
    ...(result.unknown.length > 0 ? [`  not scored: ${result.unknown.join(', ')}`] : []),
  ].join('\n')
}
