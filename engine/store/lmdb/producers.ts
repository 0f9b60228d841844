import type { ProducerState } from '../../flow.ts'
import { decodeJson } from '../codec.ts'
import type { LineKey } from '../port.ts'
import type { Table } from './data-file.ts'

/** States of producers by line and name; the name in hexadecimal, as any character may be in it. */
export type ProducerTable = Table<[line: LineKey, producerHex: string]>

const keyOf = (line: LineKey, producer: string): [LineKey, string] => [
  line,
  Buffer.from(producer).toString('hex'),
]

/** The producer's state, where the table has it. */
export function readProducer(
  table: ProducerTable,
  line: LineKey,
  producer: string,
): ProducerState | undefined {
  const bytes = table.getBinary(keyOf(line, producer))
  return bytes && decodeJson<ProducerState>(bytes)
}

export function writeProducer(
  table: ProducerTable,
  line: LineKey,
  producer: string,
  state: ProducerState,
): void {
  table.put(keyOf(line, producer), Buffer.from(JSON.stringify(state)))
}

/** Adds the line's producers that the table has to `found`, over older ones. */
export function addProducers(
  table: ProducerTable,
  line: LineKey,
  found: Map<string, ProducerState>,
): void {
  // "g" sorts after every hexadecimal digit.
  for (const { key, value } of table.getRange({ start: [line, '0'], end: [line, 'g'] })) {
    found.set(Buffer.from(key[1], 'hex').toString('utf8'), decodeJson<ProducerState>(value))
  }
}

/** True where the one state was written after the other. */
export function isNewer(one: ProducerState, other: ProducerState | undefined): boolean {
  if (!other || one.epoch !== other.epoch) return one.epoch > (other?.epoch ?? -1)
  return one.committed_sequence > other.committed_sequence
}
