import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type EngineProcess,
  eventually,
  getJson,
  ROOT,
  startEngineProcess,
} from '#bench/engine-process.ts'
import { problemOf } from '#engine/core/errors.ts'
import { startTestServer, type TestServer } from '#redis/test-server.ts'
import { type AlertsHeard, hearAlerts } from './alerts-heard.ts'
import { ackedFile } from './journal.ts'
import { CHAOS_LINES, configuredLines, PRODUCERS, type ProducerPlan } from './lines.ts'
import type { MachineClock } from './machine-clock.ts'
import type { ProducerOrders } from './producer.ts'
import { type Relay, startRelay } from './relay.ts'

const START_WITHIN_MS = 60_000
const SETTLED_WITHIN_MS = 60_000
const STOPPED_WITHIN_MS = 60_000
const AGAIN_MS = 200
const OUTPUT_CHARS_MAX = 4000

/** What the site is built from. */
export interface SiteOptions {
  readonly directory: string
  /** Where the store keeps its files. */
  readonly disk: string
  readonly seed: number
  /** Path of redis-server; absent: the embedded store. */
  readonly redis?: string | undefined
  /** The engine's clock; absent: the machine's. */
  readonly clock?: MachineClock | undefined
  /** `short`: the log lets its oldest entries and files go during the run. */
  readonly log: 'short' | 'whole'
}

/** What the log keeps of each line: enough for what a rewind and a verification go back to. */
const SHORT_LOG = {
  log_entries_max: 500,
  log_bytes_max: 1 << 29,
  log_segment_bytes: 1 << 20,
} as const
const WHOLE_LOG = { log_entries_max: 50_000_000 } as const

/** Engine, producers, store and a dashboard, each in a process or behind a relay of its own. */
export interface Site {
  readonly alerts: AlertsHeard
  /** What should never happen and did, as text. */
  readonly violations: string[]
  /** From a kill to serving again, per start. */
  readonly restarts_ms: number[]
  /** How often late readings changed the past, by line, as of `settled`. */
  readonly rewinds: ReadonlyMap<string, number>
  readonly redis: TestServer | undefined
  engine(): EngineProcess | undefined
  /** Starts the engine and waits until it serves. */
  startEngine(): Promise<void>
  /** Kills the engine while it starts, so long after its process began. */
  killStartingEngine(after_ms: number): Promise<void>
  killEngine(): Promise<void>
  stopEngine(): Promise<void>
  startProducer(plan: ProducerPlan, batches?: number): void
  killProducer(producer: string): Promise<void>
  /** Resolves when the producers are done, by themselves or because they are told to stop. */
  finishProducers(stop: boolean): Promise<void>
  cutProducers(): number
  cutRedis(): number
  /** The engine's clock is wrong by so much from now on. */
  setClock(wrong_by_ms: number): void
  /** Waits until another batch of one or all producers is acknowledged; false: not in time. */
  progress(within_ms: number, everyone: boolean): Promise<boolean>
  /** Waits until the engine has folded and committed its whole log. */
  settled(): Promise<void>
  /** What the engine is configured with. */
  readonly config: string
  close(): Promise<void>
}

/** Writes the configuration and starts Redis where it is asked for; no engine yet. */
export async function buildSite(options: SiteOptions): Promise<Site> {
  const { directory, disk } = options
  const journals = path.join(directory, 'journals')
  mkdirSync(journals, { recursive: true })
  mkdirSync(disk, { recursive: true })
  const redis =
    options.redis === undefined ? undefined : await startTestServer(options.redis, { within: disk })
  const doors = await startRelay()
  const redisDoor = redis ? await startRelay() : undefined
  redisDoor?.to(Number(new URL(redis!.url).port))
  const config = path.join(directory, 'config.json')
  writeFileSync(config, JSON.stringify(configurationOf(options, redisDoor)))
  const site = new ChaosSite(options, { journals, config, redis, doors, redisDoor })
  return site
}

