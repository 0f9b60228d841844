import type { AlarmIncident, AlarmRecord, AlarmSummary } from '#engine/flow.ts'

/** One place in the alarm list: an alarm by itself, or an incident with those of its members. */
export type AlarmPlace =
  | { readonly incident: undefined; readonly alarm: AlarmRecord }
  | { readonly incident: AlarmIncident; readonly members: readonly AlarmRecord[] }

/** "1 incident", "3 incidents". */
export function incidentsText(count: number): string {
  return `${count} ${count === 1 ? 'incident' : 'incidents'}`
}

/** Members from which an incident is folded into one row. */
const FOLDED_MIN = 2

/**
 * Folds the alarms of an incident into the place of the first of them in the list. Within it the
 * one that was raised first leads; every alarm is in exactly one place.
 */
export function groupAlarms(
  alarms: readonly AlarmRecord[],
  summaries: Iterable<AlarmSummary>,
): readonly AlarmPlace[] {
  const incidents = new Map<string, AlarmIncident>()
  for (const summary of summaries) {
    for (const incident of summary.incidents) incidents.set(incident.id, incident)
  }
  if (incidents.size === 0) return alarms.map(alarm => ({ incident: undefined, alarm }))
  const members = new Map<string, AlarmRecord[]>()
  for (const alarm of alarms) {
    if (!incidents.has(alarm.incident)) continue
    const known = members.get(alarm.incident)
    if (known) known.push(alarm)
    else members.set(alarm.incident, [alarm])
  }
  for (const own of members.values()) own.sort((a, b) => a.raised_ms - b.raised_ms)
  const told = new Set<string>()
  const places: AlarmPlace[] = []
  for (const alarm of alarms) {
    const incident = incidents.get(alarm.incident)
    const own = members.get(alarm.incident) ?? []
    if (!incident || own.length < FOLDED_MIN) places.push({ incident: undefined, alarm })
    else if (!told.has(incident.id)) places.push({ incident, members: own })
    told.add(alarm.incident)
  }
  return places
}
