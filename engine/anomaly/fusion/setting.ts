import type { EventBudgetSetting } from './detector.ts'
import { EVENTS_PER_LINE_DAY } from './plan.ts'

/** Event budgets as the configuration has them. */
export interface BudgetSettings {
  readonly events_per_line_day: number
  /** Of single lines, by name. */
  readonly lines: Readonly<Record<string, number>>
}

/** Name of the setting among the versions that a line's log names; `NAME/LINE` is of one line. */
const NAME = 'events_per_line_day'

/**
 * The budgets as entries of a log, so that a log run again gives the same events; none where
 * nothing differs from the default.
 */
export function budgetVersions(settings: BudgetSettings): Readonly<Record<string, string>> {
  const versions: Record<string, string> = {}
  const { events_per_line_day, lines } = settings
  if (events_per_line_day !== EVENTS_PER_LINE_DAY) versions[NAME] = String(events_per_line_day)
  for (const [line, value] of Object.entries(lines)) {
    if (value !== events_per_line_day) versions[`${NAME}/${line}`] = String(value)
  }
  return versions
}

/** Whether a name among the versions of a log is that of a budget. */
export const isBudget = (name: string): boolean => name === NAME || name.startsWith(`${NAME}/`)

/** The budget of a line by what its log named last. */
export function budgetOf(versions: Readonly<Record<string, string>>, line: string): number {
  const value = Number(versions[`${NAME}/${line}`] ?? versions[NAME])
  return value > 0 ? value : EVENTS_PER_LINE_DAY
}

/** The setting of a line that its log puts in force between two ticks. */
export interface BudgetInForce extends EventBudgetSetting {
  put(versions: Readonly<Record<string, string>>): void
}

/** The default, until the log says otherwise. */
export function budgetInForce(line: string): BudgetInForce {
  let events_per_line_day = EVENTS_PER_LINE_DAY
  return {
    get events_per_line_day() {
      return events_per_line_day
    },
    put(versions) {
      events_per_line_day = budgetOf(versions, line)
    },
  }
}
