import type { AlarmRecord, Cause, DecisionEntry, LineDefinition } from '../../flow.ts'
import { cellName, type Finding, findingId, tagName } from '../finding.ts'
import type { Stateful } from '../state.ts'
import { type AlarmRule, alarmCatalog } from './catalog.ts'
import { type AlarmEvent, type AlarmFacts, alarmState, NORMAL, reduceAlarm } from './reducer.ts'

/** Most alarms a line keeps; when full, the oldest that has returned gives way. */
export const ALARMS_MAX = 1000
/** Longest a person may shelve an alarm: one shift. */
export const SHELVE_MAX_MS = 8 * 3600_000
const COMMENT_LENGTH_MAX = 500

/** Turns conditions into alarms by the catalogue, the delays and the ISA-18.2 table. */
export interface AlarmList extends Stateful {
  /** A condition began or ended; kinds outside the catalogue stay events. */
  condition(finding: Finding): void
  /** Lets the delays and shelves run to this event time. */
  advance(time_ms: number): void
  /** Cells whose twin is not trusted raise no new alarm that rests on it. */
  trust(cell: number, trusted: boolean): void
  decide(entry: DecisionEntry, time_ms: number): void
  /** Records that changed since the last call, each once, in order of change. */
  changes(): readonly AlarmRecord[]
  /** Active, unacknowledged, latched and shelved alarms. */
  current(): readonly AlarmRecord[]
}

interface Entry {
  readonly key: string
  readonly kind: string
  readonly cell: number
  readonly tagIndex: number
  condition: boolean
  /** When the condition last changed. */
  since_ms: number
  facts: AlarmFacts
  /** Of the condition that is pending or stands. */
  id: string
  text: string
  causes: readonly Cause[]
  /** Of the last occurrence; undefined before the on-delay has passed. */
  record: AlarmRecord | undefined
  encoded: string
}

interface List {
  readonly definition: LineDefinition
  readonly entries: Map<string, Entry>
  readonly untrusted: Uint8Array // [cell]
  readonly changed: Map<string, AlarmRecord>
}

const NO_RECORDS: readonly AlarmRecord[] = []

/** The alarm list of one line. */
export function alarmList(definition: LineDefinition): AlarmList {
  const untrusted = new Uint8Array(definition.cells.length)
  const list: List = { definition, entries: new Map(), untrusted, changed: new Map() }
  const { entries, changed } = list
  return {
    condition: finding => takeCondition(list, finding),
    advance(time_ms) {
      for (const entry of entries.values()) {
        const until_ms = entry.facts.shelved_until_ms
        if (until_ms > 0 && time_ms >= until_ms) apply(list, entry, { on: 'unshelve' }, {})
        settle(list, entry, time_ms)
      }
    },
    trust(cell, trusted) {
      untrusted[cell] = trusted ? 0 : 1
    },
    decide: (entry, time_ms) => takeDecision(list, entry, time_ms),
    changes() {
      if (changed.size === 0) return NO_RECORDS
      const records = [...changed.values()]
      changed.clear()
      return records
    },
    current() {
      const records: AlarmRecord[] = []
      for (const { record, facts } of entries.values()) {
        if (record && alarmState(facts) !== 'A') records.push(record)
      }
      return records
    },
    save(out) {
      out.array(untrusted)
      const parts: string[] = []
      for (const entry of entries.values()) {
        if (entry.encoded === '') entry.encoded = JSON.stringify({ ...entry, encoded: undefined })
        parts.push(entry.encoded)
      }
      out.text(`[${parts.join(',')}]`)
    },
    load(from) {
      from.array(untrusted)
      entries.clear()
      changed.clear()
      for (const saved of JSON.parse(from.text()) as Omit<Entry, 'encoded'>[]) {
        // Over a fresh entry, so that the order of keys and with it the next bytes stay equal.
        entries.set(saved.key, { ...newEntry(saved.key, saved), ...saved })
      }
    },
  }
}

const ruleOf = (kind: string): AlarmRule => alarmCatalog[kind]!

function takeCondition(list: List, finding: Finding): void {
  if (!Object.hasOwn(alarmCatalog, finding.kind)) return
  const key = `${finding.cell}/${finding.tagIndex}/${finding.kind}`
  let entry = list.entries.get(key)
  if (!entry) {
    if (!finding.active || !makeRoom(list)) return
    entry = newEntry(key, finding)
    list.entries.set(key, entry)
  }
  if (entry.condition !== finding.active) {
    entry.condition = finding.active
    entry.since_ms = finding.time_ms
  }
  if (finding.active) {
    entry.id = findingId(list.definition, finding)
    entry.text = finding.text
    entry.causes = finding.causes
  }
  entry.encoded = ''
  settle(list, entry, finding.time_ms)
}

