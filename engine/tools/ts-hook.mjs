// Loader hook for Node 20 and early 22: strips types with amaro, Node's own type stripper, and keeps
// the result beside the packages, so that a start, and each thread of it, need not do it again.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/liquidus-types/', import.meta.url))
const digest = text => createHash('sha1').update(text).digest('hex')

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context)
  const source = readFileSync(fileURLToPath(url), 'utf8')
  return { format: 'module', shortCircuit: true, source: await stripped(url, source) }
}

/** One file for each source, whose last line says which text it was made from. */
async function stripped(url, source) {
  const file = path.join(CACHE, `${digest(url)}.js`)
  const mark = `\n//# ${digest(source)}\n`
  try {
    const kept = readFileSync(file, 'utf8')
    if (kept.endsWith(mark)) return kept
  } catch {} // not there yet
  const { transformSync } = await import('amaro')
  const { code } = transformSync(source, { mode: 'strip-only' })
  const result = `${code}\n//# sourceURL=${url}${mark}`
  try {
    mkdirSync(CACHE, { recursive: true })
    const fresh = `${file}.${process.pid}`
    writeFileSync(fresh, result)
    renameSync(fresh, file)
  } catch {} // a tree that cannot be written to is stripped each time
  return result
}
