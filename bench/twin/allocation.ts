// What a step of a whole line allocates: run with node --expose-gc; prints JSON.
// Usage: node --expose-gc --import ./engine/tools/ts.mjs bench/twin/allocation.ts FORM CELLS STEPS
import { FULL_SIZES, inputFrames, lineParameters, openLine, runLine } from './problem.ts'

/** What stepping a line puts on the heap, seen from a process of its own. */
export interface Allocation {
  readonly form: 'wasm' | 'clear'
  readonly cells: number
  readonly steps: number
  readonly heap_bytes: number
  readonly heap_bytes_per_line_step: number
  readonly heap_bytes_per_cell_step: number
  readonly array_bytes: number
}

const form = process.argv[2] === 'clear' ? 'clear' : 'wasm'
const cells = Number(process.argv[3])
const steps = Number(process.argv[4])

const collect = (globalThis as { gc?: () => void }).gc
if (!collect) throw new Error('run it with node --expose-gc')
const bank = openLine(lineParameters(cells, FULL_SIZES), form)
const frames = inputFrames(bank)
// Long enough for the optimising compiler; what compiling allocates is not the step's.
runLine(bank, frames, steps)
collect()
collect()
const before = process.memoryUsage()
runLine(bank, frames, steps)
const after = process.memoryUsage()
const heap_bytes = after.heapUsed - before.heapUsed
const found: Allocation = {
  form,
  cells,
  steps,
  heap_bytes,
  heap_bytes_per_line_step: Math.round((10 * heap_bytes) / steps) / 10,
  heap_bytes_per_cell_step: Math.round((1000 * heap_bytes) / steps / cells) / 1000,
  array_bytes: after.arrayBuffers - before.arrayBuffers,
}
process.stdout.write(`${JSON.stringify(found)}\n`)
