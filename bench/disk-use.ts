import { readdirSync, statSync } from 'node:fs'
import path from 'node:path'

/** Disk that the files of a directory take, MiB; null when there is none. */
export function directoryMiB(directory: string): number | null {
  try {
    let bytes = 0
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) bytes += 512 * statSync(path.join(entry.parentPath, entry.name)).blocks
    }
    return Math.round((10 * bytes) / 1024 ** 2) / 10
  } catch {
    return null
  }
}
