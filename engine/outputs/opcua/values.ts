import type * as Opcua from 'node-opcua'
import { fromSi } from '../../core/units.ts'
import {
  type Advice,
  type AdviceState,
  type AlarmKpis,
  type AlarmPriority,
  type AlarmRecord,
  type LineStatus,
  type LineView,
  Quality,
  seriesIndex,
} from '../../flow.ts'
import { P95_SIGMA } from '../band.ts'

/** The node-opcua module, loaded only when a server starts. */
export type OpcUaModule = typeof Opcua

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
  metric(part: MetricPart): Opcua.DataValue
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

/** Figures of a line over its last 24 clock hours; the first five as Part 9 names them. */
export const metricParts = {
  AlarmCount: 'UInt32',
  CurrentAlarmRate: 'Double',
  MaximumAlarmRate: 'Double',
  AverageAlarmRate: 'Double',
  StartTime: 'DateTime',
  FloodPercent: 'Double',
  Chattering: 'UInt32',
  Stale: 'UInt32',
  Shelved: 'UInt32',
  Suppressed: 'UInt32',
  OutOfService: 'UInt32',
  Unauthorised: 'UInt32',
  Incidents: 'String',
} as const
export type MetricPart = keyof typeof metricParts

export const lineParts = {
  LastTick: 'Double',
  EventTime: 'DateTime',
  Origin: 'String',
  StateHash: 'String',
  Degraded: 'String',
} as const
export type LinePart = keyof typeof lineParts

const OPEN: readonly AdviceState[] = ['PENDING_APPROVAL', 'APPROVED']
/** Whether the advice may still be decided or is approved. */
export const isOpen = ({ state }: Pick<Advice, 'state'>): boolean => OPEN.includes(state)
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
  const wrap = wrapper(opcua)
  const sorted = sortedAlarms()
  const ask = (get: (current: LineView) => Opcua.DataValue) => {
    const current = view()
    return current ? get(current) : wrap.waiting()
  }
  return {
    estimate: (field, cell, part) =>
      ask(current => estimateValue(wrap, current, field, cell, part)),
    estimateQuality: (field, cell) => ask(current => qualityText(wrap, current, field, cell)),
    measured: (tagIndex, cell) => ask(current => measuredValue(wrap, current, tagIndex, cell)),
    recommendation: (cell, part) =>
      ask(current => {
        const advice = openAdvice(current, current.definition.cells[cell])
        const type = recommendationParts[part]
        if (advice) return wrap.data(type, recommendationValue(advice, part), advice.created_ms)
        if (part !== 'State') return wrap.nothing('BadNoData')
        return wrap.data('String', 'NONE', current.status().time_ms)
      }),
    alarms: (cell, part) =>
      ask(current => {
        const name = cell === undefined ? undefined : current.definition.cells[cell]
        const value = alarmValue(sorted(current.alarms(), name), part)
        return wrap.data(alarmParts[part], value, current.status().time_ms)
      }),
    metric: part =>
      ask(current => {
        const { kpis, incidents } = current.alarmSummary()
        const value = part === 'Incidents' ? JSON.stringify(incidents) : metricValue(kpis, part)
        return wrap.data(metricParts[part], value, current.status().time_ms)
      }),
    line: part =>
      ask(current => {
        const status = current.status()
        const value = lineValue(current, status, part)
        return wrap.data(lineParts[part], value, status.time_ms)
      }),
  }
}

/** Only the part that is asked for: the hash of a large state takes milliseconds. */
function lineValue({ definition }: LineView, status: LineStatus, part: LinePart): unknown {
  switch (part) {
    case 'LastTick':
      return status.tick
    case 'EventTime':
      return dateOf(status.time_ms)
    case 'Origin':
      return definition.origin
    case 'StateHash':
      return status.state_hash
    case 'Degraded':
      return status.degraded
  }
}

/** Alarms of a cell or of the line, most urgent first; sorted once for each list of a line. */
function sortedAlarms() {
  const known = new WeakMap<readonly AlarmRecord[], Map<string | undefined, AlarmRecord[]>>()
  const group = (all: readonly AlarmRecord[]) => {
    const whole = [...all].sort(moreUrgent)
    const groups = new Map<string | undefined, AlarmRecord[]>([[undefined, whole]])
    for (const alarm of whole) {
      const own = groups.get(alarm.cell)
      if (own) own.push(alarm)
      else groups.set(alarm.cell, [alarm])
    }
    known.set(all, groups)
    return groups
  }
  return (all: readonly AlarmRecord[], cell: string | undefined): readonly AlarmRecord[] =>
    (known.get(all) ?? group(all)).get(cell) ?? []
}

type Wrapper = ReturnType<typeof wrapper>

function wrapper({ DataValue, DataType, StatusCodes }: OpcUaModule) {
  type Status = 'Good' | 'UncertainSubNormal' | 'Uncertain' | 'Bad'
  return {
    /** The source time is not the machine's clock: it is the instant the value belongs to. */
    data: (type: Typed, value: unknown, time_ms: number, status: Status = 'Good') =>
      new DataValue({
        value: { dataType: DataType[type], value },
        statusCode: StatusCodes[status],
        sourceTimestamp: dateOf(time_ms),
      }),
    nothing: (status: 'BadNoData') => new DataValue({ statusCode: StatusCodes[status] }),
    waiting: () => new DataValue({ statusCode: StatusCodes.BadWaitingForInitialData }),
  }
}

