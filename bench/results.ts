import { execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import path from 'node:path'
import { ROOT } from './engine-process.ts'
import type { LatencyResult } from './latency.ts'

/** One JSON object per line, oldest first. */
export const RESULTS_FILE = path.join(ROOT, 'bench', 'results.ndjson')

/** Where and with what a measurement was made. */
export function surroundings(): Record<string, unknown> {
  return {
    date: new Date().toISOString(),
    node: process.version,
    commit: commit(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cpus: availableParallelism(),
    load_average_1m: Math.round(loadavg()[0]! * 100) / 100,
    store: process.env.REDIS_URL ? 'redis' : 'lmdb',
  }
}

export function appendResult(result: object): void {
  appendFileSync(RESULTS_FILE, `${JSON.stringify(result)}\n`)
}

/** The run with the median p99 to alert (of two, the worse), and that figure of every run. */
export function medianRun(runs: readonly LatencyResult[]): LatencyResult {
  const p99 = (run: LatencyResult) => Number(run.alert_ms_p99 ?? Number.POSITIVE_INFINITY)
  const sorted = [...runs].sort((a, b) => p99(a) - p99(b))
  const median = sorted[Math.floor(sorted.length / 2)]!
  if (runs.length === 1) return median
  return {
    ...median,
    runs: runs.length,
    alert_ms_p99_of_runs: runs.map(run => run.alert_ms_p99),
    problems: runs.flatMap(run => run.problems),
  }
}

/** A table for people. */
export function tableOf(result: LatencyResult): string {
  const shown = (key: string) => {
    const value = result[key]
    return (typeof value === 'number' ? value.toFixed(1) : '-').padStart(9)
  }
  const row = (text: string, name: string) =>
    text.padEnd(28) +
    ['p50', 'p90', 'p99', 'p999', 'max'].map(part => shown(`${name}_ms_${part}`)).join('')
  const heads = ['p50', 'p90', 'p99', 'p99.9', 'max'].map(head => head.padStart(9)).join('')
  return [
    `${'ms from the time due'.padEnd(28)}${heads}`,
    row('to acknowledgement', 'ack'),
    row('to commit of the tick', 'commit'),
    row('to alert at the client', 'alert'),
    '',
    `readings  ${result.sent} sent, ${result.acknowledged} acknowledged, ` +
      `${result.rejected} rejected, ${result.lost} lost`,
    `alerts    ${result.alerts} of ${result.alerts_injected} arrived`,
    `engine    ${result.engine_cpu_cores} CPU cores, ${result.rss_MiB} MiB, ` +
      `${result.readings_per_s} readings/s`,
    `machine   ${result.cpu}, ${result.cpus} CPUs, load average ${result.load_average_1m}, ` +
      `Node ${result.node}, commit ${result.commit}`,
    ...result.problems.map(problem => `FAILED    ${problem}`),
  ].join('\n')
}

function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no').trim() !== ''
    return git('rev-parse', '--short', 'HEAD').trim() + (changed ? '-changed' : '')
  } catch {
    return 'unknown'
  }
}
