import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { open, rename, rm, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { unwritable } from './owner.ts'

/** Files of segments that are gone, kept for the next ones: their blocks need not be freed. */
const SPARES_MAX = 2
/** Freeing hundreds of MiB at once holds up every write to the disk; so it goes in steps. */
const FREE_STEP_BYTES = 16 * 1024 * 1024
const FREE_PAUSE_MS = 20

const NAME = /^(log-\d{8}|spare-\d|log-empty)\.mdb/

/** Path of a segment's data file. */
export const segmentPath = (directory: string, number: number): string =>
  join(directory, `log-${String(number).padStart(8, '0')}.mdb`)

/** Removes what an engine that was killed left beside the listed segments, which must be there. */
export function checkSegmentFiles(directory: string, numbers: readonly number[]): void {
  const paths = new Set(numbers.map(number => segmentPath(directory, number)))
  for (const path of paths) {
    if (existsSync(path)) continue
    throw unwritable(directory, new Error(`${path}, a part of the log, is missing; restore a copy`))
  }
  for (const name of readdirSync(directory)) {
    const path = join(directory, name)
    if (NAME.test(name) && !paths.has(path.replace(/-lock$/, ''))) rmSync(path)
  }
}

/** Makes files of new segments out of those that are gone. */
export interface SegmentFiles {
  /** Writes the file of an empty segment. */
  create(number: number): Promise<void>
  /** Takes the file of a segment that is closed and not listed. */
  retire(number: number): Promise<void>
  /** The disk is short of room: gives that of files kept for later back. */
  release(): Promise<void>
}

/**
 * `makeEmpty` writes a data file of an empty segment. Its few pages laid over the head of an old
 * file make that an empty one too: LMDB reads nothing beyond the pages that its head names.
 */
export function segmentFiles(
  directory: string,
  makeEmpty: (path: string) => Promise<void>,
): SegmentFiles {
  const names = Array.from({ length: SPARES_MAX }, (_, i) => join(directory, `spare-${i}.mdb`))
  const spares: string[] = []
  let empty: Buffer | undefined

  const emptyFile = async (): Promise<Buffer> => {
    const path = join(directory, 'log-empty.mdb')
    await removeFile(path)
    await makeEmpty(path)
    const bytes = readFileSync(path)
    await removeFile(path)
    return bytes
  }

  return {
    async create(number) {
      empty ??= await emptyFile()
      const spare = spares.pop()
      const path = spare ?? segmentPath(directory, number)
      const file = await open(path, spare ? 'r+' : 'w')
      try {
        await file.write(empty, 0, empty.length, 0)
        await file.datasync()
      } finally {
        await file.close()
      }
      if (spare) await rename(spare, segmentPath(directory, number))
    },
    async retire(number) {
      const path = segmentPath(directory, number)
      await rm(`${path}-lock`, { force: true })
      if (spares.length < SPARES_MAX) {
        const spare = names.find(name => !spares.includes(name))!
        await rename(path, spare)
        spares.push(spare)
      } else await free(path)
    },
    async release() {
      for (const spare of spares.splice(0)) await rm(spare, { force: true }).catch(() => {})
    },
  }
}

async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true })
  await rm(`${path}-lock`, { force: true })
}

async function free(path: string): Promise<void> {
  const file = await open(path, 'r+')
  const { size } = await file.stat()
  await file.close()
  for (let left = size - FREE_STEP_BYTES; left > 0; left -= FREE_STEP_BYTES) {
    await truncate(path, left)
    await sleep(FREE_PAUSE_MS)
  }
  await rm(path)
}