/** Raises or returns the alarm once its condition has held for the delay. */
function settle(list: List, entry: Entry, time_ms: number): void {
  const rule = ruleOf(entry.kind)
  const held_ms = time_ms - entry.since_ms
  if (entry.condition && !entry.facts.active) {
    const blind = rule.needs_twin && entry.cell >= 0 && list.untrusted[entry.cell] === 1
    if (!blind && held_ms >= rule.on_delay_ms) raise(list, entry, time_ms)
  } else if (!entry.condition && entry.facts.active && held_ms >= rule.off_delay_ms) {
    entry.facts = reduceAlarm(entry.facts, { on: 'return', latching: rule.latching }).facts
    publish(list, entry, { returned_ms: time_ms })
  }
  forget(list, entry)
}

function raise(list: List, entry: Entry, time_ms: number): void {
  const step = reduceAlarm(entry.facts, { on: 'condition' })
  if (step.occurrence) retire(list, entry, 'followed by a new occurrence')
  entry.facts = step.facts
  if (step.occurrence || !entry.record) entry.record = newRecord(list, entry, time_ms)
  publish(list, entry, { returned_ms: 0 })
}

/** Closes an unacknowledged occurrence for those who hold its id. */
function retire(list: List, entry: Entry, comment: string): void {
  if (!entry.record || entry.record.acknowledged) return
  const { facts } = entry
  entry.facts = NORMAL
  publish(list, entry, { comment })
  entry.facts = facts
}

function publish(list: List, entry: Entry, change: Partial<AlarmRecord>): void {
  if (!entry.record) return
  const { active, acknowledged, latched, shelved_until_ms } = entry.facts
  entry.record = {
    ...entry.record,
    ...change,
    ...{ active, acknowledged, latched, shelved_until_ms },
    revision: entry.record.revision + 1,
  }
  entry.encoded = ''
  list.changed.delete(entry.record.id)
  list.changed.set(entry.record.id, entry.record)
}

function forget(list: List, entry: Entry): void {
  if (!entry.condition && alarmState(entry.facts) === 'A') list.entries.delete(entry.key)
}

function apply(list: List, entry: Entry, event: AlarmEvent, change: Partial<AlarmRecord>): void {
  const step = reduceAlarm(entry.facts, event)
  if (step.refused) return
  entry.facts = step.facts
  publish(list, entry, change)
}

function makeRoom(list: List): boolean {
  if (list.entries.size < ALARMS_MAX) return true
  for (const entry of list.entries.values()) {
    if (entry.condition || alarmState(entry.facts) !== 'D') continue
    retire(list, entry, 'dropped: the alarm list is full')
    list.entries.delete(entry.key)
    return true
  }
  return false
}

function takeDecision(list: List, said: DecisionEntry, time_ms: number): void {
  const { decision, subject } = said
  if (decision.on !== 'alarm') return
  const entry = [...list.entries.values()].find(({ record }) => record?.id === decision.target)
  if (!entry) return
  const comment = said.comment.slice(0, COMMENT_LENGTH_MAX)
  if (decision.action === 'acknowledge') {
    if (entry.facts.acknowledged && !entry.facts.latched) return
    const on = alarmState(entry.facts) === 'F' ? 'reset' : 'acknowledge'
    const who = { acknowledged_ms: time_ms, acknowledged_by: subject }
    apply(list, entry, { on }, { ...who, comment })
  } else if (decision.action === 'unshelve') {
    apply(list, entry, { on: 'unshelve' }, { comment })
  } else if (decision.until_ms > time_ms) {
    const until_ms = Math.min(decision.until_ms, time_ms + SHELVE_MAX_MS)
    apply(list, entry, { on: 'shelve', until_ms }, { comment })
  }
  forget(list, entry)
}

function newEntry(
  key: string,
  { kind, cell, tagIndex }: Pick<Finding, 'kind' | 'cell' | 'tagIndex'>,
): Entry {
  return {
    ...{ key, kind, cell, tagIndex },
    condition: false,
    since_ms: 0,
    facts: NORMAL,
    id: '',
    text: '',
    causes: [],
    record: undefined,
    encoded: '',
  }
}

function newRecord(list: List, entry: Entry, raised_ms: number): AlarmRecord {
  const rule = ruleOf(entry.kind)
  return {
    id: entry.id,
    line: list.definition.line,
    cell: cellName(list.definition, entry.cell),
    tag: tagName(list.definition, entry.tagIndex),
    kind: entry.kind,
    priority: rule.priority,
    text: entry.text,
    causes: entry.causes,
    response: rule.response,
    active: true,
    acknowledged: false,
    latched: false,
    shelved_until_ms: 0,
    suppressed: false,
    raised_ms,
    returned_ms: 0,
    acknowledged_ms: 0,
    acknowledged_by: '',
    comment: '',
    revision: 0,
  }
}
