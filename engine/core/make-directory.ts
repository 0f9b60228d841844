import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * Makes a directory and its parents; throws what the system says. Node 20's own recursive mkdir
 * never returns where the parent exists and answers ENOENT, as /proc does.
 */
export function makeDirectory(path: string): void {
  makeAbsolute(resolve(path))
}

function makeAbsolute(path: string): void {
  if (existsSync(path)) return
  makeAbsolute(dirname(path))
  try {
    mkdirSync(path)
  } catch (error) {
    // Somebody else may have made it in between.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error
  }
}
