import { assert } from '../../core/assert.ts'
import type {
  AlarmRecord,
  AlarmSummary,
  DecisionEntry,
  LineDefinition,
  LineFrame,
} from '../../flow.ts'
import { type Finding, findingId } from '../finding.ts'
import type { Stateful } from '../state.ts'
import { type AlarmRule, alarmCatalog } from './catalog.ts'
import { type Entry, newEntry, newRecord } from './entry.ts'
import { incidentGroups, type Standing } from './incidents.ts'
import { alarmKpis, type ListCounts } from './kpis.ts'
import { enabledRules } from './rationale.ts'
import { alarmState, innerState } from './reducer.ts'
import { takeDecision } from './said.ts'
import { apply, forget, type List, publish, retire } from './steps.ts'
import { potlineSuppression, suppression } from './suppression.ts'

/** Most alarms a line keeps; when full, the oldest that has returned gives way. */
export const ALARMS_MAX = 4000
/** Standing for longer is stale. */
export const STALE_MS = 24 * 3600_000
/** Layout of the stored state. */
const STATE = 'alarms/2'
/** Reason shown while a twin is not trusted. */
export const UNTRUSTED = 'twin not trusted'

/** Turns conditions into alarms by the catalogue, the delays and the ISA-18.2 table. */
export interface AlarmList extends Stateful {
  /** A condition began or ended; kinds outside the catalogue stay events. */
  condition(finding: Finding): void
  /** Lets what suppresses by design see the tick; before `advance`. */
  observe(frame: LineFrame): void
  /** Lets the delays, shelves and suppressions run to this event time. */
  advance(time_ms: number): void
  /** New alarms of a cell that rest on a twin that is not trusted are suppressed. */
  trust(cell: number, trusted: boolean): void
  decide(entry: DecisionEntry, time_ms: number): void
  /** Conditions that stand, also those whose alarm is still delayed. */
  standing(): readonly Pick<Finding, 'cell' | 'tagIndex' | 'kind'>[]
  /** Records that changed since the last call, each once, in order of change. */
  changes(): readonly AlarmRecord[]
  /** Active, unacknowledged, latched, shelved, suppressed alarms, and those out of service. */
  current(): readonly AlarmRecord[]
  summary(): AlarmSummary
}

const NO_RECORDS: readonly AlarmRecord[] = []

/** The alarm list of one line. */
export function alarmList(
  definition: LineDefinition,
  catalog: Readonly<Record<string, AlarmRule>> = alarmCatalog,
): AlarmList {
  const list: List = {
    definition,
    rules: enabledRules(catalog),
    entries: new Map(),
    untrusted: new Uint8Array(definition.cells.length),
    changed: new Map(),
    kpis: alarmKpis(),
    groups: incidentGroups(definition),
    byDesign: suppression(definition, definition.kind === 'potline' ? potlineSuppression : []),
    notKept: new Uint32Array(1),
  }
  const { entries, changed, kpis, groups, byDesign } = list
  return {
    condition: finding => takeCondition(list, finding),
    observe: frame => byDesign.tick(frame),
    advance: time_ms => advance(list, time_ms),
    trust(cell, trusted) {
      list.untrusted[cell] = trusted ? 0 : 1
    },
    decide(said, time_ms) {
      kpis.advance(time_ms)
      takeDecision(list, said, time_ms)
    },
    standing: () => [...entries.values()].filter(({ condition }) => condition),
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
    summary() {
      return {
        flood_since_ms: kpis.flood_since_ms(),
        incidents: groups.shown(standing(entries)),
        kpis: kpis.report(countsOf(list, kpis.time_ms())),
      }
    },
    save: out => save(list, out),
    load: from => load(list, from),
  }
}

const NO_COUNTS: ListCounts = {
  stale: 0,
  shelved: 0,
  suppressed: 0,
  out_of_service: 0,
  not_kept: 0,
}

function save({ untrusted, notKept, entries, kpis, groups, byDesign }: List, out: StateOut): void {
  out.text(STATE)
  out.array(untrusted)
  out.array(notKept)
  const parts: string[] = []
  for (const entry of entries.values()) {
    if (entry.encoded === '') entry.encoded = JSON.stringify({ ...entry, encoded: undefined })
    parts.push(entry.encoded)
  }
  out.text(`[${parts.join(',')}]`)
  for (const part of [kpis, groups, byDesign]) part.save(out)
}
type StateOut = Parameters<Stateful['save']>[0]

function load(list: List, from: Parameters<Stateful['load']>[0]): void {
  assert(from.text() === STATE, 'the stored alarms are of this version')
  from.array(list.untrusted)
  from.array(list.notKept)
  list.entries.clear()
  list.changed.clear()
  for (const saved of JSON.parse(from.text()) as Omit<Entry, 'encoded'>[]) {
    // Over a fresh entry, so that the order of keys and with it the next bytes stay equal.
    list.entries.set(saved.key, { ...newEntry(saved.key, saved), ...saved })
  }
  for (const part of [list.kpis, list.groups, list.byDesign]) part.load(from)
}

