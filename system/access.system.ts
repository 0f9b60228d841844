import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type EngineProcess, liquidus, scratch, startEngineProcess } from '#bench/engine-process.ts'
import { writeReadings } from '#engine/client/write-readings.ts'
import { systemClock } from '#engine/core/clock.ts'
import type { AlarmRecord, Role } from '#engine/flow.ts'

const place = scratch('access')
const at = (name: string) => path.join(place.path, name)
const FLAGS = ['--no-demo', '--log', 'warn', '--http', '0', '--grpc', '0', '--opcua', '0']
const OPEN = ['--host', '0.0.0.0', ...FLAGS]

const keyOf = (name: string) => `key of ${name}`.replaceAll(' ', '-')
const key = (name: string, role: Exclude<Role, 'developer'>, tenant = 'local') => ({
  name,
  tenant,
  role,
  sha256: createHash('sha256').update(keyOf(name)).digest('hex'),
})
const keys = [
  key('olga', 'operator'),
  key('max', 'manager'),
  key('eva', 'engineer'),
  key('adam', 'administrator'),
  key('gateway', 'device'),
  key('rival', 'operator', 'rival'),
  key('rival-gateway', 'device', 'rival'),
]
const tag = { tag: 'pressure', unit: 'bar', low: 0, high: 20, alarm_high: 10, in_tick: 'last' }
const lines = [
  { line: 'pumps', kind: 'generic', clock: 'stream', cells: ['pump-1'], tags: [tag] },
  {
    line: 'theirs',
    kind: 'generic',
    clock: 'stream',
    cells: ['pump-1'],
    tags: [tag],
    tenant: 'rival',
  },
]

function config(name: string, value: object): string {
  writeFileSync(at(name), JSON.stringify(value))
  return at(name)
}

let tls: { cert: string; key: string }
beforeAll(() => {
  tls = { cert: at('cert.pem'), key: at('key.pem') }
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', tls.key, '-out', tls.cert, '-days', '2', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
    ],
    { stdio: 'pipe' },
  )
})
afterAll(() => place.clean())

describe('a bind that other machines can reach', () => {
  it('refuses to start without TLS, without keys, and with TLS files that are none', async () => {
    const start = async (value: object) => {
      const file = config('refused.json', { lines, ...value })
      const flags = [...OPEN, '--config', file, '--data', at('refused')]
      const done = await liquidus(['start', ...flags]).done
      expect(done.stdout + done.stderr).not.toMatch(/^(page|gRPC) /m)
      expect(done.code).toBe(1)
      return done.stderr
    }
    const cure =
      'host 0.0.0.0 is not loopback: set tls.cert, tls.key and at least one access.keys entry, ' +
      'or bind to 127.0.0.1'
    expect(await start({})).toContain(cure)
    expect(await start({ tls })).toContain(cure)
    expect(await start({ access: { keys } })).toContain(cure)
    const noFile = { tls: { cert: at('none.pem'), key: tls.key }, access: { keys } }
    expect(await start(noFile)).toContain(`cannot read ${at('none.pem')}`)
    const noPem = { tls: { cert: config('no-pem.json', {}), key: tls.key }, access: { keys } }
    expect(await start(noPem)).toContain('not a PEM file')
  })
})

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

