import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { LiquidusError } from '#engine/core/errors.ts'

export const ROOT = path.resolve(import.meta.dirname, '..')
const NODE_ARGS = [
  '--import',
  path.join(ROOT, 'engine/tools/ts.mjs'),
  path.join(ROOT, 'engine/cli.ts'),
]
const START_WITHIN_MS = 60_000

export interface EngineProcess {
  readonly http: string
  readonly grpc: string
  readonly opcua: Promise<string>
  readonly pid: number
  /** Resolves with the exit code once the process is gone, whoever ended it. */
  readonly ended: Promise<number | null>
  /** All that the process has written so far. */
  output(): string
  /** As the kernel would on power loss of the process: no handler runs. */
  kill9(): Promise<void>
  stop(): Promise<number | null>
}

/** An empty directory that `clean` removes. */
export function scratch(name: string): { readonly path: string; clean(): void } {
  const at = mkdtempSync(path.join(tmpdir(), `liquidus-${name}-`))
  return { path: at, clean: () => rmSync(at, { recursive: true, force: true }) }
}

/** The failure to report when an engine is gone that should run. */
export function engineEnded(code: number | null, output: string): LiquidusError {
  return new LiquidusError('ENGINE_ENDED', { code: code ?? 'killed', output: output.trimEnd() })
}

/** Starts `liquidus start` in a process of its own and waits until it listens. */
export async function startEngineProcess(
  flags: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<EngineProcess> {
  const child = spawn(process.execPath, [...NODE_ARGS, 'start', ...flags], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const gone = new Promise<number | null>(resolve => child.on('exit', code => resolve(code)))
  // An engine never outlives the process that started it.
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  void gone.then(() => process.off('exit', end))
  const seen = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`not seen ${pattern}:\n${output}`)),
        START_WITHIN_MS,
      )
      timer.unref()
      const look = () => {
        const match = pattern.exec(output)
        if (!match) return
        clearTimeout(timer)
        resolve(match[1]!)
      }
      child.stderr!.on('data', look)
      void gone.then(code => reject(engineEnded(code, output)))
      look()
    })
  const collect = (chunk: Buffer) => {
    output += chunk.toString()
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const doors = Promise.all([seen(/^page\s+(\S+)/m), seen(/^gRPC\s+(\S+)/m)])
  doors.catch(() => child.kill('SIGKILL'))
  const [http, grpc] = await doors
  const opcua = seen(/^OPC UA\s+(\S+)/m)
  opcua.catch(() => {})
  return {
    http,
    grpc,
    opcua,
    pid: child.pid!,
    ended: gone,
    output: () => output,
    async kill9() {
      child.kill('SIGKILL')
      await gone
    },
    async stop() {
      child.kill('SIGTERM')
      return gone
    },
  }
}

export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs one `liquidus` command to its end. */
export function liquidus(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): { readonly child: ChildProcess; said(): string; readonly done: Promise<CommandResult> } {
  const child = spawn(process.execPath, [...NODE_ARGS, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const done = new Promise<CommandResult>(resolve =>
    child.on('close', code => resolve({ code, stdout, stderr })),
  )
  return { child, said: () => stderr, done }
}

/** Asks again until the answer satisfies, or throws with the last answer. */
export async function eventually<T>(
  ask: () => Promise<T>,
  satisfied: (answer: T) => boolean,
  within_ms: number,
): Promise<T> {
  const deadline_ms = Date.now() + within_ms
  for (;;) {
    const answer = await ask()
    if (satisfied(answer)) return answer
    if (Date.now() > deadline_ms) {
      throw new Error(
        `still not so after ${within_ms} ms: ${JSON.stringify(answer).slice(0, 2000)}`,
      )
    }
    await new Promise(resolve => setTimeout(resolve, 200))
  }
}

export async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}
