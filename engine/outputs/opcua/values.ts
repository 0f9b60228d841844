import type * as Opcua from 'node-opcua'
import { fromSi } from '../../core/units.ts'
import type { AdviceState, AlarmPriority, AlarmRecord, LineView } from '../../flow.ts'
import { Quality, seriesIndex } from '../../flow.ts'

/** The node-opcua module, loaded only when a server starts. */
export type OpcUaModule = typeof Opcua

/** Distance of P05 and P95 from the mean of a normal distribution, in standard deviations. */
const P95_SIGMA = 1.6448536269514722

/** Parts of an estimate that have a node of their own. */
export type EstimatePart = 'value' | 'StdDev' | 'P05' | 'P95'

/** Reads a line for node getters; nothing is kept, every call asks the engine's view. */
export interface LineValues {
  estimate(field: number, cell: number, part: EstimatePart): Opcua.DataValue
  estimateQuality(field: number, cell: number): Opcua.DataValue
  measured(tagIndex: number, cell: number): Opcua.DataValue
  /** A text of the newest advice of the cell that may still be decided or is approved. */
  recommendation(cell: number, part: RecommendationPart): Opcua.DataValue
  /** Of one cell, or of the whole line for undefined. */
  alarms(cell: number | undefined, part: AlarmPart): Opcua.DataValue
  line(part: LinePart): Opcua.DataValue
}

export const recommendationParts = {
  Id: 'String',
  Setpoint: 'String',
  Value: 'Double',
  Base: 'Double',
  Unit: 'String',
  ValidUntil: 'DateTime',
  Margin: 'String',
  CertificateHash: 'String',
  State: 'String',
} as const
export type RecommendationPart = keyof typeof recommendationParts

export const alarmParts = {
  ActiveCount: 'UInt32',
  Highest: 'String',
  Text: 'String',
  List: 'String',
} as const
export type AlarmPart = keyof typeof alarmParts

export const lineParts = {
  LastTick: 'Double',
  EventTime: 'DateTime',
  Origin: 'String',
  StateHash: 'String',
  Degraded: 'String',
} as const
export type LinePart = keyof typeof lineParts

const OPEN: readonly AdviceState[] = ['PENDING_APPROVAL', 'APPROVED']
const PRIORITIES: readonly AlarmPriority[] = ['critical', 'high', 'medium', 'low']

/** Severity of an alarm as OPC UA counts it, 1 to 1000. */
export const severityOf: Readonly<Record<AlarmPriority, number>> = {
  critical: 900,
  high: 700,
  medium: 500,
  low: 300,
}

type Typed = 'Double' | 'UInt32' | 'String' | 'DateTime'

