import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '#engine/core/clock.ts'
import {
  type EngineProcess,
  engineEnded,
  getJson,
  scratch,
  startEngineProcess,
} from './engine-process.ts'
import { Figures } from './figures.ts'
import { connectListener, type Listener } from './listener.ts'
import { connectLoad, FLUSH_EVERY_MS, type LineLoad } from './load.ts'
import { processUsage } from './process-usage.ts'
import { configOf, type LoadPlan, type Schedule, scheduleOf } from './schedule.ts'

const DRAIN_WITHIN_MS = 30_000
const STRAGGLERS_WITHIN_MS = 10_000
/** From all being connected to the first reading. */
const LEAD_MS = 500

/** Milliseconds with a fraction, and never set back: latencies are differences of it. */
const clock: Clock = {
  now_ms: () => performance.timeOrigin + performance.now(),
  elapsed_ms: () => performance.now(),
}

/** What one run measured; the keys carry their units. */
export interface LatencyResult {
  readonly sent: number
  readonly acknowledged: number
  readonly rejected: number
  readonly lost: number
  readonly alerts_injected: number
  readonly alerts: number
  /** Why the run failed; empty when nothing was lost and every alert arrived. */
  readonly problems: readonly string[]
  readonly [figure: string]: unknown
}

/** Everything that is connected for one run. */
interface Rig {
  readonly schedule: Schedule
  readonly engine: EngineProcess
  readonly loads: readonly LineLoad[]
  readonly listener: Listener
  readonly figures: Figures
}

/** Starts an engine, drives the load through its doors, and reports what came back. */
export async function measureLatency(
  plan: LoadPlan,
  say: (text: string) => void,
): Promise<LatencyResult> {
  const schedule = scheduleOf(plan)
  const files = scratch('bench')
  let engine: EngineProcess | undefined
  let rig: Rig | undefined
  try {
    const config = path.join(files.path, 'config.json')
    writeFileSync(config, JSON.stringify(configOf(schedule)))
    say('starting the engine ...')
    engine = await startEngineProcess([
      ...['--no-demo', '--config', config, '--data', path.join(files.path, 'data')],
      ...['--http', '0', '--grpc', '0', '--opcua', '0'],
    ])
    // Its packages load for seconds after the other doors are open.
    await engine.opcua
    rig = await connect(schedule, engine)
    const fallen = engine.ended.then(code => Promise.reject(engineEnded(code, engine!.output())))
    return await Promise.race([drive(rig, say), fallen])
  } finally {
    await Promise.all(rig?.loads.map(load => load.producer.close()) ?? [])
    rig?.listener.close()
    await engine?.stop()
    files.clean()
  }
}

async function connect(schedule: Schedule, engine: EngineProcess): Promise<Rig> {
  const { lines, plan } = schedule
  const figures = new Figures(schedule)
  const names = lines.map(line => line.name)
  const listener = await connectListener(engine.http, names, message => {
    const at_ms = clock.now_ms()
    if (message.type === 'event') figures.event(message.line, message.event, at_ms)
    if (message.type === 'progress') figures.committed(message.line, message.tick, at_ms)
  })
  const loads = await Promise.all(
    lines.map((line, i) =>
      connectLoad({
        schedule: line,
        address: engine.grpc,
        clock,
        seed: plan.seed,
        offset_ms: (FLUSH_EVERY_MS * i) / lines.length,
        onGroupAck: (group, acknowledged, at_ms) =>
          figures.acknowledged(i, group, acknowledged, at_ms),
      }),
    ),
  )
  return { schedule, engine, loads, listener, figures }
}

