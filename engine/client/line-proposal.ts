import { liquidus } from '#proto/gen/ingest.js'
import type { LineDefinition, TagDefinition } from '../flow.ts'

const v1 = liquidus.ingest.v1
type LineMessage = liquidus.ingest.v1.LineProposal.$Properties
type TagMessage = liquidus.ingest.v1.TagProposal.$Properties

/** A line definition as the proposal that a producer sends; tenant and line go elsewhere. */
export function lineProposal(definition: LineDefinition): LineMessage {
  return {
    kind: v1.LineKind[`LINE_KIND_${upper(definition.kind)}`],
    clock: v1.LineClock[`LINE_CLOCK_${upper(definition.clock)}`],
    origin: v1.LineOrigin[`LINE_ORIGIN_${upper(definition.origin)}`],
    tickMs: definition.tick_ms,
    tickOffsetMs: definition.tick_offset_ms ?? 0,
    cells: [...definition.cells],
    tags: definition.tags.map(tagProposal),
  }
}

function tagProposal(tag: TagDefinition): TagMessage {
  return {
    tag: tag.tag,
    unit: tag.unit,
    scope: v1.TagScope[`TAG_SCOPE_${upper(tag.scope)}`],
    kind: v1.TagKind[`TAG_KIND_${upper(tag.kind)}`],
    periodMs: tag.period_ms,
    holdMaxMs: tag.hold_max_ms,
    inTick: v1.InTick[`IN_TICK_${upper(tag.in_tick)}`],
    low: tag.low,
    high: tag.high,
    ...(tag.alarm_low === undefined ? {} : { alarmLow: tag.alarm_low }),
    ...(tag.alarm_high === undefined ? {} : { alarmHigh: tag.alarm_high }),
    ...(tag.rate_max_per_s === undefined ? {} : { rateMaxPerS: tag.rate_max_per_s }),
    ...(tag.stuck_after_ms === undefined ? {} : { stuckAfterMs: tag.stuck_after_ms }),
  }
}

const upper = <T extends string>(text: T): Uppercase<T> => text.toUpperCase() as Uppercase<T>
