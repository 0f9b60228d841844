import type {
  AlarmIncident,
  AlarmPriority,
  AlarmRecord,
  Cause,
  LineDefinition,
} from '../../flow.ts'
import type { Stateful } from '../state.ts'
import { FLOOD_WINDOW_MS } from './flood.ts'

/** Groups that are kept at once; an alarm that finds no place stands by itself. */
export const INCIDENTS_MAX = 200
/** Causes that one group remembers. */
export const CAUSES_MAX = 20
/** The same kind on another cell, or anything after an alarm of the whole line, belongs together. */
export const COMMON_CAUSE_MS = 60_000
/** What follows on the same cell belongs together for this long. */
export const SAME_CELL_MS = FLOOD_WINDOW_MS

const ORDER: readonly AlarmPriority[] = ['low', 'medium', 'high', 'critical']

/** A group in the making; its id is that of its first alarm. */
interface Group {
  readonly id: string
  /** Of the first alarm, -1 for the line. */
  readonly first: number
  readonly cell: string
  readonly tag: string
  readonly kind: string
  readonly text: string
  readonly started_ms: number
  last_ms: number
  priority: AlarmPriority
  alarms: number
  /** True once a flood showed it: it stays until its members are over. */
  shown: boolean
  readonly cells: Set<number>
  readonly kinds: Map<string, number>
  readonly causes: Map<string, number>
  encoded: string
}

/** What of a group is not over, counted over the list. */
export interface Standing {
  alarms: number
  unacknowledged: number
}

/** Groups alarms as they come; they are shown as incidents while there is a flood. */
export interface IncidentGroups extends Stateful {
  /** The id of the group that a new alarm joins: its own when it opens one, '' with no place. */
  join(record: AlarmRecord, cell: number): string
  /** Keeps what a flood shows; drops what is over. `standing` counts by group. */
  settle(time_ms: number, isFlood: boolean, standing: ReadonlyMap<string, Standing>): void
  shown(standing: ReadonlyMap<string, Standing>): readonly AlarmIncident[]
}

/** First-out grouping by cell and by cause. */
export function incidentGroups(definition: LineDefinition): IncidentGroups {
  const groups = new Map<string, Group>()
  return {
    join(record, cell) {
      const known = groupFor(groups, record, cell)
      if (!known && groups.size >= INCIDENTS_MAX) return ''
      const group = known ?? newGroup(record, cell)
      groups.set(group.id, group)
      add(group, record, cell)
      return group.id
    },
    settle(time_ms, isFlood, standing) {
      for (const group of groups.values()) {
        const isRecent = time_ms - group.last_ms < FLOOD_WINDOW_MS
        if (isFlood && isRecent && !group.shown) {
          group.shown = true
          group.encoded = ''
        }
        const isKept = group.shown && (isFlood || standing.has(group.id))
        if (!isRecent && !isKept) groups.delete(group.id)
      }
    },
    shown(standing) {
      const incidents: AlarmIncident[] = []
      for (const group of groups.values()) {
        if (group.shown) incidents.push(incidentOf(definition, group, standing.get(group.id)))
      }
      return incidents
    },
    save(out) {
      const parts: string[] = []
      for (const group of groups.values()) {
        if (group.encoded === '') group.encoded = encode(group)
        parts.push(group.encoded)
      }
      out.text(`[${parts.join(',')}]`)
    },
    load(from) {
      groups.clear()
      for (const saved of JSON.parse(from.text()) as Group[]) {
        const { cells, kinds, causes } = saved
        const sets = { cells: new Set(cells), kinds: new Map(kinds), causes: new Map(causes) }
        groups.set(saved.id, { ...saved, ...sets })
      }
    },
  }
}

function encode(group: Group): string {
  const { cells, kinds, causes } = group
  const plain = { cells: [...cells], kinds: [...kinds], causes: [...causes], encoded: '' }
  return JSON.stringify({ ...group, ...plain })
}

/** Of the groups that it fits best, the one that was busy last. */
function groupFor(
  groups: ReadonlyMap<string, Group>,
  record: AlarmRecord,
  cell: number,
): Group | undefined {
  let best: Group | undefined
  let bestFit = 0
  for (const group of groups.values()) {
    const fit = fitOf(group, record, cell)
    if (fit === 0 || fit < bestFit) continue
    if (fit === bestFit && best && group.last_ms < best.last_ms) continue
    best = group
    bestFit = fit
  }
  return best
}

/** Its own cell's group first, then one of the same kind, of its cell, of the whole line; 0: no. */
function fitOf(group: Group, { kind, tag, raised_ms }: AlarmRecord, cell: number): number {
  const rest_ms = raised_ms - group.last_ms
  const isOfCell = cell >= 0 && rest_ms <= SAME_CELL_MS && group.cells.has(cell)
  const isCommon = rest_ms <= COMMON_CAUSE_MS
  if (isOfCell && group.first === cell) return 4
  if (isCommon && group.kind === kind && group.tag === tag) return 3
  if (isOfCell) return 2
  return isCommon && group.first < 0 ? 1 : 0
}

function newGroup({ id, cell, tag, kind, text, priority, raised_ms }: AlarmRecord, first: number) {
  return {
    ...{ id, first, cell, tag, kind, text, priority },
    started_ms: raised_ms,
    last_ms: raised_ms,
    alarms: 0,
    shown: false,
    cells: new Set<number>(),
    kinds: new Map<string, number>(),
    causes: new Map<string, number>(),
    encoded: '',
  } satisfies Group
}

function add(group: Group, record: AlarmRecord, cell: number): void {
  group.alarms++
  group.last_ms = Math.max(group.last_ms, record.raised_ms)
  if (ORDER.indexOf(record.priority) > ORDER.indexOf(group.priority)) {
    group.priority = record.priority
  }
  if (cell >= 0) group.cells.add(cell)
  group.kinds.set(record.kind, (group.kinds.get(record.kind) ?? 0) + 1)
  for (const { text, weight } of record.causes) {
    const before = group.causes.get(text)
    if (before === undefined && group.causes.size >= CAUSES_MAX) continue
    group.causes.set(text, (before ?? 0) + weight)
  }
  group.encoded = ''
}

function incidentOf(
  { line }: LineDefinition,
  group: Group,
  standing: Standing = { alarms: 0, unacknowledged: 0 },
): AlarmIncident {
  const { id, cell, tag, kind, text, priority, alarms, started_ms, last_ms } = group
  return {
    ...{ id, line, cell, tag, kind, text, priority },
    causes: ranked(group.causes, alarms),
    kinds: [...group.kinds]
      .map(([name, count]) => ({ kind: name, alarms: count }))
      .sort((a, b) => b.alarms - a.alarms),
    alarms,
    standing: standing.alarms,
    unacknowledged: standing.unacknowledged,
    cells: group.cells.size,
    started_ms,
    last_ms,
  }
}

/** The mean weight over all members, the strongest first; of equals the one that came first. */
function ranked(causes: ReadonlyMap<string, number>, alarms: number): readonly Cause[] {
  return [...causes]
    .map(([text, weight]) => ({ text, weight: weight / alarms }))
    .sort((a, b) => b.weight - a.weight)
}
