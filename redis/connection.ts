import { Redis } from 'ioredis'
import { problemOf } from '#engine/core/errors.ts'
import { type RedisArgument, type RedisCommand, unavailable } from './command.ts'
import { commandGate, type Reply } from './gate.ts'
import { loadScripts, type ScriptCall, scriptCommand } from './scripts.ts'
import { addressOf } from './slots.ts'

const RECONNECT_MS_MAX = 2000

/** One connection whose commands run in call order, or fail with STORE_UNAVAILABLE. */
export interface RedisConnection {
  command(name: string, ...args: RedisArgument[]): Promise<unknown>
  /** Sends several in one piece; one reply each, an Error where the server refuses one. */
  commands(commands: readonly RedisCommand[]): Promise<readonly Reply[]>
  /**
   * Runs scripts one after the other, which the server writes to its file at once. One reply each,
   * an Error where the server refuses one; rejects where it is not known what became of them.
   */
  scripts(calls: readonly ScriptCall[]): Promise<readonly Reply[]>
  connected(): boolean
  close(): Promise<void>
}

/** Where a connection goes and how long it waits. */
export interface ConnectionOptions {
  readonly url: string
  readonly answer_ms_max: number
  readonly log: (text: string) => void
  /** Called whenever a connection that stood is lost. */
  readonly onLost?: () => void
}

/**
 * Connects, and connects again whenever the connection is lost. A command that was under way then
 * fails, and is never sent twice: only its caller knows whether that would be right.
 */
export async function connectRedis(options: ConnectionOptions): Promise<RedisConnection> {
  const connection = redisConnection(options)
  try {
    await connection.command('PING')
  } catch (error) {
    await connection.close()
    throw error
  }
  return connection
}

/** As `connectRedis`, but does not wait for the server: the first commands do. */
export function redisConnection(options: ConnectionOptions): RedisConnection {
  const { answer_ms_max, log } = options
  const client = clientOf(options)
  let problem = 'no connection yet'
  client.on('error', error => {
    problem = problemOf(error)
  })
  const gate = commandGate(client, answer_ms_max, () => problem)
  let ended = false
  client.on('close', () => {
    if (!gate.shut() || ended) return
    log(`redis: connection lost (${addressOf(options.url)}: ${problem}); connecting again`)
    options.onLost?.()
  })
  client.on('ready', async () => {
    problem = 'the server closed it'
    try {
      for (const [name, ...args] of loadScripts) await client.call(name, ...(args as string[]))
      gate.open()
    } catch (error) {
      problem = problemOf(error)
      client.disconnect(true)
    }
  })
  client.connect().catch(() => {}) // the gate reports it, with the reason from 'error'
  return {
    async command(name, ...args) {
      const [reply] = await gate.run([[name, ...args]])
      if (reply instanceof Error) throw unavailable(problemOf(reply), reply)
      return reply
    },
    commands: commands => gate.run(commands),
    async scripts(calls) {
      if (calls.length === 1) return gate.run(calls.map(scriptCommand))
      const replies = await gate.run([['MULTI'], ...calls.map(scriptCommand), ['EXEC']])
      const done = replies.at(-1)
      if (Array.isArray(done)) return done
      // Refused as a whole, nothing is done: each has its own reason, or that of the others.
      return calls.map((_, index) =>
        replies[index + 1] instanceof Error ? replies[index + 1] : done,
      )
    },
    connected: () => client.status === 'ready',
    async close() {
      ended = true
      gate.close()
      client.disconnect()
    },
  }
}

function clientOf({ url, answer_ms_max }: ConnectionOptions): Redis {
  return new Redis(url, {
    lazyConnect: true,
    protocol: 2,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // What was under way fails as soon as the connection does: a later write must not pass it.
    maxRetriesPerRequest: 0,
    commandTimeout: answer_ms_max,
    connectTimeout: answer_ms_max,
    retryStrategy: attempts => Math.min(attempts * 50, RECONNECT_MS_MAX),
  })
}
