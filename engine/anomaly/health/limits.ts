import { toSi, unitOf } from '../../core/units.ts'
import type { LineDefinition, TagDefinition } from '../../flow.ts'
import { isAnodeCurrent } from '../../lines/potline.ts'

/** What a series is held to, by tag; SI, and infinite where nothing is checked. */
export interface TagLimits {
  readonly high: Float64Array // [tag]
  readonly low: Float64Array // [tag]
  /** A value must come back this far before the limit is armed again. */
  readonly deadband: Float64Array // [tag]
  readonly rate_per_s: Float64Array // [tag]
  readonly stuck_ms: Float64Array // [tag]
  readonly stuckKind: readonly string[] // [tag]
  readonly silent_ms: Float64Array // [tag]
  readonly period_ms: Float64Array // [tag]
  /** 1: the noise level is watched. */
  readonly noise: Uint8Array // [tag]
}

const SILENT_HOLDS = 3
/** No sensor is called silent sooner. */
export const SILENT_MIN_MS = 60_000

/** The checks of the tag dictionary in SI. */
export function tagLimits(definition: LineDefinition): TagLimits {
  const { tags } = definition
  const take = (of: (tag: TagDefinition) => number) => Float64Array.from(tags, of)
  const potline = definition.kind === 'potline'
  const isVoltage = (tag: TagDefinition) => potline && tag.tag === 'cell_voltage'
  const isCells = (tag: TagDefinition) => isVoltage(tag) || (potline && isAnodeCurrent(tag.tag))
  return {
    high: take(tag => (tag.alarm_high === undefined ? Infinity : toSi(tag.alarm_high, tag.unit))),
    low: take(tag => (tag.alarm_low === undefined ? -Infinity : toSi(tag.alarm_low, tag.unit))),
    deadband: take(deadband),
    rate_per_s: take(tag =>
      tag.kind === 'signal' && tag.rate_max_per_s ? tag.rate_max_per_s * scaleOf(tag) : Infinity,
    ),
    stuck_ms: take(tag => (tag.kind === 'signal' && tag.stuck_after_ms) || Infinity),
    stuckKind: tags.map(tag => (isVoltage(tag) ? 'voltage-sensor-stuck' : 'sensor-stuck')),
    silent_ms: take(tag =>
      tag.kind === 'signal' ? Math.max(SILENT_MIN_MS, SILENT_HOLDS * tag.hold_max_ms) : Infinity,
    ),
    period_ms: take(tag => tag.period_ms),
    // A noisy voltage or anode current is the cell's doing, not the gauge's.
    noise: Uint8Array.from(tags, tag => (tag.kind === 'signal' && !isCells(tag) ? 1 : 0)),
  }
}

const scaleOf = (tag: TagDefinition) => unitOf(tag.unit)?.scale ?? 1

/** Small against the range between the limits, or else against the limit itself. */
function deadband(tag: TagDefinition): number {
  const { alarm_high, alarm_low } = tag
  if (alarm_high !== undefined && alarm_low !== undefined) {
    return 0.01 * (alarm_high - alarm_low) * scaleOf(tag)
  }
  const limit = Math.abs(alarm_high ?? alarm_low ?? 0)
  return Math.min(0.01 * limit, 0.01 * (tag.high - tag.low)) * scaleOf(tag)
}