async function drive(rig: Rig, say: (text: string) => void): Promise<LatencyResult> {
  const { schedule, engine, loads, figures } = rig
  const { plan } = schedule
  const usage = processUsage(engine.pid)
  const start_ms = Math.ceil((clock.now_ms() + LEAD_MS) / 1000) * 1000
  const warm_ms = start_ms + 1000 * plan.warmup_s
  figures.begin(start_ms)
  say(`warming up for ${plan.warmup_s} s, then measuring for ${plan.seconds_s} s ...`)
  const running = Promise.all(loads.map(load => load.run(start_ms)))
  running.catch(() => {})
  await Promise.race([sleep(warm_ms - clock.now_ms()), running])
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  usage.begin()
  const left_ms = 1000 * plan.seconds_s + DRAIN_WITHIN_MS
  const sentAll = await within(running, left_ms)
  const used = usage.end()
  delay.disable()
  const drains = Promise.all(loads.map(load => load.producer.drain()))
  drains.catch(() => {})
  const drained = await within(drains, DRAIN_WITHIN_MS)
  await until(() => figures.complete(), STRAGGLERS_WITHIN_MS)
  const counted = await countedBy(rig)
  const problems = [
    ...(sentAll ? [] : ['the engine did not take all readings in time']),
    ...(drained ? [] : ['the engine did not acknowledge everything in time']),
    ...(rig.listener.lost() === '' ? [] : [`the WebSocket ended: ${rig.listener.lost()}`]),
    ...problemsOf(counted, figures),
  ]
  return {
    ...counted,
    ...figures.report(),
    engine_cpu_cores: rounded(used.cpu_cores),
    engine_written_MiB_per_s: rounded(used.written_MiB_per_s),
    rss_MiB: rounded(used.rss_MiB),
    bench_loop_delay_ms_p99: rounded(delay.percentile(99) / 1e6),
    problems,
  }
}

interface Counted {
  readonly sent: number
  readonly acknowledged: number
  readonly rejected: number
  readonly lost: number
  readonly reconnects: number
  readonly engine_accepted: number
  readonly ticks_closed: Readonly<Record<string, number>>
}

interface LineAnswer {
  readonly readings_accepted: number
  readonly behind_entries: number
  readonly ticks_closed: Readonly<Record<string, number>>
}

/** What producers and engine say of the readings; lost is by whichever says the most. */
async function countedBy({ engine, schedule, loads }: Rig): Promise<Counted> {
  let [sent, acknowledged, rejected, reconnects, engine_accepted] = [0, 0, 0, 0, 0]
  const ticks_closed: Record<string, number> = {}
  for (const [i, { name }] of schedule.lines.entries()) {
    const { counts } = loads[i]!.producer
    sent += counts.sent_readings
    acknowledged += counts.acknowledged_readings
    rejected += counts.rejected_readings
    reconnects += counts.reconnects
    const url = `${engine.http}/api/lines/${name}`
    let answer = await getJson<LineAnswer>(url)
    const give_up_ms = clock.now_ms() + STRAGGLERS_WITHIN_MS
    while (answer.behind_entries > 0 && clock.now_ms() < give_up_ms) {
      await sleep(50)
      answer = await getJson<LineAnswer>(url)
    }
    engine_accepted += answer.readings_accepted
    for (const [reason, count] of Object.entries(answer.ticks_closed)) {
      ticks_closed[reason] = (ticks_closed[reason] ?? 0) + count
    }
  }
  const lost = sent - rejected - Math.min(acknowledged, engine_accepted)
  return { sent, acknowledged, rejected, lost, reconnects, engine_accepted, ticks_closed }
}

function problemsOf(counted: Counted, figures: Figures): string[] {
  const { sent, rejected, lost, acknowledged, engine_accepted } = counted
  const missing = figures.alerts.missing()
  const problems: string[] = []
  if (lost !== 0) problems.push(`${lost} of ${sent} readings are lost`)
  if (engine_accepted > acknowledged) {
    problems.push(
      `the engine counts ${engine_accepted} readings, ${acknowledged} were acknowledged`,
    )
  }
  if (rejected > 0) problems.push(`${rejected} readings were rejected`)
  if (missing.length > 0) {
    problems.push(`${missing.length} alerts did not arrive, e.g. ${missing[0]}`)
  }
  if (figures.alerts.unexpected() > 0) {
    problems.push(`${figures.alerts.unexpected()} alerts came that nothing caused`)
  }
  if (!figures.committedAll()) problems.push('not every tick was committed')
  return problems
}

const rounded = (value: number | null) => (value === null ? null : Math.round(value * 100) / 100)

async function until(done: () => boolean, within_ms: number): Promise<void> {
  const give_up_ms = clock.now_ms() + within_ms
  while (!done() && clock.now_ms() < give_up_ms) await sleep(20)
}

/** Whether the promise resolved in time; a rejection is passed on. */
async function within(promise: Promise<unknown>, within_ms: number): Promise<boolean> {
  const timer = new AbortController()
  const late = sleep(within_ms, false, { signal: timer.signal }).catch(() => false)
  const inTime = await Promise.race([promise.then(() => true), late])
  timer.abort()
  return inTime
}
