import { Subject } from 'rxjs'
import type {
  Advice,
  AlarmRecord,
  AlarmSummary,
  Decision,
  EngineView,
  Identity,
  LineChange,
  LineDefinition,
  LineFrame,
  LineStatus,
  LineView,
  OutputEvent,
  Profile,
  Role,
  StoredEvent,
  TwinFrame,
} from '../flow.ts'
import { fixtureKpis } from './fixture-kpis.ts'
import { fixtureChannels as channels, fixtureFields as fields } from './fixture-quantities.ts'
import type { Guard } from './guard.ts'
import { trendColumns, trendRing, trendRow } from './trend.ts'

/** Start of event time of a fixture line. */
export const FIXTURE_START_ms = 1_760_000_000_000

/** Definition of a small line for tests: two tags, a few cells. */
export function fixtureDefinition(tenant: string, line: string, cells: number): LineDefinition {
  const signal = { kind: 'signal', period_ms: 1000, hold_max_ms: 10_000 } as const
  return {
    tenant,
    line,
    kind: 'potline',
    clock: 'stream',
    origin: 'simulated',
    tick_ms: 1000,
    cells: Array.from({ length: cells }, (_, i) => `cell-${101 + i}`),
    tags: [
      {
        ...signal,
        tag: 'cell_voltage',
        unit: 'V',
        scope: 'cell',
        in_tick: 'mean',
        low: 0,
        high: 100,
      },
      {
        ...signal,
        tag: 'line_current',
        unit: 'kA',
        scope: 'line',
        in_tick: 'mean',
        low: 0,
        high: 1000,
      },
    ],
  }
}

/** An alarm as the engine would give it; the id holds slashes, as real ones do. */
export function fixtureAlarm(change: Partial<AlarmRecord> = {}): AlarmRecord {
  return {
    id: 'line-1/cell-102/feed-below-demand/1',
    line: 'line-1',
    cell: 'cell-102',
    tag: 'cell_voltage',
    kind: 'feed-below-demand',
    priority: 'high',
    text: 'alumina feed below demand',
    causes: [{ text: 'alumina feed below demand', weight: 1 }],
    response: 'Check the feeders of the cell.',
    active: true,
    acknowledged: false,
    latched: false,
    shelved_until_ms: 0,
    consequence: 'the cell runs out of alumina',
    respond_within_ms: 1_800_000,
    suppressed: false,
    suppressed_by: '',
    out_of_service: false,
    out_of_service_by: '',
    incident: '',
    raised_ms: FIXTURE_START_ms,
    returned_ms: 0,
    acknowledged_ms: 0,
    acknowledged_by: '',
    comment: '',
    revision: 1,
    ...change,
  }
}

/** Advice as the engine would give it, open for an hour of event time. */
export function fixtureAdvice(change: Partial<Advice> = {}): Advice {
  return {
    id: 'line-1/cell-102/base_feed_rate/1',
    line: 'line-1',
    cell: 'cell-102',
    setpoint: 'base_feed_rate',
    unit: 'kg/h',
    from: 180,
    to: 186,
    low: 120,
    high: 240,
    step_max: 9,
    interval_min_s: 3600,
    reason: 'Alumina falls below its target.',
    forecasts: [],
    margins: [{ constraint: 'superheat', worst: 3.5, worst_without: 3.1, unit: 'K' }],
    confidence: 0.8,
    inhibits: [],
    versions: { twin: '1' },
    hash: 'ab'.repeat(32),
    created_ms: FIXTURE_START_ms,
    valid_until_ms: FIXTURE_START_ms + 3_600_000,
    state: 'PENDING_APPROVAL',
    decided_by: '',
    decided_ms: 0,
    comment: '',
    revision: 1,
    ...change,
  }
}

/** A line of a fixture engine, with the strings that a test pulls. */
export interface FixtureLine extends LineView {
  /** Closes one tick and tells the sinks. */
  tick(): void
  /** Stores the event, keeps the record it carries, and tells the sinks. */
  emit(event: OutputEvent): StoredEvent
  /** Tells the event before the record that it carries can be seen. */
  told(event: OutputEvent): StoredEvent
  /** Drops events up to and including the offset, as retention does. */
  trim(offset: number): void
  /** What decide() was called with. */
  readonly decisions: { decision: Decision; who: Identity; comment: string }[]
  /** Sensor faults by dense series index; a test may change them. */
  readonly faults: Map<number, string>
  /** Log entries that the line says it has not folded; a test may change them. */
  behind_entries: number
  /** Flood, incidents and figures; a test may replace them. */
  summary: AlarmSummary
}

