import { LiquidusError, problemOf } from '#engine/core/errors.ts'
import { unavailable } from './command.ts'
import { type ConnectionOptions, connectRedis, type RedisConnection } from './connection.ts'

/** When a write resolves: once the server has applied it, or once it is on the server's disk. */
export type Durability = 'everysec' | 'always'

/** What a server says of itself. */
export interface ServerFacts {
  readonly clustered: boolean
  readonly hasFile: boolean
  readonly syncsEachWrite: boolean
  /** From 7.2 on: WAITAOF. */
  readonly canWait: boolean
}

/** Asks a server what it is; refuses one that is too old. */
export async function factsOf(connection: RedisConnection): Promise<ServerFacts> {
  const info = String(await connection.command('INFO'))
  const version = /redis_version:(\d+)\.(\d+)/.exec(info)
  const [major, minor] = [Number(version?.[1]), Number(version?.[2])]
  if (!(major >= 7)) throw unavailable(`Redis 7 or later is needed, this is ${version?.[0]}`)
  const appendfsync = (await connection.command('CONFIG', 'GET', 'appendfsync')) as Buffer[]
  return {
    clustered: /cluster_enabled:1/.test(info),
    hasFile: /aof_enabled:1/.test(info),
    syncsEachWrite: String(appendfsync[1]) === 'always',
    canWait: major > 7 || minor >= 2,
  }
}

/**
 * What a write has to wait for once the server applied it, or undefined where the answer is enough.
 * Throws where the server cannot give what is asked.
 */
export function waitFor(facts: ServerFacts, durability: Durability): 'file' | undefined {
  if (durability === 'everysec') return undefined
  if (!facts.hasFile) throw notDurable('keeps no append-only file; set appendonly yes')
  if (facts.syncsEachWrite) return undefined
  if (facts.canWait) return 'file'
  throw notDurable('syncs its file each second; set appendfsync always')
}

/** The server gives up before the connection does, so that the connection stays. */
const WAIT_SHARE = 0.8

/** Resolves once all that the server had applied before the call is on its disk. */
export interface FileSync {
  synced(): Promise<void>
  close(): Promise<void>
}

/**
 * Waits for the file on a connection of its own, because WAITAOF holds its connection up. The file
 * is written in order: when a later write is on the disk, all before it are.
 */
export async function fileSync(
  options: ConnectionOptions,
  marker: () => string,
): Promise<FileSync> {
  const connection = await connectRedis(options)
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined

  const wait = async (): Promise<void> => {
    const waiting_ms = Math.ceil(options.answer_ms_max * WAIT_SHARE)
    const [, reply] = await connection.commands([
      ['SET', marker(), '1'],
      ['WAITAOF', 1, 0, waiting_ms],
    ])
    if (reply instanceof Error) throw unavailable(problemOf(reply), reply)
    const [here] = reply as [number, number]
    if (Number(here) < 1) throw unavailable('its append-only file was not synced in time')
  }
  const start = (): Promise<void> => {
    running = wait().finally(() => {
      running = undefined
    })
    return running
  }

  return {
    synced() {
      if (!running) return start()
      next ??= running
        .catch(() => {})
        .then(() => {
          next = undefined
          return start()
        })
      return next
    },
    close: () => connection.close(),
  }
}

function notDurable(problem: string): LiquidusError {
  const key = 'redis_durability'
  return new LiquidusError('CONFIG_INVALID', {
    key,
    source: 'the configuration',
    problem: `is "always", but the server ${problem}`,
  })
}
