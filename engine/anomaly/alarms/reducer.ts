/** The facts of one alarm from which its ISA-18.2 state follows. */
export interface AlarmFacts {
  readonly active: boolean
  readonly acknowledged: boolean
  readonly latched: boolean
  readonly shelved_until_ms: number // 0: not shelved
}

/** ISA-18.2 states: normal, unacknowledged, acknowledged, returned, latched (2), shelved. */
export type AlarmState = 'A' | 'B' | 'C' | 'D' | 'E' | 'F' | 'G'

export type AlarmEvent =
  | { readonly on: 'condition' } // true for the on-delay
  | { readonly on: 'return'; readonly latching: boolean } // false for the off-delay
  | { readonly on: 'acknowledge' }
  | { readonly on: 'reset' }
  | { readonly on: 'realarm' }
  | { readonly on: 'shelve'; readonly until_ms: number }
  | { readonly on: 'unshelve' } // by a person or by its timer

export interface AlarmStep {
  readonly facts: AlarmFacts
  /** True when this begins a new occurrence with its own id. */
  readonly occurrence: boolean
  /** The event is not allowed in this state. */
  readonly refused: boolean
}

/** No occurrence: nothing active, nothing to acknowledge. */
export const NORMAL: AlarmFacts = {
  active: false,
  acknowledged: true,
  latched: false,
  shelved_until_ms: 0,
}

/** The letter of ISA-18.2 for these facts; shelving covers what is inside. */
export function alarmState(facts: AlarmFacts): AlarmState {
  return facts.shelved_until_ms > 0 ? 'G' : innerState(facts)
}

function innerState(facts: AlarmFacts): Exclude<AlarmState, 'G'> {
  if (facts.active) return facts.acknowledged ? 'C' : 'B'
  if (facts.latched) return facts.acknowledged ? 'F' : 'E'
  return facts.acknowledged ? 'A' : 'D'
}

const keep = (facts: AlarmFacts): AlarmStep => ({ facts, occurrence: false, refused: false })
const refuse = (facts: AlarmFacts): AlarmStep => ({ facts, occurrence: false, refused: true })

/** One step of the alarm state table; pure. */
export function reduceAlarm(facts: AlarmFacts, event: AlarmEvent): AlarmStep {
  const shelved = facts.shelved_until_ms > 0
  const inner = innerState(facts)
  switch (event.on) {
    case 'condition':
      return onCondition(facts, inner)
    case 'return':
      if (!facts.active) return keep(facts)
      return keep({ ...facts, active: false, latched: event.latching })
    case 'acknowledge':
      if (shelved) return refuse(facts)
      return keep({ ...facts, acknowledged: true })
    case 'reset':
      if (shelved || inner !== 'F') return refuse(facts)
      return keep({ ...facts, latched: false })
    case 'realarm':
      if (shelved || !facts.active) return refuse(facts)
      return keep({ ...facts, acknowledged: false })
    case 'shelve':
      if (shelved) return refuse(facts)
      return keep({ ...facts, shelved_until_ms: event.until_ms })
    case 'unshelve':
      if (!shelved) return refuse(facts)
      // What is still active is announced again.
      return keep({
        ...facts,
        acknowledged: facts.active ? false : facts.acknowledged,
        shelved_until_ms: 0,
      })
  }
}

function onCondition(facts: AlarmFacts, inner: Exclude<AlarmState, 'G'>): AlarmStep {
  if (inner === 'B' || inner === 'C') return keep(facts)
  const raised = { ...facts, active: true, acknowledged: false, latched: false }
  return { facts: raised, occurrence: inner === 'A' || inner === 'D', refused: false }
}
