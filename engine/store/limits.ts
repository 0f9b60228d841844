import { LiquidusError } from '../core/errors.ts'
import type { LineKey } from './port.ts'

/** Limits that every store keeps; a store that reached one says so and never grows past it. */
export const storeLimits = {
  /** Newest quarantine rows kept per line; the count of all of them is kept for ever. */
  quarantineRows: 100_000,
  producersPerLine: 10_000,
  producerBytes: 256,
  lines: 10_000,
  /** Writes that wait for the disk or the network. */
  waitingWrites: 65_536,
  waitingBytes: 256 * 1024 * 1024,
  /** Entries removed in one step of a trim, so that writers never wait long for it. */
  trimStep: 1_000,
} as const

const LINE_KEY = /^[a-z0-9._-]{1,128}\/[a-z0-9._-]{1,128}$/

/** Throws where the key is not "tenant/line"; it becomes part of stored keys. */
export function checkLineKey(line: LineKey): void {
  if (LINE_KEY.test(line)) return
  throw new LiquidusError('USAGE', {
    problem: `"${line}" is no line key; write tenant/line with a-z 0-9 . _ - (128 characters each)`,
  })
}

/** Throws where a producer's name is empty or longer than a key may be. */
export function checkProducer(producer: string): void {
  const size = Buffer.byteLength(producer)
  if (size > 0 && size <= storeLimits.producerBytes) return
  throw new LiquidusError('USAGE', {
    problem: `producer name has ${size} bytes; use 1 to ${storeLimits.producerBytes}`,
  })
}