/** An engine view made by hand: everything outputs may read, moved by the test alone. */
export interface FixtureEngine extends EngineView {
  epoch: string
  readonly problems: string[]
  ready: boolean
  add(definition: LineDefinition): FixtureLine
  at(tenant: string, line: string): FixtureLine
}

function twinFrame(cells: number): TwinFrame {
  const perField = fields.length * cells
  const perChannel = channels.length * cells
  return {
    tick: 0,
    time_ms: 0,
    estimate: new Float64Array(perField),
    std: new Float64Array(perField),
    observable: new Uint8Array(perField).fill(1),
    observed: new Float64Array(perChannel),
    expected: new Float64Array(perChannel),
    expected_std: new Float64Array(perChannel).fill(0.02),
    residual: new Float64Array(perChannel),
    masked: new Uint8Array(cells),
    trusted: new Uint8Array(cells).fill(1),
  }
}

/** Fills one tick with plain, smooth, made-up numbers; cell i is easy to recognise. */
function fillTwin(twin: TwinFrame, cells: number, ticks: number): void {
  for (let cell = 0; cell < cells; cell++) {
    twin.estimate[cell] = 1233.15 + cell + Math.sin(ticks / 50)
    twin.std[cell] = 2
    twin.estimate[cells + cell] = 0.025 + cell / 1000
    twin.std[cells + cell] = cell === 0 ? Number.NaN : 0.002
    twin.observable[cells + cell] = cell === 0 ? 0 : 1
    twin.observed[cell] = 4.2 + cell / 100
    twin.expected[cell] = 4.21 + cell / 100
    twin.residual[cell] = -0.5
  }
}

function lineStatus(ticks: number, cells: number, frame: LineFrame | undefined): LineStatus {
  return {
    tick: frame?.tick ?? 0,
    time_ms: frame?.time_ms ?? 0,
    position: ticks,
    state_hash: ticks.toString(16).padStart(16, '0'),
    state_position: ticks,
    behind_entries: 0,
    degraded: '',
    readings_accepted: ticks * (cells + 1),
    readings_rejected: 3,
    readings_late: 0,
    ticks_closed: { complete: ticks, watermark: 0, grace: 0, silent: 0 },
  }
}

function lineFrame(definition: LineDefinition, twin: TwinFrame, tick: number): LineFrame {
  const cells = definition.cells.length
  const values = new Float64Array(definition.tags.length * cells).fill(Number.NaN)
  values.set(twin.observed, 0)
  values[cells] = 350_000
  return {
    tick,
    time_ms: (tick + 1) * definition.tick_ms,
    closed: 'complete',
    values,
    quality: Uint8Array.from(values, value => (Number.isNaN(value) ? 3 : 0)),
    age_ms: new Float64Array(values.length).fill(200),
    events: [],
    samples: [],
  }
}

/** Anode currents of two sides with one anode out of the ordinary, and one not measured. */
const fixtureProfile: Profile = {
  name: 'anode_current_A',
  unit: 'A',
  text: 'anode current',
  low: 0,
  high: 50_000,
  display: { unit: 'kA', scale: 1e-3, offset: 0, digits: 2 },
  axis: { text: 'anode', unit: '1', positions: Float64Array.of(1, 2, 3) },
  rows: ['side A', 'side B'],
  values: Float64Array.of(9000, 10_000, 9000, 9000, 10_000, 8000),
  observed: Float64Array.of(9000, 12_000, 9000, 9000, 10_000, Number.NaN),
}

/** Where in the log a change comes from is of no matter here. */
const placed = { position: 1, whole: true } as const

