import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ANODE_ALUMINA_PLACE } from '#twin-models/kernels/transport.ts'
import { channelTableBytes, writeChannelTable } from '#twin-models/kernels/transport-layout.ts'
import type { CellBank } from '#twin-models/potline/cell/bank.ts'
import { ANODE_ITERATIONS } from '#twin-models/potline/cell/constants.ts'
import { inputPlace } from '#twin-models/potline/cell/layout.ts'
import { workPlace } from '#twin-models/potline/cell/memory.ts'
import { bankImage } from './image.ts'
import { cpuSeconds } from './problem.ts'

const ROOT = path.resolve(import.meta.dirname, '../..')
const TILE_BYTES = 32
const PAGE_BYTES = 65_536

/** Parts of a step that can be run alone, on the compiled kernels as they are. */
export type PartName = 'walls' | 'channels' | 'anodes' | 'bath'

/** The kernels of cell.wasm, each in a loop over tiles; addresses of the first tile come in. */
const source = (assembly: string) => `
import { advanceAnodes, solveAnodes } from '${assembly}/anodes'
import { bathTile } from '${assembly}/bath'
import { advanceChannels } from '${assembly}/channels'
import { advanceWall } from '${assembly}/wall'

export function walls(
  tiles: i32, lining: i32, ledge: i32, state: usize, stateStep: usize, metal: usize,
  plan: usize, planStep: usize, metalPlan: usize, exchange: usize, exchangeStep: usize,
  metalExchange: usize, work: usize,
): void {
  for (let i = 0; i < tiles; i++) {
    advanceWall(lining, ledge, state, plan, exchange, work)
    advanceWall(lining, ledge, state + metal, plan + metalPlan, exchange + metalExchange, work)
    state += stateStep
    plan += planStep
    exchange += exchangeStep
  }
}

export function channels(
  tiles: i32, table: usize, state: usize, stateStep: usize, plan: usize, planStep: usize,
  input: usize, output: usize, work: usize,
): void {
  for (let i = 0; i < tiles; i++) {
    advanceChannels(table, state, plan, input, output, work)
    state += stateStep
    plan += planStep
  }
}

export function anodes(
  tiles: i32, count: i32, iterations: i32, plan: usize, planStep: usize, bath: usize,
  alumina: usize, state: usize, stateStep: usize, line: usize, parts: usize, efficiency: usize,
  rise: usize, taken: usize, work: usize,
): void {
  for (let i = 0; i < tiles; i++) {
    advanceAnodes(count, plan, state, 1.0, efficiency, rise, taken)
    solveAnodes(count, iterations, plan, bath, alumina, state, line, parts, work)
    state += stateStep
    plan += planStep
  }
}

export function bath(tiles: i32, block: usize): void {
  for (let i = 0; i < 2 * tiles; i++) bathTile(block)
}
`

type Kernel = (...numbers: number[]) => void
let compiled: WebAssembly.Module | undefined

/** Runs one part of all tiles of a bank for so many steps; microseconds per cell and step. */
export type PartRunner = (part: PartName, steps: number) => number

/**
 * A copy of the bank in a module that exports its parts; undefined where the compiler is not
 * installed. The bank must have made a step: its scratch serves as the parts' inputs.
 */
export function openParts(bank: CellBank): PartRunner | undefined {
  compiled ??= compile()
  if (!compiled) return undefined
  const { exports } = new WebAssembly.Instance(compiled, { env: { abort() {} } })
  const part = exports as unknown as Record<PartName, Kernel> & { memory: WebAssembly.Memory }
  const { places, memory, numbers } = bankImage(bank)
  const { layout, plan, work, channels } = places
  const { tiles } = memory
  const at = (value: number) => TILE_BYTES * value
  const table = numbers.byteLength
  const exchanges = 64 * Math.ceil((table + channelTableBytes(channels)) / 64)
  const exchangeStep = at(work.metalExchange - work.bathExchange)
  const bytes = exchanges + 2 * exchangeStep * tiles
  part.memory.grow(Math.max(0, Math.ceil((bytes - part.memory.buffer.byteLength) / PAGE_BYTES)))
  new Float64Array(part.memory.buffer).set(numbers)
  writeChannelTable(channels, part.memory.buffer, table)
  const all = new Float64Array(part.memory.buffer)
  const scratch = memory.workAt + 4 * work.bathExchange
  for (let tile = 0; tile < tiles; tile++) {
    all.set(
      numbers.subarray(scratch, scratch + exchangeStep / 4),
      (exchanges + 2 * exchangeStep * tile) / 8,
    )
  }
  const stateAt = 8 * memory.stateAt
  const planAt = 8 * memory.planAt
  const workAt = 8 * memory.workAt
  const stateStep = at(layout.states.length)
  const planStep = at(plan.count)
  const inner = workAt + at(work.inner)
  const { state, sizes } = layout
  const numbersOf: Record<PartName, number[]> = {
    walls: [
      tiles,
      sizes.liningNodes,
      sizes.ledgeNodes,
      stateAt + at(state.bathLedge_m.first),
      stateStep,
      at(state.metalLedge_m.first - state.bathLedge_m.first),
      planAt + at(plan.bathWall),
      planStep,
      at(plan.metalWall - plan.bathWall),
      exchanges,
      2 * exchangeStep,
      exchangeStep,
      inner,
    ],
    channels: [
      tiles,
      table,
      stateAt + at(state.dissolvedA_kg.first),
      stateStep,
      planAt + at(plan.channels),
      planStep,
      workAt + at(work.channelInput),
      workAt + at(work.channelOutput),
      inner,
    ],
    anodes: [
      tiles,
      sizes.anodes,
      ANODE_ITERATIONS,
      planAt + at(plan.anodes),
      planStep,
      workAt + at(work.bath),
      workAt + at(work.channelOutput + ANODE_ALUMINA_PLACE),
      stateAt + at(state.acd_m.first),
      stateStep,
      8 * memory.inputAt + at(inputPlace.line_A),
      workAt + at(work.parts),
      workAt + at(workPlace.efficiency),
      workAt + at(workPlace.rise_m),
      workAt + at(workPlace.cold_J),
      inner,
    ],
    bath: [tiles, workAt + at(work.bath)],
  }
  return (name, steps) => {
    const given = numbersOf[name]
    const seconds = cpuSeconds(() => {
      for (let i = 0; i < steps; i++) part[name](...given)
    })
    return (1e6 * seconds) / steps / (4 * tiles)
  }
}

function compile(): WebAssembly.Module | undefined {
  const folder = mkdtempSync(path.join(tmpdir(), 'liquidus-parts-'))
  try {
    const assembly = path.relative(folder, path.join(ROOT, 'twin-models', 'assembly'))
    writeFileSync(path.join(folder, 'parts.ts'), source(assembly))
    const options = ['--enable', 'simd', '--runtime', 'stub', '--optimizeLevel', '3', '--noAssert']
    execFileSync(
      path.join(ROOT, 'node_modules', '.bin', 'asc'),
      ['parts.ts', '--baseDir', folder, ...options, '-o', 'parts.wasm'],
      { cwd: folder, stdio: 'ignore', timeout: 60_000 },
    )
    return new WebAssembly.Module(readFileSync(path.join(folder, 'parts.wasm')))
  } catch {
    return undefined
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
