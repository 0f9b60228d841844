import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  engineEnded,
  eventually,
  getJson,
  liquidus,
  scratch,
  startEngineProcess,
} from '#bench/engine-process.ts'
import { available } from '#engine/tools/require.ts'
import { startTestServer } from '#redis/test-server.ts'

interface LineAnswer {
  readonly tick: number
  readonly state_hash: string
  readonly behind_entries: number
}
interface Verified {
  readonly equal: boolean
  readonly state_hash_stored: string
  readonly batches: number
  readonly batches_repeated: number
  readonly sequence_gaps: number
  readonly readings: number
  readonly ticks: number
  readonly events_stored: number
  readonly events_different: number
}

const recording = scratch('recording')
const redis = available('redis')?.path
if (!redis) process.stderr.write('not run: no redis-server\n')
const QUIET = ['--no-demo', '--log', 'warn', '--http', '0', '--opcua', '0']

beforeAll(async () => {
  const made = await liquidus([
    'plant',
    ...['--record', recording.path, '--hours', '1.5', '--cells', '6', '--seed', '5'],
    ...['--faults', 'noisy-cell@20m:cell=2;stuck-voltage@40m:cell=4;depletion@30m:cell=5'],
  ]).done
  expect(made.stderr + made.stdout).toContain('rows')
  expect(made.code).toBe(0)
})
afterAll(() => recording.clean())

async function settled(http: string): Promise<LineAnswer> {
  return eventually(
    () => getJson<LineAnswer>(`${http}/api/lines/pots`),
    line => line.tick > 0 && line.behind_entries === 0,
    60_000,
  )
}

/**
 * Replays the recording; kills and restarts the engine `kills` times while it runs. The environment
 * names the store.
 */
async function run(kills: number, environment: NodeJS.ProcessEnv = {}): Promise<Verified> {
  const data = scratch('data')
  try {
    const start = (grpc: string) =>
      startEngineProcess([...QUIET, '--data', data.path, '--grpc', grpc], environment)
    let engine = await start('0')
    const port = engine.grpc.split(':').at(-1)!
    const replay = liquidus([
      'replay',
      recording.path,
      ...['--line', 'pots', '--grpc', `127.0.0.1:${port}`, '--speed', 'max', '--json'],
    ])
    await eventually(
      async () => replay.said(),
      said => said.includes('line "pots"'),
      30_000,
    )
    for (let kill = 0; kill < kills; kill++) {
      await new Promise(resolve => setTimeout(resolve, 100 + 700 * kill))
      await engine.kill9()
      engine = await start(port)
    }
    // An engine that ends by itself leaves the replay waiting: say what it said.
    const gone = engine.ended.then(code => {
      throw engineEnded(code, engine.output())
    })
    gone.catch(() => {})
    const { code, stdout, stderr } = await Promise.race([replay.done, gone])
    expect(stderr).not.toContain('bug')
    expect(code).toBe(0)
    const summary = JSON.parse(stdout) as Record<string, number>
    expect(summary.sent).toBeGreaterThan(50_000)
    expect(summary.acknowledged! + summary.rejected!).toBe(summary.sent)
    if (kills > 0) expect(summary.reconnects).toBeGreaterThan(0)
    await settled(engine.http)
    expect(await engine.stop(), engine.output()).toBe(0)
    const check = ['verify', '--data', data.path, '--line', 'pots', '--json']
    const verified = await liquidus(check, environment).done
    expect(verified.stderr).not.toContain('bug')
    return JSON.parse(verified.stdout) as Verified
  } finally {
    data.clean()
  }
}

/** Compares a run with three kills with one without any. */
async function expectEqualRuns(runWith: (kills: number) => Promise<Verified>): Promise<void> {
  const calm = await runWith(0)
  expect(calm).toMatchObject({ equal: true, batches_repeated: 0, sequence_gaps: 0 })
  expect(calm.ticks).toBeGreaterThan(5000)
  expect(calm.events_stored).toBeGreaterThan(0)
  const killed = await runWith(3)
  expect(killed).toMatchObject({ equal: true, batches_repeated: 0, sequence_gaps: 0 })
  expect(killed.batches).toBe(calm.batches)
  expect(killed.readings).toBe(calm.readings)
  expect(killed.events_stored).toBe(calm.events_stored)
  expect(killed.state_hash_stored).toBe(calm.state_hash_stored)
}

