import { LiquidusError } from '#engine/core/errors.ts'
import {
  type RedisArgument,
  type RedisConnection,
  type ScriptName,
  unavailable,
} from './connection.ts'

/** When a write resolves: once the server has applied it, or once it is on the server's disk. */
export type Durability = 'everysec' | 'always'

/** Runs a script that writes; the first element of its reply is text. */
export type Writes = (
  name: ScriptName,
  keys: readonly string[],
  args: readonly RedisArgument[],
) => Promise<readonly unknown[]>

/** Looks at the server once and answers with writes that are as durable as asked. */
export async function durableWrites(
  connection: RedisConnection,
  durability: Durability,
  answer_ms_max: number,
  log: (text: string) => void,
): Promise<Writes> {
  const info = String(await connection.command('INFO'))
  const version = /redis_version:(\d+)\.(\d+)/.exec(info)
  const [major, minor] = [Number(version?.[1]), Number(version?.[2])]
  if (!(major >= 7)) throw unavailable(`Redis 7 or later is needed, this is ${version?.[0]}`)
  const hasFile = /aof_enabled:1/.test(info)
  if (!hasFile) {
    if (durability === 'always') throw notDurable('keeps no append-only file; set appendonly yes')
    log('redis: appendonly is off: a restart of the server loses what came since its last snapshot')
  }
  const syncs = durability === 'everysec' || (await syncsEachWrite(connection))
  const canWait = major > 7 || minor >= 2
  if (!syncs && !canWait) throw notDurable('syncs its file each second; set appendfsync always')

  return async (name, keys, args) => {
    const written = connection.script(name, keys, args)
    if (!syncs) await Promise.all([written, waitForFile(connection, answer_ms_max)])
    const reply = (await written) as unknown[]
    if (Buffer.isBuffer(reply[0])) reply[0] = reply[0].toString('latin1')
    return reply
  }
}

async function syncsEachWrite(connection: RedisConnection): Promise<boolean> {
  const reply = (await connection.command('CONFIG', 'GET', 'appendfsync')) as Buffer[]
  return String(reply[1]) === 'always'
}

/** Sent right behind the write on the same connection, so that it covers it. */
async function waitForFile(connection: RedisConnection, answer_ms_max: number): Promise<void> {
  const reply = (await connection.command('WAITAOF', 1, 0, answer_ms_max)) as number[]
  if (Number(reply[0]) < 1) throw unavailable('its append-only file was not synced in time')
}

function notDurable(problem: string): LiquidusError {
  const key = 'redis.durability'
  return new LiquidusError('CONFIG_INVALID', {
    key,
    source: 'the configuration',
    problem: `is "always", but the server ${problem}`,
  })
}
