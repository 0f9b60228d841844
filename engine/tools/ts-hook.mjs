// Loader hook for Node 20 and early 22: strips types with amaro, Node's own type stripper.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { transformSync } from 'amaro'

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context)
  const source = await readFile(fileURLToPath(url), 'utf8')
  const { code } = transformSync(source, { mode: 'strip-only' })
  return { format: 'module', shortCircuit: true, source: `${code}\n//# sourceURL=${url}` }
}
