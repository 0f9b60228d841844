import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type EngineProcess,
  eventually,
  getJson,
  ROOT,
  scratch,
  startEngineProcess,
} from '#bench/engine-process.ts'
import { writeReadings } from '#engine/client/write-readings.ts'
import { systemClock } from '#engine/core/clock.ts'
import { problemOf } from '#engine/core/errors.ts'
import type { CsvOrders, CsvReport } from './csv-process.ts'
import { KNOWN } from './messages.ts'
import { count, type Tally } from './tally.ts'
import { fuzzWire } from './wire.ts'

/** How much to send. */
export interface FuzzPlan {
  readonly inputs: number
  readonly seed: number
}

/** What became of the inputs. */
export interface FuzzResult {
  readonly seed: number
  readonly inputs: number
  readonly wire_inputs: number
  readonly csv_inputs: number
  readonly accepted: number
  readonly rejected: number
  readonly rejected_without_reason: number
  readonly reasons: Readonly<Record<string, number>>
  /** Processes that ended by themselves. */
  readonly crashes: number
  /** Anonymous memory of the engine after its warm-up, at most, and at the end. */
  readonly rss_anon_MiB_start: number
  readonly rss_anon_MiB_most: number
  readonly rss_anon_MiB_end: number
  readonly csv_rss_MiB_most: number
  /** The engine took a good batch afterwards, said that it is well, and stopped when told. */
  readonly serves_after: boolean
  readonly seconds: number
  readonly violations: readonly string[]
}

const WIRE_SHARE = 0.6
/** Share of the wire inputs that are sent before memory is looked at. */
const WARM_UP = 0.05
const GROWTH_MIB_MAX = 256
const CSV_MIB_MAX = 1024
const SETTLE_MS = 2000

/** Fuzzes an engine through its sockets, then the CSV readers in a process of their own. */
export async function runFuzz(plan: FuzzPlan, say: (text: string) => void): Promise<FuzzResult> {
  const began_ms = performance.now()
  const place = scratch('fuzz')
  try {
    const wire_inputs = Math.ceil(plan.inputs * WIRE_SHARE)
    const csv_inputs = plan.inputs - wire_inputs
    const wire = await wirePart(place.path, plan.seed, wire_inputs, say)
    const csv = await csvPart({ directory: place.path, seed: plan.seed, inputs: csv_inputs }, say)
    const reasons = new Map(wire.counted.reasons)
    for (const [reason, times] of csv.report.reasons) count(reasons, reason, times)
    const { counted, ...memory } = wire
    const without = counted.without_reason + csv.report.without_reason
    const violations = [...counted.violations, ...csv.report.violations, ...csv.violations]
    if (without > 0) violations.push(`${without} inputs were rejected without a reason`)
    return {
      ...{ seed: plan.seed, inputs: plan.inputs, wire_inputs, csv_inputs },
      accepted: counted.accepted + csv.report.accepted,
      rejected: counted.rejected + csv.report.rejected,
      rejected_without_reason: without,
      reasons: Object.fromEntries([...reasons].sort((a, b) => b[1] - a[1])),
      ...memory,
      crashes: memory.crashes + csv.crashes,
      csv_rss_MiB_most: csv.rss_MiB_most,
      seconds: Math.round((performance.now() - began_ms) / 1000),
      violations,
    }
  } finally {
    place.clean()
  }
}

async function wirePart(
  directory: string,
  seed: number,
  inputs: number,
  say: (text: string) => void,
) {
  const engine = await startEngineProcess(['--config', writeConfig(directory)])
  let gone = false
  void engine.ended.then(() => {
    gone = true
  })
  const memory = watchMemory(engine.pid, 'RssAnon')
  try {
    const port = Number(engine.grpc.split(':').at(-1))
    const warm = Math.ceil(inputs * WARM_UP)
    let start = 0
    const counted = await fuzzWire({
      ...{ port, seed, inputs },
      alive: () => !gone,
      onProgress(done) {
        if (start === 0 && done >= warm) start = memory.now()
        if (done % 10_000 === 0) say(`wire ${done} of ${inputs}, engine ${memory.now()} MiB`)
      },
    })
    await sleep(SETTLE_MS)
    const end = memory.now()
    const crashes = gone ? 1 : 0
    const serves_after = !gone && (await isWell(engine, port, counted))
    if (crashes > 0) counted.violate(`the engine ended by itself: ${engine.output().slice(-2000)}`)
    const rss_anon_MiB_start = start || end
    if (end - rss_anon_MiB_start > GROWTH_MIB_MAX) {
      counted.violate(`the engine grew from ${rss_anon_MiB_start} to ${end} MiB`)
    }
    const most = memory.most()
    return {
      ...{ counted, serves_after, crashes, rss_anon_MiB_start },
      ...{ rss_anon_MiB_most: most, rss_anon_MiB_end: end },
    }
  } finally {
    memory.stop()
    await engine.kill9()
  }
}

