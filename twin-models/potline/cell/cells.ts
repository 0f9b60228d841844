/** Opens a bank of cells in the fast form where WebAssembly has SIMD, else in the clear form. */
import { readFileSync } from 'node:fs'
import { type CellBank, createBank, openClearCells } from './bank.ts'
import { configurationBytes, writeConfiguration } from './compiled.ts'
import { bankMemory, cellPlaces } from './memory.ts'
import type { CellParameters } from './parameters.ts'

const PAGE_BYTES = 65_536
const NUMBER_BYTES = 8

/** What cell.wasm exports. */
interface CompiledCell {
  readonly memory: WebAssembly.Memory
  freeFrom(): number
  configure(address: number): void
  advance(
    tiles: number,
    parameters: number,
    plan: number,
    state: number,
    input: number,
    output: number,
    work: number,
    dt_s: number,
    steps: number,
  ): void
}

/** `auto` takes the compiled form where it loads; both give the same bytes. */
export interface CellOptions {
  readonly form?: 'wasm' | 'clear' | 'auto'
}

let compiled: WebAssembly.Module | undefined

/** Opens a bank at nominal operation. Parameters must be balanced, see `balanceHeat`. */
export function openCells(parameters: CellParameters, options: CellOptions = {}): CellBank {
  const form = options.form ?? 'auto'
  if (form === 'clear') return openClearCells(parameters)
  try {
    compiled ??= new WebAssembly.Module(
      readFileSync(new URL('../../assembly/cell.wasm', import.meta.url)),
    )
  } catch (error) {
    if (form === 'wasm') throw error
    return openClearCells(parameters)
  }
  return openCompiledCells(compiled, parameters)
}

function openCompiledCells(module: WebAssembly.Module, parameters: CellParameters): CellBank {
  const instance = new WebAssembly.Instance(module, { env: { abort } })
  const cell = instance.exports as unknown as CompiledCell
  const places = cellPlaces(parameters)
  const aligned = (bytes: number) => 64 * Math.ceil(bytes / 64)
  const configuration = aligned(cell.freeFrom())
  const start = aligned(configuration + configurationBytes(places))
  const memory = bankMemory(places, parameters.cellCount, start / NUMBER_BYTES)
  const bytes = memory.end * NUMBER_BYTES
  const missing = bytes - cell.memory.buffer.byteLength
  if (missing > 0) cell.memory.grow(Math.ceil(missing / PAGE_BYTES))
  writeConfiguration(places, cell.memory.buffer, configuration)
  cell.configure(configuration)
  const m = new Float64Array(cell.memory.buffer)
  const at = (index: number) => NUMBER_BYTES * index
  const { tiles } = memory
  const parametersAt = at(memory.parametersAt)
  const planAt = at(memory.planAt)
  const stateAt = at(memory.stateAt)
  const inputAt = at(memory.inputAt)
  const outputAt = at(memory.outputAt)
  const workAt = at(memory.workAt)
  return createBank('wasm', parameters, places, memory, m, (dt_s, steps) => {
    cell.advance(tiles, parametersAt, planAt, stateAt, inputAt, outputAt, workAt, dt_s, steps)
  })
}

/** The compiled form has no checks of its own left that could call it. */
function abort(): never {
  throw new Error('cell.wasm stopped')
}
