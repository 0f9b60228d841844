import { execFileSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import path from 'node:path'
import { ROOT } from './engine-process.ts'
import type { RunResult } from './measure.ts'

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
  }
}

export function appendResult(result: object): void {
  appendFileSync(RESULTS_FILE, `${JSON.stringify(result)}\n`)
}

/** Counted, not measured: of several runs the worst is told, which is the largest. */
const WORST = new Set(['lost', 'rejected', 'reconnects'])
/** Told of every run beside the median. */
const OF_RUNS = ['readings_per_s', 'ack_ms_p99', 'alert_ms_p99', 'engine_cpu_cores'] as const

/** The median of each number over the runs (of two, the larger), and all that went wrong. */
export function medianRun(runs: readonly RunResult[]): RunResult {
  const [first] = runs
  if (runs.length === 1) return first!
  const middle = middleOf(runs)
  const each = OF_RUNS.filter(key => key in first!).map(key => [
    `${key}_of_runs`,
    runs.map(run => run[key]),
  ])
  return {
    ...(middle as RunResult),
    runs: runs.length,
    ...Object.fromEntries(each),
    problems: runs.flatMap(run => run.problems),
  }
}

/** Of each number in the first, also of those one level down. */
function middleOf(all: readonly Readonly<Record<string, unknown>>[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(all[0]!).map(([key, value]) => {
      const each = all.map(one => one[key])
      if (isRecord(value)) return [key, middleOf([value, ...each.slice(1).filter(isRecord)])]
      const values = each.filter(one => typeof one === 'number')
      if (typeof value !== 'number' && values.length === 0) return [key, value]
      const sorted = values.toSorted((a, b) => a - b)
      return [key, sorted[WORST.has(key) ? sorted.length - 1 : Math.floor(sorted.length / 2)]]
    }),
  )
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const HEADS = ['p50', 'p90', 'p99', 'p999', 'max'] as const
const ROWS = [
  ['to acknowledgement', 'ack'],
  ['to commit of the tick', 'commit'],
  ['to alert at the client', 'alert'],
  ['to commit, TWIN-444', 'twin_commit'],
  ['to alert of one reading', 'reading_alert'],
  ['to alert of a filter', 'filter_alert'],
  ['to alert of a model', 'model_alert'],
  ['to the sender itself', 'sender_late'],
] as const

/** A table for people. */
export function tableOf(result: RunResult): string {
  const shown = (value: unknown) => (typeof value === 'number' ? value.toFixed(1) : '-').padStart(9)
  const rows = ROWS.filter(([, name]) => `${name}_ms_p50` in result).map(
    ([text, name]) =>
      text.padEnd(28) + HEADS.map(head => shown(result[`${name}_ms_${head}`])).join(''),
  )
  const heads = HEADS.map(head => head.replace('999', '99.9').padStart(9)).join('')
  const known = (key: string) => result[key] ?? '-'
  const moved = isRecord(result.store_MiB_per_s) ? result.store_MiB_per_s : {}
  const alerts = ['', 'reading_', 'filter_', 'model_']
    .filter(name => `${name}alerts` in result)
    .map(name => `${known(`${name}alerts`)} of ${known(`${name}alerts_injected`)}`)
  return [
    `${'ms from the time due'.padEnd(28)}${heads}`,
    ...rows,
    '',
    `readings  ${result.sent} sent, ${result.acknowledged} acknowledged, ` +
      `${result.rejected} rejected, ${result.lost} lost; ${known('readings_per_s')}/s`,
    `frames    ${known('frames')} of ${known('frames_expected')}, ${known('frames_per_s')}/s; ` +
      `scores ${known('z_scores_per_s')} z, ${known('asset_scores_per_s')} assets /s`,
    `alerts    ${alerts.join(', ')} arrived`,
    `engine    ${known('engine_cpu_cores')} CPU cores, anonymous memory ` +
      `${known('rss_anon_MiB_start')} to ${known('rss_anon_MiB_end')} MiB, ` +
      `${known('engine_written_MiB_per_s')} MiB/s written`,
    `log       ${moved.append ?? '-'} MiB/s appended, states ${moved.commit ?? '-'} MiB/s`,
    `sender    ${known('sender_cpu_cores')} CPU cores, ${known('wire_MiB_per_s')} MiB/s`,
    ...('restart_s' in result
      ? [
          `kill -9   ${known('restart_s')} s to serving with its state; ` +
            `catch-up ${known('catch_up_x')} x real time`,
        ]
      : []),
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
