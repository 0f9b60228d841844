import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs'
import { LiquidusError, problemOf } from '../../core/errors.ts'
import { makeDirectory } from '../../core/make-directory.ts'

/** The process that holds a data directory, kept inside the data file itself. */
export interface Owner {
  readonly token: string
  readonly pid: number
  /** Boot and start time of the process, so that a reused process id is told apart. */
  readonly started: string
}

/** Creates the directory where needed; throws STORE_UNWRITABLE where it cannot be written. */
export function prepareDirectory(directory: string): void {
  try {
    makeDirectory(directory)
    if (!statSync(directory).isDirectory()) throw new Error('it is a file')
    accessSync(directory, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw unwritable(directory, error)
  }
}

/** Throws where the file is something else than a data file: LMDB would end the process on it. */
export function checkDataFile(directory: string, path: string): void {
  if (!existsSync(path) || statSync(path).size === 0) return
  const head = Buffer.alloc(DATA_HEAD_BYTES)
  const file = openSync(path, 'r')
  readSync(file, head)
  closeSync(file)
  if (!head.includes(DATA_MAGIC)) {
    throw unwritable(directory, new Error(`${path} is not a data file of this engine`))
  }
  const shortBy = missingBytes(path)
  if (shortBy > 0) {
    const problem = `${path} is cut off: its tables lie ${shortBy} bytes past its end; restore a copy`
    throw unwritable(directory, new Error(problem))
  }
}

/** How far past the end of the file the newest tables lie: reading there ends the process. */
function missingBytes(path: string): number {
  const head = Buffer.alloc(2 * PAGE_BYTES_MAX)
  const file = openSync(path, 'r')
  readSync(file, head)
  closeSync(file)
  const page_bytes = Math.min(head.readUInt32LE(META.page_bytes), PAGE_BYTES_MAX)
  const metas = [0, page_bytes].map(at => ({
    transaction: head.readBigUInt64LE(at + META.transaction),
    roots: META.roots.map(root => head.readBigUInt64LE(at + root)),
  }))
  const newest = metas[0]!.transaction >= metas[1]!.transaction ? metas[0]! : metas[1]!
  const last = Math.max(...newest.roots.filter(root => root !== NO_PAGE).map(Number))
  return (last + 1) * page_bytes - statSync(path).size
}

/** Where LMDB's two first pages keep their size, transaction number and the roots of its trees. */
const META = { page_bytes: 48, transaction: 152, roots: [88, 136] } as const
const PAGE_BYTES_MAX = 65_536
const NO_PAGE = 0xffff_ffff_ffff_ffffn
const DATA_HEAD_BYTES = 64
/** 0xBEEFC0DE, which starts LMDB's first page after its header, in the machine's byte order. */
const DATA_MAGIC = Buffer.from(new Uint32Array([0xbeefc0de]).buffer)

/** The error for a directory that cannot be used. */
export function unwritable(directory: string, error: unknown): LiquidusError {
  return new LiquidusError(
    'STORE_UNWRITABLE',
    { path: directory, problem: problemOf(error) },
    { cause: error },
  )
}

/** This process as an owner. */
export function thisProcess(token: string): Owner {
  return { token, pid: process.pid, started: startOf(process.pid) ?? '' }
}

/** True while the process that wrote the record still runs. */
export function isRunning(owner: Owner): boolean {
  return startOf(owner.pid) === owner.started
}

/** What tells one run of a process id from another; undefined when no such process runs. */
function startOf(pid: number): string | undefined {
  if (process.platform !== 'linux') return answers(pid) ? '' : undefined
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return `${boot}:${fields[19]}`
  } catch {
    return undefined
  }
}

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
