import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { LiquidusError, problemOf } from '#engine/core/errors.ts'
import { storeLimits } from '#engine/store/limits.ts'

export type RedisArgument = string | number | Uint8Array
export type ScriptName = (typeof SCRIPTS)[number]

const SCRIPTS = ['acquire', 'append', 'commit', 'define', 'keep', 'open-producer', 'trim'] as const
const RECONNECT_MS_MAX = 2000
/** How ioredis says that a command ended with its connection. */
const CONNECTION_GONE = /^(Connection is closed\.|Reached the max retries per request limit)/

/** One connection whose commands run in call order, or fail with STORE_UNAVAILABLE. */
export interface RedisConnection {
  command(name: string, ...args: RedisArgument[]): Promise<unknown>
  /** Runs `functions/<name>.lua`. */
  script(
    name: ScriptName,
    keys: readonly string[],
    args: readonly RedisArgument[],
  ): Promise<unknown>
  close(): Promise<void>
}

interface Waiting {
  readonly args: RedisArgument[]
  timer?: NodeJS.Timeout
  resolve(reply: unknown): void
  reject(error: unknown): void
}

const scripts = new Map(
  SCRIPTS.map(name => {
    const text = readFileSync(new URL(`functions/${name}.lua`, import.meta.url), 'utf8')
    return [name, { text, sha: createHash('sha1').update(text).digest('hex') }] as const
  }),
)

/** The error for a server that does not answer or answers with an error. */
export function unavailable(problem: string, cause?: unknown): LiquidusError {
  return new LiquidusError(
    'STORE_UNAVAILABLE',
    { store: 'redis', problem },
    { retry: true, ...(cause === undefined ? {} : { cause }) },
  )
}

/**
 * Connects, and connects again whenever the connection is lost. A command that was under way then
 * fails, and is never sent twice: only its caller knows whether that would be right.
 */
export async function connectRedis(
  url: string,
  answer_ms_max: number,
  log: (text: string) => void,
): Promise<RedisConnection> {
  const client = new Redis(url, {
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
  let problem = 'no connection yet'
  client.on('error', error => {
    problem = problemOf(error)
  })
  const gate = commandGate(client, answer_ms_max, () => problem)
  let ended = false
  client.on('close', () => {
    if (gate.shut() && !ended) log(`redis: connection lost (${problem}); connecting again`)
  })
  client.on('ready', async () => {
    try {
      for (const { text } of scripts.values()) await client.call('SCRIPT', 'LOAD', text)
      gate.open()
    } catch (error) {
      problem = problemOf(error)
      client.disconnect(true)
    }
  })
  client.connect().catch(() => {}) // the gate reports it, with the reason from 'error'
  const connection: RedisConnection = {
    command: (name, ...args) => gate.run([name, ...args]),
    script: (name, keys, args) =>
      gate.run(['EVALSHA', scripts.get(name)!.sha, keys.length, ...keys, ...args]),
    async close() {
      ended = true
      gate.close()
      client.disconnect()
    },
  }
  try {
    await connection.command('PING')
  } catch (error) {
    await connection.close()
    throw error
  }
  return connection
}

/** Lets commands through while connected; else they wait, in order, bounded in number and time. */
function commandGate(client: Redis, answer_ms_max: number, lastProblem: () => string) {
  const waiting = new Set<Waiting>()
  let isOpen = false
  let wasOpen = false
  let closed = false
  let unanswered = 0
  let unansweredBytes = 0

  /** Whether it waited or not, a command resolves as many turns after its reply: in call order. */
  const send = (one: Waiting): void => {
    const [name, ...rest] = one.args
    client.callBuffer(String(name), rest.map(asSent)).then(one.resolve, error => {
      const text = problemOf(error)
      // The connection ended but has not said so yet: this command never left, so it may wait.
      if (!closed && text.startsWith("Stream isn't writeable")) {
        isOpen = false
        wait(one)
        return
      }
      // After a time-out or with scripts gone, only a new connection restores order.
      if (/timed out|NOSCRIPT/.test(text)) client.disconnect(true)
      one.reject(unavailable(CONNECTION_GONE.test(text) ? lastProblem() : text, error))
    })
  }

  const wait = (one: Waiting): void => {
    waiting.add(one)
    one.timer = setTimeout(() => {
      waiting.delete(one)
      one.reject(unavailable(`no connection for ${answer_ms_max} ms: ${lastProblem()}`))
    }, answer_ms_max)
  }

  return {
    /** True the first time after it was open. */
    shut(): boolean {
      isOpen = false
      const was = wasOpen
      wasOpen = false
      return was
    },
    open() {
      isOpen = true
      wasOpen = true
      for (const one of waiting) {
        clearTimeout(one.timer)
        waiting.delete(one)
        send(one)
      }
    },
    close() {
      closed = true
      for (const one of waiting) {
        clearTimeout(one.timer)
        one.reject(unavailable('it was closed'))
      }
      waiting.clear()
    },
    async run(args: RedisArgument[]): Promise<unknown> {
      if (closed) throw unavailable('it was closed')
      if (unanswered >= storeLimits.waitingWrites || unansweredBytes > storeLimits.waitingBytes) {
        throw unavailable(`${unanswered} commands wait for an answer`)
      }
      const size = args.reduce<number>((sum, one) => sum + sizeOf(one), 0)
      unanswered++
      unansweredBytes += size
      try {
        return await new Promise<unknown>((resolve, reject) => {
          const one: Waiting = { args, resolve, reject }
          if (isOpen) send(one)
          else wait(one)
        })
      } finally {
        unanswered--
        unansweredBytes -= size
      }
    },
  }
}

const sizeOf = (one: RedisArgument) => (typeof one === 'number' ? 8 : one.length)

const asSent = (one: RedisArgument): string | Buffer =>
  one instanceof Uint8Array ? Buffer.from(one.buffer, one.byteOffset, one.byteLength) : String(one)