describe('an engine that was killed while it made its certificates', () => {
  it('starts its OPC UA server all the same, and stops when it is told', async () => {
    const data = scratch('locked')
    mkdirSync(path.join(data.path, 'opcua', 'server', 'mutex.lock'), { recursive: true })
    const certificates = path.join(data.path, 'opcua', 'server', 'own', 'certs')
    mkdirSync(certificates, { recursive: true })
    writeFileSync(path.join(certificates, 'certificate.pem'), '')
    const engine = await startEngineProcess([...QUIET, '--data', data.path, '--grpc', '0'])
    expect(await engine.opcua).toMatch(/^opc\.tcp:/)
    expect(await engine.stop()).toBe(0)
    data.clean()
  })
})

describe('an engine that is killed during a replay', () => {
  it('has every reading once and the state, alarms and advice of an uninterrupted run', () =>
    expectEqualRuns(run))

  it.runIf(redis)('has them so too with its store in Redis', () =>
    expectEqualRuns(async kills => {
      const server = await startTestServer(redis!)
      try {
        return await run(kills, { REDIS_URL: server.url })
      } finally {
        await server.destroy()
      }
    }),
  )
})

describe.runIf(redis)('an engine whose Redis is away', () => {
  it('is not ready meanwhile, loses nothing, and is verified while it runs', async () => {
    const server = await startTestServer(redis!)
    const data = scratch('away')
    const environment = { REDIS_URL: server.url }
    const flags = ['--log', 'warn', '--http', '0', '--grpc', '0', '--opcua', '0', '--cells', '3']
    const engine = await startEngineProcess(
      [...flags, '--data', data.path, '--speed', '60', '--preroll', '0'],
      environment,
    )
    const time_ms = async () =>
      (await getJson<{ time_ms: number }>(`${engine.http}/api/lines/potline-1`)).time_ms
    const health = async () => (await fetch(`${engine.http}/health`)).status
    const verify = async () => {
      const check = ['verify', '--data', data.path, '--line', 'potline-1', '--json']
      const { stdout } = await liquidus(check, environment).done
      return JSON.parse(stdout) as Verified
    }
    try {
      await eventually(health, status => status === 200, 30_000)
      await eventually(
        () => time_ms().catch(() => 0),
        at => at > 0,
        30_000,
      )
      await server.kill('SIGKILL')
      await eventually(health, status => status === 503, 30_000)
      const before_ms = await time_ms()
      await server.start()
      await eventually(health, status => status === 200, 60_000)
      await eventually(time_ms, at => at > before_ms, 30_000)
      expect(await verify()).toMatchObject({ equal: true, batches_repeated: 0, sequence_gaps: 0 })
      expect(await health()).toBe(200)
      expect(await engine.stop()).toBe(0)
      expect(engine.output()).not.toContain('bug')
      expect(await verify()).toMatchObject({ equal: true })
    } finally {
      await engine.kill9()
      await server.destroy()
      data.clean()
    }
  })
})

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)

describe.runIf(existsSync(`/proc/self/task/${process.pid}/children`))('the simulated plant', () => {
  it('ends with the engine that started it, even one that was killed', async () => {
    const data = scratch('plant')
    const flags = ['--log', 'warn', '--http', '0', '--grpc', '0', '--opcua', '0', '--cells', '3']
    const engine = await startEngineProcess([...flags, '--data', data.path])
    const plant = await eventually(
      async () => childrenOf(engine.pid)[0] ?? 0,
      pid => pid > 0,
      10_000,
    )
    await engine.kill9()
    await eventually(
      async () => existsSync(`/proc/${plant}`),
      runs => !runs,
      20_000,
    )
    data.clean()
  })
})
