import { afterEach, expect, test } from 'vitest'
import { manualClock } from '../../core/clock.ts'
import {
  type EngineLoad,
  type LineLoad,
  loadStages,
  type OperationLoad,
  operationBounds_s,
  type StoreLoad,
} from '../../load.ts'
import { fixtureDefinition, fixtureEngine, fixtureGuard, fixtureKeys } from '../fixture.ts'
import { silentLog } from '../log.ts'
import { engineSchema } from './engine-schema.ts'
import { LINE_LABELS_MAX } from './metrics.ts'
import { type HttpOptions, httpSink } from './server.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const sink of open.splice(0)) await sink.close()
})

const lineLoad = (line: string, runs = 0): LineLoad => ({
  ...{ tenant: 'local', line, thread: 'fold-1', behind_entries: 3, behind_bytes: 900 },
  ...{ credit_bytes: 1000, credit_max_bytes: 4 << 20, restarts: 1 },
  stages: Object.fromEntries(
    loadStages.map(stage => [stage, { count: runs, sum_s: runs * 0.002 }]),
  ) as LineLoad['stages'],
})

const thread = {
  ...{ name: 'io', event_loop_lag_ms_p50: 1, event_loop_lag_ms_p99: 12 },
  ...{ heap_used_bytes: 1e6, gc_pause_s: 0.5, gc_count: 7 },
}

async function serve(change: Partial<HttpOptions> = {}) {
  const clock = manualClock(1_760_000_100_000)
  const fixture = fixtureEngine()
  const load: Omit<EngineLoad, 'lines' | 'store'> & { lines: LineLoad[]; store?: StoreLoad } = {
    threads: [thread],
    lines: [],
  }
  load.lines.push(lineLoad('line-1'))
  const engine = { ...fixture, load: () => load, health: () => fixture.health() }
  const sink = httpSink({
    ...{ host: '127.0.0.1', port: 0, engine, guard: fixtureGuard(), log: silentLog, clock },
    ...change,
  })
  open.push(sink)
  const { address } = await sink.start()
  const get = async (path: string) => (await fetch(address + path)).text()
  const figures = async () => {
    const body: unknown = JSON.parse(await get('/api/engine'))
    const parsed = engineSchema.parse(body)
    expect(parsed, 'a key that the schema does not name').toEqual(body)
    return parsed
  }
  return { fixture, line: fixture.at('local', 'line-1'), clock, load, address, get, figures }
}

const append = (count: number, bucket: number): OperationLoad => {
  const buckets = operationBounds_s.map((_, i) => (i === bucket ? count : 0))
  return {
    name: 'append',
    count,
    failed: 1,
    bytes: 1000 * count,
    sum_s: 0.004 * count,
    buckets: [...buckets, 0],
  }
}

test('the engine tells rates, stages, queues and store over the last seconds', async () => {
  const bound = operationBounds_s.indexOf(0.005)
  let operations = [append(0, bound)]
  let bytes = 0
  const { line, clock, load, figures } = await serve({
    loads: {
      store: () => operations,
      tenants: () => [
        { tenant: 'rival', limits: {}, streams: 9, readings: 9, bytes: 9, refused: 9, paced_s: 9 },
        {
          tenant: 'local',
          limits: { streams_max: 4 },
          streams: 2,
          readings: 1,
          bytes,
          refused: 3,
          paced_s: 1.5,
        },
      ],
      opcua: () => ({ sessions: 1, subscriptions: 2, waiting: 0, nodes: 30, nodes_max: 1000 }),
    },
  })
  line.tick()
  clock.advance(4000)
  for (let i = 0; i < 7; i++) line.tick()
  load.lines[0] = lineLoad('line-1', 200)
  operations = [append(400, bound)]
  bytes = 8000
  const body = await figures()
  expect(body.window_s).toBe(4)
  const [told] = body.lines
  // Each tick of the fixture takes one reading per cell, and one of the line.
  expect(told).toMatchObject({ line: 'line-1', readings_per_s: 8, behind_entries: 0, restarts: 1 })
  expect(told!.credit_bytes).toBe(1000)
  expect(told!.stages.twin).toEqual({ mean_ms: 2, share: 0.1 })
  expect(told!.event_age_s).toBeNull()
  const { p50_ms, p99_ms, ...store } = body.store.operations[0]!
  expect(store).toEqual({ name: 'append', per_s: 100, bytes_per_s: 100_000, failed: 1 })
  expect(p50_ms).toBeCloseTo(3.75)
  expect(p99_ms).toBeLessThanOrEqual(5)
  expect(body.tenant).toEqual({
    ...{ tenant: 'local', streams: 2, streams_max: 4, bytes_per_s: 2000, refused: 3, paced_s: 1.5 },
  })
  expect(body.threads).toEqual([thread])
  expect(body.opcua).toMatchObject({ nodes: 30 })
  expect(body.websocket).toBeNull()
})

