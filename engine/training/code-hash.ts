import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { sha256 } from './sha256.ts'

/** What decides a trained model: twin, features and training. */
const FOLDERS = ['engine/anomaly', 'engine/training', 'engine/twin', 'twin-models'] as const
const ROOT = path.resolve(import.meta.dirname, '..', '..')

/** SHA-256 over the sources that make features and train models, tests left out. */
export function codeHash(): string {
  const hashes = FOLDERS.flatMap(folder =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .sort()
      .map(name => `${folder}/${name} ${sha256(readFileSync(path.join(ROOT, folder, name)))}`),
  )
  return sha256(hashes.join('\n'))
}
