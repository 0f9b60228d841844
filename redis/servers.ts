import { LiquidusError } from '#engine/core/errors.ts'
import { openCluster, type ServersOptions } from './cluster.ts'
import { connectRedis, type RedisConnection } from './connection.ts'
import { factsOf, fileSync, waitFor } from './durability.ts'
import { oneServer, type Servers } from './one-server.ts'
import { seedsOf } from './slots.ts'

/** Connects to the one server of a store, or where it is part of a cluster, to all of that. */
export async function openServers(options: ServersOptions): Promise<Servers> {
  const seeds = seedsOf(options.url)
  const { connection, url } = await connectAny(options, seeds)
  let opened = false
  try {
    const facts = await factsOf(connection)
    if (facts.clustered) return await openCluster(options, [url, ...seeds])
    if (seeds.length > 1) throw notClustered()
    const waits = waitFor(facts, options.durability) === 'file'
    if (!facts.hasFile) options.log(`redis: ${NO_FILE}`)
    const wait = waits ? await fileSync({ ...options, url }, () => options.marker) : undefined
    opened = true
    return oneServer(connection, { wait })
  } finally {
    if (!opened) await connection.close()
  }
}

const NO_FILE = 'appendonly is off: a restart of the server loses what came since its last snapshot'

/** The first that answers; the others are let go. */
async function connectAny(
  options: ServersOptions,
  seeds: readonly string[],
): Promise<{ readonly connection: RedisConnection; readonly url: string }> {
  const tries = seeds.map(async url => ({
    connection: await connectRedis({ ...options, url }),
    url,
  }))
  try {
    const first = await Promise.any(tries)
    for (const one of tries) {
      const other = one.then(({ connection }) => {
        if (connection !== first.connection) return connection.close()
      })
      other.catch(() => {}) // it does not answer
    }
    return first
  } catch (error) {
    throw (error as AggregateError).errors[0]
  }
}

function notClustered(): LiquidusError {
  return new LiquidusError('CONFIG_INVALID', {
    ...{ key: 'redis_url', source: 'the configuration' },
    problem: 'names several servers, but they are no cluster; name one',
  })
}
