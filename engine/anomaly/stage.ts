import { joinPieces, type Pieces, sectionPieces, unpackSections } from '../core/sections.ts'
import type {
  AlarmRecord,
  AlarmSummary,
  Anomaly,
  Channel,
  DecisionEntry,
  Detectors,
  LineDefinition,
  LineFrame,
  Quantity,
  ReadingBatch,
  ScoreCall,
  TwinFrame,
} from '../flow.ts'
import { type AlarmList, alarmList } from './alarms/list.ts'
import { conditionKey, conditions } from './conditions.ts'
import { type DriftPart, driftFinding } from './drift-part.ts'
import { dynamicDetector, dynamicWay } from './dynamic/detector.ts'
import { anomalyOf, type Finding } from './finding.ts'
import { type EventBudgetSetting, fusedDetector } from './fusion/detector.ts'
import { EVENTS_PER_LINE_DAY, FUSED_KIND } from './fusion/plan.ts'
import { healthDetector } from './health/detector.ts'
import { patternDetector } from './pattern.ts'
import { processDetector } from './process/detector.ts'
import { type Stateful, stateReader, stateWriter } from './state.ts'
import type { CellModels } from './tensorflow/cell-scorer.ts'

/** What one call found: events that began, and alarm records with a new revision. */
export interface AnomalyResult {
  readonly anomalies: readonly Anomaly[]
  readonly alarms: readonly AlarmRecord[]
  /** True where readings changed what the tick before theirs would have found. */
  readonly stirred?: boolean
  /** What drift monitors propose: events that no late reading takes back. */
  readonly proposals?: readonly Anomaly[]
}

/** The latest scores of one detector, 0..1; 0.5 is where a cell stands out. */
export interface CellScores {
  readonly name: string
  readonly values: Float64Array // [cell]
}

/** Detection and alarms of one line, by event time alone; equal calls give equal bytes. */
export interface AnomalyStage {
  readonly detectors: Detectors
  /** At once, on the batch, before its tick closes. */
  readings(batch: ReadingBatch): AnomalyResult
  /** Once per tick, all cells; gives what models have to score before `conclude`. */
  observe(frame: LineFrame, twin: TwinFrame): readonly ScoreCall[]
  /** What was found so far and not given yet, ahead of what models find. */
  found(): readonly Anomaly[]
  conclude(frame: LineFrame, twin: TwinFrame): AnomalyResult
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
  /** What `snapshot` joins, of use until the next step. */
  pieces(): Pieces
  /** Restore then go on is the uninterrupted run, bit for bit. */
  restore(bytes: Uint8Array): void
}

/** What the twin of the line gives. */
export interface TwinNames {
  readonly fields: readonly Quantity[]
  readonly channels: readonly Channel[]
}

const defaultBudget: EventBudgetSetting = { events_per_line_day: EVENTS_PER_LINE_DAY }
const NO_ANOMALIES: readonly Anomaly[] = []
const NO_CALLS: readonly ScoreCall[] = []

/** What a stage is given from elsewhere; each may be left out. */
export interface StageModels {
  readonly cellModels?: CellModels
  readonly budget?: EventBudgetSetting
  readonly drift?: DriftPart
}

