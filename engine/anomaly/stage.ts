import type {
  AlarmRecord,
  AlarmSummary,
  Anomaly,
  Channel,
  DecisionEntry,
  LineDefinition,
  LineFrame,
  Quantity,
  ReadingBatch,
  TwinFrame,
} from '../flow.ts'
import { alarmList } from './alarms/list.ts'
import { dynamicDetector } from './dynamic/detector.ts'
import { anomalyOf, type Finding } from './finding.ts'
import { healthDetector } from './health/detector.ts'
import { patternDetector } from './pattern.ts'
import { processDetector } from './process/detector.ts'
import { type Stateful, stateReader, stateWriter } from './state.ts'
import type { CellModels } from './tensorflow/cell-scorer.ts'

/** What one call found: events that began, and alarm records with a new revision. */
export interface AnomalyResult {
  readonly anomalies: readonly Anomaly[]
  readonly alarms: readonly AlarmRecord[]
}

/** The latest scores of one detector, 0..1; 0.5 is where a cell stands out. */
export interface CellScores {
  readonly name: string
  readonly values: Float64Array // [cell]
}

/** Detection and alarms of one line, by event time alone; equal calls give equal bytes. */
export interface AnomalyStage {
  /** At once, on the batch, before its tick closes. */
  readings(batch: ReadingBatch): AnomalyResult
  /** Once per tick, all cells. */
  tick(frame: LineFrame, twin: TwinFrame): AnomalyResult
  /** A decision on an alarm, at the line's event time. */
  decide(entry: DecisionEntry, time_ms: number): AnomalyResult
  /** Active, unacknowledged and hidden alarms; at most ALARMS_MAX. */
  alarms(): readonly AlarmRecord[]
  /** Flood, incidents and figures. */
  alarmSummary(): AlarmSummary
  /** Reason by dense series index. */
  sensorFaults(): ReadonlyMap<number, string>
  scores(): readonly CellScores[]
  snapshot(): Uint8Array
  /** Restore then go on is the uninterrupted run, bit for bit. */
  restore(bytes: Uint8Array): void
}

/** What the twin of the line gives. */
export interface TwinNames {
  readonly fields: readonly Quantity[]
  readonly channels: readonly Channel[]
}

const NO_ANOMALIES: readonly Anomaly[] = []

/** The anomaly stage of a line. */
export function anomalyStage(
  definition: LineDefinition,
  twin: TwinNames,
  models: { readonly cellModels?: CellModels },
): AnomalyStage {
  const cells = definition.cells.length
  const health = healthDetector(definition)
  const potline = definition.kind === 'potline'
  const process = potline ? processDetector(definition, twin) : undefined
  const dynamic = dynamicDetector(definition, twin)
  const pattern =
    potline && models.cellModels ? patternDetector(definition, twin, models.cellModels) : undefined
  const list = alarmList(definition)
  const parts: Stateful[] = [health, process, dynamic, pattern, list].filter(part => !!part)

  let anomalies: Anomaly[] = []
  const tell = (finding: Finding) => {
    if (finding.active) anomalies.push(anomalyOf(definition, finding))
  }
  const report = (finding: Finding) => {
    tell(finding)
    list.condition(finding)
  }
  const dynamicReport = potline ? tell : report

  const result = (): AnomalyResult => {
    if (anomalies.length === 0) return { anomalies: NO_ANOMALIES, alarms: list.changes() }
    const found = anomalies
    anomalies = []
    return { anomalies: found, alarms: list.changes() }
  }

  return {
    readings(batch) {
      health.readings(batch, report)
      return result()
    },
    tick(frame, twinFrame) {
      list.observe(frame)
      for (let cell = 0; cell < cells; cell++) list.trust(cell, twinFrame.trusted[cell] === 1)
      health.tick(frame, report)
      process?.tick(frame, twinFrame, health.faults(), report)
      dynamic.tick(frame, twinFrame, dynamicReport)
      pattern?.tick(frame, twinFrame, report, tell)
      list.advance(frame.time_ms)
      return result()
    },
    decide(entry, time_ms) {
      list.decide(entry, time_ms)
      return result()
    },
    alarms: () => list.current(),
    alarmSummary: () => list.summary(),
    sensorFaults: () => health.faults(),
    scores() {
      const scores: CellScores[] = [{ name: 'dynamic', values: dynamic.scores }]
      if (pattern) scores.push(...pattern.scores())
      return scores
    },
    snapshot() {
      const out = stateWriter()
      for (const part of parts) part.save(out)
      return out.bytes()
    },
    restore(bytes) {
      const from = stateReader(bytes)
      for (const part of parts) part.load(from)
      anomalies = []
    },
  }
}
