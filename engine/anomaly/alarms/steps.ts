import type { AlarmRecord, LineDefinition } from '../../flow.ts'
import type { AlarmRule } from './catalog.ts'
import { type Entry, sourceName } from './entry.ts'
import type { IncidentGroups } from './incidents.ts'
import type { AlarmKpiCounter } from './kpis.ts'
import { type AlarmEvent, alarmState, innerState, NORMAL, reduceAlarm } from './reducer.ts'
import type { Suppression } from './suppression.ts'

/** What the parts of one line's alarm list share. */
export interface List {
  readonly definition: LineDefinition
  readonly rules: ReadonlyMap<string, AlarmRule>
  readonly entries: Map<string, Entry>
  readonly untrusted: Uint8Array // [cell]
  readonly changed: Map<string, AlarmRecord>
  readonly kpis: AlarmKpiCounter
  readonly groups: IncidentGroups
  readonly byDesign: Suppression
  readonly notKept: Uint32Array // [1]
}

/** Takes one step of the state table; false where the table refuses it. */
export function apply(
  list: List,
  entry: Entry,
  event: AlarmEvent,
  time_ms: number,
  change: Partial<AlarmRecord> = {},
): boolean {
  const before = entry.facts
  const step = reduceAlarm(before, event)
  if (step.refused) return false
  entry.facts = step.facts
  if (before.shelved_until_ms > 0 && step.facts.shelved_until_ms === 0) {
    list.kpis.unshelved(time_ms - entry.shelved_ms)
  }
  if (step.announced && entry.record) {
    entry.announced_ms = time_ms
    list.kpis.announced(sourceName(entry.record), entry.record.priority)
  }
  publish(list, entry, change)
  return true
}

/** Makes what the entry holds the next revision of its record. */
export function publish(list: List, entry: Entry, change: Partial<AlarmRecord>): void {
  entry.encoded = ''
  if (!entry.record) return
  const { active, acknowledged, latched, shelved_until_ms, suppressed, out_of_service } =
    entry.facts
  const { suppressed_by, out_of_service_by } = entry
  entry.record = {
    ...entry.record,
    ...change,
    ...{ active, acknowledged, latched, shelved_until_ms },
    ...{ suppressed, suppressed_by, out_of_service, out_of_service_by },
    revision: entry.record.revision + 1,
  }
  list.changed.delete(entry.record.id)
  list.changed.set(entry.record.id, entry.record)
}

/** Lets go of what is over; a shelf and a removal from service are kept over a normal state. */
export function forget(list: List, entry: Entry, time_ms: number): void {
  if (entry.condition || innerState(entry.facts) !== 'A') return
  if (entry.facts.suppressed) {
    entry.suppressed_by = ''
    apply(list, entry, { on: 'unsuppress' }, time_ms)
  }
  if (alarmState(entry.facts) === 'A') list.entries.delete(entry.key)
}

/** Closes an occurrence for those who hold its id; what hides it goes on with the next one. */
export function retire(list: List, entry: Entry, comment: string): void {
  const { facts, suppressed_by, out_of_service_by } = entry
  Object.assign(entry, { facts: NORMAL, suppressed_by: '', out_of_service_by: '' })
  publish(list, entry, { comment })
  Object.assign(entry, { facts, suppressed_by, out_of_service_by })
}
