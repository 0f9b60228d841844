import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { APPENDS_PER_COMMIT, CRASH_LINE, ENTRY_BYTES, STATE_BYTES } from './crash-writer.ts'
import { patternBytes } from './pattern.ts'
import type { Store } from './port.ts'

/** What a writer said was durable before it ended. */
export interface Claimed {
  appended: number
  committed: number
}

/** A writer in a process of its own. */
export interface CrashWriter {
  readonly process: ChildProcess
  readonly claimed: Claimed
  /** Resolves once the writer has said `count` more lines. */
  said(count: number): Promise<void>
  /** Resolves when the process has ended and all it said was read. */
  readonly ended: Promise<void>
}

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))

/** Starts a process that appends and commits until it is killed. */
export function startWriter(module: URL, factory: string, options: object): CrashWriter {
  const child = spawn(
    process.execPath,
    [
      ...['--import', path('../tools/ts.mjs'), path('crash-writer.ts')],
      ...[module.href, factory, JSON.stringify(options)],
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  const claimed: Claimed = { appended: 0, committed: 0 }
  let lines = 0
  let ended = false
  const listeners = new Set<() => void>()
  const reader = createInterface({ input: child.stdout })
  reader.on('line', line => {
    const [what, position] = line.split(' ')
    const key = what === 'append' ? 'appended' : 'committed'
    claimed[key] = Math.max(claimed[key], Number(position))
    lines++
    for (const listener of listeners) listener()
  })
  const read = new Promise<void>(resolve => {
    reader.on('close', () => {
      ended = true
      for (const listener of listeners) listener()
      resolve()
    })
  })
  // Its pipes close a moment before the process is gone.
  const gone = new Promise<void>(resolve => child.on('exit', () => resolve()))
  return {
    process: child,
    claimed,
    ended: Promise.all([read, gone]).then(() => {}),
    said(count) {
      const until = lines + count
      return new Promise((resolve, reject) => {
        const listener = () => {
          if (lines < until && !ended) return
          listeners.delete(listener)
          if (ended) reject(new Error('the writer ended by itself'))
          else resolve()
        }
        listeners.add(listener)
      })
    },
  }
}

/** Everything claimed is there with its bytes, without gaps, and each commit is whole. */
export async function expectKept(store: Store, claimed: Claimed): Promise<void> {
  const { log_end, outbox_end, commit } = await store.acquire(CRASH_LINE)
  expect(log_end).toBeGreaterThanOrEqual(claimed.appended)
  const records = await store.read(CRASH_LINE, 1, { count_max: 1e6, bytes_max: 2 ** 40 })
  expect(records.map(({ position }) => position)).toEqual(
    Array.from({ length: log_end }, (_, index) => index + 1),
  )
  const spoilt = records.filter(
    ({ position, bytes }) => Buffer.compare(bytes, patternBytes(position, ENTRY_BYTES)) !== 0,
  )
  expect(spoilt).toEqual([])
  const position = commit?.position ?? 0
  expect(position).toBeGreaterThanOrEqual(claimed.committed)
  expect(position).toBeLessThanOrEqual(log_end)
  expect(outbox_end).toBe(position / APPENDS_PER_COMMIT)
  expect((await store.events(CRASH_LINE, 0, 1e6)).length).toBe(outbox_end)
  const state = patternBytes(position, STATE_BYTES)
  expect(commit ? Buffer.compare(commit.state, state) : 0).toBe(0)
}