function advance(list: List, time_ms: number): void {
  const { entries, kpis, groups } = list
  kpis.advance(time_ms)
  for (const entry of entries.values()) {
    // What is over by now is not announced first.
    settle(list, entry, time_ms)
    const until_ms = entry.facts.shelved_until_ms
    if (until_ms > 0 && time_ms >= until_ms) {
      apply(list, entry, { on: 'unshelve' }, time_ms)
      forget(list, entry, time_ms)
    }
    const { realarm_ms } = list.rules.get(entry.kind)!
    const isDue = realarm_ms > 0 && time_ms >= entry.announced_ms + realarm_ms
    if (isDue && alarmState(entry.facts) === 'C') apply(list, entry, { on: 'realarm' }, time_ms)
  }
  groups.settle(time_ms, kpis.flood_since_ms() > 0, standing(entries))
}

function takeCondition(list: List, finding: Finding): void {
  if (!list.rules.has(finding.kind)) return
  const { time_ms } = finding
  list.kpis.advance(time_ms)
  const key = `${finding.cell}/${finding.tagIndex}/${finding.kind}`
  let entry = list.entries.get(key)
  if (!entry) {
    if (!finding.active || !makeRoom(list, time_ms)) return
    entry = newEntry(key, finding)
    list.entries.set(key, entry)
  }
  if (entry.condition !== finding.active) {
    entry.condition = finding.active
    entry.since_ms = time_ms
  }
  if (finding.active) {
    entry.id = findingId(list.definition, finding)
    const isNews = entry.text !== finding.text
    entry.text = finding.text
    entry.causes = finding.causes
    // What was found out since, such as which feeder, belongs on the alarm that stands.
    if (isNews && entry.facts.active) {
      publish(list, entry, { text: finding.text, causes: finding.causes })
    }
  }
  entry.encoded = ''
  settle(list, entry, time_ms)
}

/** Suppresses by design, and raises or returns the alarm once its condition held for the delay. */
function settle(list: List, entry: Entry, time_ms: number): void {
  const rule = list.rules.get(entry.kind)!
  const held_ms = time_ms - entry.since_ms
  if (!entry.condition && entry.facts.active && held_ms >= rule.off_delay_ms) {
    const { facts, announced_ms } = entry
    if (announced_ms > 0) list.kpis.returned(time_ms - announced_ms, facts.acknowledged)
    apply(list, entry, { on: 'return', latching: rule.latching }, time_ms, { returned_ms: time_ms })
  }
  const isDue = entry.condition && !entry.facts.active && held_ms >= rule.on_delay_ms
  if (isDue || innerState(entry.facts) !== 'A') suppressByDesign(list, entry, isDue, time_ms)
  if (isDue) raise(list, entry, time_ms)
  forget(list, entry, time_ms)
}

function suppressByDesign(list: List, entry: Entry, isNew: boolean, time_ms: number): void {
  const { kind, cell, facts } = entry
  let reason = list.byDesign.rule(kind, cell, time_ms)
  if (reason === '' && list.rules.get(kind)!.needs_twin && list.untrusted[cell] === 1) {
    // What was announced while the twin was trusted is not silenced.
    if (isNew || entry.suppressed_by !== '') reason = UNTRUSTED
  }
  if (reason === entry.suppressed_by) return
  entry.suppressed_by = reason
  if (reason !== '' && facts.suppressed) publish(list, entry, {})
  else apply(list, entry, { on: reason === '' ? 'unsuppress' : 'suppress' }, time_ms)
}

function raise(list: List, entry: Entry, time_ms: number): void {
  const before = innerState(entry.facts)
  if (before === 'A' || before === 'D' || !entry.record) {
    // Its own id is no longer known here: nothing may hide it for ever.
    if (alarmState(entry.facts) !== 'A') retire(list, entry, 'followed by a new occurrence')
    const record = newRecord(list.definition, list.rules.get(entry.kind)!, entry, time_ms)
    entry.record = { ...record, incident: list.groups.join(record, entry.cell) }
    entry.announced_ms = 0
  }
  apply(list, entry, { on: 'condition' }, time_ms, { returned_ms: 0 })
}

function makeRoom(list: List, time_ms: number): boolean {
  if (list.entries.size < ALARMS_MAX) return true
  for (const entry of list.entries.values()) {
    if (entry.condition || alarmState(entry.facts) !== 'D') continue
    retire(list, entry, 'dropped: the alarm list is full')
    list.entries.delete(entry.key)
    return true
  }
  list.notKept[0]!++
  list.kpis.advance(time_ms)
  return false
}

/** What of each group is not over. */
function standing(entries: ReadonlyMap<string, Entry>): ReadonlyMap<string, Standing> {
  const groups = new Map<string, Standing>()
  for (const { record, facts } of entries.values()) {
    if (!record || record.incident === '' || alarmState(facts) === 'A') continue
    const group = groups.get(record.incident) ?? { alarms: 0, unacknowledged: 0 }
    group.alarms++
    if (!facts.acknowledged) group.unacknowledged++
    groups.set(record.incident, group)
  }
  return groups
}

function countsOf({ entries, notKept }: List, time_ms: number): ListCounts {
  const counts = { ...NO_COUNTS, not_kept: notKept[0]! }
  for (const { record, facts } of entries.values()) {
    const state = alarmState(facts)
    if (state === 'G') counts.shelved++
    else if (state === 'H') counts.suppressed++
    else if (state === 'I') counts.out_of_service++
    else if (facts.active && record && time_ms - record.raised_ms > STALE_MS) counts.stale++
  }
  return counts
}
