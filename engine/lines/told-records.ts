import type { Advice, AlarmRecord, StoredEvent } from '../flow.ts'

interface Revised {
  readonly id: string
  readonly revision: number
}

/**
 * Records of a line with what was told of them and its view does not hold yet: events go out while
 * their chunk is being folded, and whoever was told of an alarm may acknowledge it at once.
 */
function withTold<T extends Revised>(
  held: readonly T[],
  told: readonly T[],
  isListed: (record: T) => boolean,
): readonly T[] {
  if (told.length === 0) return held
  const newest = new Map(told.map(record => [record.id, record])) // the last of each id
  for (const { id, revision } of held) {
    if (revision >= (newest.get(id)?.revision ?? 0)) newest.delete(id)
  }
  if (newest.size === 0) return held
  const listed = [...newest.values()].filter(isListed)
  return [...held.filter(({ id }) => !newest.has(id)), ...listed]
}

/** Alarms that are not in their normal state, with those told of early. */
export function alarmsWithTold(
  held: readonly AlarmRecord[],
  told: readonly StoredEvent[],
): readonly AlarmRecord[] {
  const records = told.flatMap(({ event }) => (event.channel === 'alarm' ? [event.body] : []))
  return withTold(held, records, isListed)
}

/** Recommendations, with those told of early. */
export function adviceWithTold(
  held: readonly Advice[],
  told: readonly StoredEvent[],
): readonly Advice[] {
  const records = told.flatMap(({ event }) => (event.channel === 'advice' ? [event.body] : []))
  return withTold(held, records, () => true)
}

function isListed(alarm: AlarmRecord): boolean {
  const { active, acknowledged, latched, shelved_until_ms, suppressed, out_of_service } = alarm
  return active || !acknowledged || latched || shelved_until_ms > 0 || suppressed || out_of_service
}