describe('an open engine with TLS and keys', () => {
  let engine: EngineProcess
  let ca: Buffer
  let port = 0
  let grpc = ''
  const start_ms = Date.UTC(2026, 0, 1)

  beforeAll(async () => {
    const file = config('open.json', { lines, tls, access: { keys } })
    engine = await startEngineProcess([...OPEN, '--config', file, '--data', at('data')])
    ca = readFileSync(tls.cert)
    port = Number(new URL(engine.http).port)
    grpc = `localhost:${engine.grpc.split(':').at(-1)}`
  })
  afterAll(async () => {
    expect(await engine.stop()).toBe(0)
  })

  function ask(at: string, who?: string, body?: object): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = {
        ...(who === undefined ? {} : { authorization: `Bearer ${keyOf(who)}` }),
        ...(body ? { 'content-type': 'application/json' } : {}),
      }
      const method = body ? 'POST' : 'GET'
      const to = { host: 'localhost', port, path: at, ca, method, headers }
      const request = https.request(to, response => {
        let text = ''
        response.on('data', chunk => {
          text += chunk
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: text ? JSON.parse(text) : {} }),
        )
      })
      request.on('error', reject).end(body ? JSON.stringify(body) : undefined)
    })
  }

  /** Writes pressures, one a second, and gives back what became of them. */
  function write(who: string | undefined, values: readonly number[], from_s = 0, line = 'pumps') {
    const to = { address: grpc, line, producer: `by-${who ?? 'nobody'}`, tls_ca: ca }
    return writeReadings(
      { ...to, ...(who === undefined ? {} : { apiKey: keyOf(who) }), clock: systemClock },
      {
        series: [{ ref: 1, asset_path: 'pump-1', tag: 'pressure', unit: 'bar' }],
        count: values.length,
        refs: new Uint32Array(values.length).fill(1),
        times_ms: Float64Array.from(values, (_, i) => start_ms + 1000 * (from_s + i)),
        values: Float64Array.from(values),
      },
    )
  }

  function webSocket(who?: string): Promise<string> {
    const headers = who === undefined ? {} : { authorization: `Bearer ${keyOf(who)}` }
    const socket = new WebSocket(`wss://localhost:${port}/ws`, { ca, headers })
    return new Promise((resolve, reject) => {
      socket.on('error', reject)
      socket.on('message', data => {
        resolve(String(data))
        socket.close()
      })
    })
  }

  it('speaks only TLS, and tells nobody without a key anything', async () => {
    await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow()
    expect(await ask('/health')).toMatchObject({ status: 200, body: { status: 'ok' } })
    const refused = { status: 401, body: { error: { code: 'UNAUTHENTICATED' } } }
    for (const route of ['/api/lines', '/api/alarms', '/api/session', '/metrics']) {
      expect(await ask(route), route).toMatchObject(refused)
      expect(await ask(route, 'stranger'), route).toMatchObject(refused)
    }
    await expect(webSocket()).rejects.toThrow(/401/)
    await expect(webSocket('stranger')).rejects.toThrow(/401/)
    for (const who of [undefined, 'stranger']) {
      await expect(write(who, [5])).rejects.toThrow(
        /engine does not know the caller; send metadata/,
      )
    }
    const plain = { address: grpc, line: 'pumps', producer: 'plain', clock: systemClock }
    const empty = { refs: new Uint32Array(0), times_ms: new Float64Array(0) }
    await expect(
      writeReadings(plain, { ...empty, count: 0, values: new Float64Array(0) }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/^CONNECTION_/) })
  })

  it('answers a key by its role and its tenant', async () => {
    expect(await ask('/api/session', 'olga')).toMatchObject({
      status: 200,
      body: { subject: 'olga', tenant: 'local', role: 'operator' },
    })
    expect(await ask('/api/lines', 'max')).toMatchObject({
      status: 200,
      body: { lines: [{ line: 'pumps' }] },
    })
    expect(JSON.parse(await webSocket('olga'))).toMatchObject({
      type: 'welcome',
      identity: { subject: 'olga', tenant: 'local', role: 'operator' },
      lines: [{ line: 'pumps' }],
    })
    expect((await ask('/api/lines', 'gateway')).status).toBe(403)
    await expect(webSocket('gateway')).rejects.toThrow(/403/)
  })

  it('takes readings from devices, engineers and administrators alone', async () => {
    for (const who of ['gateway', 'eva', 'adam']) {
      expect(await write(who, [5])).toMatchObject({ acknowledged_readings: 1 })
    }
    for (const [who, role] of [
      ['max', 'manager'],
      ['olga', 'operator'],
    ]) {
      await expect(write(who, [5])).rejects.toThrow(`${who} (${role}) may not write readings`)
    }
  })

  it('lets an operator acknowledge an alarm and a manager not', async () => {
    await write('gateway', new Array(120).fill(15), 1)
    let alarm: AlarmRecord | undefined
    for (let tries = 0; tries < 50 && !alarm; tries++) {
      const { body } = await ask('/api/alarms', 'max')
      alarm = (body.alarms as AlarmRecord[])[0]
      if (!alarm) await new Promise(resolve => setTimeout(resolve, 100))
    }
    const route = `/api/alarms/${encodeURIComponent(alarm!.id)}/acknowledge`
    const comment = { comment: 'seen' }
    expect(await ask(route, undefined, comment)).toMatchObject({ status: 401 })
    expect(await ask(route, 'max', comment)).toMatchObject({
      status: 403,
      body: { error: { message: 'Role "manager" may not acknowledge.' } },
    })
    expect((await ask(route, 'rival', comment)).status).toBe(404)
    expect((await ask(route, 'olga', comment)).status).toBe(202)
  })

  it('shows no line of one tenant to another', async () => {
    const { body } = await ask('/api/lines', 'rival')
    expect((body.lines as { line: string }[]).map(one => one.line)).toEqual(['theirs'])
    expect(await ask('/api/lines/pumps', 'rival')).toMatchObject({
      status: 404,
      body: { error: { message: 'Line "pumps" is not known; known lines: theirs.' } },
    })
    expect((await ask('/api/lines/pumps/quarantine', 'rival')).status).toBe(404)
    expect((await ask('/api/alarms', 'rival')).body).toEqual({ alarms: [] })
    expect(await webSocket('rival')).not.toContain('pumps')
    await expect(write('rival-gateway', [5])).rejects.toThrow(
      /line "pumps" is not known; known lines: theirs/,
    )
    await expect(write('rival-gateway', [5], 0, 'local/pumps')).rejects.toThrow(
      /may not write for tenant "local"/,
    )
  })
})
