import { createHash } from 'node:crypto'
import { unpackSections } from '../core/sections.ts'

/** How producers numbered their series and epochs is not the plant's state. */
const NOT_HASHED = new Set(['decoder'])

/** SHA-256, hex, over what a line's state says of the plant: frames, twin, anomaly, advice. */
export function stateHash(state: Uint8Array): string {
  const hash = createHash('sha256')
  for (const [name, bytes] of unpackSections(state)) {
    if (!NOT_HASHED.has(name)) hash.update(name).update(bytes)
  }
  return hash.digest('hex')
}
