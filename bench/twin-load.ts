import { setTimeout as sleep } from 'node:timers/promises'
import type { LineAnswer } from './counted.ts'
import { getJson } from './engine-process.ts'
import { TWIN_CELLS, TWIN_LINE } from './ingest.ts'
import { measureRun, type RunResult } from './measure.ts'
import type { Rig } from './rig.ts'
import type { TwinPlan } from './twin-444/plan.ts'

/** What `bench twin-load` is asked to do. */
export interface TwinLoadPlan {
  readonly seconds_s: number
  readonly warmup_s: number
  readonly learn_s: number
  readonly alerts: number
  /** Event time to catch up after the kill; 0: no kill. */
  readonly outage_s: number
  readonly seed: number
  readonly store: 'lmdb' | 'redis'
}

/** History after which the models score: the dynamic detector learns and calibrates for 3 h. */
export const MODEL_LEARN_S = 10_900
/** Measured time when nobody says: a model's alert takes 150 s of it. */
export const MEASURED_S = { young: 60, learnt: 240 } as const
const RESTORED_WITHIN_MS = 60_000
const CAUGHT_UP_WITHIN_MS = 120_000

/** Alerts by class: models are asked only where they had the time to learn. */
export function alertsOf(alerts: number, learn_s: number): TwinPlan['alerts'] {
  const model = learn_s >= MODEL_LEARN_S ? Math.floor(alerts / 12) : 0
  const filter = Math.floor(0.24 * alerts)
  return { model, filter, reading: alerts - model - filter }
}

/** TWIN-444 alone; then the engine is killed, starts again, and catches up. */
export function measureTwinLoad(
  plan: TwinLoadPlan,
  say: (text: string) => void,
): Promise<RunResult> {
  const { seconds_s, warmup_s, learn_s, alerts, outage_s, seed, store } = plan
  const twin: TwinPlan = {
    ...{ line: TWIN_LINE, cells: TWIN_CELLS, clock: 'stream' },
    ...{ learn_s, warmup_s, seconds_s, seed, alerts: alertsOf(alerts, learn_s) },
  }
  const run = { twin, store, delay_ms: 0, hidden: false, opcua: true }
  return measureRun(run, say, outage_s > 0 ? rig => killed(rig, outage_s, say) : undefined)
}

async function killed(
  rig: Rig,
  outage_s: number,
  say: (text: string) => void,
): Promise<Record<string, unknown>> {
  const before = await lineOf(rig)
  say('killing the engine (kill -9) and starting it again ...')
  await rig.engine().kill9()
  const killed_ms = performance.now()
  await rig.restart()
  const restored = await until(
    rig,
    line => line.tick === before.tick && line.behind_entries === 0,
    RESTORED_WITHIN_MS,
  )
  const restart_s = (performance.now() - killed_ms) / 1000
  say(`catching up ${outage_s} s of readings ...`)
  const sending = rig.sender.backlog(outage_s)
  const began_ms = performance.now()
  const target = before.tick + outage_s
  const caught = await until(rig, line => line.tick >= target, CAUGHT_UP_WITHIN_MS)
  const catch_up_s = (performance.now() - began_ms) / 1000
  if (caught) await sending
  sending.catch(() => {})
  // It comes last, so that producers and pages do not wait for its packages.
  await rig.engine().opcua
  const opcua_restart_s = (performance.now() - killed_ms) / 1000
  return {
    restart_s: Math.round(1000 * restart_s) / 1000,
    opcua_restart_s: Math.round(1000 * opcua_restart_s) / 1000,
    catch_up_s: Math.round(1000 * catch_up_s) / 1000,
    catch_up_x: Math.round((10 * outage_s) / catch_up_s) / 10,
    problems: [
      ...(restored ? [] : [`after kill -9 the line did not stand at tick ${before.tick} again`]),
      ...(caught ? [] : [`the line did not catch up ${outage_s} s`]),
    ],
  }
}

const lineOf = (rig: Rig) => getJson<LineAnswer>(`${rig.engine().http}/api/lines/${TWIN_LINE}`)

async function until(
  rig: Rig,
  satisfied: (line: LineAnswer) => boolean,
  within_ms: number,
): Promise<boolean> {
  const give_up_ms = performance.now() + within_ms
  for (;;) {
    if (satisfied(await lineOf(rig))) return true
    if (performance.now() > give_up_ms) return false
    await sleep(5)
  }
}
