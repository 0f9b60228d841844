import type { AlarmPriority, AlarmRecord } from '#engine/flow.ts'
import { sentence } from './format.ts'

/** Priorities from the most urgent; the number is shown beside colour and shape. */
export const PRIORITIES: readonly AlarmPriority[] = ['critical', 'high', 'medium', 'low']

/** 1 for critical to 4 for low. */
export function priorityNumber(priority: AlarmPriority): number {
  return PRIORITIES.indexOf(priority) + 1
}

/** The ISA-18.2 state in words. */
export function stateText(alarm: AlarmRecord): string {
  if (alarm.out_of_service) return 'Out of service'
  if (alarm.suppressed) return 'Suppressed'
  if (alarm.shelved_until_ms > 0) return 'Shelved'
  if (alarm.active) return alarm.acknowledged ? 'Active, acknowledged' : 'Active, unacknowledged'
  if (alarm.latched) return alarm.acknowledged ? 'Latched, acknowledged' : 'Latched, unacknowledged'
  return alarm.acknowledged ? 'Normal' : 'Returned, unacknowledged'
}

/** The alarm's text as a sentence in the units of the page; a tag's name stays as it is. */
export function alarmText({ tag, text }: AlarmRecord): string {
  const plain = text.replaceAll('uOhm', 'µΩ')
  return tag !== '' && plain.startsWith(tag) ? plain : sentence(plain)
}

/** What the alarm is, and the detail behind the first colon, which may be ''. */
export function alarmParts(alarm: AlarmRecord): readonly [what: string, detail: string] {
  const text = alarmText(alarm)
  const at = text.indexOf(': ')
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 2)]
}

/** True where the alarm's own words say the cause already. */
export function isSaid(alarm: AlarmRecord, cause: string): boolean {
  return alarm.text.toLowerCase().includes(cause.toLowerCase())
}

/** True for what is shelved, suppressed by design or out of service. */
export function isHidden(alarm: AlarmRecord): boolean {
  return alarm.out_of_service || alarm.suppressed || alarm.shelved_until_ms > 0
}

/** True for what the operator's list shows by itself. */
export function isListed(alarm: AlarmRecord): boolean {
  if (isHidden(alarm)) return false
  return alarm.active || !alarm.acknowledged || alarm.latched
}

/** True while somebody should look and acknowledge. */
export function isUnacknowledged(alarm: AlarmRecord): boolean {
  return isListed(alarm) && !alarm.acknowledged
}

/** True once the alarm needs no more place in memory. */
export function isFinished(alarm: AlarmRecord): boolean {
  return !alarm.active && alarm.acknowledged && !alarm.latched && !isHidden(alarm)
}

/** Unacknowledged first, then priority, then the newest. */
export function compareAlarms(a: AlarmRecord, b: AlarmRecord): number {
  const unacknowledged = Number(isUnacknowledged(b)) - Number(isUnacknowledged(a))
  if (unacknowledged !== 0) return unacknowledged
  const priority = priorityNumber(a.priority) - priorityNumber(b.priority)
  if (priority !== 0) return priority
  return b.raised_ms - a.raised_ms || (a.id < b.id ? -1 : 1)
}

export interface PriorityCount {
  readonly priority: AlarmPriority
  readonly listed: number
  readonly unacknowledged: number
}

/** Listed and unacknowledged alarms by priority. */
export function countByPriority(alarms: Iterable<AlarmRecord>): readonly PriorityCount[] {
  const listed = [0, 0, 0, 0]
  const unacknowledged = [0, 0, 0, 0]
  for (const alarm of alarms) {
    if (!isListed(alarm)) continue
    const at = priorityNumber(alarm.priority) - 1
    listed[at]!++
    if (isUnacknowledged(alarm)) unacknowledged[at]!++
  }
  return PRIORITIES.map((priority, i) => ({
    priority,
    listed: listed[i]!,
    unacknowledged: unacknowledged[i]!,
  }))
}

/** The newest unacknowledged alarm of the highest priority that has one. */
export function mostUrgent(alarms: Iterable<AlarmRecord>): AlarmRecord | undefined {
  let best: AlarmRecord | undefined
  for (const alarm of alarms)
    if (isUnacknowledged(alarm) && (!best || compareAlarms(alarm, best) < 0)) best = alarm
  return best
}

/** The most urgent listed alarm per cell name, for the map. */
export function worstByCell(
  alarms: Iterable<AlarmRecord>,
  line: string,
): ReadonlyMap<string, AlarmRecord> {
  const worst = new Map<string, AlarmRecord>()
  for (const alarm of alarms) {
    if (alarm.line !== line || !isListed(alarm)) continue
    const known = worst.get(alarm.cell)
    if (!known || compareAlarms(alarm, known) < 0) worst.set(alarm.cell, alarm)
  }
  return worst
}
