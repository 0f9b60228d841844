import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'

/** A Redis server of a test's own, on a free loopback port, with a directory of its own. */
export interface TestServer {
  readonly url: string
  /** What it was started with beside the usual. */
  readonly flags: readonly string[]
  /** False once its process ended, whoever ended it. */
  running(): boolean
  /** Signals only this server's process, and waits for its end. */
  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>
  configure(name: string, value: string): Promise<void>
  /** How often a command was called. */
  calls(command: string): Promise<number>
  /** Starts it again on the same port and data. */
  start(): Promise<void>
  destroy(): Promise<void>
}

const START_MS_MAX = 10_000

/** Where a test's server keeps its files and what it is told beside the usual. */
export interface TestServerOptions {
  /** Its own directory is made in here. */
  readonly within?: string
  /** Further options of redis-server; they win over its own. */
  readonly flags?: readonly string[]
}

/** Starts the server that `path` names; each write is on its disk before it answers. */
export async function startTestServer(
  path: string,
  { within = tmpdir(), flags = [] }: TestServerOptions = {},
): Promise<TestServer> {
  const directory = mkdtempSync(join(within, 'liquidus-redis-'))
  const port = await freePort()
  let child: ChildProcess | undefined
  const server: TestServer = {
    url: `redis://127.0.0.1:${port}`,
    flags,
    running: () => child !== undefined && child.exitCode === null && child.signalCode === null,
    async kill(signal) {
      if (!server.running()) return
      const ends = signal === 'SIGKILL' || signal === 'SIGTERM'
      const exit = new Promise(resolve => child?.once('exit', resolve))
      child?.kill(signal)
      if (ends) await exit
    },
    async start() {
      const options = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory]
      options.push('--appendonly', 'yes', '--appendfsync', 'always', '--save', '', ...flags)
      child = spawn(path, options, { stdio: ['ignore', 'pipe', 'ignore'] })
      await readyLine(child)
    },
    async configure(name, value) {
      await asked(server.url, client => client.config('SET', name, value))
    },
    async calls(command) {
      const info = await asked(server.url, client => client.info('commandstats'))
      return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(info)?.[1] ?? 0)
    },
    async destroy() {
      await server.kill('SIGKILL')
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
    },
  }
  await server.start()
  return server
}

async function asked<T>(url: string, ask: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url)
  try {
    return await ask(client)
  } finally {
    client.disconnect()
  }
}

function readyLine(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    const fail = () => reject(new Error(`redis-server does not start:\n${said}`))
    const timer = setTimeout(fail, START_MS_MAX)
    child.once('exit', fail)
    child.stdout?.on('data', text => {
      said += text
      if (!said.includes('Ready to accept connections')) return
      clearTimeout(timer)
      child.off('exit', fail)
      child.stdout?.removeAllListeners('data').resume()
      resolve()
    })
  })
}

/** A port of loopback that nothing listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
