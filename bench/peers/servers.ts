import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT, startEngineProcess } from '../engine-process.ts'
import { programPath } from '../rig.ts'
import { connectMqtt } from './mqtt.ts'
import { peersLine } from './readings.ts'

/** A server that takes readings, in a process of its own. */
export interface PeerServer {
  readonly pid: number
  readonly address: string
  /** Resolves when what was acknowledged is worked through. */
  settle(): Promise<void>
  stop(): Promise<void>
}

const READY_WITHIN_MS = 60_000
/** Installed once into the system's temporary folder, outside of any repository. */
const NODE_RED = 'node-red@4.1.1'

/** Waits until the address answers at all. */
async function answers(url: string): Promise<void> {
  const give_up_ms = performance.now() + READY_WITHIN_MS
  for (;;) {
    const ok = await fetch(url).then(
      () => true,
      () => false,
    )
    if (ok) return
    if (performance.now() > give_up_ms) throw new Error(`${url} does not answer`)
    await sleep(100)
  }
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>(resolve => probe.listen(0, '127.0.0.1', () => resolve()))
  const bound = probe.address()
  const port = typeof bound === 'object' && bound ? bound.port : 0
  await new Promise(resolve => probe.close(resolve))
  return port
}

function serverOf(child: ChildProcess, address: string): PeerServer {
  const gone = new Promise<void>(resolve => child.once('exit', () => resolve()))
  return {
    pid: child.pid!,
    address,
    settle: () => sleep(1000),
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      const forced = setTimeout(() => child.kill('SIGKILL'), 5000)
      await gone
      clearTimeout(forced)
    },
  }
}

/** The engine with one generic line, the embedded store, and everything it does for a line. */
export async function startLiquidus(folder: string): Promise<PeerServer> {
  const config = path.join(folder, 'liquidus.json')
  writeFileSync(config, JSON.stringify({ log_level: 'error', opcua: false, lines: [peersLine()] }))
  const engine = await startEngineProcess(
    [
      ...['--no-demo', '--config', config, '--data', path.join(folder, 'liquidus')],
      ...['--http', '0', '--grpc', '0'],
    ],
    { REDIS_URL: '' },
  )
  const behind = async (): Promise<number> => {
    const response = await fetch(`${engine.http}/api/lines/peers`)
    return ((await response.json()) as { behind_entries: number }).behind_entries
  }
  return {
    pid: engine.pid,
    address: engine.grpc,
    async settle() {
      while ((await behind()) > 0) await sleep(50)
      await sleep(1000)
    },
    async stop() {
      await engine.stop()
    },
  }
}

/** InfluxDB 1.x with its own configuration: every write is synced to its write-ahead log. */
export async function startInflux(folder: string): Promise<PeerServer | undefined> {
  const program = programPath('influxd')
  if (program === undefined) return undefined
  const [http, rpc] = [await freePort(), await freePort()]
  const at = (name: string) => JSON.stringify(path.join(folder, 'influx', name))
  const config = path.join(folder, 'influxdb.conf')
  writeFileSync(
    config,
    `reporting-disabled = true
bind-address = "127.0.0.1:${rpc}"
[meta]
  dir = ${at('meta')}
[data]
  dir = ${at('data')}
  wal-dir = ${at('wal')}
  wal-fsync-delay = "0s"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:${http}"
  log-enabled = false
`,
  )
  const child = spawn(program, ['-config', config], { stdio: 'ignore' })
  await answers(`http://127.0.0.1:${http}/ping`)
  const made = await fetch(`http://127.0.0.1:${http}/query`, {
    method: 'POST',
    body: new URLSearchParams({ q: 'CREATE DATABASE bench' }),
  })
  if (!made.ok) throw new Error(`InfluxDB answers ${made.status}`)
  return serverOf(child, `http://127.0.0.1:${http}/write?db=bench&precision=ms`)
}

