import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Counted, countedBy, problemsOf } from './counted.ts'
import { directoryMiB } from './disk-use.ts'
import { countersBetween, scrapeCounters } from './engine-metrics.ts'
import { engineEnded } from './engine-process.ts'
import { processUsage } from './process-usage.ts'
import { buildRig, type Rig, type RunPlan } from './rig.ts'
import type { SenderReport } from './sender/messages.ts'

const DRAIN_WITHIN_MS = 30_000
const STRAGGLERS_WITHIN_MS = 10_000
/** From all being connected to the first reading. */
const LEAD_MS = 500

/** What one run measured; the keys carry their units. */
export interface RunResult {
  readonly sent: number
  readonly acknowledged: number
  readonly rejected: number
  readonly lost: number
  /** Why the run failed; empty when nothing was lost, and every frame and alert arrived. */
  readonly problems: readonly string[]
  readonly [figure: string]: unknown
}

/** Starts an engine, drives the load through its doors, and reports what came back. */
export async function measureRun(
  plan: RunPlan,
  say: (text: string) => void,
  after?: (rig: Rig, say: (text: string) => void) => Promise<Record<string, unknown>>,
): Promise<RunResult> {
  const rig = await buildRig(plan, say)
  let over = false
  try {
    const first = rig.engine()
    const fallen = first.ended.then(code => {
      if (!over) throw engineEnded(code, first.output())
      return new Promise<never>(() => {})
    })
    const result = await Promise.race([drive(rig, say), fallen])
    over = true
    if (!after) return result
    const { problems = [], ...more } = await after(rig, say)
    return {
      ...result,
      ...more,
      problems: [...result.problems, ...(problems as readonly string[])],
    }
  } finally {
    over = true
    await rig.close()
  }
}

async function drive(rig: Rig, say: (text: string) => void): Promise<RunResult> {
  const { plan, clock, sender, figures, twin } = rig
  const { warmup_s, seconds_s, learn_s = 0 } = (plan.rate ?? plan.twin)!
  const learnt = await learn(rig, learn_s, say)
  const start_ms = Math.ceil((clock.now_ms() + LEAD_MS) / 1000) * 1000
  const event_start_ms = learnt ?? start_ms
  if (learnt === undefined) {
    figures?.expect(event_start_ms)
    twin?.expect(event_start_ms)
  }
  figures?.start(start_ms)
  twin?.start(start_ms)
  say(`warming up for ${warmup_s} s, then measuring for ${seconds_s} s ...`)
  const running = sender.run(start_ms, event_start_ms)
  running.catch(() => {})
  await Promise.race([sleep(start_ms + 1000 * warmup_s - clock.now_ms()), running])
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const engine = processUsage(rig.engine().pid)
  const sending = processUsage(sender.pid)
  const { http } = rig.engine()
  const countersBefore = await scrapeCounters(http)
  const counted_ms = performance.now()
  engine.begin()
  sending.begin()
  const disk_before = directoryMiB(rig.data)
  const sentAll = await within(running, 1000 * seconds_s + DRAIN_WITHIN_MS)
  const used = engine.end()
  const sent = sending.end()
  delay.disable()
  const passed_s = (performance.now() - counted_ms) / 1000
  const told = countersBetween(countersBefore, await scrapeCounters(http), passed_s)
  const drains = sender.drain()
  drains.catch(() => {})
  const drained = sentAll && (await within(drains, DRAIN_WITHIN_MS))
  const complete = () => (figures?.complete() ?? true) && (twin?.complete() ?? true)
  const report = await sender.report()
  const counted = await countedBy(rig, report)
  await until(complete, STRAGGLERS_WITHIN_MS)
  const problems = [
    ...(sentAll ? [] : ['the engine did not take all readings in time']),
    ...(drained ? [] : ['the engine did not acknowledge everything in time']),
    ...problemsOf(rig, counted, learn_s > 0),
  ]
  return {
    ...figuresOf(rig, counted, report),
    engine_cpu_cores: rounded(used.cpu_cores),
    rss_anon_MiB_start: used.rss_anon_MiB_start,
    rss_anon_MiB_end: used.rss_anon_MiB_end,
    rss_anon_MiB_max: used.rss_anon_MiB_max,
    rss_MiB: used.rss_MiB,
    engine_written_MiB_per_s: rounded(used.written_MiB_per_s),
    store_MiB_start: disk_before,
    store_MiB_end: directoryMiB(rig.data),
    sender_cpu_cores: rounded(sent.cpu_cores),
    sender_rss_anon_MiB_start: sent.rss_anon_MiB_start,
    sender_rss_anon_MiB_end: sent.rss_anon_MiB_end,
    ...told,
    bench_loop_delay_ms_p99: rounded(delay.percentile(99) / 1e6),
    problems,
  }
}

type Figure = Readonly<Record<string, unknown>>

/** Sends what the detectors learn from; gives the event time of due time 0. */
async function learn(
  rig: Rig,
  learn_s: number,
  say: (text: string) => void,
): Promise<number | undefined> {
  if (learn_s === 0) return undefined
  const { clock, figures, twin, sender, lines } = rig
  say(`sending ${learn_s} s of history to ${lines.length} lines, for the detectors to learn ...`)
  const event_start_ms = Math.ceil(clock.now_ms() / 1000) * 1000
  figures?.expect(event_start_ms)
  twin?.expect(event_start_ms)
  const began_ms = clock.elapsed_ms()
  await sender.learn(event_start_ms)
  const took_s = (clock.elapsed_ms() - began_ms) / 1000
  say(`learnt in ${took_s.toFixed(0)} s: ${(learn_s / took_s).toFixed(1)} x real time`)
  return event_start_ms
}

function figuresOf(rig: Rig, counted: Counted, report: SenderReport): Counted & Figure {
  const { figures, twin, plan, scores } = rig
  const { seconds_s } = (plan.rate ?? plan.twin)!
  const frames = [figures, twin].map(one => one?.frames() ?? { committed: 0, expected: 0 })
  const committed = frames.reduce((sum, one) => sum + one.committed, 0)
  const scored = scores.perSecond()
  return {
    ...counted,
    ...report.figures,
    ...figures?.report(),
    ...twin?.report(),
    frames: committed,
    frames_expected: frames.reduce((sum, one) => sum + one.expected, 0),
    frames_per_s: Math.round((10 * committed) / seconds_s) / 10,
    z_scores_per_s: scored.z,
    asset_scores_per_s: scored.assets,
  }
}

const rounded = (value: number | null) => (value === null ? null : Math.round(value * 100) / 100)

async function until(done: () => boolean, within_ms: number): Promise<void> {
  const give_up_ms = performance.now() + within_ms
  while (!done() && performance.now() < give_up_ms) await sleep(20)
}

/** Whether the promise resolved in time; a rejection is passed on. */
export async function within(promise: Promise<unknown>, within_ms: number): Promise<boolean> {
  const timer = new AbortController()
  const late = sleep(within_ms, false, { signal: timer.signal }).catch(() => false)
  try {
    return await Promise.race([promise.then(() => true), late])
  } finally {
    timer.abort()
  }
}