function estimateValue(
  wrap: Wrapper,
  current: LineView,
  field: number,
  cell: number,
  part: EstimatePart,
): Opcua.DataValue {
  const latest = current.latest()
  if (!latest) return wrap.waiting()
  const { twin, frame } = latest
  const at = field * current.definition.cells.length + cell
  const value = partOf(part, twin.estimate[at]!, twin.std[at]!)
  if (!Number.isFinite(value)) return wrap.nothing('BadNoData')
  const sure = twin.observable[at] === 1 && twin.trusted[cell] === 1
  return wrap.data('Double', value, frame.time_ms, sure ? 'Good' : 'UncertainSubNormal')
}

function qualityText(
  wrap: Wrapper,
  current: LineView,
  field: number,
  cell: number,
): Opcua.DataValue {
  const latest = current.latest()
  if (!latest) return wrap.waiting()
  const { twin, frame } = latest
  const seen = twin.observable[field * current.definition.cells.length + cell] === 1
  const text = seen ? 'good' : 'not observable now'
  return wrap.data('String', twin.trusted[cell] === 1 ? text : 'twin not trusted', frame.time_ms)
}

function measuredValue(
  wrap: Wrapper,
  current: LineView,
  tagIndex: number,
  cell: number,
): Opcua.DataValue {
  const frame = current.latest()?.frame
  const tag = current.definition.tags[tagIndex]
  if (!frame || !tag) return wrap.waiting()
  const at = seriesIndex(current.definition, tagIndex, cell)
  const value = frame.values[at]!
  if (Number.isNaN(value)) return wrap.nothing('BadNoData')
  const age_ms = frame.age_ms[at]!
  const taken_ms = Number.isFinite(age_ms) ? frame.time_ms - age_ms : frame.time_ms
  const quality = frame.quality[at]
  const doubtful = quality === Quality.uncertain ? 'Uncertain' : 'Bad'
  const status = quality === Quality.good ? 'Good' : doubtful
  return wrap.data('Double', fromSi(value, tag.unit), taken_ms, status)
}

/** The newest advice of the cell that is approved or waits for a decision, and has not expired. */
function openAdvice(current: LineView, cell: string | undefined): Advice | undefined {
  const { time_ms } = current.status()
  let newest: Advice | undefined
  for (const advice of current.advice()) {
    if (advice.cell !== cell || !isOpen(advice)) continue
    if (advice.valid_until_ms <= time_ms) continue
    if (!newest || advice.created_ms >= newest.created_ms) newest = advice
  }
  return newest
}

const dateOf = (time_ms: number) => new Date(time_ms)

function partOf(part: EstimatePart, value: number, std: number): number {
  if (part === 'value') return value
  if (part === 'StdDev') return std
  return part === 'P05' ? value - P95_SIGMA * std : value + P95_SIGMA * std
}

function recommendationValue(advice: Advice, part: RecommendationPart): unknown {
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

/** Rates are in alarms per ten minutes. */
function metricValue(kpis: AlarmKpis, part: Exclude<MetricPart, 'Incidents'>): unknown {
  const values = {
    AlarmCount: kpis.announced,
    CurrentAlarmRate: kpis.current_10min,
    MaximumAlarmRate: kpis.max_10min,
    AverageAlarmRate: kpis.per_10min,
    StartTime: dateOf(kpis.since_ms),
    FloodPercent: kpis.flood_pct,
    Chattering: kpis.chattering,
    Stale: kpis.stale,
    Shelved: kpis.shelved,
    Suppressed: kpis.suppressed,
    OutOfService: kpis.out_of_service,
    Unauthorised: kpis.unauthorised,
  }
  return values[part]
}

/** What the operator is not to see now. */
const isHidden = (alarm: AlarmRecord): boolean =>
  alarm.suppressed || alarm.out_of_service || alarm.shelved_until_ms > 0

/** In sight before hidden, active before returned, then by priority, then the newest first. */
function moreUrgent(a: AlarmRecord, b: AlarmRecord): number {
  if (isHidden(a) !== isHidden(b)) return isHidden(a) ? 1 : -1
  if (a.active !== b.active) return a.active ? -1 : 1
  const rank = PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority)
  return rank !== 0 ? rank : b.raised_ms - a.raised_ms
}

function alarmValue(sorted: readonly AlarmRecord[], part: AlarmPart): unknown {
  const first = sorted[0]?.active && !isHidden(sorted[0]) ? sorted[0] : undefined
  switch (part) {
    case 'ActiveCount':
      return sorted.filter(alarm => alarm.active && !isHidden(alarm)).length
    case 'Highest':
      return first?.priority ?? ''
    case 'Text':
      return first?.text ?? ''
    case 'List':
      return JSON.stringify(sorted)
  }
}
