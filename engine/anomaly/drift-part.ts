import type { LineFrame, TwinFrame } from '../flow.ts'
import type { Finding } from './finding.ts'
import type { Stateful } from './state.ts'

/** Kinds of the events that drift monitors tell begin with this; they never alarm. */
export const DRIFT_KIND = 'drift-'

/** The present of a line, as its monitors look at it about once a minute of event time. */
export interface DriftLook {
  readonly frame: LineFrame
  readonly twin: TwinFrame
  /** Scores of what leads on the line, [cell], 0: not scored; undefined: nothing scores. */
  readonly scores: Float64Array | undefined
  /** Cells with an active alarm: what they show is a fault and no drift. */
  readonly alarmed: ReadonlySet<number>
}

/** What a monitor thinks a person should look at; nothing acts on it by itself. */
export interface DriftProposal {
  readonly monitor: 'score' | 'residual' | 'stability' | 'resolution' | 'regime'
  /** Tag it concerns, or ''. */
  readonly tag: string
  /** Event time. */
  readonly time_ms: number
  readonly value: number
  readonly text: string
}

/** An event of the fused score that came from all signals rather than from one. */
export interface RegimeEvent {
  readonly time_ms: number
  /** Index of the cell, -1: the line. */
  readonly cell: number
  readonly dispersion: number
}

/**
 * Drift monitors of one line. They see each minute once, as it was then: late readings do not
 * take a proposal back.
 */
export interface DriftPart extends Stateful {
  /**
   * Called when versions are put in force: where another model leads, the monitors begin anew at
   * once, so that a restore between that and the next look changes nothing.
   */
  renew(): void
  /** True when the next look is due. */
  due(time_ms: number): boolean
  take(look: DriftLook): readonly DriftProposal[]
  /** An event of the fused score, which may be a change of regime. */
  event(event: RegimeEvent): void
}

/** A proposal as an event of the line. */
export function driftFinding(
  { monitor, tag, time_ms, value, text }: DriftProposal,
  tagIndexOf: (tag: string) => number,
): Finding {
  return {
    ...{ kind: `${DRIFT_KIND}${monitor}`, cell: -1, tagIndex: tagIndexOf(tag), active: true },
    ...{ time_ms, score: Math.min(1, Math.abs(value)), text, causes: [], detector: 'drift' },
  }
}
