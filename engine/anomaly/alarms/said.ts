import type { Decision, DecisionEntry, Role } from '../../flow.ts'
import type { Entry } from './entry.ts'
import { apply, forget, type List } from './steps.ts'

/** Longest a person may shelve an alarm: one shift. */
export const SHELVE_MAX_MS = 12 * 3600_000
const COMMENT_LENGTH_MAX = 500
/** Who may take an alarm out of service; the door asks too, and the log is the last word. */
const SERVICE_ROLES: readonly Role[] = ['engineer', 'developer']

type AlarmDecision = Extract<Decision, { on: 'alarm' }>

/** What a person said about an alarm; what the state table refuses changes nothing. */
export function takeDecision(list: List, said: DecisionEntry, time_ms: number): void {
  const { decision } = said
  if (decision.on !== 'alarm') return
  const entry = [...list.entries.values()].find(({ record }) => record?.id === decision.target)
  if (!entry) return
  act(list, entry, decision, said, time_ms)
  forget(list, entry, time_ms)
}

function act(
  list: List,
  entry: Entry,
  decision: AlarmDecision,
  said: DecisionEntry,
  time_ms: number,
): void {
  const comment = said.comment.slice(0, COMMENT_LENGTH_MAX)
  switch (decision.action) {
    case 'acknowledge':
      acknowledge(list, entry, said.subject, comment, time_ms)
      return
    case 'shelve': {
      if (!(decision.until_ms > time_ms)) return
      const until_ms = Math.min(decision.until_ms, time_ms + SHELVE_MAX_MS)
      const once = decision.once === true
      const isShelved = apply(list, entry, { on: 'shelve', until_ms, once }, time_ms, { comment })
      if (isShelved) entry.shelved_ms = time_ms
      return
    }
    case 'reset':
      apply(list, entry, { on: 'reset' }, time_ms, { comment })
      return
    case 'unshelve':
      apply(list, entry, { on: 'unshelve' }, time_ms, { comment })
      return
    case 'remove-from-service':
    case 'return-to-service':
      serve(list, entry, decision.action === 'remove-from-service', said, time_ms)
  }
}

function acknowledge(
  list: List,
  entry: Entry,
  subject: string,
  comment: string,
  time_ms: number,
): void {
  if (entry.facts.acknowledged) return
  const who = { acknowledged_ms: time_ms, acknowledged_by: subject, comment }
  const isTaken = apply(list, entry, { on: 'acknowledge' }, time_ms, who)
  if (isTaken && entry.announced_ms > 0) list.kpis.acknowledged(time_ms - entry.announced_ms)
}

function serve(
  list: List,
  entry: Entry,
  remove: boolean,
  { role, subject, comment }: DecisionEntry,
  time_ms: number,
): void {
  if (!SERVICE_ROLES.includes(role) || (remove && comment.trim() === '')) {
    list.kpis.unauthorised()
    entry.encoded = ''
    return
  }
  const before = entry.out_of_service_by
  entry.out_of_service_by = remove ? subject : ''
  const change = { comment: comment.slice(0, COMMENT_LENGTH_MAX) }
  const isTaken = apply(list, entry, { on: remove ? 'remove' : 'restore' }, time_ms, change)
  if (!isTaken) entry.out_of_service_by = before
}
