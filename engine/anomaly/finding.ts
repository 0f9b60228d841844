import type { Anomaly, Cause, LineDefinition } from '../flow.ts'

/** A condition that a detector saw begin or end; the only thing detectors hand out. */
export interface Finding {
  /** Key of the alarm catalogue, or of an event that is never an alarm. */
  readonly kind: string
  /** Index of the cell, or -1 for the line. */
  readonly cell: number
  /** Index of the tag, or -1. */
  readonly tagIndex: number
  /** True when the condition began, false when it ended. */
  readonly active: boolean
  /** Event time of the last reading that it needed. */
  readonly time_ms: number
  readonly score: number // 0..1
  readonly text: string
  readonly causes: readonly Cause[]
  readonly detector: string
  /** How evenly it comes from all signals: near 0 a fault, near 1 another regime. */
  readonly dispersion?: number
}

/** Takes findings as they are made; detectors call it only when a condition changes. */
export type Report = (finding: Finding) => void

/** Name of the place a finding is about, `cell-107` or ''. */
export function cellName(definition: LineDefinition, cell: number): string {
  return cell < 0 ? '' : (definition.cells[cell] ?? '')
}

/** Name of the tag, or ''. */
export function tagName(definition: LineDefinition, tagIndex: number): string {
  return tagIndex < 0 ? '' : (definition.tags[tagIndex]?.tag ?? '')
}

/** The same finding always gets the same id: line/cell/kind[:tag]/time. */
export function findingId(definition: LineDefinition, finding: Finding): string {
  const tag = tagName(definition, finding.tagIndex)
  const kind = tag === '' ? finding.kind : `${finding.kind}:${tag}`
  const cell = cellName(definition, finding.cell)
  return `${definition.line}/${cell}/${kind}/${finding.time_ms}`
}

/** The event that tells the outside of a condition that began. */
export function anomalyOf(definition: LineDefinition, finding: Finding): Anomaly {
  return {
    id: findingId(definition, finding),
    line: definition.line,
    cell: cellName(definition, finding.cell),
    tag: tagName(definition, finding.tagIndex),
    kind: finding.kind,
    detector: finding.detector,
    time_ms: finding.time_ms,
    score: finding.score,
    text: finding.text,
    causes: finding.causes,
    ...(finding.dispersion === undefined ? {} : { dispersion: finding.dispersion }),
  }
}