function configurationOf({ directory, disk, log }: SiteOptions, redis: Relay | undefined): object {
  return {
    ...{ data: path.join(disk, 'data'), models: path.join(directory, 'models') },
    ...{ http_port: 0, grpc_port: 0, opcua: false, log_level: 'warn' },
    ...(log === 'short' ? SHORT_LOG : WHOLE_LOG),
    lines: configuredLines(),
    ...(redis
      ? { store: 'redis', redis_url: `redis://${redis.address}`, redis_durability: 'always' }
      : {}),
  }
}

interface Parts {
  readonly journals: string
  readonly config: string
  readonly redis: TestServer | undefined
  readonly doors: Relay
  readonly redisDoor: Relay | undefined
}

class ChaosSite implements Site {
  readonly alerts = hearAlerts(CHAOS_LINES.map(({ line }) => line))
  readonly violations: string[] = []
  readonly restarts_ms: number[] = []
  readonly rewinds = new Map<string, number>()
  readonly redis: TestServer | undefined
  readonly config: string
  readonly #seed: number
  readonly #clock: MachineClock | undefined
  readonly #parts: Parts
  readonly #producers = new Map<string, ChildProcess>()
  readonly #expected = new WeakSet<object>()
  #engine: EngineProcess | undefined

  constructor(options: SiteOptions, parts: Parts) {
    this.redis = parts.redis
    this.config = parts.config
    this.#seed = options.seed
    this.#clock = options.clock
    this.#parts = parts
  }

  engine = () => this.#engine

  async startEngine(): Promise<void> {
    const began_ms = performance.now()
    for (;;) {
      try {
        const engine = await startEngineProcess(['--config', this.config], this.#environment())
        this.#serve(engine)
        this.restarts_ms.push(performance.now() - began_ms)
        return
      } catch (error) {
        // The store may be away or its disk full; an engine that gives up is started again.
        if (performance.now() - began_ms > START_WITHIN_MS) throw error
        await sleep(AGAIN_MS)
      }
    }
  }

  #environment = (): NodeJS.ProcessEnv => ({ ...cleanEnvironment(), ...this.#clock?.environment })

  #serve(engine: EngineProcess): void {
    this.#engine = engine
    void engine.ended.then(code => {
      if (this.#expected.has(engine)) return
      const said = engine.output().slice(-OUTPUT_CHARS_MAX)
      this.violations.push(`the engine ended by itself (${code}): ${said}`)
    })
    this.#parts.doors.to(Number(engine.grpc.split(':').at(-1)))
    this.alerts.to(engine.http)
  }

  async killStartingEngine(after_ms: number): Promise<void> {
    const child = spawn(process.execPath, [...ENGINE_ARGS, 'start', '--config', this.config], {
      cwd: ROOT,
      env: { ...process.env, ...this.#environment() },
      stdio: 'ignore',
    })
    const gone = new Promise(resolve => child.once('exit', resolve))
    await sleep(after_ms)
    child.kill('SIGKILL')
    await gone
  }

  async killEngine(): Promise<void> {
    const engine = this.#takeEngine()
    await engine?.kill9()
    if (engine) this.#checkOutput(engine)
  }

  async stopEngine(): Promise<void> {
    const engine = this.#takeEngine()
    if (!engine) return
    const code = await Promise.race([
      engine.stop(),
      sleep(STOPPED_WITHIN_MS, 'not in time', { ref: false }),
    ])
    if (code !== 0) this.violations.push(`the engine stops with ${code}: ${engine.output()}`)
    await engine.kill9()
    this.#checkOutput(engine)
  }

  #takeEngine(): EngineProcess | undefined {
    const engine = this.#engine
    if (engine) this.#expected.add(engine)
    this.#engine = undefined
    this.#parts.doors.to(undefined)
    this.alerts.to(undefined)
    return engine
  }

  #checkOutput(engine: EngineProcess): void {
    // lmdb prints traces of its own when the disk is full.
    const told = engine
      .output()
      .split('\n')
      .filter(text => /this is a bug|unhandled|stopped: /i.test(text))
    if (told.length > 0) {
      this.violations.push(`the engine says: ${told.join('\n').slice(0, OUTPUT_CHARS_MAX)}`)
    }
  }

