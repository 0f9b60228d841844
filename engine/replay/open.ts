import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { LiquidusError, problemOf } from '../core/errors.ts'
import { csvNames, genericSource } from './generic.ts'
import { isPotlineRecording, potlineSource } from './potline.ts'
import type { ReplaySource } from './source.ts'

export interface Recording {
  readonly source: ReplaySource
  readonly files: readonly string[]
  /** Equal files give equal names, so that a replay resumes as the same producer. */
  readonly fingerprint: string
}

/** Opens a CSV file, a folder of CSV files, or a potline recording folder. */
export async function openRecording(
  at: string,
  options: {
    readonly line: string
    readonly tenant: string
    readonly ignore: readonly string[]
    readonly units: ReadonlyMap<string, string>
  },
): Promise<Recording> {
  const folder = isFolder(at)
  const observed = folder && !isPotlineRecording(at) ? path.join(at, 'observed') : at
  if (folder && isPotlineRecording(observed)) {
    const source = potlineSource(observed, { ...options, origin: 'synthetic' })
    const files = readdirSync(observed)
      .sort()
      .map(name => path.join(observed, name))
    return { source, files, fingerprint: fingerprintOf(files) }
  }
  const files = folder ? csvNames(at, readdirSync(at)) : [at]
  if (files.length === 0) {
    throw new LiquidusError('FILE_UNREADABLE', { path: at, problem: 'no .csv or .csv.gz in it' })
  }
  return { source: await genericSource(files, options), files, fingerprint: fingerprintOf(files) }
}

function isFolder(at: string): boolean {
  try {
    return statSync(at).isDirectory()
  } catch (error) {
    throw new LiquidusError('FILE_UNREADABLE', { path: at, problem: problemOf(error) })
  }
}

function fingerprintOf(files: readonly string[]): string {
  const hash = createHash('sha256')
  for (const file of files) hash.update(path.basename(file)).update(readFileSync(file))
  return hash.digest('hex').slice(0, 12)
}
