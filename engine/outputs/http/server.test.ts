import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { z } from 'zod'
import {
  FIXTURE_START_ms,
  fixtureAdvice,
  fixtureAlarm,
  fixtureEngine,
  fixtureGuard,
  fixtureKeys,
} from '../fixture.ts'
import { silentLog } from '../log.ts'
import * as schema from './schema.ts'
import { BODY_BYTES_MAX, type HttpOptions, httpSink } from './server.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const sink of open.splice(0)) await sink.close()
})

async function serve(change: Partial<HttpOptions> = {}) {
  const engine = fixtureEngine()
  const sink = httpSink({
    host: '127.0.0.1',
    port: 0,
    engine,
    guard: fixtureGuard(),
    log: silentLog,
    ...change,
  })
  open.push(sink)
  const { address } = await sink.start()
  const line = engine.at('local', 'line-1')
  const get = async <T extends z.ZodType>(path: string, type: T): Promise<z.infer<T>> => {
    const reply = await fetch(address + path)
    expect(reply.status, path).toBe(200)
    const body = await reply.json()
    const parsed = type.parse(body)
    expect(parsed, 'a key that the schema does not name').toEqual(body)
    return parsed
  }
  const post = (path: string, body: unknown = {}, headers: Record<string, string> = {}) =>
    fetch(address + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  return { engine, line, address, get, post }
}

/** A request with headers that fetch does not let a caller choose. */
function raw(address: string, path: string, headers: Record<string, string>, method = 'GET') {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const sent = httpRequest(address + path, { headers, method }, reply => {
      let body = ''
      reply.on('data', chunk => {
        body += chunk
      })
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, body }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

const codeOf = async (reply: Response) => schema.errorSchema.parse(await reply.json()).error.code

test('lines and one line say where they stand', async () => {
  const { line, get } = await serve()
  line.faults.set(1, 'stuck')
  line.tick()
  line.tick()
  const { lines } = await get('/api/lines', schema.lineListSchema)
  expect(lines).toMatchObject([{ line: 'line-1', origin: 'simulated', cells_count: 3 }])
  const detail = await get('/api/lines/line-1', schema.lineSchema)
  expect(detail.state_hash).toBe(line.status().state_hash)
  expect(detail.time_ms).toBe(FIXTURE_START_ms + 2000)
  expect(detail.quality).toEqual({ good: 4, uncertain: 0, bad: 0, missing: 0 })
  expect(detail.sensor_faults).toEqual([{ tag: 'cell_voltage', cell: 'cell-102', reason: 'stuck' }])
})

test('a line answers before its first tick', async () => {
  const { get } = await serve()
  const detail = await get('/api/lines/line-1', schema.lineSchema)
  expect(detail.quality).toEqual({ good: 0, uncertain: 0, bad: 0, missing: 0 })
  const cell = await get('/api/lines/line-1/cells/cell-101', schema.cellSchema)
  expect(cell.estimates[0]).toMatchObject({ name: 'bath_K', value: null, observable: false })
})

test('a cell shows estimates with bands in display units, readings with age, and its alarms', async () => {
  const { line, get } = await serve()
  line.tick()
  line.emit({ channel: 'alarm', id: fixtureAlarm().id, body: fixtureAlarm() })
  line.emit({ channel: 'advice', id: fixtureAdvice().id, body: fixtureAdvice() })
  const cell = await get('/api/lines/line-1/cells/cell-102', schema.cellSchema)
  const bath = cell.estimates[0]!
  expect(bath).toMatchObject({ name: 'bath_K', unit: 'C', std: 2, observable: true })
  expect(bath.value).toBeCloseTo(961, 1)
  expect(bath.p95! - bath.value!).toBeCloseTo(3.29, 2)
  expect(bath.value! - bath.p05!).toBeCloseTo(3.29, 2)
  expect(cell.estimates[1]).toMatchObject({ unit: 'wt%' })
  expect(cell.estimates[1]!.std).toBeCloseTo(0.2)
  expect(cell.scores).toEqual([{ detector: 'residual', score: 0.1 }])
  expect(cell.measured).toEqual([
    {
      tag: 'cell_voltage',
      unit: 'V',
      scope: 'cell',
      value: 4.21,
      age_ms: 200,
      quality: 'good',
      fault: '',
    },
    {
      tag: 'line_current',
      unit: 'kA',
      scope: 'line',
      value: 350,
      age_ms: 200,
      quality: 'good',
      fault: '',
    },
  ])
  expect(cell.alarms.map(alarm => alarm.id)).toEqual([fixtureAlarm().id])
  expect(cell.advice.map(advice => advice.id)).toEqual([fixtureAdvice().id])
  const other = await get('/api/lines/line-1/cells/cell-101', schema.cellSchema)
  expect(other.alarms).toEqual([])
  expect(other.estimates[1]).toMatchObject({ observable: false, std: null, p05: null })
})

test('shows what lies inside one cell, in display units, with gaps where nothing is known', async () => {
  const { line, get } = await serve()
  const path = '/api/lines/line-1/cells/cell-101/profiles'
  expect((await get(path, schema.profilesSchema)).profiles).toEqual([])
  line.tick()
  const { tick, profiles } = await get(path, schema.profilesSchema)
  expect(tick).toBeGreaterThan(0)
  expect(profiles).toEqual([
    {
      name: 'anode_current_A',
      text: 'anode current',
      unit: 'kA',
      digits: 2,
      axis: { text: 'anode', unit: '1', positions: [1, 2, 3] },
      rows: ['side A', 'side B'],
      values: [
        [9, 10, 9],
        [9, 10, 8],
      ],
      observed: [
        [9, 12, 9],
        [9, 10, null],
      ],
    },
  ])
})

test('a trend comes as columns with null where nothing is known', async () => {
  const { line, get } = await serve()
  for (let i = 0; i < 50; i++) line.tick()
  const path = '/api/lines/line-1/cells/cell-101/trend'
  const whole = await get(path, schema.trendSchema)
  expect(whole.times_ms.length).toBe(50)
  const named = await get(`${path}?columns=bath_K,bath_K_std`, schema.trendSchema)
  expect(named.columns.map(column => column.name)).toEqual(['bath_K', 'bath_K_std'])
  const units = Object.fromEntries(whole.columns.map(column => [column.name, column.unit]))
  expect(units).toEqual({
    bath_K: 'K',
    alumina_1: '1',
    bath_K_std: 'K',
    alumina_1_std: '1',
    cell_voltage: 'V',
    cell_voltage_expected: 'V',
    cell_voltage_expected_std: 'V',
  })
  const std = whole.columns.find(column => column.name === 'alumina_1_std')!
  expect(std.values.every(value => value === null)).toBe(true)
  const from_ms = FIXTURE_START_ms + 21_000
  const part = await get(`${path}?from_ms=${from_ms}&points=10`, schema.trendSchema)
  expect(part.times_ms.length).toBe(10)
  expect(part.times_ms[0]).toBe(from_ms)
})

test('each role may do what it may, and no tenant sees another', async () => {
  const { engine, line, address } = await serve({ guard: fixtureGuard(fixtureKeys) })
  line.tick()
  line.emit({ channel: 'advice', id: 'a', body: fixtureAdvice({ id: 'a' }) })
  expect(engine.lines('other')).toEqual([])
  const status = async (key: string, path: string, method = 'GET', text = '{}') => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const body = method === 'POST' ? text : null
    return (await fetch(address + path, { method, headers, body })).status
  }
  expect(await status('wrong', '/api/lines')).toBe(401)
  expect(await status('key-dev', '/api/lines')).toBe(403)
  expect(await status('key-max', '/api/lines/line-1')).toBe(200)
  expect(await status('key-max', '/api/advice/a/approve', 'POST')).toBe(403)
  expect(await status('key-foreign', '/api/lines/line-1')).toBe(404)
  expect(await status('key-foreign', '/api/advice/a/approve', 'POST')).toBe(404)
  expect(line.decisions).toEqual([])
  expect(await status('key-olga', '/api/advice/a/approve', 'POST')).toBe(202)
  line.emit({ channel: 'alarm', id: 'x', body: fixtureAlarm({ id: 'x' }) })
  const remove = ['/api/alarms/x/remove-from-service', 'POST', '{"comment":"repair"}'] as const
  for (const key of ['key-olga', 'key-max']) expect(await status(key, ...remove)).toBe(403)
  expect(line.decisions).toHaveLength(1)
  expect(await status('key-eva', ...remove)).toBe(202)
  expect(line.decisions[1]).toMatchObject({
    decision: { on: 'alarm', action: 'remove-from-service', target: 'x' },
    ...{ who: { subject: 'eva', role: 'engineer' }, comment: 'repair' },
  })
  expect((await fetch(`${address}/metrics`)).status).toBe(401)
  expect((await fetch(`${address}/health`)).status).toBe(200)
})

test('a browser signs in once and is known by its cookie', async () => {
  const { address, post } = await serve({ guard: fixtureGuard(fixtureKeys) })
  const wrong = await post('/api/session', { key: 'nope' })
  expect([wrong.status, await codeOf(wrong)]).toEqual([401, 'KEY_UNKNOWN'])
  const reply = await post('/api/session', { key: 'key-olga' })
  const cookie = reply.headers.get('set-cookie') ?? ''
  expect(cookie).toMatch(/HttpOnly; SameSite=Strict/)
  const headers = { cookie: cookie.split(';')[0]! }
  const session = await fetch(`${address}/api/session`, { headers })
  expect(await session.json()).toMatchObject({ subject: 'olga', actions: expect.any(Array) })
})

test('pages of other sites, rebound host names and forms are turned away', async () => {
  const { line, address, post } = await serve()
  line.emit({ channel: 'alarm', id: 'x', body: fixtureAlarm({ id: 'x' }) })
  line.tick()
  const foreign = await post('/api/alarms/x/acknowledge', {}, { origin: 'https://evil.example' })
  expect([foreign.status, await codeOf(foreign)]).toEqual([403, 'ORIGIN_NOT_ALLOWED'])
  const rebound = await raw(address, '/api/lines', { host: 'evil.example' })
  expect(rebound.status).toBe(403)
  const path = '/api/alarms/x/acknowledge'
  const form = await raw(address, path, { 'content-type': 'text/plain' }, 'POST')
  expect([form.status, form.body]).toEqual([415, expect.stringContaining('NOT_JSON')])
  expect(line.decisions).toEqual([])
  const { host } = new URL(address)
  expect((await post(path, {}, { origin: `http://${host}` })).status).toBe(202)
})

test('bad requests get one plain kind of answer', async () => {
  const { address, post } = await serve()
  const get = (path: string) => fetch(address + path)
  const big = { comment: 'x'.repeat(BODY_BYTES_MAX) }
  const replies = [
    [await get('/api/lines/nope'), 404, 'LINE_UNKNOWN'],
    [await get('/api/lines/line-1/cells/nope'), 404, 'CELL_UNKNOWN'],
    [await get('/api/lines/line-1/cells/cell-101/trend?points=1e9'), 400, 'INVALID'],
    [await get('/nothing'), 404, 'NOT_FOUND'],
    [await post('/api/alarms/x/acknowledge', { comment: 5, extra: 1 }), 400, 'INVALID'],
    [await post('/api/alarms/x/acknowledge', big), 413, 'BODY_TOO_LARGE'],
  ] as const
  for (const [reply, status, code] of replies) {
    expect([reply.status, await codeOf(reply)]).toEqual([status, code])
  }
})

test('health tells the reasons and turns 503 when not ready', async () => {
  const { engine, address, get } = await serve()
  expect((await get('/health', schema.healthSchema)).status).toBe('ok')
  engine.problems.push('line line-1 is 9000 entries behind')
  const degraded = await get('/health', schema.healthSchema)
  expect(degraded).toMatchObject({ status: 'degraded', problems: engine.problems })
  engine.ready = false
  const reply = await fetch(`${address}/health`)
  expect(reply.status).toBe(503)
  expect(await reply.json()).toMatchObject({ status: 'unavailable' })
})

test('metrics carry units and the numbers of the lines', async () => {
  const { line, address } = await serve({
    loads: {
      websocket: () => ({
        ...{ clients: 2, clients_max: 9, buffered_bytes: 0 },
        ...{ conflated_frames: 0, closed_slow: 0 },
      }),
    },
  })
  line.tick()
  line.emit({ channel: 'alarm', id: 'x', body: fixtureAlarm({ id: 'x' }) })
  const text = await (await fetch(`${address}/metrics`)).text()
  expect(text).toContain('liquidus_readings_accepted_total{line="line-1"} 4')
  expect(text).toContain('liquidus_readings_rejected_total{line="line-1"} 3')
  expect(text).toContain('liquidus_ticks_total{line="line-1",closed="complete"} 1')
  expect(text).toContain('liquidus_alarms_active{line="line-1",priority="high"} 1')
  expect(text).toContain('liquidus_log_behind_entries{line="line-1"} 0')
  expect(text).toContain('liquidus_ws_clients 2')
  expect(text).toContain('nodejs_eventloop_lag_seconds')
  const again = await (await fetch(`${address}/metrics`)).text()
  expect(again).toContain('liquidus_ticks_total{line="line-1",closed="complete"} 1')
})

test('the description covers every route and the index lists them', async () => {
  const { address } = await serve({ quarantine: async () => [] })
  const description = await (await fetch(`${address}/api/openapi.json`)).json()
  expect(description.openapi).toBe('3.1.0')
  const paths = Object.keys(description.paths).sort()
  expect(paths).toEqual([
    '/api/advice',
    '/api/advice/{id}/approve',
    '/api/advice/{id}/reject',
    '/api/alarms',
    '/api/alarms/incidents',
    '/api/alarms/kpis',
    '/api/alarms/{id}/acknowledge',
    '/api/alarms/{id}/remove-from-service',
    '/api/alarms/{id}/reset',
    '/api/alarms/{id}/return-to-service',
    '/api/alarms/{id}/shelve',
    '/api/alarms/{id}/unshelve',
    '/api/engine',
    '/api/lines',
    '/api/lines/{line}',
    '/api/lines/{line}/cells/{cell}',
    '/api/lines/{line}/cells/{cell}/profiles',
    '/api/lines/{line}/cells/{cell}/trend',
    '/api/lines/{line}/quarantine',
    '/api/session',
    '/health',
    '/metrics',
  ])
  const cell = description.paths['/api/lines/{line}/cells/{cell}'].get
  const body = cell.responses['200'].content['application/json'].schema
  expect(Object.keys(body.properties)).toContain('estimates')
  const index = await (await fetch(`${address}/api`)).text()
  for (const path of paths) expect(index).toContain(path)
})

test('quarantine rows are read in pages, NaN as null', async () => {
  const asked: unknown[] = []
  const { get } = await serve({
    quarantine: async (...call) => {
      asked.push(call)
      const row = {
        producer: 'p',
        sequence: 4,
        row: 2,
        reason: 'VALUE_OUT_OF_RANGE',
        detail: '9 V is above 5 V',
        asset: 'cell-101',
        tag: 'cell_voltage',
        time_ms: 5,
        value: Number.NaN,
        received_ms: 6,
      } as const
      return [{ id: 8, row }]
    },
  })
  const path = '/api/lines/line-1/quarantine?after=7&count=10'
  const { rows } = await get(path, schema.quarantineSchema)
  expect(rows).toMatchObject([{ id: 8, reason: 'VALUE_OUT_OF_RANGE', value: null }])
  expect(asked).toEqual([['local', 'line-1', 7, 10]])
})

test('the page is served with headers that keep it safe, and only from its folder', async () => {
  const ui_path = mkdtempSync(join(tmpdir(), 'page-'))
  mkdirSync(join(ui_path, 'assets'))
  writeFileSync(join(ui_path, 'index.html'), '<title>Liquidus</title>')
  writeFileSync(join(ui_path, 'assets', 'app-1.js'), '1')
  const { address } = await serve({ ui_path })
  const page = await fetch(`${address}/`)
  expect(await page.text()).toContain('Liquidus')
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
  expect(page.headers.get('content-security-policy')).not.toContain('unsafe')
  expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'")
  expect(page.headers.get('x-content-type-options')).toBe('nosniff')
  expect(page.headers.get('cache-control')).toBe('no-cache')
  const asset = await fetch(`${address}/assets/app-1.js`)
  expect(asset.headers.get('cache-control')).toContain('immutable')
  const outside = await raw(address, '/..%2f..%2fetc/passwd', {})
  expect(outside.status).toBeGreaterThanOrEqual(400)
})

test('without a built page "/" says how to build it', async () => {
  const { address } = await serve({ ui_path: '/nonexistent' })
  expect(await (await fetch(`${address}/`)).text()).toContain('npm run build:ui')
})

test('a port in use is named with the flag that changes it', async () => {
  const { address } = await serve()
  const port = Number(new URL(address).port)
  await expect(serve({ port })).rejects.toMatchObject({ code: 'PORT_IN_USE' })
})