  startProducer(plan: ProducerPlan, batches?: number): void {
    const { journals, doors } = this.#parts
    const orders: ProducerOrders = {
      ...{ plan, seed: this.#seed, address: doors.address, directory: journals },
      ...(batches === undefined ? {} : { batches }),
    }
    const child = spawn(process.execPath, [...PRODUCER_ARGS, JSON.stringify(orders)], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-OUTPUT_CHARS_MAX)
    })
    child.once('exit', code => {
      if (this.#producers.get(plan.producer) === child) this.#producers.delete(plan.producer)
      if (!this.#expected.has(child) && code !== 0) {
        this.violations.push(`producer ${plan.producer} ended by itself (${code}): ${said}`)
      }
    })
    this.#producers.set(plan.producer, child)
  }

  async killProducer(producer: string): Promise<void> {
    const child = this.#producers.get(producer)
    if (!child) return
    this.#expected.add(child)
    const gone = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
  }

  async finishProducers(stop: boolean): Promise<void> {
    const running = [...this.#producers.values()]
    const gone = running.map(child => new Promise(resolve => child.once('exit', resolve)))
    if (stop) for (const child of running) child.kill('SIGTERM')
    const in_time = Promise.all(gone).then(() => true)
    const timeout_ms = stop ? STOPPED_WITHIN_MS : 10 * STOPPED_WITHIN_MS
    if (await Promise.race([in_time, sleep(timeout_ms, false, { ref: false })])) return
    this.violations.push(`producers do not finish: ${[...this.#producers.keys()].join(', ')}`)
    for (const name of [...this.#producers.keys()]) await this.killProducer(name)
  }

  cutProducers = () => this.#parts.doors.cut()
  cutRedis = () => this.#parts.redisDoor?.cut() ?? 0
  setClock = (wrong_by_ms: number) => this.#clock?.set(wrong_by_ms)

  async progress(within_ms: number, everyone: boolean): Promise<boolean> {
    const before = this.#acknowledgedBytes()
    const end_ms = performance.now() + within_ms
    while (performance.now() < end_ms) {
      const now = this.#acknowledgedBytes()
      const grown = now.filter((size, at) => size > before[at]!).length
      if (grown > 0 && (!everyone || grown === now.length)) return true
      await sleep(10)
    }
    return false
  }

  #acknowledgedBytes(): number[] {
    return PRODUCERS.map(({ producer }) => {
      const file = ackedFile(this.#parts.journals, producer)
      return statSync(file, { throwIfNoEntry: false })?.size ?? 0
    })
  }

  async settled(): Promise<void> {
    const { http } = this.#engine!
    interface Answer {
      readonly line: string
      readonly behind_entries: number
      readonly degraded: string
      readonly revision: number
    }
    for (const { line } of CHAOS_LINES) {
      try {
        const { revision } = await eventually(
          () => getJson<Answer>(`${http}/api/lines/${line}`),
          answer => answer.behind_entries === 0 && answer.degraded === '',
          SETTLED_WITHIN_MS,
        )
        this.rewinds.set(line, revision)
      } catch (error) {
        this.violations.push(`line ${line} does not settle: ${problemOf(error)}`)
      }
    }
    await sleep(500) // the dashboard hears the last events
  }

  async close(): Promise<void> {
    this.alerts.close()
    for (const name of [...this.#producers.keys()]) await this.killProducer(name)
    await this.killEngine()
    await this.#parts.doors.close()
    await this.#parts.redisDoor?.close()
    await this.redis?.destroy()
  }
}

const HOOK = ['--import', path.join(ROOT, 'engine/tools/ts.mjs')]
const ENGINE_ARGS = [...HOOK, path.join(ROOT, 'engine/cli.ts')]
const PRODUCER_ARGS = [...HOOK, path.join(import.meta.dirname, 'producer.ts')]

/** What the caller's shell configures is not part of the run. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const empty = ['REDIS_URL', ...Object.keys(process.env).filter(key => /^LIQUIDUS_/.test(key))]
  return Object.fromEntries(empty.map(key => [key, undefined]))
}
