import { liquidus } from '#proto/gen/ingest.js'
import { isTickOffset } from '../core/tick-grid.ts'
import type { LineDefinition, TagDefinition } from '../flow.ts'

const v1 = liquidus.ingest.v1
type LineMessage = liquidus.ingest.v1.LineProposal.$Properties
type TagMessage = liquidus.ingest.v1.TagProposal.$Properties

/** Most cells and tags of a proposed line. */
export const CELLS_MAX = 2000
export const TAGS_MAX = 2000
const SERIES_MAX = 262_144
const TICK_MS_MAX = 3600_000
const NAME = /^[^\s/\\"'<>](?:[^/\\"'<>\n\r\t]{0,126}[^\s/\\"'<>])?$/u
const LINE_NAME = /^[a-z0-9._-]{1,64}$/

/** True for a name that a line may have. */
export const isLineName = (name: string): boolean => LINE_NAME.test(name)

/** The line that a producer describes, or what is wrong with the description. */
export function lineDefinition(
  tenant: string,
  line: string,
  proposal: LineMessage,
): LineDefinition | { readonly problem: string } {
  const cells = proposal.cells ?? []
  const tags = proposal.tags ?? []
  const tick_ms = proposal.tickMs ?? 0
  const tick_offset_ms = proposal.tickOffsetMs ?? 0
  const problem =
    (!isLineName(line) && `line name "${line}" is not made of a-z, 0-9, ".", "_", "-"`) ||
    (!(tick_ms >= 1 && tick_ms <= TICK_MS_MAX) &&
      `tick_ms ${tick_ms} is not 1 to ${TICK_MS_MAX}`) ||
    (!isTickOffset({ tick_ms, tick_offset_ms }) &&
      `tick_offset_ms ${tick_offset_ms} is not less than tick_ms ${tick_ms}`) ||
    listProblem('cells', cells, CELLS_MAX) ||
    listProblem(
      'tags',
      tags.map(tag => tag.tag ?? ''),
      TAGS_MAX,
    ) ||
    (cells.length * tags.length > SERIES_MAX && `more than ${SERIES_MAX} series`) ||
    tags.map(tagProblem).find(text => text !== '')
  if (problem) return { problem }
  return {
    tenant,
    line,
    kind: LINE_KINDS[proposal.kind ?? 0] ?? 'generic',
    clock: proposal.clock === v1.LineClock.LINE_CLOCK_WALL ? 'wall' : 'stream',
    origin: ORIGINS[proposal.origin ?? 0] ?? 'recorded',
    tick_ms,
    ...(tick_offset_ms > 0 ? { tick_offset_ms } : {}),
    cells,
    tags: tags.map(tagDefinition),
  }
}

const LINE_KINDS = [undefined, 'potline', 'generic', 'machine', 'air'] as const
const ORIGINS = [undefined, 'plant', 'simulated', 'recorded', 'synthetic'] as const
const IN_TICK = ['last', 'last', 'mean', 'sum', 'event'] as const
const KINDS = ['signal', 'signal', 'sample', 'event'] as const

function listProblem(what: string, names: readonly string[], count_max: number): string {
  if (names.length === 0) return `no ${what}`
  if (names.length > count_max) return `${names.length} ${what}; the limit is ${count_max}`
  const bad = names.find(name => !NAME.test(name))
  if (bad !== undefined) return `"${bad.slice(0, 80)}" cannot be used as a name in ${what}`
  return new Set(names).size < names.length ? `a name comes twice in ${what}` : ''
}

function tagProblem(tag: TagMessage): string {
  const { low = 0, high = 0 } = tag
  if (!(Number.isFinite(low) && Number.isFinite(high) && low! < high!)) {
    return `tag "${tag.tag}": low ${low} is not below high ${high}`
  }
  const limits = [tag.alarmLow, tag.alarmHigh, tag.rateMaxPerS]
  return limits.every(limit => limit === undefined || limit === null || Number.isFinite(limit))
    ? ''
    : `tag "${tag.tag}": a limit is not a finite number`
}

function tagDefinition(tag: TagMessage): TagDefinition {
  const set = <T>(value: T | null | undefined, key: string) =>
    value === undefined || value === null ? {} : { [key]: value }
  return {
    tag: tag.tag ?? '',
    unit: tag.unit ?? '',
    scope: tag.scope === v1.TagScope.TAG_SCOPE_LINE ? 'line' : 'cell',
    kind: KINDS[tag.kind ?? 0] ?? 'signal',
    period_ms: tag.periodMs ?? 0,
    hold_max_ms: tag.holdMaxMs ?? 0,
    in_tick: IN_TICK[tag.inTick ?? 0] ?? 'last',
    low: tag.low ?? 0,
    high: tag.high ?? 0,
    ...set(tag.alarmLow, 'alarm_low'),
    ...set(tag.alarmHigh, 'alarm_high'),
    ...set(tag.rateMaxPerS, 'rate_max_per_s'),
    ...set(tag.stuckAfterMs, 'stuck_after_ms'),
  }
}