function fixtureLine(definition: LineDefinition, changed: (change: LineChange) => void) {
  const cells = definition.cells.length
  const columns = trendColumns(fields, channels)
  const ring = trendRing({ cells, columns, capacity: 600 })
  const twin = twinFrame(cells)
  const alarms = new Map<string, AlarmRecord>()
  const advice = new Map<string, Advice>()
  const stored: StoredEvent[] = []
  const pending: StoredEvent[] = []
  const { tenant, line } = definition
  const firstTick = FIXTURE_START_ms / definition.tick_ms
  let ticks = 0
  let trimmed = 0
  let latest: { frame: LineFrame; twin: TwinFrame } | undefined

  const view: FixtureLine = {
    definition,
    fields,
    channels,
    decisions: [],
    faults: new Map(),
    behind_entries: 0,
    status: () => ({
      ...lineStatus(ticks, cells, latest?.frame),
      behind_entries: view.behind_entries,
    }),
    latest: () => latest,
    alarms: () => [...alarms.values()],
    summary: { flood_since_ms: 0, incidents: [], kpis: fixtureKpis },
    alarmSummary: () => view.summary,
    advice: () => [...advice.values()],
    sensorFaults: () => view.faults,
    scores: () => [{ name: 'residual', values: new Float64Array(cells).fill(0.1) }],
    profiles: () => (latest ? [fixtureProfile] : []),
    trend: (cell, from_ms, points_max) => ring.read(cell, from_ms, points_max),
    async events(after, count_max) {
      return {
        oldest: trimmed + 1,
        newest: trimmed + stored.length,
        events: stored.filter(entry => entry.offset > after).slice(0, count_max),
      }
    },
    pendingEvents: () => pending,
    async decide(decision, who, comment) {
      view.decisions.push({ decision, who, comment })
    },
    tick() {
      const tick = firstTick + ticks++
      const time_ms = (tick + 1) * definition.tick_ms
      fillTwin(twin, cells, ticks)
      const frame = lineFrame(definition, twin, tick)
      latest = { frame, twin: { ...twin, tick, time_ms } }
      ring.push(time_ms, trendRow(twin))
      changed({ ...{ tenant, line, ticked: true, tick, time_ms, events: [] }, ...placed })
    },
    told(event) {
      const entry = { offset: trimmed + stored.length + 1, event }
      pending.push(entry)
      stored.push(entry)
      const { tick, time_ms } = latest?.frame ?? { tick: 0, time_ms: 0 }
      changed({ ...{ tenant, line, ticked: false, tick, time_ms, events: [entry] }, ...placed })
      return entry
    },
    emit(event) {
      if (event.channel === 'alarm') alarms.set(event.id, event.body)
      if (event.channel === 'advice') advice.set(event.id, event.body)
      const entry = { offset: trimmed + stored.length + 1, event }
      stored.push(entry)
      const { tick, time_ms } = latest?.frame ?? { tick: 0, time_ms: 0 }
      changed({ ...{ tenant, line, ticked: false, tick, time_ms, events: [entry] }, ...placed })
      return entry
    },
    trim(offset) {
      while (stored.length > 0 && stored[0]!.offset <= offset) {
        stored.shift()
        trimmed++
      }
    },
  }
  return view
}

/** Builds an engine view with one line "line-1" of tenant "local"; more may be added. */
export function fixtureEngine(cells = 3): FixtureEngine {
  const changes = new Subject<LineChange>()
  const all: FixtureLine[] = []
  const engine: FixtureEngine = {
    epoch: 'epoch-1',
    problems: [],
    ready: true,
    changes$: changes,
    lines: tenant => all.filter(view => view.definition.tenant === tenant),
    line: (tenant, line) =>
      all.find(view => view.definition.tenant === tenant && view.definition.line === line),
    load: () => ({ threads: [], lines: [] }),
    health: () => ({
      ready: engine.ready,
      problems: engine.problems,
      version: '0.1.0',
      uptime_s: 1,
      store: 'fixture',
    }),
    add(definition) {
      const view = fixtureLine(definition, change => changes.next(change))
      all.push(view)
      return view
    },
    at(tenant, line) {
      const found = engine.line(tenant, line)
      if (!found) throw new RangeError(`no line ${tenant}/${line}`)
      return found as FixtureLine
    },
  }
  engine.add(fixtureDefinition('local', 'line-1', cells))
  return engine
}

/** Access rules for tests: "developer" without a key, or the identities of the keys given. */
export function fixtureGuard(keys?: Readonly<Record<string, Identity>>): Guard {
  const may: Partial<Record<Role, readonly string[]>> = {
    developer: ['read', 'acknowledge', 'approve', 'maintain'],
    operator: ['read', 'acknowledge', 'approve'],
    engineer: ['read', 'acknowledge', 'approve', 'maintain'],
    manager: ['read'],
    device: [],
  }
  const actions = (identity: Identity) => may[identity.role] ?? []
  return {
    actions,
    check: (identity, action) => actions(identity).includes(action),
    isLoopback: host => /^(\[?::1\]?|localhost|(::ffff:)?127\.[\d.]+)$/.test(host),
    identify(bearer, remoteIsLoopback) {
      if (keys) return bearer === undefined ? undefined : keys[bearer]
      if (bearer !== undefined || !remoteIsLoopback) return undefined
      return { subject: 'developer', tenant: 'local', role: 'developer' }
    },
  }
}

/** One identity of each kind, by key. */
export const fixtureKeys: Readonly<Record<string, Identity>> = {
  'key-olga': { subject: 'olga', tenant: 'local', role: 'operator' },
  'key-eva': { subject: 'eva', tenant: 'local', role: 'engineer' },
  'key-max': { subject: 'max', tenant: 'local', role: 'manager' },
  'key-dev': { subject: 'dev', tenant: 'local', role: 'device' },
  'key-foreign': { subject: 'zoe', tenant: 'other', role: 'operator' },
}
