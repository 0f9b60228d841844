import { afterEach, expect, test } from 'vitest'
import type { z } from 'zod'
import type { AlarmIncident } from '../../flow.ts'
import {
  FIXTURE_START_ms,
  fixtureAdvice,
  fixtureAlarm,
  fixtureEngine,
  fixtureGuard,
} from '../fixture.ts'
import { fixtureKpis } from '../fixture-kpis.ts'
import { silentLog } from '../log.ts'
import * as schema from './schema.ts'
import { httpSink } from './server.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const sink of open.splice(0)) await sink.close()
})

async function serve() {
  const engine = fixtureEngine()
  const common = { host: '127.0.0.1', port: 0, engine, guard: fixtureGuard() }
  const sink = httpSink({ ...common, log: silentLog })
  open.push(sink)
  const { address } = await sink.start()
  const get = async <T extends z.ZodType>(path: string, type: T): Promise<z.infer<T>> => {
    const body = await (await fetch(address + path)).json()
    const parsed = type.parse(body)
    expect(parsed, 'a key that the schema does not name').toEqual(body)
    return parsed
  }
  const post = (path: string, body: unknown = {}) =>
    fetch(address + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  return { line: engine.at('local', 'line-1'), get, post }
}

const codeOf = async (reply: Response) => schema.errorSchema.parse(await reply.json()).error.code

test('alarms and advice are acted on by ids that hold slashes', async () => {
  const { line, get, post } = await serve()
  line.tick()
  const alarm = fixtureAlarm()
  const advice = fixtureAdvice()
  line.emit({ channel: 'alarm', id: alarm.id, body: alarm })
  line.emit({ channel: 'advice', id: advice.id, body: advice })
  expect((await get('/api/alarms?line=line-1', schema.alarmListSchema)).alarms).toEqual([alarm])
  expect((await get('/api/advice', schema.adviceListSchema)).advice).toEqual([advice])
  const alarmPath = `/api/alarms/${encodeURIComponent(alarm.id)}`
  const acknowledged = await post(`${alarmPath}/acknowledge`, { comment: 'seen' })
  expect(acknowledged.status).toBe(202)
  const until_ms = FIXTURE_START_ms + 60_000
  expect((await post(`${alarmPath}/shelve`, { until_ms, comment: 'repair' })).status).toBe(202)
  const advicePath = `/api/advice/${encodeURIComponent(advice.id)}`
  expect((await post(`${advicePath}/approve`, { comment: 'go' })).status).toBe(202)
  expect((await post(`${advicePath}/reject`)).status).toBe(202)
  expect(line.decisions.map(({ decision, comment }) => ({ ...decision, comment }))).toEqual([
    { on: 'alarm', action: 'acknowledge', target: alarm.id, comment: 'seen' },
    { on: 'alarm', action: 'shelve', target: alarm.id, until_ms, comment: 'repair' },
    { on: 'advice', action: 'approve', target: advice.id, comment: 'go' },
    { on: 'advice', action: 'reject', target: advice.id, comment: '' },
  ])
  expect(line.decisions[0]!.who).toMatchObject({ subject: 'developer', tenant: 'local' })
})

test('a decision that the state does not allow is 409 and nothing is decided', async () => {
  const { line, post } = await serve()
  line.tick()
  const emitAlarm = (id: string, change: object) =>
    line.emit({ channel: 'alarm', id, body: fixtureAlarm({ id, ...change }) })
  const emitAdvice = (id: string, change: object) =>
    line.emit({ channel: 'advice', id, body: fixtureAdvice({ id, ...change }) })
  emitAlarm('acked', { acknowledged: true, acknowledged_by: 'ann' })
  emitAlarm('latched', { active: false, latched: true, acknowledged: true })
  emitAlarm('fresh', { active: false, latched: true })
  emitAlarm('shelved', { shelved_until_ms: FIXTURE_START_ms + 9000 })
  emitAlarm('plain', {})
  emitAlarm('hidden', { suppressed: true, suppressed_by: 'anode change' })
  emitAlarm('out', { out_of_service: true, out_of_service_by: 'eva' })
  emitAdvice('decided', { state: 'APPROVED' })
  emitAdvice('old', { valid_until_ms: FIXTURE_START_ms + 1 })
  const refusals = [
    ['/api/alarms/acked/acknowledge', 409, 'ALREADY_ACKNOWLEDGED'],
    ['/api/alarms/latched/acknowledge', 409, 'ALREADY_ACKNOWLEDGED'],
    ['/api/alarms/acked/reset', 409, 'NOT_LATCHED'],
    ['/api/alarms/fresh/reset', 409, 'UNACKNOWLEDGED'],
    ['/api/alarms/shelved/acknowledge', 409, 'SHELVED'],
    ['/api/alarms/plain/unshelve', 409, 'NOT_SHELVED'],
    ['/api/alarms/hidden/acknowledge', 409, 'SUPPRESSED'],
    ['/api/alarms/out/acknowledge', 409, 'OUT_OF_SERVICE'],
    ['/api/alarms/plain/return-to-service', 409, 'IN_SERVICE'],
    ['/api/advice/decided/approve', 409, 'NOT_PENDING'],
    ['/api/advice/old/approve', 409, 'EXPIRED'],
    ['/api/advice/none/approve', 404, 'ADVICE_UNKNOWN'],
    ['/api/alarms/none/acknowledge', 404, 'ALARM_UNKNOWN'],
  ] as const
  for (const [path, status, code] of refusals) {
    const reply = await post(path)
    expect([path, reply.status, await codeOf(reply)]).toEqual([path, status, code])
  }
  const early = await post('/api/alarms/plain/shelve', { until_ms: 1, comment: 'why' })
  const late = { until_ms: FIXTURE_START_ms * 2, comment: 'why' }
  const soon = { until_ms: FIXTURE_START_ms + 60_000 }
  expect(early.status).toBe(400)
  for (const body of [late, soon, { ...soon, comment: '' }, { ...soon, comment: ' ' }]) {
    expect((await post('/api/alarms/plain/shelve', body)).status).toBe(400)
  }
  for (const comment of ['', '  ']) {
    const path = '/api/alarms/plain/remove-from-service'
    expect((await post(path, { comment })).status).toBe(400)
  }
  expect(line.decisions).toEqual([])
  expect((await post('/api/alarms/latched/reset')).status).toBe(202)
  expect(line.decisions).toHaveLength(1)
})

test('incidents and alarm figures are told by line, as the engine counts them', async () => {
  const { line, get } = await serve()
  const alarm = fixtureAlarm()
  const incident: AlarmIncident = {
    ...{ id: alarm.id, line: 'line-1', cell: alarm.cell, tag: alarm.tag, kind: alarm.kind },
    ...{ text: alarm.text, priority: 'high', causes: alarm.causes, cells: 2 },
    ...{ kinds: [{ kind: alarm.kind, alarms: 12 }], alarms: 12, standing: 11, unacknowledged: 9 },
    ...{ started_ms: FIXTURE_START_ms, last_ms: FIXTURE_START_ms + 1000 },
  }
  const kpis = { ...fixtureKpis, announced: 12, top10_pct: 100, acknowledge_p50_ms: 4000 }
  line.summary = { flood_since_ms: FIXTURE_START_ms, incidents: [incident], kpis }
  const told = await get('/api/alarms/incidents?line=line-1', schema.incidentListSchema)
  expect(told.lines).toEqual([
    { line: 'line-1', flood_since_ms: FIXTURE_START_ms, incidents: [incident] },
  ])
  const figures = await get('/api/alarms/kpis', schema.kpiListSchema)
  expect(figures.lines).toEqual([{ line: 'line-1', ...kpis }])
})