test('the size of the store is told with its limits, and null where it says nothing', async () => {
  const { load, figures, get } = await serve()
  expect((await figures()).store.size).toBeNull()
  expect(await get('/metrics')).not.toContain('liquidus_store_used')
  load.store = { used_bytes: 900, used_bytes_max: 7000, log_bytes: 800, state_bytes: 100 }
  expect((await figures()).store.size).toEqual(load.store)
  const text = await get('/metrics')
  expect(text).toContain('liquidus_store_used_bytes 900')
  expect(text).toContain('liquidus_store_used_limit_bytes 7000')
  expect(text).toContain('liquidus_store_log_bytes 800')
  expect(text).not.toContain('liquidus_store_disk')
})

test('health says why, and a role that may not read gets nothing', async () => {
  const { fixture, figures } = await serve()
  fixture.ready = false
  fixture.problems.push('line local/line-1: the store is full')
  expect(await figures()).toMatchObject({ ready: false, problems: fixture.problems })
  const { address } = await serve({ guard: fixtureGuard(fixtureKeys) })
  const headers = { authorization: 'Bearer key-dev' }
  expect((await fetch(`${address}/api/engine`, { headers })).status).toBe(403)
})

test('metrics are named as Prometheus wants it, each with its unit, and add up', async () => {
  const { line, load, get } = await serve({
    loads: {
      store: () => [append(10, 3)],
      websocket: () => ({
        clients: 1,
        clients_max: 5,
        buffered_bytes: 0,
        conflated_frames: 4,
        closed_slow: 2,
      }),
      tenants: () => [
        { tenant: 'local', limits: {}, streams: 1, readings: 5, bytes: 6, refused: 0, paced_s: 0 },
      ],
    },
  })
  line.tick()
  load.lines[0] = lineLoad('line-1', 5)
  const text = await get('/metrics')
  const types = new Map(
    [...text.matchAll(/^# TYPE (liquidus_\w+) (\w+)$/gm)].map(match => [match[1]!, match[2]!]),
  )
  expect(types.size).toBeGreaterThan(30)
  for (const [name, type] of types) {
    expect(name).toMatch(/^liquidus_[a-z][a-z0-9_]*$/)
    expect(name.endsWith('_total'), name).toBe(type === 'counter')
    expect(name, 'seconds and bytes, never their thousands').not.toMatch(/_(ms|MiB|kb)(_|$)/i)
  }
  expect(text).toContain('liquidus_stage_seconds_total{line="line-1",stage="twin"} 0.01')
  expect(text).toContain('liquidus_event_loop_lag_seconds{thread="io",quantile="0.99"} 0.012')
  expect(text).toContain('liquidus_tenant_bytes_total{tenant="local"} 6')
  expect(text).toContain(
    'liquidus_store_operation_seconds_bucket{le="0.001",operation="append"} 10',
  )
  expect(text).toContain(
    'liquidus_store_operation_seconds_bucket{le="0.0005",operation="append"} 0',
  )
  expect(text).toContain('liquidus_store_operation_seconds_bucket{le="+Inf",operation="append"} 10')
  expect(text).toContain('liquidus_ws_conflated_frames_total 4')
  expect(text).toContain('liquidus_outbox_events{line="line-1"} 0')
})

test('metrics come even while the store does not answer', async () => {
  const { line, get } = await serve()
  Object.assign(line, { events: () => new Promise(() => {}) })
  line.tick()
  const text = await get('/metrics')
  expect(text).toContain('liquidus_readings_accepted_total{line="line-1"} 4')
  expect(text).not.toContain('liquidus_outbox_events{')
})

test('lines beyond the limit share one label, and nothing is lost of them', async () => {
  const { fixture, load, get } = await serve()
  const names = Array.from({ length: LINE_LABELS_MAX + 20 }, (_, i) => `extra-${i}`)
  for (const name of names) {
    fixture.add(fixtureDefinition('local', name, 1)).tick()
    load.lines.push(lineLoad(name, 1))
  }
  const text = await get('/metrics')
  const labels = new Set([...text.matchAll(/line="([^"]+)"/g)].map(match => match[1]))
  expect(labels.size).toBe(LINE_LABELS_MAX + 1)
  expect(text).toContain('liquidus_readings_accepted_total{line="other"} 42')
  expect(text).toContain('liquidus_line_restarts_total{line="other"} 21')
})
