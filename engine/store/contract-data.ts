import type { OutputEvent, QuarantineRow, StoredEvent } from '../flow.ts'
import type { Store } from './port.ts'

/** What the parts of the contract share: the store under test and what they write into it. */
export interface ContractStore {
  store(): Store
  reopen(): Promise<void>
  positions(from: number, limit?: typeof NO_LIMIT): Promise<number[]>
}

export const LINE = 'plant/line-1'
export const NO_LIMIT = { count_max: 1e6, bytes_max: 2 ** 40 }

export const row = (number: number): QuarantineRow => ({
  producer: 'gateway',
  sequence: 1,
  row: number,
  reason: 'VALUE_OUT_OF_RANGE',
  detail: 'über 100 V',
  asset: 'cell-7',
  tag: 'cell_voltage',
  time_ms: 1.7e12,
  value: number % 2 === 0 ? Number.NaN : -0,
  received_ms: 1.7e12 + 1,
})

export const eventAt = (offset: number): StoredEvent => ({
  offset,
  event: {
    channel: 'anomaly',
    id: `a${offset}`,
    body: { id: `a${offset}`, score: 0.1 + 0.2, text: 'alumina — low' },
  } as OutputEvent,
})

export const eventsFrom = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => eventAt(first + index))

export const sameBytes = (a: Uint8Array | undefined, b: Uint8Array) =>
  a !== undefined && Buffer.compare(a, b) === 0
