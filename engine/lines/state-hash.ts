import { createHash } from 'node:crypto'
import { unpackSections } from '../core/sections.ts'

/** How readings arrived, and how producers numbered them, is not the plant's state. */
const NOT_HASHED = new Set(['decoder', 'arrivals', 'late', 'told', 'checkpoints', 'skew'])
/** What determines the values to come; alarms and advice also tell how it was learnt. */
const OF_PROCESS = new Set(['frames', 'twin', 'detectors'])

/** SHA-256, hex, over what a line's state says of the plant: frames, twin, anomaly, advice. */
export function stateHash(state: Uint8Array): string {
  const hash = createHash('sha256')
  for (const [name, bytes] of unpackSections(state)) {
    if (!NOT_HASHED.has(name)) hash.update(name).update(bytes)
  }
  return hash.digest('hex')
}

/**
 * SHA-256, hex, over frames, twin and detectors: equal for any order of arrival once late readings
 * were put in their places, since alarms and advice of the past stay as they were given.
 */
export function processHash(state: Uint8Array): string {
  const hash = createHash('sha256')
  const sections = unpackSections(state)
  const anomaly = sections.get('anomaly')
  for (const [name, bytes] of [...sections, ...(anomaly ? unpackSections(anomaly) : [])]) {
    if (OF_PROCESS.has(name)) hash.update(name).update(bytes)
  }
  return hash.digest('hex')
}