/** The fastify service, in memory only. */
export async function startFastify(): Promise<PeerServer> {
  const args = ['--import', path.join(ROOT, 'engine/tools/ts.mjs')]
  const program = path.join(import.meta.dirname, 'fastify-service.ts')
  const child = spawn(process.execPath, [...args, program], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const address = await new Promise<string>((resolve, reject) => {
    let said = ''
    child.once('exit', () => reject(new Error('the fastify service does not start')))
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const found = /listening (\S+)/.exec(said)
      if (found) resolve(found[1]!)
    })
  })
  return serverOf(child, address)
}

/** mosquitto with one subscriber to what is published, as a broker always has. */
export async function startMosquitto(folder: string): Promise<PeerServer | undefined> {
  const program = programPath('mosquitto')
  if (program === undefined) return undefined
  const port = await freePort()
  const config = path.join(folder, 'mosquitto.conf')
  writeFileSync(
    config,
    `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type none\n` +
      'max_inflight_messages 0\nmax_queued_messages 0\n',
  )
  const child = spawn(program, ['-c', config], { stdio: 'ignore' })
  const give_up_ms = performance.now() + READY_WITHIN_MS
  let subscriber: Awaited<ReturnType<typeof connectMqtt>> | undefined
  while (!subscriber) {
    subscriber = await connectMqtt('127.0.0.1', port, 'peers-subscriber').catch(() => undefined)
    if (performance.now() > give_up_ms) throw new Error('mosquitto does not listen')
    if (!subscriber) await sleep(100)
  }
  await subscriber.subscribe('readings')
  const server = serverOf(child, `mqtt://127.0.0.1:${port}`)
  return {
    ...server,
    async stop() {
      await subscriber.close()
      await server.stop()
    },
  }
}

/** Node-RED: HTTP in, a function that checks and keeps a running mean, HTTP response. */
export async function startNodeRed(
  folder: string,
  say: (text: string) => void,
): Promise<PeerServer | undefined> {
  const program = nodeRedPath(say)
  if (program === undefined) return undefined
  const home = path.join(folder, 'node-red')
  mkdirSync(home)
  const port = await freePort()
  const code =
    "const {asset, tag, value} = msg.payload\nif (typeof value !== 'number') return null\n" +
    "const key = asset + '/' + tag\nconst mean = flow.get(key) ?? value\n" +
    'flow.set(key, mean + 0.1 * (value - mean))\nmsg.statusCode = 204\nreturn msg'
  const place = { z: 'flow', x: 0, y: 0 }
  const flows = [
    { id: 'flow', type: 'tab', label: 'readings' },
    { ...place, id: 'in', type: 'http in', url: '/single', method: 'post', wires: [['do']] },
    { ...place, id: 'do', type: 'function', func: code, outputs: 1, wires: [['out']] },
    { ...place, id: 'out', type: 'http response', wires: [] },
  ]
  writeFileSync(path.join(home, 'flows.json'), JSON.stringify(flows))
  writeFileSync(
    path.join(home, 'settings.js'),
    `module.exports = { uiPort: ${port}, uiHost: '127.0.0.1', flowFile: 'flows.json',
  httpAdminRoot: false, disableEditor: true, telemetry: { enabled: false },
  logging: { console: { level: 'warn' } }, contextStorage: { default: { module: 'memory' } } }\n`,
  )
  const child = spawn(process.execPath, [program, '--userDir', home], { stdio: 'ignore' })
  await answers(`http://127.0.0.1:${port}/single`)
  return serverOf(child, `http://127.0.0.1:${port}/single`)
}

/** Where Node-RED is; installs it outside of the repository where npm can. */
function nodeRedPath(say: (text: string) => void): string | undefined {
  const folder = path.join(tmpdir(), 'liquidus-bench-peers')
  const program = path.join(folder, 'node_modules', 'node-red', 'red.js')
  if (existsSync(program)) return program
  say(`installing ${NODE_RED} into ${folder} ...`)
  mkdirSync(folder, { recursive: true })
  const flags = ['--no-audit', '--no-fund', '--no-save', '--prefix', folder]
  spawnSync('npm', ['install', ...flags, NODE_RED], { cwd: folder, stdio: 'ignore' })
  return existsSync(program) ? program : undefined
}
