import { execFileSync } from 'node:child_process'
import { mkdirSync, statfsSync } from 'node:fs'
import { problemOf } from '#engine/core/errors.ts'

const SIZE_MIB = 2048

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
      const { blocks, bfree, bsize } = statfsSync(directory)
      size(String((blocks - bfree) * bsize))
    },
    free: () => size(`${SIZE_MIB}m`),
    unmount() {
      execFileSync('umount', ['-l', directory], { stdio: 'pipe' })
    },
  }
}