/** The anomaly stage of a line. */
export function anomalyStage(
  definition: LineDefinition,
  twin: TwinNames,
  models: StageModels,
): AnomalyStage {
  const cells = definition.cells.length
  const health = healthDetector(definition)
  const potline = definition.kind === 'potline'
  const process = potline ? processDetector(definition, twin) : undefined
  const way = dynamicWay(definition, twin.channels.length)
  const budget = way === 'kind' ? halfOf(models.budget) : models.budget
  const dynamic = dynamicDetector(definition, twin, budget)
  const pattern =
    potline && models.cellModels ? patternDetector(definition, twin, models.cellModels) : undefined
  const fused = fusedDetector(definition, twin, budget)
  const list = alarmList(definition)
  const standing = conditions(cells)
  const detecting = [health, process, dynamic, pattern, fused, standing].filter(part => !!part)
  const alarming: Stateful[] = [list]

  let detached = false

  let anomalies: Anomaly[] = []
  const tell = (finding: Finding) => {
    if (finding.active) anomalies.push(anomalyOf(definition, finding))
  }
  const report = (finding: Finding) => {
    tell(finding)
    standing.note(finding)
    if (!detached) list.condition(finding)
  }
  // Only in a line without models of its assets may the fused score call the operator: everywhere
  // else what names a cause and a response does.
  const fusedReport = (finding: Finding) => {
    const { active, time_ms, cell, dispersion = 0 } = finding
    if (active && !detached && finding.kind === FUSED_KIND) {
      models.drift?.event({ time_ms, cell, dispersion })
    }
    if (potline || way !== 'none') tell(finding)
    else report(finding)
  }
  const proposed = driftWatch(definition, models.drift, () => ({
    // The linear detector leads where no model does.
    scores: pattern?.scores()[0]?.values ?? dynamic.scores,
    alarms: list.current(),
  }))

  const takeFound = (): readonly Anomaly[] => {
    if (anomalies.length === 0) return NO_ANOMALIES
    const found = anomalies
    anomalies = []
    return found
  }
  const result = (): AnomalyResult => ({ anomalies: takeFound(), alarms: list.changes() })

  const pieces = (): Pieces =>
    sectionPieces([
      ['detectors', saved(detecting)],
      ['alarms', saved(alarming)],
      ...(models.drift ? [['drift', saved([models.drift])] as const] : []),
    ])

  return {
    detectors: {
      snapshot: () => joinPieces(saved(detecting)),
      pieces: () => saved(detecting),
      restore(bytes) {
        loadFrom(bytes, detecting)
        anomalies = []
      },
      detach() {
        detached = true
      },
      attach(time_ms) {
        detached = false
        settleAlarms(list, standing.standing(), time_ms)
        return result()
      },
    },
    readings(batch) {
      const stirred = health.readings(batch, report)
      const found = result()
      return stirred ? { ...found, stirred } : found
    },
    observe(frame, twinFrame) {
      if (!detached) {
        list.observe(frame)
        for (let cell = 0; cell < cells; cell++) list.trust(cell, twinFrame.trusted[cell] === 1)
      }
      health.tick(frame, report)
      process?.tick(frame, twinFrame, health.faults(), report)
      dynamic.tick(frame, twinFrame, standing.besidesDynamics, report)
      return pattern?.observe(frame, twinFrame) ?? NO_CALLS
    },
    found: takeFound,
    conclude(frame, twinFrame) {
      pattern?.judge(twinFrame, report, tell)
      fused.tick(frame, twinFrame, standing.frozen, fusedReport)
      if (detached) return result()
      list.advance(frame.time_ms)
      const proposals = proposed(frame, twinFrame)
      return proposals.length === 0 ? result() : { ...result(), proposals }
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
      scores.push(...fused.scores())
      if (process) scores.push({ name: 'anode-effect', values: process.risk })
      return scores
    },
    snapshot: () => joinPieces(pieces()),
    pieces,
    restore(bytes) {
      const sections = unpackSections(bytes)
      loadFrom(sections.get('detectors')!, detecting)
      loadFrom(sections.get('alarms')!, alarming)
      // States of older engines do not have it: then the monitors begin anew.
      const monitors = sections.get('drift')
      if (monitors && models.drift) loadFrom(monitors, [models.drift])
      anomalies = []
    },
  }
}

/** Looks for drift when a look is due; gives what the monitors propose as events. */
function driftWatch(
  definition: LineDefinition,
  drift: DriftPart | undefined,
  now: () => { readonly scores: Float64Array; readonly alarms: readonly AlarmRecord[] },
): (frame: LineFrame, twin: TwinFrame) => readonly Anomaly[] {
  const tagIndexOf = (name: string) => definition.tags.findIndex(({ tag }) => tag === name)
  return (frame, twin) => {
    if (!drift?.due(frame.time_ms)) return NO_ANOMALIES
    const { scores, alarms } = now()
    const active = alarms.filter(alarm => alarm.active)
    const alarmed = new Set(active.map(({ cell }) => definition.cells.indexOf(cell)))
    return drift
      .take({ frame, twin, scores, alarmed })
      .map(proposal => anomalyOf(definition, driftFinding(proposal, tagIndexOf)))
  }
}

/** The dynamic and the fused detector of a line whose assets share a model have one budget. */
function halfOf(budget: EventBudgetSetting = defaultBudget): EventBudgetSetting {
  return {
    get events_per_line_day() {
      return budget.events_per_line_day / 2
    },
  }
}

function saved(parts: readonly Stateful[]): Pieces {
  const out = stateWriter()
  for (const part of parts) part.save(out)
  return out.pieces()
}

function loadFrom(bytes: Uint8Array, parts: readonly Stateful[]): void {
  const from = stateReader(bytes)
  for (const part of parts) part.load(from)
}

/** Begins and ends conditions of the alarm list now, until it holds those that stand. */
function settleAlarms(
  list: AlarmList,
  standing: ReadonlyMap<string, Finding>,
  time_ms: number,
): void {
  const listed = new Set<string>()
  for (const { cell, tagIndex, kind } of list.standing()) {
    const ended = { cell, tagIndex, kind, active: false, time_ms, text: '', causes: [] }
    const finding = { ...ended, score: 0, detector: '' }
    const key = conditionKey(finding)
    if (standing.has(key)) listed.add(key)
    else list.condition(finding)
  }
  for (const [key, finding] of standing) {
    if (!listed.has(key)) list.condition({ ...finding, time_ms })
  }
}
