import type { AlarmPriority, AlarmRecord } from '#engine/flow.ts'
import { compareAlarms, isListed, isUnacknowledged, PRIORITIES } from './alarm-state.ts'

export type AlarmScope =
  | 'listed'
  | 'unacknowledged'
  | 'shelved'
  | 'suppressed'
  | 'out-of-service'
  | 'all'

/** What the alarm list shows. */
export interface AlarmFilter {
  readonly scope: AlarmScope
  readonly priorities: ReadonlySet<AlarmPriority>
  /** Line name, or '' for all lines. */
  readonly line: string
  /** Part of the cell's name, the text or the kind. */
  readonly search: string
}

export const openFilter: AlarmFilter = {
  scope: 'listed',
  priorities: new Set(PRIORITIES),
  line: '',
  search: '',
}

const IN_SCOPE: Readonly<Record<AlarmScope, (alarm: AlarmRecord) => boolean>> = {
  listed: isListed,
  unacknowledged: isUnacknowledged,
  shelved: alarm => alarm.shelved_until_ms > 0,
  suppressed: alarm => alarm.suppressed,
  'out-of-service': alarm => alarm.out_of_service,
  all: () => true,
}

/** How many alarms a scope holds, whatever the other filters. */
export function countInScope(alarms: Iterable<AlarmRecord>, scope: AlarmScope): number {
  return [...alarms].filter(IN_SCOPE[scope]).length
}

/** The alarms that pass, most urgent first. */
export function filterAlarms(
  alarms: Iterable<AlarmRecord>,
  filter: AlarmFilter,
): readonly AlarmRecord[] {
  const sought = filter.search.trim().toLowerCase()
  const passes = (alarm: AlarmRecord) =>
    IN_SCOPE[filter.scope](alarm) &&
    filter.priorities.has(alarm.priority) &&
    (filter.line === '' || alarm.line === filter.line) &&
    (sought === '' || `${alarm.cell} ${alarm.text} ${alarm.kind}`.toLowerCase().includes(sought))
  return [...alarms].filter(passes).sort(compareAlarms)
}
