import { unavailable } from './command.ts'
import { type ConnectionOptions, connectRedis, redisConnection } from './connection.ts'
import { type Durability, type FileSync, factsOf, fileSync, waitFor } from './durability.ts'
import type { Reply } from './gate.ts'
import { writeBudget } from './groups.ts'
import { type FileWait, oneServer, type Servers } from './one-server.ts'
import { addressOf, SLOTS, type SlotRange, slotOf, slotRanges, urlOf } from './slots.ts'

/** How servers are opened. */
export interface ServersOptions extends ConnectionOptions {
  readonly durability: Durability
  /** A key that may be overwritten, where a write is needed that the file can be waited for with. */
  readonly marker: string
}

const LOOK_AGAIN_MS = 300
/** The cluster says that another server has the slot, or that none has it now. */
const MOVED = /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN|READONLY|EXECABORT)/

interface Node {
  readonly servers: Servers
  readonly connected: () => boolean
  readonly command: (name: string, ...args: string[]) => Promise<unknown>
  /** Looks whether the server is as durable as asked. */
  readonly check: () => Promise<unknown>
}

/**
 * All primaries of a cluster, a connection each. A call goes to the server that has its slot and is
 * never sent to a second one: when slots move, what was under way fails, and later calls go to the
 * new server.
 */
export async function openCluster(
  options: ServersOptions,
  seeds: readonly string[],
): Promise<Servers> {
  const [seed] = seeds as [string]
  const nodes = new Map<string, Node>()
  const owners: (string | undefined)[] = new Array(SLOTS).fill(undefined)
  const budget = writeBudget()
  let closed = false
  let looking: NodeJS.Timeout | undefined

  const take = (ranges: readonly SlotRange[]): void => {
    owners.fill(undefined)
    for (const { first, last, address } of ranges) owners.fill(address, first, last + 1)
    const named = new Set(ranges.map(({ address }) => address))
    for (const [address, node] of nodes) {
      if (named.has(address)) continue
      nodes.delete(address)
      void node.servers.close()
    }
    for (const address of named) if (!nodes.has(address)) nodes.set(address, join(address))
  }

  /** Asks a server that answers where the slots are. */
  const look = async (): Promise<void> => {
    for (const [address, node] of nodes) {
      if (!node.connected()) continue
      const ranges = slotRanges(await node.command('CLUSTER', 'SLOTS'), address)
      if (ranges.length > 0) return take(ranges)
    }
    let problem: unknown
    for (const url of seeds) {
      try {
        return take(await slotsBy({ ...options, url }))
      } catch (error) {
        problem = error
      }
    }
    throw problem
  }

  /** Looks until every server that has slots is connected. */
  const lookSoon = (): void => {
    if (closed || looking) return
    looking = setTimeout(() => {
      look()
        .catch(() => {}) // each call that meets it tells
        .finally(() => {
          looking = undefined
          if ([...nodes.values()].some(node => !node.connected())) lookSoon()
        })
    }, LOOK_AGAIN_MS)
  }

  const join = (address: string): Node => {
    const to: ConnectionOptions = { ...options, url: urlOf(seed, address), onLost: lookSoon }
    const connection = redisConnection(to)
    const watched = <T extends Reply>(replies: readonly T[]): readonly T[] => {
      if (replies.some(one => one instanceof Error && MOVED.test(one.message))) lookSoon()
      return replies
    }
    const marker = (): string => markerIn(options.marker, slot => owners[slot] === address)
    const wait = fileWait(async () => {
      const facts = await factsOf(connection)
      return waitFor(facts, options.durability) === 'file' ? fileSync(to, marker) : undefined
    })
    return {
      servers: oneServer(
        {
          ...connection,
          async command(name, ...args) {
            const [reply] = watched(await connection.commands([[name, ...args]]))
            if (reply instanceof Error) throw unavailable(reply.message, reply)
            return reply
          },
          scripts: async calls => watched(await connection.scripts(calls)),
        },
        { wait, queueOf: slotOf, budget },
      ),
      connected: connection.connected,
      command: connection.command,
      check: wait.ready,
    }
  }

  const serverOf = (key: string): Servers => {
    const slot = slotOf(key)
    const address = owners[slot]
    const node = address === undefined ? undefined : nodes.get(address)
    if (node) return node.servers
    lookSoon()
    throw unavailable(closed ? 'it was closed' : `no server of the cluster has slot ${slot}`)
  }

  const close = async (): Promise<void> => {
    closed = true
    clearTimeout(looking)
    await Promise.all([...nodes.values()].map(({ servers }) => servers.close()))
  }
  try {
    await look()
    await Promise.all([...nodes.values()].map(node => node.check()))
  } catch (error) {
    await close()
    throw error
  }
  return {
    read: async (name, key, ...args) => serverOf(key).read(name, key, ...args),
    write: async (name, keys, args, pace) => serverOf(keys[0]).write(name, keys, args, pace),
    close,
  }
}

async function slotsBy(options: ConnectionOptions): Promise<readonly SlotRange[]> {
  const connection = await connectRedis(options)
  try {
    const ranges = slotRanges(await connection.command('CLUSTER', 'SLOTS'), addressOf(options.url))
    if (ranges.length === 0) throw unavailable('no server of the cluster has a slot')
    return ranges
  } finally {
    await connection.close()
  }
}

/** A key that hashes to one of the slots. */
function markerIn(name: string, has: (slot: number) => boolean): string {
  for (let number = 0; number < SLOTS * 8; number++) {
    const key = `${name}:${number}`
    if (has(slotOf(key))) return key
  }
  throw unavailable('the server has no slots any more')
}

/** Opens the way to wait when it is first needed, and again after that failed. */
function fileWait(open: () => Promise<FileSync | undefined>): FileWait & {
  ready(): Promise<unknown>
} {
  let opened: ReturnType<typeof open> | undefined
  const ready = () => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined
      throw error
    })
    return opened
  }
  return {
    ready,
    synced: async () => (await ready())?.synced(),
    close: async () => (await opened?.catch(() => undefined))?.close(),
  }
}
