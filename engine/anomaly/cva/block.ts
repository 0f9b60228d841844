import { blockCode } from './block-code.ts'

/** Cells that are multiplied at once: each weight is read once for all of them. */
export const BLOCK_CELLS = 4
/** Of this module alone: the compiler reads what is exported or imported anew in every turn. */
const LANES: number = BLOCK_CELLS
/** Numbers in a window at most. */
export const BLOCK_NUMBERS_MAX = 64

/** Multiplies the windows of a block of cells by one model; all lines of a thread share one. */
export interface BlockSquares {
  /** The windows; filled before each call. */
  readonly stacks: Float64Array // [n][BLOCK_CELLS]
  /** Takes the weights of the calls that follow; `fit` changes whenever they do. */
  weigh(weights: Float64Array, n: number, fit: number): void // [row][n]
  /** Sums of squared projections by the rows `first` to `last`. */
  squares(first: number, last: number, into: Float64Array): void // [BLOCK_CELLS]
}

const NUMBER_BYTES = 8
const AT = { weights: 0, stacks: BLOCK_NUMBERS_MAX ** 2, out: BLOCK_NUMBERS_MAX ** 2 + 512 }

let shared: BlockSquares | undefined

/** That of this thread: WebAssembly where it has SIMD, else plain loops of the same bits. */
export function sharedBlockSquares(): BlockSquares {
  shared ??= compiledSquares() ?? plainSquares()
  return shared
}

/** In WebAssembly; undefined where there is no SIMD. */
export function compiledSquares(): BlockSquares | undefined {
  const code = blockCode()
  if (!WebAssembly.validate(code)) return undefined
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(code))
  const { memory, squares } = exports as unknown as {
    readonly memory: WebAssembly.Memory
    squares(weights: number, rows: number, n: number, stacks: number, out: number): void
  }
  const numbers = new Float64Array(memory.buffer)
  const out = numbers.subarray(AT.out, AT.out + BLOCK_CELLS)
  let n = 0
  let held: Float64Array | undefined
  let heldFit = 0
  return {
    stacks: numbers.subarray(AT.stacks, AT.stacks + BLOCK_NUMBERS_MAX * BLOCK_CELLS),
    weigh(weights, count, fit) {
      if (weights === held && fit === heldFit) return
      held = weights
      heldFit = fit
      n = count
      numbers.set(weights, AT.weights)
    },
    squares(first, last, into) {
      if (last <= first) into.fill(0)
      else {
        const from = NUMBER_BYTES * (AT.weights + first * n)
        squares(from, last - first, n, NUMBER_BYTES * AT.stacks, NUMBER_BYTES * AT.out)
        into.set(out)
      }
    },
  }
}

/** In plain loops. */
export function plainSquares(): BlockSquares {
  const stacks = new Float64Array(BLOCK_NUMBERS_MAX * BLOCK_CELLS)
  let weights = new Float64Array(0)
  let n = 0
  return {
    stacks,
    weigh(values, count) {
      weights = values as Float64Array<ArrayBuffer>
      n = count
    },
    squares(first, last, into) {
      for (let c = 0; c < LANES; c++) {
        let total = 0
        for (let k = first; k < last; k++) {
          const sum = projection(weights, k * n, n, stacks, c)
          total += sum * sum
        }
        into[c] = total
      }
    },
  }
}

/** Two sums: one alone waits for each addition to end before the next begins. */
function projection(
  weights: Float64Array,
  row: number,
  n: number,
  stacks: Float64Array,
  cell: number,
): number {
  let even = 0
  let odd = 0
  let i = 0
  for (let at = cell; i + 1 < n; i += 2, at += 2 * LANES) {
    even += weights[row + i]! * stacks[at]!
    odd += weights[row + i + 1]! * stacks[at + LANES]!
  }
  if (i < n) even += weights[row + i]! * stacks[i * LANES + cell]!
  return even + odd
}
