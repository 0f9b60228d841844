import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { OrtModule } from 'onnxruntime-web/ort-wasm-simd-threaded.mjs'
import { INPUT_NAME, OUTPUT_NAME } from './ends.ts'

/** An ONNX file at work: rows in, rows out, at once. */
export interface OnnxSession {
  /** Rows of the network's answers; the next call overwrites them. */
  run(input: Float32Array, rows: number): Float32Array
}

/** Sizes of the ends of a network, of one row. */
export interface RowShapes {
  readonly input: readonly number[]
  readonly output: readonly number[]
}

/** Rows that go through in one piece; more take turns, so that memory stays what it is. */
export const ROWS_MAX = 512
/** A network takes this much at most; a detector's is some kilobytes. */
export const MODEL_BYTES_MAX = 64 * 2 ** 20
const MODULE = 'onnxruntime-web/ort-wasm-simd-threaded.mjs'
const FLOAT = 1
const ON_CPU = 1
const ALL_OPTIMISATIONS = 99
const ERRORS_ONLY = 3

let started: Promise<OrtModule> | undefined

/** Starts ONNX Runtime once, from the installed package and on one thread; no network. */
function startOnnx(): Promise<OrtModule> {
  started ??= start()
  return started
}

async function start(): Promise<OrtModule> {
  const { default: factory } = await import('onnxruntime-web/ort-wasm-simd-threaded.mjs')
  const folder = dirname(createRequire(import.meta.url).resolve(MODULE))
  const ort = await factory({ numThreads: 1, locateFile: name => join(folder, name) })
  if (ort._OrtInit(1, ERRORS_ONLY) !== 0) throw problemIn(ort, 'does not start')
  return ort
}

/** The last thing that went wrong inside, in its own words. */
function problemIn(ort: OrtModule, what: string): Error {
  const at = ort._malloc(2 * ort.PTR_SIZE)
  ort._OrtGetLastError(at, at + ort.PTR_SIZE)
  const message = ort.getValue(at + ort.PTR_SIZE, '*')
  ort._free(at)
  return new Error(`ONNX Runtime: ${what}: ${message ? ort.UTF8ToString(message) : 'no reason'}`)
}

/**
 * Opens an ONNX file of one float input and one float output; throws when the package is not
 * there or the bytes are no such network. It calls the package's compiled module itself, because
 * the package's own `run` answers later and a tick can not wait.
 */
export async function openOnnx(bytes: Uint8Array, shapes: RowShapes): Promise<OnnxSession> {
  if (bytes.length > MODEL_BYTES_MAX) throw new Error(`has more than ${MODEL_BYTES_MAX} bytes`)
  const ort = await startOnnx()
  const handle = await createSession(ort, bytes)
  const opened = sessionOf(ort, handle, shapes)
  // Those who score keep the function alone.
  finished.register(opened.session.run, opened.release)
  return opened.session
}

/** Gives back the memory of sessions that nobody holds any more. */
const finished = new FinalizationRegistry<() => void>(release => release())

async function createSession(ort: OrtModule, bytes: Uint8Array): Promise<number> {
  const plain = [0, false, 0, 0, ERRORS_ONLY, 0, 0] as const
  const options = ort._OrtCreateSessionOptions(ALL_OPTIMISATIONS, true, true, ...plain)
  const data = ort._malloc(bytes.length)
  try {
    ort.HEAPU8.set(bytes, data)
    const handle = await ort._OrtCreateSession(data, bytes.length, options)
    if (handle === 0) throw problemIn(ort, 'takes no such network')
    return handle
  } finally {
    ort._free(data)
    ort._OrtReleaseSessionOptions(options)
  }
}

/** Rows go in and out through two buffers of the module's memory that stay in place. */
function sessionOf(ort: OrtModule, handle: number, shapes: RowShapes) {
  const names = [textIn(ort, INPUT_NAME), textIn(ort, OUTPUT_NAME)] as const
  const ends = [endOf(ort, shapes.input), endOf(ort, shapes.output)] as const
  const settings = ort._OrtCreateRunOptions(ERRORS_ONLY, 0, false, 0)
  const list = ort._malloc(4 * ort.PTR_SIZE) // input name, input, output name, output
  const place = (i: number) => list + i * ort.PTR_SIZE
  ort.setValue(place(0), names[0], '*')
  ort.setValue(place(2), names[1], '*')

  const runPiece = (rows: number) => {
    for (const [i, end] of ends.entries()) ort.setValue(place(2 * i + 1), end.tensor(rows), '*')
    const code = ort._OrtRun(handle, place(0), place(1), 1, place(2), 1, place(3), settings)
    if (code !== 0) throw problemIn(ort, typeof code === 'number' ? 'run' : 'run answers later')
  }
  let answers = new Float32Array(0)
  const session: OnnxSession = {
    run(input, rows) {
      const [from, to] = ends
      if (answers.length < rows * to.width) answers = new Float32Array(rows * to.width)
      for (let row = 0; row < rows; row += ROWS_MAX) {
        const size = Math.min(ROWS_MAX, rows - row)
        from.values().set(input.subarray(row * from.width, (row + size) * from.width))
        runPiece(size)
        answers.set(to.values().subarray(0, size * to.width), row * to.width)
      }
      return answers.subarray(0, rows * to.width)
    },
  }
  const release = () => {
    ort._OrtReleaseSession(handle)
    for (const end of ends) end.release()
    for (const name of names) ort._free(name)
    ort._free(list)
  }
  return { session, release }
}

/** A buffer for rows, and the tensor over it for as many rows as were asked for last. */
function endOf(ort: OrtModule, shape: readonly number[]) {
  const width = shape.reduce((product, size) => product * size, 1)
  const rank = shape.length + 1
  const data = ort._malloc(4 * width * ROWS_MAX)
  const dims = ort._malloc(ort.PTR_SIZE * rank)
  if (data === 0 || dims === 0) throw new Error('ONNX Runtime: no memory for rows')
  let view: Float32Array = new Float32Array(0)
  let tensor = 0
  let rowsNow = 0
  return {
    width,
    values() {
      // Memory that grew lies elsewhere when it is not shared.
      if (view.length === 0) view = new Float32Array(ort.HEAPU8.buffer, data, width * ROWS_MAX)
      return view
    },
    tensor(rows: number): number {
      if (rows === rowsNow) return tensor
      if (tensor !== 0) ort._OrtReleaseTensor(tensor)
      for (const [i, size] of [rows, ...shape].entries()) {
        ort.setValue(dims + i * ort.PTR_SIZE, size, 'i32')
      }
      tensor = ort._OrtCreateTensor(FLOAT, data, 4 * width * rows, dims, rank, ON_CPU)
      if (tensor === 0) throw problemIn(ort, 'makes no tensor')
      rowsNow = rows
      return tensor
    },
    release() {
      if (tensor !== 0) ort._OrtReleaseTensor(tensor)
      ort._free(data)
      ort._free(dims)
    },
  }
}

function textIn(ort: OrtModule, text: string): number {
  const bytes = new TextEncoder().encode(`${text}\0`)
  const at = ort._malloc(bytes.length)
  ort.HEAPU8.set(bytes, at)
  return at
}
