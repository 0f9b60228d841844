import type { Advice, AlarmRecord } from '#engine/flow.ts'
import type { LineInfo, ServerMessage, Telemetry } from '#engine/outputs/websocket/protocol.ts'

const quantity = (name: string, unit: string, scale: number, offset: number) => ({
  name,
  unit: 'K',
  text: name,
  low: -1000,
  high: 2000,
  display: { unit, scale, offset, digits: 1 },
})

/** A line of four cells with two fields and one channel, for tests. */
export const fixtureLine: LineInfo = {
  number: 3,
  line: 'line-1',
  kind: 'potline',
  origin: 'simulated',
  clock: 'stream',
  tick_ms: 1000,
  cells: ['cell-101', 'cell-102', 'cell-103', 'cell-104'],
  fields: [quantity('superheat_K', 'K', 1, 0), quantity('bath_K', 'C', 1, -273.15)],
  channels: [{ ...quantity('cell_voltage_V', 'V', 1, 0), tag: 'cell_voltage' }],
  tags: [],
}

/** The welcome that names that line. */
export const fixtureWelcome: Extract<ServerMessage, { type: 'welcome' }> = {
  type: 'welcome',
  protocol: 1,
  epoch: 'epoch-1',
  version: '0.1.0',
  now_ms: 0,
  identity: { subject: 'someone', tenant: 'local', role: 'operator' },
  actions: ['read', 'acknowledge'],
  lines: [fixtureLine],
}

/** A standing, unacknowledged alarm. */
export function fixtureAlarm(change: Partial<AlarmRecord> = {}): AlarmRecord {
  return {
    id: 'alarm-1',
    line: 'line-1',
    cell: 'cell-102',
    tag: '',
    kind: 'feed-below-demand',
    priority: 'high',
    text: 'alumina feed below demand',
    causes: [],
    response: '',
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
    raised_ms: 1000,
    returned_ms: 0,
    acknowledged_ms: 0,
    acknowledged_by: '',
    comment: '',
    revision: 1,
    ...change,
  }
}

/** A recommendation that waits for a decision. */
export function fixtureAdvice(change: Partial<Advice> = {}): Advice {
  return {
    id: 'advice-1',
    line: 'line-1',
    cell: 'cell-102',
    setpoint: 'base_feed_rate',
    unit: 'kg/h',
    from: 200,
    to: 210,
    low: 170,
    high: 230,
    step_max: 10,
    interval_min_s: 3600,
    reason: '',
    forecasts: [],
    margins: [],
    confidence: 1,
    inhibits: [],
    versions: {},
    hash: '',
    created_ms: 1000,
    valid_until_ms: 2000,
    state: 'PENDING_APPROVAL',
    decided_by: '',
    decided_ms: 0,
    comment: '',
    revision: 1,
    ...change,
  }
}

/** One frame of that line; cell i has superheat 8 + i and voltage 4 + i / 10. */
export function fixtureTelemetry(change: Partial<Telemetry> = {}): Telemetry {
  return {
    lineNumber: 3,
    tick: 1,
    time_ms: 1000,
    sent_ms: 0,
    closed: 'complete',
    status: 0,
    behind_entries: 0,
    cells: 4,
    estimate: Float32Array.of(8, 9, 10, 11, 1233.15, 1234.15, 1235.15, 1236.15),
    std: new Float32Array(8).fill(1),
    observed: Float32Array.of(4, 4.1, 4.2, 4.3),
    expected: new Float32Array(4).fill(4.2),
    expected_std: new Float32Array(4).fill(0.01),
    residual: Float32Array.of(-2, -1, 0, Number.NaN),
    scores: new Float32Array(0),
    observable: Uint8Array.of(1, 1, 1, 0, 1, 1, 1, 1),
    trusted: new Uint8Array(4).fill(1),
    masked: new Uint8Array(4),
    ...change,
  }
}