/** Makes the getters of one line; `view` is asked at each call, for it may be replaced. */
export function lineValues(opcua: OpcUaModule, view: () => LineView | undefined): LineValues {
  const { DataValue, DataType, StatusCodes } = opcua

  const data = (
    type: Typed,
    value: unknown,
    time_ms: number,
    statusCode: Opcua.StatusCode = StatusCodes.Good,
  ) =>
    new DataValue({
      value: { dataType: DataType[type], value },
      statusCode,
      // Not the machine's clock: the instant of the process that the value belongs to.
      sourceTimestamp: dateOf(time_ms),
    })

  const nothing = (statusCode: Opcua.StatusCode) => new DataValue({ statusCode })
  const waiting = () => nothing(StatusCodes.BadWaitingForInitialData)

  return {
    estimate(field, cell, part) {
      const current = view()
      const latest = current?.latest()
      if (!current || !latest) return waiting()
      const { twin, frame } = latest
      const at = field * current.definition.cells.length + cell
      const value = partOf(part, twin.estimate[at]!, twin.std[at]!)
      if (!Number.isFinite(value)) return nothing(StatusCodes.BadNoData)
      const sure = twin.observable[at] === 1 && twin.trusted[cell] === 1
      const status = sure ? StatusCodes.Good : StatusCodes.UncertainSubNormal
      return data('Double', value, frame.time_ms, status)
    },

    estimateQuality(field, cell) {
      const current = view()
      const latest = current?.latest()
      if (!current || !latest) return waiting()
      const { twin, frame } = latest
      const at = field * current.definition.cells.length + cell
      const text =
        twin.trusted[cell] !== 1
          ? 'twin not trusted'
          : twin.observable[at] === 1
            ? 'good'
            : 'not observable now'
      return data('String', text, frame.time_ms)
    },

    measured(tagIndex, cell) {
      const current = view()
      const frame = current?.latest()?.frame
      const tag = current?.definition.tags[tagIndex]
      if (!current || !frame || !tag) return waiting()
      const at = seriesIndex(current.definition, tagIndex, cell)
      const value = frame.values[at]!
      if (Number.isNaN(value)) return nothing(StatusCodes.BadNoData)
      const age_ms = Number.isFinite(frame.age_ms[at]) ? frame.age_ms[at]! : 0
      const status =
        frame.quality[at] === Quality.good
          ? StatusCodes.Good
          : frame.quality[at] === Quality.uncertain
            ? StatusCodes.Uncertain
            : StatusCodes.Bad
      return data('Double', fromSi(value, tag.unit), frame.time_ms - age_ms, status)
    },

    recommendation(cell, part) {
      const current = view()
      if (!current) return waiting()
      const name = current.definition.cells[cell]
      const { time_ms } = current.status()
      let newest: ReturnType<LineView['advice']>[number] | undefined
      for (const advice of current.advice()) {
        if (advice.cell !== name || !OPEN.includes(advice.state)) continue
        if (advice.valid_until_ms <= time_ms) continue
        if (!newest || advice.created_ms >= newest.created_ms) newest = advice
      }
      if (!newest) {
        if (part === 'State') return data('String', 'NONE', time_ms)
        return nothing(StatusCodes.BadNoData)
      }
      const value = recommendationValue(newest, part)
      return data(recommendationParts[part], value, newest.created_ms)
    },

    alarms(cell, part) {
      const current = view()
      if (!current) return waiting()
      const name = cell === undefined ? undefined : current.definition.cells[cell]
      const own = current
        .alarms()
        .filter(alarm => name === undefined || alarm.cell === name)
        .sort(moreUrgent)
      return data(alarmParts[part], alarmValue(own, part), current.status().time_ms)
    },

    line(part) {
      const current = view()
      if (!current) return waiting()
      const { tick, time_ms, state_hash, degraded } = current.status()
      const values = {
        LastTick: tick,
        EventTime: dateOf(time_ms),
        Origin: current.definition.origin,
        StateHash: state_hash,
        Degraded: degraded,
      }
      return data(lineParts[part], values[part], time_ms)
    },
  }
}

const dateOf = (time_ms: number) => new Date(time_ms)

function partOf(part: EstimatePart, value: number, std: number): number {
  if (part === 'value') return value
  if (part === 'StdDev') return std
  return part === 'P05' ? value - P95_SIGMA * std : value + P95_SIGMA * std
}

function recommendationValue(
  advice: ReturnType<LineView['advice']>[number],
  part: RecommendationPart,
): unknown {
  const margin = advice.margins.map(({ constraint, worst, unit }) => {
    return `${constraint} ${worst} ${unit}`
  })
  const values = {
    Id: advice.id,
    Setpoint: advice.setpoint,
    Value: advice.to,
    Base: advice.from,
    Unit: advice.unit,
    ValidUntil: dateOf(advice.valid_until_ms),
    Margin: margin.join('; '),
    CertificateHash: advice.hash,
    State: advice.state,
  }
  return values[part]
}

/** Active before returned, then by priority, then the newest first. */
function moreUrgent(a: AlarmRecord, b: AlarmRecord): number {
  if (a.active !== b.active) return a.active ? -1 : 1
  const rank = PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority)
  return rank !== 0 ? rank : b.raised_ms - a.raised_ms
}

function alarmValue(sorted: readonly AlarmRecord[], part: AlarmPart): unknown {
  const first = sorted[0]?.active ? sorted[0] : undefined
  switch (part) {
    case 'ActiveCount':
      return sorted.filter(alarm => alarm.active).length
    case 'Highest':
      return first?.priority ?? ''
    case 'Text':
      return first?.text ?? ''
    case 'List':
      return JSON.stringify(sorted)
  }
}
