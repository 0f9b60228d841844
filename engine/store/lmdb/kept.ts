import type { Store } from '../port.ts'
import type { Tables } from './tables.ts'
import type { Writing } from './writes.ts'

/** Blobs beside a line's state. */
export function keptBlobs({ tables, group, space, fenced }: Writing): Pick<Store, 'keep' | 'kept'> {
  const { kept } = tables
  return {
    async keep(line, fence, blobs, numbers) {
      const size = blobs.reduce((sum, { bytes }) => sum + bytes.byteLength, 0)
      const stay = new Set(numbers)
      const run = () => {
        fenced(line, fence)
        space.takeLast(size)
        for (const number of numbersOf(tables, line)) {
          if (!stay.has(number)) kept.remove([line, number])
        }
        for (const { number, bytes } of blobs) kept.put([line, number], bytes)
      }
      // Appends that producers wait for go first.
      await group.run(size, run, 'later')
    },
    async kept(line, wanted = () => true) {
      const found = new Map<number, Uint8Array>()
      for (const number of numbersOf(tables, line).filter(wanted)) {
        found.set(number, kept.getBinary([line, number])!)
      }
      return found
    },
  }
}

function numbersOf({ kept }: Tables, line: string): number[] {
  const start: [string, number] = [line, 0]
  const end: [string, number] = [line, Number.MAX_SAFE_INTEGER]
  return [...kept.getKeys({ start, end })].map(([, number]) => number)
}
