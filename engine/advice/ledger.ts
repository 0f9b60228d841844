import { createHash } from 'node:crypto'
import type { Advice, AdviceState, DecisionEntry } from '../flow.ts'
import type { Proposal } from './proposal.ts'

/** Decided or expired advice that is kept for people to look back at. */
const CLOSED_MAX = 200

/** All advice of a line; a plain JSON snapshot. */
export interface AdviceLedger {
  /** Opens advice; an open one of the same cell and class and direction stays. */
  propose(
    place: { readonly line: string; readonly cell: string },
    proposal: Proposal,
    time_ms: number,
    versions: Readonly<Record<string, string>>,
    inhibits: readonly string[],
  ): readonly Advice[]
  /** True while the class of a cell waits for its minimum interval after a decision. */
  resting(cell: string, setpoint: Advice['setpoint'], time_ms: number): boolean
  expire(time_ms: number): readonly Advice[]
  withdraw(cell: string, reason: string, time_ms: number): readonly Advice[]
  decide(entry: DecisionEntry, time_ms: number): readonly Advice[]
  current(): readonly Advice[]
  toJson(): unknown
  fromJson(json: unknown): void
}

export function adviceLedger(): AdviceLedger {
  let open: Advice[] = []
  let closed: Advice[] = [] // newest last
  const restUntil_ms = new Map<string, number>()
  const classKey = (cell: string, setpoint: string) => `${cell}/${setpoint}`

  const close = (advice: Advice, state: AdviceState, change: Partial<Advice> = {}): Advice => {
    const done: Advice = { ...advice, ...change, state, revision: advice.revision + 1 }
    open = open.filter(one => one.id !== advice.id)
    closed.push(done)
    if (closed.length > CLOSED_MAX) closed = closed.slice(-CLOSED_MAX)
    return done
  }

  return {
    propose(place, proposal, time_ms, versions, inhibits) {
      const before = open.find(one => one.cell === place.cell && one.setpoint === proposal.setpoint)
      if (before && sameAdvice(before, proposal)) return []
      const changed = before ? [close(before, 'SUPERSEDED')] : []
      const advice = adviceOf(place, proposal, time_ms, versions, inhibits)
      open.push(advice)
      return [...changed, advice]
    },
    resting: (cell, setpoint, time_ms) =>
      time_ms < (restUntil_ms.get(classKey(cell, setpoint)) ?? Number.NEGATIVE_INFINITY),
    expire: time_ms =>
      open.filter(one => one.valid_until_ms <= time_ms).map(one => close(one, 'EXPIRED')),
    withdraw: (cell, reason, time_ms) =>
      open
        .filter(one => one.cell === cell)
        .map(one => close(one, 'WITHDRAWN', { comment: reason, decided_ms: time_ms })),
    decide(entry, time_ms) {
      const { decision } = entry
      if (decision.on !== 'advice') return []
      const advice = open.find(one => one.id === decision.target)
      if (!advice) return []
      restUntil_ms.set(
        classKey(advice.cell, advice.setpoint),
        time_ms + 1000 * advice.interval_min_s,
      )
      const state = decision.action === 'approve' ? 'APPROVED' : 'REJECTED_BY_OPERATOR'
      return [
        close(advice, state, {
          decided_by: entry.subject,
          decided_ms: time_ms,
          comment: entry.comment,
        }),
      ]
    },
    current: () => [...open, ...[...closed].reverse()],
    toJson: () => ({ open, closed, restUntil_ms: [...restUntil_ms] }),
    fromJson(json) {
      const stored = json as {
        open: Advice[]
        closed: Advice[]
        restUntil_ms: [string, number][]
      }
      open = stored.open
      closed = stored.closed
      restUntil_ms.clear()
      for (const [key, until_ms] of stored.restUntil_ms) restUntil_ms.set(key, until_ms)
    },
  }
}

/** The same direction for the same setpoint: a person should not see the card change under hand. */
function sameAdvice(before: Advice, proposal: Proposal): boolean {
  return Math.sign(before.to - before.from) === Math.sign(proposal.to - proposal.from)
}

function adviceOf(
  place: { readonly line: string; readonly cell: string },
  proposal: Proposal,
  time_ms: number,
  versions: Readonly<Record<string, string>>,
  inhibits: readonly string[],
): Advice {
  const content = {
    id: `${place.line}/${place.cell}/${proposal.setpoint}/${time_ms}`,
    ...place,
    ...proposal,
    inhibits,
    // A copy: the versions in force may change, those of this advice may not.
    versions: { ...versions },
  }
  return {
    ...content,
    hash: createHash('sha256').update(JSON.stringify(content)).digest('hex'),
    created_ms: time_ms,
    valid_until_ms: time_ms + 1000 * proposal.interval_min_s,
    state: 'PENDING_APPROVAL',
    decided_by: '',
    decided_ms: 0,
    comment: '',
    revision: 1,
  }
}
