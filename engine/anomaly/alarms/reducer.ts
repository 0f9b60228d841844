/** The facts of one alarm from which its ISA-18.2 state follows. */
export interface AlarmFacts {
  readonly active: boolean
  readonly acknowledged: boolean
  readonly latched: boolean
  readonly shelved_until_ms: number // 0: not shelved
  /** The shelf ends at the return to normal, even before its time. */
  readonly shelved_once: boolean
  /** Suppressed by design. */
  readonly suppressed: boolean
  readonly out_of_service: boolean
}

/**
 * ISA-18.2 states: normal, unacknowledged, acknowledged, returned unacknowledged, latched (E, F),
 * shelved, suppressed by design, out of service.
 */
export type AlarmState = InnerState | 'G' | 'H' | 'I'

/** What stands behind a shelf, a suppression or a removal from service. */
export type InnerState = 'A' | 'B' | 'C' | 'D' | 'E' | 'F'

export type AlarmEvent =
  | { readonly on: 'condition' } // true for the on-delay
  | { readonly on: 'return'; readonly latching: boolean } // false for the off-delay
  | { readonly on: 'acknowledge' }
  | { readonly on: 'reset' }
  | { readonly on: 'realarm' }
  | { readonly on: 'shelve'; readonly until_ms: number; readonly once: boolean }
  | { readonly on: 'unshelve' } // by a person or by its timer
  | { readonly on: 'suppress' }
  | { readonly on: 'unsuppress' }
  | { readonly on: 'remove' } // from service
  | { readonly on: 'restore' } // to service

export interface AlarmStep {
  readonly facts: AlarmFacts
  /** True when this begins a new occurrence with its own id. */
  readonly occurrence: boolean
  /** True when the operator is called: the alarm came to be active and unacknowledged, in sight. */
  readonly announced: boolean
  /** The event is not allowed in this state. */
  readonly refused: boolean
}

/** No occurrence: nothing active, nothing to acknowledge. */
export const NORMAL: AlarmFacts = {
  active: false,
  acknowledged: true,
  latched: false,
  shelved_until_ms: 0,
  shelved_once: false,
  suppressed: false,
  out_of_service: false,
}

/** The letter of ISA-18.2 for these facts; what hides the alarm covers what is inside. */
export function alarmState(facts: AlarmFacts): AlarmState {
  if (facts.out_of_service) return 'I'
  if (facts.suppressed) return 'H'
  return facts.shelved_until_ms > 0 ? 'G' : innerState(facts)
}

/** The letter without shelf, suppression and service. */
export function innerState(facts: AlarmFacts): InnerState {
  if (facts.active) return facts.acknowledged ? 'C' : 'B'
  if (facts.latched) return facts.acknowledged ? 'F' : 'E'
  return facts.acknowledged ? 'A' : 'D'
}

const isHidden = (facts: AlarmFacts): boolean =>
  facts.out_of_service || facts.suppressed || facts.shelved_until_ms > 0

/** One step of the alarm state table; pure. */
export function reduceAlarm(facts: AlarmFacts, event: AlarmEvent): AlarmStep {
  const next = nextFacts(facts, event)
  if (!next) return { facts, occurrence: false, announced: false, refused: true }
  const before = innerState(facts)
  const occurrence = event.on === 'condition' && (before === 'A' || before === 'D')
  const called = alarmState(next) === 'B' && (occurrence || alarmState(facts) !== 'B')
  const again = event.on === 'realarm'
  return { facts: next, occurrence, announced: called || again, refused: false }
}

/** The facts after the event, or undefined where the table refuses it. */
function nextFacts(facts: AlarmFacts, event: AlarmEvent): AlarmFacts | undefined {
  switch (event.on) {
    case 'condition':
      return facts.active ? facts : { ...facts, active: true, acknowledged: false, latched: false }
    case 'return':
      if (!facts.active) return facts
      return {
        ...(facts.shelved_once ? unshelved(facts) : facts),
        ...{ active: false, latched: event.latching },
      }
    case 'acknowledge':
    case 'reset':
    case 'realarm':
    case 'shelve':
      return isHidden(facts) ? undefined : afterPerson(facts, event)
    case 'unshelve':
      return facts.shelved_until_ms > 0 ? shownAgain(unshelved(facts)) : undefined
    case 'suppress':
      return facts.suppressed ? undefined : { ...facts, suppressed: true }
    case 'unsuppress':
      return facts.suppressed ? shownAgain({ ...facts, suppressed: false }) : undefined
    case 'remove':
      return facts.out_of_service ? undefined : { ...facts, out_of_service: true }
    case 'restore':
      return facts.out_of_service ? shownAgain({ ...facts, out_of_service: false }) : undefined
  }
}

type InSight = Extract<AlarmEvent, { on: 'acknowledge' | 'reset' | 'realarm' | 'shelve' }>

/** What is only done to an alarm in sight. */
function afterPerson(facts: AlarmFacts, event: InSight): AlarmFacts | undefined {
  switch (event.on) {
    case 'acknowledge':
      return { ...facts, acknowledged: true }
    case 'reset':
      return innerState(facts) === 'F' ? { ...facts, latched: false } : undefined
    case 'realarm':
      return facts.active ? { ...facts, acknowledged: false } : undefined
    case 'shelve':
      return { ...facts, shelved_until_ms: event.until_ms, shelved_once: event.once }
  }
}

const unshelved = (facts: AlarmFacts): AlarmFacts => ({
  ...facts,
  shelved_until_ms: 0,
  shelved_once: false,
})

/** What is still active when it comes back into sight is announced again. */
const shownAgain = (facts: AlarmFacts): AlarmFacts =>
  facts.active ? { ...facts, acknowledged: false } : facts