function writeConfig(directory: string): string {
  const tags = [
    { tag: 'pressure', unit: 'bar', low: 0, high: 20, alarm_high: 19 },
    { tag: 'flow', unit: 'l/min', low: 0, high: 1000 },
  ]
  const lines = KNOWN.lines.map(line => ({
    ...{ line, clock: line, kind: 'generic', cells: [...KNOWN.assets], tags },
  }))
  const file = path.join(directory, 'config.json')
  const config = {
    ...{ lines, opcua: false, log_level: 'error', http_port: 0, grpc_port: 0 },
    ...{ data: path.join(directory, 'data'), models: path.join(directory, 'models') },
  }
  writeFileSync(file, JSON.stringify(config))
  return file
}

/** True when the engine still takes a good batch, says that it is well, and stops when told. */
async function isWell(engine: EngineProcess, port: number, counted: Tally): Promise<boolean> {
  try {
    const written = await writeReadings(
      {
        ...{ address: `127.0.0.1:${port}`, line: 'wall', producer: 'well', clock: systemClock },
      },
      {
        series: [{ ref: 1, asset_path: 'pump-1', tag: 'pressure', unit: 'bar' }],
        ...{ count: 1, refs: Uint32Array.of(1), values: Float64Array.of(5) },
        times_ms: Float64Array.of(Date.now()),
      },
    )
    if (written.acknowledged_readings !== 1) throw new Error('a good reading is rejected')
    await eventually(
      () => getJson<{ status: string }>(`${engine.http}/health`).catch(() => ({ status: '' })),
      ({ status }) => status === 'ok',
      30_000,
    )
    const code = await engine.stop()
    if (code !== 0) throw new Error(`it stops with ${code}`)
    if (/this is a bug|unhandled| {4}at /i.test(engine.output())) throw new Error(engine.output())
    return true
  } catch (error) {
    counted.violate(`the engine is not well afterwards: ${problemOf(error).slice(0, 2000)}`)
    return false
  }
}

async function csvPart(orders: CsvOrders, say: (text: string) => void) {
  const empty = { done: 0, accepted: 0, rejected: 0, without_reason: 0 }
  let report: CsvReport = { ...empty, reasons: [], violations: [] }
  const args = ['--import', path.join(ROOT, 'engine/tools/ts.mjs')]
  args.push(path.join(import.meta.dirname, 'csv-process.ts'), JSON.stringify(orders))
  const child: ChildProcess = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  })
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000)
  })
  const memory = watchMemory(child.pid!, 'VmRSS')
  child.on('message', message => {
    report = message as CsvReport
    if (report.done % 10_000 === 0) say(`csv ${report.done} of ${orders.inputs}`)
  })
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  memory.stop()
  const violations: string[] = []
  if (code !== 0) {
    violations.push(`the CSV readers ended (${code}) after input ${report.done}: ${said}`)
  }
  if (memory.most() > CSV_MIB_MAX) violations.push(`the CSV readers took ${memory.most()} MiB`)
  return { report, violations, crashes: code === 0 ? 0 : 1, rss_MiB_most: memory.most() }
}

/** Looks at the memory of a process each half second; 0 where the system does not tell. */
function watchMemory(pid: number, field: 'RssAnon' | 'VmRSS') {
  let most = 0
  const now = (): number => {
    try {
      const text = readFileSync(`/proc/${pid}/status`, 'utf8')
      return Math.round(Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(text)?.[1]) / 1024) || 0
    } catch {
      return 0
    }
  }
  const look = () => {
    most = Math.max(most, now())
  }
  const timer = setInterval(look, 500)
  look()
  return { now, most: () => most, stop: () => clearInterval(timer) }
}
