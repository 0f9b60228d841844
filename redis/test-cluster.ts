import { Redis } from 'ioredis'
import { freePort, startTestServer, type TestServer } from './test-server.ts'

/** A cluster of a test's own: three primaries on loopback, each with a third of the slots. */
export interface TestCluster {
  readonly servers: readonly TestServer[]
  /** Asks one server. */
  ask(server: number, command: string, ...args: (string | number)[]): Promise<unknown>
  /** Gives one slot, empty or not, to another server. */
  moveSlot(slot: number, from: number, to: number): Promise<void>
  /** Starts one more server that has all that one of the three has, and takes over when that dies. */
  addReplica(of: number): Promise<TestServer>
  destroy(): Promise<void>
}

const SLOTS_OF = [
  [0, 5460],
  [5461, 10_922],
  [10_923, 16_383],
] as const
const READY_WITHIN_MS = 20_000
const LOOK_EVERY_MS = 50
const MIGRATE_MS = 5000

/** Starts the cluster with the server program that `path` names. */
export async function startTestCluster(
  path: string,
  more: readonly string[] = [],
): Promise<TestCluster> {
  const servers: TestServer[] = []
  for (const _ of SLOTS_OF) {
    servers.push(await startTestServer(path, { flags: [...more, ...(await flags())] }))
  }
  const clients = servers.map(clientOf)
  const ask: TestCluster['ask'] = (server, command, ...args) =>
    clients[server]!.call(command, ...args.map(String))
  const ids = await Promise.all(servers.map((_, server) => ask(server, 'CLUSTER', 'MYID')))

  const cluster: TestCluster = {
    servers,
    ask,
    async moveSlot(slot, from, to) {
      await ask(to, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', String(ids[from]))
      await ask(from, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(ids[to]))
      const keys = (await ask(from, 'CLUSTER', 'GETKEYSINSLOT', slot, 1000)) as string[]
      const { hostname, port } = new URL(servers[to]!.url)
      if (keys.length > 0) {
        await ask(from, 'MIGRATE', hostname, port, '', 0, MIGRATE_MS, 'KEYS', ...keys)
      }
      for (const server of [to, from]) {
        await ask(server, 'CLUSTER', 'SETSLOT', slot, 'NODE', String(ids[to]))
      }
    },
    async addReplica(of) {
      const replica = await startTestServer(path, { flags: [...more, ...(await flags())] })
      servers.push(replica)
      clients.push(clientOf(replica))
      const at = servers.length - 1
      await meet(cluster, replica)
      const until = async (command: string, part: string, pattern: RegExp) => {
        const asked = () => ask(at, command, ...part.split(' ')).catch(String)
        await eventually(asked, answer => pattern.test(String(answer)))
      }
      await until('CLUSTER', 'NODES', new RegExp(String(ids[of])))
      await until('CLUSTER', `REPLICATE ${ids[of]}`, /^OK$/)
      await until('INFO', 'replication', /master_link_status:up/)
      return replica
    },
    async destroy() {
      for (const client of clients) client.disconnect()
      await Promise.all(servers.map(server => server.destroy()))
    },
  }
  try {
    await form(cluster)
  } catch (error) {
    await cluster.destroy()
    throw error
  }
  return cluster
}

function clientOf({ url }: TestServer): Redis {
  const client = new Redis(url)
  client.on('error', () => {}) // a test stops servers; what is asked then fails by itself
  return client
}

async function flags(): Promise<string[]> {
  const bus = await freePort()
  return ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000', '--cluster-port', `${bus}`]
}

/** Shares the slots out, makes the servers known to one another, and waits until all agree. */
async function form({ servers, ask }: TestCluster): Promise<void> {
  for (const [server, [first, last]] of SLOTS_OF.entries()) {
    await ask(server, 'CLUSTER', 'ADDSLOTSRANGE', first, last)
    await ask(server, 'CLUSTER', 'SET-CONFIG-EPOCH', server + 1)
  }
  for (const server of servers.slice(1)) await meet({ ask }, server)
  const told = () => Promise.all(servers.map((_, server) => ask(server, 'CLUSTER', 'INFO')))
  const whole = (text: unknown) =>
    /cluster_state:ok/.test(String(text)) && /cluster_known_nodes:3/.test(String(text))
  await eventually(told, answers => answers.every(whole))
}

/** Makes a server known to the first one, and so to all. */
async function meet({ ask }: Pick<TestCluster, 'ask'>, { url, flags: own }: TestServer) {
  const { hostname, port } = new URL(url)
  await ask(0, 'CLUSTER', 'MEET', hostname, port, own.at(-1)!)
}

async function eventually<T>(look: () => Promise<T>, fits: (seen: T) => boolean): Promise<void> {
  const end_ms = performance.now() + READY_WITHIN_MS
  for (;;) {
    const seen = await look()
    if (fits(seen)) return
    if (performance.now() > end_ms) throw new Error(`the cluster does not form: ${seen}`)
    await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS))
  }
}
