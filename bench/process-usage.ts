import { readdirSync, readFileSync } from 'node:fs'

const TICKS_PER_S = 100
const EVERY_MS = 1000

/** What a process and its children used between `begin` and `end`; null: the system does not tell. */
export interface ProcessUse {
  readonly cpu_cores: number | null
  readonly cpu_s: number | null
  /** The most that was seen; mapped files count in it. */
  readonly rss_MiB: number | null
  /** Memory that no file backs, at the start and the end. */
  readonly rss_anon_MiB_start: number | null
  readonly rss_anon_MiB_end: number | null
  readonly rss_anon_MiB_max: number | null
  /** Handed to the system by write calls, to disk and network. */
  readonly written_MiB_per_s: number | null
}

/** Watches a process through /proc. */
export interface ProcessUsage {
  begin(): void
  end(): ProcessUse
}

/** Watches a process, and the children it has when the watch begins. */
export function processUsage(root: number): ProcessUsage {
  let pids: readonly number[] = [root]
  let began_s = Number.NaN
  let began_MiB = Number.NaN
  let began_ms = Number.NaN
  let anonStart_MiB: number | null = null
  let anonMax_MiB: number | null = null
  let rss_MiB: number | null = null
  let timer: NodeJS.Timeout | undefined
  const sum = (of: (pid: number) => number) => pids.reduce((total, pid) => total + of(pid), 0)
  const most = (now: number, before: number | null) =>
    Number.isFinite(now) ? Math.max(before ?? 0, now) : before
  const look = () => {
    rss_MiB = most(
      sum(pid => statusOf(pid, 'VmRSS')),
      rss_MiB,
    )
    anonMax_MiB = most(
      sum(pid => statusOf(pid, 'RssAnon')),
      anonMax_MiB,
    )
  }
  return {
    begin() {
      pids = withChildren(root)
      began_s = sum(cpuOf)
      began_MiB = sum(writtenOf)
      began_ms = performance.now()
      look()
      anonStart_MiB = anonMax_MiB
      timer = setInterval(look, EVERY_MS)
      // A run that fails does not end the watch; it must not keep the process.
      timer.unref()
    },
    end() {
      clearInterval(timer)
      look()
      const passed_s = (performance.now() - began_ms) / 1000
      const cpu_s = sum(cpuOf) - began_s
      return {
        cpu_cores: known(cpu_s / passed_s),
        cpu_s: known(cpu_s),
        rss_MiB: rounded(rss_MiB),
        rss_anon_MiB_start: rounded(anonStart_MiB),
        rss_anon_MiB_end: rounded(known(sum(pid => statusOf(pid, 'RssAnon')))),
        rss_anon_MiB_max: rounded(anonMax_MiB),
        written_MiB_per_s: known((sum(writtenOf) - began_MiB) / passed_s),
      }
    },
  }
}

/** Processor time of a process so far, s; NaN where it is not known. */
export function cpuOf(pid: number): number {
  const text = read(`/proc/${pid}/stat`)
  // The name in parentheses may hold spaces; user and system time are fields 14 and 15.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S
}

function withChildren(pid: number): number[] {
  const children: number[] = []
  try {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const text = read(`/proc/${pid}/task/${task}/children`).trim()
      if (text !== '') children.push(...text.split(' ').map(Number))
    }
  } catch {
    // The process is gone, or there is no /proc: then there is nothing to add.
  }
  return [pid, ...children.flatMap(withChildren)]
}

function statusOf(pid: number, name: string): number {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(read(`/proc/${pid}/status`))
  return match ? Number(match[1]) / 1024 : Number.NaN
}

function writtenOf(pid: number): number {
  return Number(/^wchar: (\d+)/m.exec(read(`/proc/${pid}/io`))?.[1]) / 1024 ** 2
}

const known = (value: number): number | null => (Number.isFinite(value) ? value : null)
const rounded = (value: number | null) => (value === null ? null : Math.round(10 * value) / 10)

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
