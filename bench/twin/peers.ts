import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { peerProblem } from './peer-problem.ts'

const FOLDER = path.join(import.meta.dirname, 'peers')
/** Debian's packages belong to this Python; another one may be first on the path. */
const PYTHONS = ['/usr/bin/python3', 'python3']
const LIMIT_MS = 240_000
/** One thread each: costs are per core. */
const ONE_THREAD = {
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  MKL_NUM_THREADS: '1',
  PYTHONDONTWRITEBYTECODE: '1',
}

/** Peers by the module that must be importable. */
const PEERS = { scipy: 'scipy.linalg', fenics: 'dolfin', sfepy: 'sfepy' } as const
export type PeerName = keyof typeof PEERS

/** One way of a peer to solve one part. */
export interface PeerResult {
  readonly part: 'walls' | 'channels'
  readonly way: string
  /** Cells solved at once. */
  readonly cells: number
  /** Processor microseconds per cell and simulated second. */
  readonly us: number
  /** Against the fine reference: m of ledge, or share of alumina. */
  readonly error: number
}

/** What the peers found; a peer that is not installed is null. */
export interface PeerReport {
  /** Errors of ours against the same reference. */
  readonly ours: { readonly walls_m: number; readonly channels: number } | null
  readonly peers: Readonly<Record<PeerName, PeerChoice | null>>
}

/** The fastest way of each part that is no worse than ours. */
export interface PeerChoice {
  readonly walls: PeerResult
  readonly channels: PeerResult
  readonly all: readonly PeerResult[]
}

/** Solves the problem with every peer that is installed here. */
export function runPeers(say: (line: string) => void): PeerReport {
  const peers: Record<PeerName, PeerChoice | null> = { scipy: null, fenics: null, sfepy: null }
  const python = PYTHONS.find(name => imports(name, PEERS.scipy))
  if (!python) {
    say('peers: no python3 with SciPy here, so nothing to compare with')
    return { ours: null, peers }
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'liquidus-peers-'))
  try {
    const problem = path.join(folder, 'problem.json')
    const reference = path.join(folder, 'reference.json')
    writeFileSync(problem, JSON.stringify(peerProblem()))
    say('peers: fine reference')
    const text = runPython(python, 'reference.py', [problem])
    writeFileSync(reference, text)
    const found = JSON.parse(text) as { ours_wall_m: number; ours_channel: number }
    const ours = { walls_m: found.ours_wall_m, channels: found.ours_channel }
    for (const name of Object.keys(PEERS) as PeerName[]) {
      if (!imports(python, PEERS[name])) {
        say(`peers: ${name} is not installed`)
        continue
      }
      say(`peers: ${name}`)
      try {
        const { results } = lastJson(runPython(python, `${name}_peer.py`, [problem, reference]))
        peers[name] = choose(results, ours)
      } catch (error) {
        say(`peers: ${name} failed: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    return { ours, peers }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function choose(
  results: readonly PeerResult[],
  ours: { readonly walls_m: number; readonly channels: number },
): PeerChoice | null {
  const best = (part: PeerResult['part'], most: number) =>
    results
      .filter(result => result.part === part && result.error <= most)
      .sort((a, b) => a.us - b.us)[0]
  const walls = best('walls', ours.walls_m)
  const channels = best('channels', ours.channels)
  return walls && channels ? { walls, channels, all: results } : null
}

/** Programs may print notes of their own before the result. */
function lastJson(text: string): { results: PeerResult[] } {
  return JSON.parse(text.trim().split('\n').at(-1)!) as { results: PeerResult[] }
}

function runPython(python: string, script: string, given: readonly string[]): string {
  return execFileSync(python, [path.join(FOLDER, script), ...given], {
    encoding: 'utf8',
    env: { ...process.env, ...ONE_THREAD },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: LIMIT_MS,
    maxBuffer: 64 * 1024 * 1024,
  })
}

function imports(python: string, module: string): boolean {
  try {
    execFileSync(python, ['-c', `import ${module}`], { stdio: 'ignore', timeout: 60_000 })
    return true
  } catch {
    return false
  }
}
