import type { Database } from 'lmdb'
import { PAGE_BYTES } from './data-file.ts'

/** Header of an overflow page. */
const PAGE_HEAD_BYTES = 16
/** Small enough that a run of as many free pages is soon found. */
const PIECE_PAGES = 3
export const PIECE_BYTES = PIECE_PAGES * PAGE_BYTES.main - PAGE_HEAD_BYTES

type Key = (string | number)[]
type PieceTable = Database<Uint8Array, Key>

/**
 * Writes a large value in pieces: LMDB looks through all its free pages for a run that takes a value
 * of megabytes, and what it looked through it merges anew with every transaction.
 */
export function putPieces(table: PieceTable, key: Key, value: Uint8Array): void {
  let piece = 0
  do {
    const from = piece * PIECE_BYTES
    table.put([...key, piece], value.subarray(from, from + PIECE_BYTES))
    piece += 1
  } while (piece * PIECE_BYTES < value.length)
  removeFrom(table, key, piece)
}

/** The value as it was written, or undefined. */
export function getPieces(table: PieceTable, key: Key): Uint8Array | undefined {
  const pieces: Uint8Array[] = []
  for (;;) {
    const bytes = table.getBinary([...key, pieces.length])
    if (!bytes) break
    pieces.push(bytes)
    if (bytes.length < PIECE_BYTES) break
  }
  return pieces.length === 0 ? undefined : Buffer.concat(pieces)
}

export function removePieces(table: PieceTable, key: Key): void {
  removeFrom(table, key, 0)
}

function removeFrom(table: PieceTable, key: Key, first: number): void {
  for (let piece = first; table.doesExist([...key, piece]); piece++) table.remove([...key, piece])
}
