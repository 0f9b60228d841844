import { existsSync, openSync, readFileSync, writeSync } from 'node:fs'
import path from 'node:path'

/** What a producer wrote down before it sent and after it was acknowledged; outlives a kill. */
export interface Journal {
  sent(sequence: number, base_ms: number): void
  acknowledged(sequence: number, rejected: number): void
}

/** Every line is one write call: it is whole or it is not there. */
export function openJournal(directory: string, producer: string): Journal {
  const [sent, acked] = ['sent', 'acked'].map(kind =>
    openSync(path.join(directory, `${producer}.${kind}`), 'a'),
  ) as [number, number]
  return {
    sent: (sequence, base_ms) => writeSync(sent, `${sequence} ${base_ms}\n`),
    acknowledged: (sequence, rejected) => writeSync(acked, `${sequence} ${rejected}\n`),
  }
}

/** Where a producer's acknowledgements are written down. */
export const ackedFile = (directory: string, producer: string): string =>
  path.join(directory, `${producer}.acked`)

/** What a producer wrote down, by sequence; of what was sent anew the last counts. */
export function readJournal(directory: string, producer: string) {
  const read = (kind: string) => {
    const file = path.join(directory, `${producer}.${kind}`)
    const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
    const rows = text.split('\n').filter(row => row !== '')
    return new Map(rows.map(row => row.split(' ').map(Number) as [number, number]))
  }
  return { base_ms: read('sent'), rejected: read('acked') }
}
