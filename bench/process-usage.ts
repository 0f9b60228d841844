import { readFileSync } from 'node:fs'

const TICKS_PER_S = 100
const EVERY_MS = 1000

/** What a process used between `begin` and `end`; null where the system does not tell. */
export interface ProcessUsage {
  begin(): void
  end(): {
    readonly cpu_cores: number | null
    readonly rss_MiB: number | null
    /** Handed to the system by write calls, to disk and network. */
    readonly written_MiB_per_s: number | null
  }
}

/** Watches a process through /proc; the memory is the most that was seen. */
export function processUsage(pid: number): ProcessUsage {
  let began_s = Number.NaN
  let began_MiB = Number.NaN
  let began_ms = Number.NaN
  let rss_MiB: number | null = null
  let timer: NodeJS.Timeout | undefined
  const look = () => {
    const now_MiB = memoryOf(pid)
    if (now_MiB !== undefined) rss_MiB = Math.max(rss_MiB ?? 0, now_MiB)
  }
  return {
    begin() {
      began_s = cpuOf(pid)
      began_MiB = writtenOf(pid)
      began_ms = performance.now()
      look()
      timer = setInterval(look, EVERY_MS)
    },
    end() {
      clearInterval(timer)
      look()
      const passed_s = (performance.now() - began_ms) / 1000
      return {
        cpu_cores: known((cpuOf(pid) - began_s) / passed_s),
        rss_MiB,
        written_MiB_per_s: known((writtenOf(pid) - began_MiB) / passed_s),
      }
    },
  }
}

function cpuOf(pid: number): number {
  const text = read(`/proc/${pid}/stat`)
  // The name in parentheses may hold spaces; user and system time are fields 14 and 15.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S
}

function memoryOf(pid: number): number | undefined {
  const match = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))
  return match ? Number(match[1]) / 1024 : undefined
}

function writtenOf(pid: number): number {
  return Number(/^wchar: (\d+)/m.exec(read(`/proc/${pid}/io`))?.[1]) / 1024 ** 2
}

const known = (value: number): number | null => (Number.isFinite(value) ? value : null)

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
