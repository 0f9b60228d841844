import type { AlarmRecord, Cause, LineDefinition } from '../../flow.ts'
import { cellName, type Finding, tagName } from '../finding.ts'
import type { AlarmRule } from './catalog.ts'
import { type AlarmFacts, NORMAL } from './reducer.ts'

/** One alarm of one place, from the first sign of its condition until it is over. */
export interface Entry {
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
  /** Name of the rule that suppresses it, or ''. */
  suppressed_by: string
  /** Who took it out of service, or ''. */
  out_of_service_by: string
  /** When it last called the operator, and when it was shelved; 0: not. */
  announced_ms: number
  shelved_ms: number
  /** Of the last occurrence; undefined before the on-delay has passed. */
  record: AlarmRecord | undefined
  encoded: string
}

/** A place where nothing stands yet. */
export function newEntry(
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
    suppressed_by: '',
    out_of_service_by: '',
    announced_ms: 0,
    shelved_ms: 0,
    record: undefined,
    encoded: '',
  }
}

/** The first revision, 0, of a new occurrence. */
export function newRecord(
  definition: LineDefinition,
  rule: AlarmRule,
  entry: Entry,
  raised_ms: number,
): AlarmRecord {
  const { id, kind, text, causes } = entry
  return {
    id,
    line: definition.line,
    cell: cellName(definition, entry.cell),
    tag: tagName(definition, entry.tagIndex),
    kind,
    priority: rule.priority,
    text,
    causes,
    response: rule.response,
    consequence: rule.consequence,
    respond_within_ms: rule.respond_within_ms,
    active: true,
    acknowledged: false,
    latched: false,
    shelved_until_ms: 0,
    suppressed: false,
    suppressed_by: '',
    out_of_service: false,
    out_of_service_by: '',
    incident: '',
    raised_ms,
    returned_ms: 0,
    acknowledged_ms: 0,
    acknowledged_by: '',
    comment: '',
    revision: 0,
  }
}

/** What counts alarms of one place together, e.g. `cell-101 noisy-cell`. */
export function sourceName({ cell, tag, kind, line }: AlarmRecord): string {
  return [cell || line, kind, tag].filter(part => part !== '').join(' ')
}
