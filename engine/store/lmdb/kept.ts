import type { Store } from '../port.ts'
import { getPieces, putPieces, removePieces } from './pieces.ts'
import type { Tables } from './tables.ts'
import type { Writing } from './writes.ts'

/** Blobs beside a line's state. */
export function keptBlobs({ tables, group, space, fenced }: Writing): Pick<Store, 'keep' | 'kept'> {
  const { kept, wholeKept } = tables
  return {
    async keep(line, fence, blobs, numbers) {
      const size = blobs.reduce((sum, { bytes }) => sum + bytes.byteLength, 0)
      const stay = new Set(numbers)
      const run = () => {
        fenced(line, fence)
        space.takeLast(size)
        for (const number of numbersOf(tables, line)) {
          if (stay.has(number)) continue
          removePieces(kept, [line, number])
          if (wholeKept.doesExist([line, number])) wholeKept.remove([line, number])
        }
        for (const { number, bytes } of blobs) putPieces(kept, [line, number], bytes)
      }
      // Appends that producers wait for go first.
      await group.run(size, run, 'later')
    },
    async kept(line, wanted = () => true) {
      const found = new Map<number, Uint8Array>()
      for (const number of numbersOf(tables, line).filter(wanted)) {
        found.set(number, getPieces(kept, [line, number]) ?? wholeKept.getBinary([line, number])!)
      }
      return found
    },
  }
}

function numbersOf({ kept, wholeKept }: Tables, line: string): number[] {
  const start: [string, number] = [line, 0]
  const end: [string, number] = [line, Number.MAX_SAFE_INTEGER]
  const numbers = new Set<number>()
  for (const [, number] of wholeKept.getKeys({ start, end })) numbers.add(number)
  for (const [, number] of kept.getKeys({ start, end })) numbers.add(number as number)
  return [...numbers]
}
