import { execFileSync } from 'node:child_process'
import { mkdirSync, statfsSync } from 'node:fs'
import { problemOf } from '#engine/core/errors.ts'

const SIZE_MIB = 2048
const FILL_ATTEMPTS_MAX = 50

/** A small disk of the run's own that can be made full. */
export interface SmallDisk {
  /** Leaves no free page. */
  fill(): void
  free(): void
  unmount(): void
}

/** Mounts a small disk at the directory, or tells why that is not permitted. */
export function mountSmallDisk(directory: string): SmallDisk | string {
  mkdirSync(directory, { recursive: true })
  const mount = (...args: string[]) => execFileSync('mount', args, { stdio: 'pipe' })
  const size = (bytes: string) => mount('-o', `remount,size=${bytes}`, directory)
  try {
    mount('-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'liquidus-chaos', directory)
  } catch (error) {
    return `no small disk can be mounted here (${problemOf(error).split('\n')[0]})`
  }
  return {
    fill() {
      for (let attempt = 1; ; attempt++) {
        const { blocks, bfree, bsize } = statfsSync(directory)
        try {
          size(String((blocks - bfree) * bsize))
          return
        } catch (error) {
          // Refused where the engine wrote a page since it was asked how much is in use.
          if (attempt === FILL_ATTEMPTS_MAX) throw error
        }
      }
    },
    free: () => size(`${SIZE_MIB}m`),
    unmount() {
      execFileSync('umount', ['-l', directory], { stdio: 'pipe' })
    },
  }
}
