import { accessSync, constants, writeFileSync } from 'node:fs'
import path, { delimiter } from 'node:path'
import type { Clock } from '#engine/core/clock.ts'
import { LiquidusError } from '#engine/core/errors.ts'
import { startTestServer, type TestServer } from '#redis/test-server.ts'
import { sharedClock, wallOffset_ms } from './clock.ts'
import { type DelayProxy, startDelayProxy } from './delay-proxy.ts'
import { type EngineProcess, scratch, startEngineProcess } from './engine-process.ts'
import { Figures } from './figures.ts'
import { closeOnInterrupt } from './interrupt.ts'
import { connectListener, type Listener } from './listener.ts'
import { peersLine } from './peers/readings.ts'
import { configOf, type LoadPlan, type Schedule, scheduleOf } from './schedule.ts'
import { type ScoreTally, scoreTally } from './scores.ts'
import { type SenderProcess, spawnSender } from './sender/spawn.ts'
import { TwinFigures } from './twin-444/figures.ts'
import { twinConfig } from './twin-444/line.ts'
import type { TwinPlan } from './twin-444/plan.ts'

/** What one run sends, and to which kind of engine. */
export interface RunPlan {
  readonly rate?: LoadPlan | undefined
  readonly twin?: TwinPlan | undefined
  readonly store: 'lmdb' | 'redis'
  /** Round trip added between sender and engine. */
  readonly delay_ms: number
  /** The listener is a page in the background: telemetry of each line only every 5 s. */
  readonly hidden: boolean
  /** Whether the engine's OPC UA server runs. */
  readonly opcua: boolean
  /** Log entries a line keeps: the log must stay bounded however long the run is. */
  readonly log_entries_max?: number | undefined
}

/** Everything that runs and is connected for one run. */
export interface Rig {
  readonly plan: RunPlan
  readonly clock: Clock
  readonly lines: readonly string[]
  readonly schedule: Schedule | undefined
  readonly figures: Figures | undefined
  readonly twin: TwinFigures | undefined
  readonly scores: ScoreTally
  readonly sender: SenderProcess
  readonly data: string
  /** Where the sender finds the engine: its door, or the relay before it. */
  readonly address: string
  engine(): EngineProcess
  listener(): Listener
  /** Starts the engine again on the same doors and data after it was killed. */
  restart(): Promise<void>
  close(): Promise<void>
}

/** Starts the engine with an empty store and its sender, and connects everything. */
export async function buildRig(plan: RunPlan, say: (text: string) => void): Promise<Rig> {
  const offset_ms = wallOffset_ms()
  const clock = sharedClock(offset_ms)
  const schedule = plan.rate && scheduleOf(plan.rate)
  const figures = schedule && new Figures(schedule)
  const twin = plan.twin && new TwinFigures(plan.twin)
  const lines = [
    ...(schedule?.lines.map(line => line.name) ?? []),
    ...(plan.twin ? [plan.twin.line] : []),
  ]
  const scores = scoreTally(lines)
  const files = scratch('bench')
  const data = path.join(files.path, 'data')
  const config = path.join(files.path, 'config.json')
  writeFileSync(config, JSON.stringify(configOfRun(plan, schedule)))
  const closing: (() => Promise<unknown> | unknown)[] = [() => files.clean()]
  const close = async () => {
    for (const one of closing.splice(0).reverse()) await one()
    off()
  }
  const off = closeOnInterrupt(close)
  let engine: EngineProcess | undefined
  let listener: Listener
  const listen = () =>
    connectListener(
      engine!.http,
      lines,
      {
        message(message) {
          const at_ms = clock.now_ms()
          if (message.type === 'event') {
            if (message.line === plan.twin?.line) twin!.event(message.event, at_ms)
            else figures?.event(message.line, message.event, at_ms)
          } else if (message.type === 'progress') {
            if (message.line === plan.twin?.line) twin!.committed(message.tick, at_ms)
            else figures?.committed(message.line, message.tick, at_ms)
          }
        },
        telemetry: scores.telemetry,
      },
      plan.hidden,
    )
  const start = async (grpc: string) => {
    const REDIS_URL = plan.store === 'redis' ? (redis?.url ?? process.env.REDIS_URL) : ''
    engine = await startEngineProcess(
      [
        ...['--no-demo', '--config', config, '--data', data],
        ...['--http', '0', '--grpc', grpc, '--opcua', '0'],
      ],
      { REDIS_URL },
    )
  }
  let redis: TestServer | undefined
  try {
    redis = plan.store === 'redis' && !process.env.REDIS_URL ? await startRedis() : undefined
    if (redis) closing.push(() => redis!.destroy())
    say('starting the engine ...')
    closing.push(() => engine?.stop())
    await start('0')
    // Its packages load for seconds after the other doors are open.
    if (plan.opcua) await engine!.opcua
    const proxy: DelayProxy | undefined =
      plan.delay_ms > 0 ? await startDelayProxy(engine!.grpc, plan.delay_ms) : undefined
    if (proxy) closing.push(() => proxy.close())
    const sender = spawnSender()
    closing.push(() => sender.close())
    listener = await listen()
    closing.push(() => listener.close())
    const address = proxy?.address ?? engine!.grpc
    await sender.connect({ address, offset_ms, rate: plan.rate, twin: plan.twin })
    return {
      ...{ plan, clock, lines, schedule, figures, twin, scores, sender, data, address, close },
      engine: () => engine!,
      listener: () => listener,
      async restart() {
        listener.close()
        await start(engine!.grpc.split(':').at(-1)!)
        listener = await listen()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

function configOfRun(plan: RunPlan, schedule: Schedule | undefined): object {
  const base = schedule ? configOf(schedule) : { log_level: 'error', lines: [] }
  const { log_entries_max } = plan
  return {
    ...base,
    opcua: plan.opcua,
    ...(log_entries_max === undefined ? {} : { log_entries_max }),
    lines: [
      ...base.lines,
      ...(plan.twin ? [twinConfig(plan.twin)] : []),
      // For one stream alone, which is what a distance slows down.
      ...(plan.delay_ms > 0 ? [peersLine()] : []),
    ],
  }
}

/** The path of a program, or undefined when it is not installed. */
export function programPath(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  return folders
    .map(folder => path.join(folder, name))
    .find(file => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

async function startRedis(): Promise<TestServer> {
  const found = programPath('redis-server')
  if (found === undefined) {
    throw new LiquidusError('USAGE', { problem: '--store redis needs redis-server on the PATH' })
  }
  // As redis/README.md tells operators: else it rewrites its file all the time.
  return startTestServer(found, { flags: ['--auto-aof-rewrite-min-size', '1gb'] })
}
