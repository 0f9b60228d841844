import { fork } from 'node:child_process'
import path from 'node:path'
import { ROOT } from '../engine-process.ts'
import type { ClientOrders, ClientReport } from './client.ts'

/** The client process, which does one order after the other. */
export interface PeersClient {
  ask(orders: ClientOrders): Promise<ClientReport>
  close(): void
}

/** Starts the client. */
export function spawnClient(): PeersClient {
  const child = fork(path.join(import.meta.dirname, 'client.ts'), [], {
    cwd: ROOT,
    execArgv: ['--import', path.join(ROOT, 'engine/tools/ts.mjs')],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const ended = new Promise<never>((_, reject) =>
    child.once('exit', () => reject(new Error('the client process ended'))),
  )
  ended.catch(() => {})
  return {
    ask(orders) {
      const answer = new Promise<ClientReport>(resolve => child.once('message', resolve))
      child.send(orders)
      return Promise.race([answer, ended])
    },
    close: () => void child.kill('SIGKILL'),
  }
}
