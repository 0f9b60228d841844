import { fork } from 'node:child_process'
import path from 'node:path'
import { ROOT } from '../engine-process.ts'
import type { FromSender, SenderOrders, SenderReport, ToSender } from './process.ts'

/** The sender of a run, in a process of its own. */
export interface SenderProcess {
  readonly pid: number
  /** Resolves when every line is connected. */
  connect(orders: SenderOrders): Promise<void>
  learn(event_start_ms: number): Promise<void>
  run(start_ms: number, event_start_ms: number): Promise<void>
  /** Sends the next seconds of TWIN-444 at once; resolves when they are acknowledged. */
  backlog(seconds: number): Promise<void>
  drain(): Promise<void>
  report(): Promise<SenderReport>
  close(): void
}

/** Starts a sender that knows nothing yet. */
export function spawnSender(): SenderProcess {
  const child = fork(path.join(import.meta.dirname, 'process.ts'), [], {
    cwd: ROOT,
    execArgv: ['--import', path.join(ROOT, 'engine/tools/ts.mjs')],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const waiting = new Map<
    string,
    { done(answer: SenderReport | undefined): void; fail(error: Error): void }
  >()
  let ended: Error | undefined
  const failAll = (error: Error) => {
    ended = error
    for (const { fail } of waiting.values()) fail(error)
    waiting.clear()
  }
  child.on('message', (answer: FromSender) => {
    if (answer.type === 'failed') return failAll(new Error(`the sender: ${answer.problem}`))
    waiting.get(answer.of)?.done(answer.report)
    waiting.delete(answer.of)
  })
  child.on('exit', code => failAll(new Error(`the sender ended (exit ${code})`)))
  const ask = (order: ToSender): Promise<SenderReport | undefined> =>
    new Promise((resolve, reject) => {
      if (ended) return reject(ended)
      waiting.set(order.type, { done: resolve, fail: reject })
      child.send(order)
    })
  return {
    pid: child.pid!,
    async connect(orders) {
      await ask({ type: 'connect', orders })
    },
    async learn(event_start_ms) {
      await ask({ type: 'learn', event_start_ms })
    },
    async run(start_ms, event_start_ms) {
      await ask({ type: 'run', start_ms, event_start_ms })
    },
    async backlog(seconds) {
      await ask({ type: 'backlog', seconds })
    },
    async drain() {
      await ask({ type: 'drain' })
    },
    async report() {
      return (await ask({ type: 'report' }))!
    },
    close() {
      child.kill('SIGKILL')
    },
  }
}
