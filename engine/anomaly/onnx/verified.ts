import { seededRandom } from '../../core/random.ts'
import { exportOnnx } from './export.ts'
import type { SourceNetwork } from './network.ts'
import { type OnnxSession, openOnnx } from './session.ts'

/** How far an answer may lie from TensorFlow.js's: this times the largest answer, or times 1. */
export const DIFFERENCE_MAX = 1e-5
const RANDOM_ROWS = 128
/** Sizes of the pieces in which the same rows have to give the same bits. */
const PIECES = [1, 3, 40]

/** A network, what it answers by TensorFlow.js, and rows to compare with. */
export interface Comparison {
  readonly network: SourceNetwork
  /** Sizes of one row or window that goes in. */
  readonly input: readonly number[]
  /** Largest value that an input takes. */
  readonly value_max: number
  /** Rows as they came from a plant, scaled; may be empty. */
  readonly rows: Float32Array // [row][value]
  readonly reference: (input: Float32Array, rows: number) => Float32Array
}

/** A network at work, and the file it was made of. */
export interface VerifiedOnnx {
  readonly session: OnnxSession
  readonly file: Uint8Array
}

/**
 * The network on ONNX Runtime, once it gave what TensorFlow.js gives on random and on real rows,
 * and the same bits for a row whatever rows are beside it; throws with the reason otherwise.
 */
export async function verifiedOnnx(
  { network, input: sizes, value_max, rows, reference }: Comparison,
  open: typeof openOnnx = openOnnx,
): Promise<VerifiedOnnx> {
  const shape = network.outputs[0]!.shape.slice(1) as number[]
  const file = exportOnnx(network)
  const session = await open(file, { input: sizes, output: shape })
  const width = sizes.reduce((product, size) => product * size, 1)
  const input = Float32Array.from([...randomRows(width, value_max), ...rows])
  const count = input.length / width
  const wanted = reference(input, count)
  const given = session.run(input, count).slice()
  const apart = largestDifference(given, wanted)
  if (!(apart <= DIFFERENCE_MAX)) {
    throw new Error(`differs from TensorFlow.js by ${apart.toExponential(1)}`)
  }
  for (const piece of PIECES) {
    for (let row = 0; row + piece <= count; row += piece) {
      const some = session.run(input.subarray(row * width, (row + piece) * width), piece)
      const from = (row * given.length) / count
      if (some.some((value, i) => value !== given[from + i])) {
        throw new Error(`answers for a row depend on the rows beside it (${piece} at once)`)
      }
    }
  }
  return { session, file }
}

/** Rows as normal running makes them, wider ones, and the corners. */
function randomRows(width: number, value_max: number): number[] {
  const random = seededRandom(1).fork('onnx')
  const rows = Array.from({ length: RANDOM_ROWS * width }, (_, i) => {
    const spread = i < (RANDOM_ROWS / 2) * width ? 1 : value_max / 2
    return Math.max(-value_max, Math.min(value_max, spread * random.normal()))
  })
  for (const corner of [0, value_max, -value_max]) rows.push(...new Array(width).fill(corner))
  return rows
}

/** Largest difference, of 1 or the largest answer; NaN where one of them is no number. */
export function largestDifference(given: Float32Array, wanted: Float32Array): number {
  if (given.length !== wanted.length) return Number.NaN
  let scale = 1
  let most = 0
  for (const [i, value] of wanted.entries()) {
    scale = Math.max(scale, Math.abs(value))
    most = Math.max(most, Math.abs(given[i]! - value))
  }
  return most / scale
}
