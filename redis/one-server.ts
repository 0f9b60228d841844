import { type RedisArgument, unavailable } from './command.ts'
import type { RedisConnection } from './connection.ts'
import type { FileSync } from './durability.ts'
import {
  type Pace,
  type WriteBudget,
  type WriteGroups,
  writeBudget,
  writeGroups,
} from './groups.ts'
import type { ScriptCall, ScriptName } from './scripts.ts'

/** Reads and writes of one or more servers; each call goes to the one that has its keys. */
export interface Servers {
  read(name: string, key: string, ...args: RedisArgument[]): Promise<unknown>
  /** Resolves with the script's reply, its first element text, once it is as durable as asked. */
  write(
    name: ScriptName,
    keys: ScriptCall['keys'],
    args: readonly RedisArgument[],
    pace?: Pace,
  ): Promise<readonly unknown[]>
  close(): Promise<void>
}

/** Waits until what the server applied is in its file. */
export type FileWait = Pick<FileSync, 'synced' | 'close'>

/** How calls to one server are made. */
export interface OneServerOptions {
  readonly wait?: FileWait | undefined
  /** Writes of one queue may go together; by default all. */
  readonly queueOf?: (key: string) => number
  readonly budget?: WriteBudget
}

/** All calls to one connection; writes go in groups, and where there is one, wait for the file. */
export function oneServer(
  connection: RedisConnection,
  { wait, queueOf = () => 0, budget = writeBudget() }: OneServerOptions = {},
): Servers {
  const queues = new Map<number, WriteGroups>()
  let closed = false
  const groupsOf = (key: string): WriteGroups => {
    const queue = queueOf(key)
    const known = queues.get(queue)
    if (known) return known
    const groups = writeGroups(connection.scripts, budget)
    if (closed) groups.close()
    queues.set(queue, groups)
    return groups
  }
  return {
    read: (name, key, ...args) => connection.command(name, key, ...args),
    async write(name, keys, args, pace = 'now') {
      const reply = await groupsOf(keys[0]).run({ name, keys, args }, pace)
      if (wait) await wait.synced()
      if (!Array.isArray(reply)) throw unavailable(`${name} was answered with ${reply}`)
      return reply.map((one, index) =>
        index === 0 && Buffer.isBuffer(one) ? one.toString('latin1') : one,
      )
    },
    async close() {
      closed = true
      for (const groups of queues.values()) groups.close()
      await Promise.all([connection.close(), wait?.close()])
    },
  }
}
