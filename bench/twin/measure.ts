import { execFileSync } from 'node:child_process'
import path from 'node:path'
import type { CellBank } from '#twin-models/potline/cell/bank.ts'
import type { CellSizes } from '#twin-models/potline/cell/layout.ts'
import type { Allocation } from './allocation.ts'
import { type CPrograms, compilePrograms, worstDifference } from './c-program.ts'
import { bytesPerCell, resultOf } from './image.ts'
import { openParts, type PartName } from './parts.ts'
import { type PeerReport, runPeers } from './peers.ts'
import {
  FULL_SIZES,
  inputFrames,
  lineCost_us,
  lineParameters,
  openLine,
  runLine,
} from './problem.ts'

/** What `measureTwin` is to do. */
export interface TwinPlan {
  /** Rounds in which ours and the C programs take turns. */
  readonly runs: number
  /** Cells of the line; rounded up so that tiles of every width are full. */
  readonly cells: number
}

/** Cells that fill tiles of every vector width. */
const FULL_TILES = 16
const CHECK_STEPS = 120
/** Cell-seconds per timed run. */
const RUN_CELL_STEPS = 60_000
const PARTS: readonly PartName[] = ['walls', 'channels', 'anodes', 'bath']
const WALL_NODES = [20, 60, 120, 240]
const CHANNEL_NODES = [25, 50, 100, 200, 400]
const ANODES = [12, 36, 72]
const CELL_COUNTS = [1, 4, 16, 64, 256, 1000, 3000]
const GROWTH_CELLS = 64

/** Costs are processor microseconds per cell and simulated second. */
export type TwinResult = ReturnType<typeof measureTwin>

/** Measures the full cell, the same work in C, and the peers; prints progress through `say`. */
export function measureTwin(plan: TwinPlan, say: (line: string) => void) {
  const cells = FULL_TILES * Math.ceil(plan.cells / FULL_TILES)
  say(`line of ${cells} cells`)
  const parameters = lineParameters(cells, FULL_SIZES, true)
  const bank = openLine(parameters, 'wasm')
  const clear = openLine(parameters, 'clear')
  const frames = inputFrames(bank)
  say('compiling the C program')
  const c = compilePrograms(bank, frames, say)
  try {
    const checks = checkResults(bank, clear, frames, c)
    const rounds = takeTurns(plan.runs, bank, clear, frames, c, say)
    say('growth with nodes and cells')
    const growth = measureGrowth()
    say('allocation')
    const allocation = [
      allocationOf('wasm', 16, 3000),
      allocationOf('wasm', 160, 3000),
      allocationOf('clear', 16, 3000),
    ]
    const peers = runPeers(say)
    // The parts once more, so that peers ran between two timings of ours.
    const again = partCosts(bank)
    const part_us = again ? middleOf(rounds.part_us, again) : rounds.part_us
    return {
      ...summary(rounds, part_us, peers),
      cells,
      sizes: FULL_SIZES,
      runs: plan.runs,
      same_bits: checks,
      bytes_per_cell: Math.round(bytesPerCell(bank)),
      allocation,
      growth,
      peer_errors: peers.ours,
      peers: peers.peers,
    }
  } finally {
    c.close()
  }
}

/** Ours, clear form and all C programs from one start under the same inputs. */
function checkResults(
  bank: CellBank,
  clear: CellBank,
  frames: Float64Array,
  c: CPrograms,
): Record<string, number> {
  runLine(bank, frames, CHECK_STEPS)
  runLine(clear, frames, CHECK_STEPS)
  const expected = resultOf(bank)
  const worst: Record<string, number> = { clear: worstDifference(expected, resultOf(clear)) }
  for (const program of c.programs) {
    program.run(CHECK_STEPS)
    worst[program.name] = worstDifference(expected, program.result())
  }
  return worst
}

interface Rounds {
  readonly wasm_us: number
  readonly clear_us: number
  readonly part_us: Partial<Record<PartName, number>>
  readonly c: readonly {
    readonly name: string
    readonly kind: 'c128' | 'native'
    readonly options: string
    readonly us: number
    /** Median of ours over this, round by round. */
    readonly ratio: number
  }[]
}

function takeTurns(
  runs: number,
  bank: CellBank,
  clear: CellBank,
  frames: Float64Array,
  c: CPrograms,
  say: (line: string) => void,
): Rounds {
  const steps = Math.max(10, Math.round(RUN_CELL_STEPS / bank.cellCount))
  const own: number[] = []
  const clears: number[] = []
  const others = c.programs.map(() => [] as number[])
  const parts: Partial<Record<PartName, number>>[] = []
  for (let round = 0; round < runs; round++) {
    say(`round ${round + 1} of ${runs}`)
    const before = lineCost_us(bank, frames, steps)
    c.programs.forEach((program, i) => {
      others[i]!.push((1e6 * program.run(steps)) / steps / bank.cellCount)
    })
    own.push((before + lineCost_us(bank, frames, steps)) / 2)
    clears.push(lineCost_us(clear, frames, Math.ceil(steps / 10)))
    const costs = partCosts(bank)
    if (costs) parts.push(costs)
  }
  return {
    wasm_us: median(own),
    clear_us: median(clears),
    part_us: Object.fromEntries(
      parts.length === 0 ? [] : PARTS.map(part => [part, median(parts.map(one => one[part]!))]),
    ),
    c: c.programs.map(({ name, kind, options }, i) => ({
      name,
      kind,
      options,
      us: median(others[i]!),
      ratio: median(own.map((us, round) => us / others[i]![round]!)),
    })),
  }
}

function partCosts(bank: CellBank): Partial<Record<PartName, number>> | undefined {
  const run = openParts(bank)
  if (!run) return undefined
  const steps = Math.max(10, Math.round(RUN_CELL_STEPS / bank.cellCount))
  return Object.fromEntries(
    PARTS.map(part => {
      run(part, Math.ceil(steps / 2))
      return [part, median([run(part, steps), run(part, steps), run(part, steps)])]
    }),
  )
}

function middleOf(
  a: Partial<Record<PartName, number>>,
  b: Partial<Record<PartName, number>>,
): Partial<Record<PartName, number>> {
  return Object.fromEntries(PARTS.map(part => [part, (a[part]! + b[part]!) / 2]))
}

function measureGrowth() {
  const cost = (sizes: CellSizes, cells: number) => {
    const bank = openLine(lineParameters(cells, sizes), 'wasm')
    const frames = inputFrames(bank)
    const steps = Math.max(8, Math.round(RUN_CELL_STEPS / 3 / cells))
    runLine(bank, frames, Math.ceil(steps / 3))
    const costs = [1, 2, 3].map(() => lineCost_us(bank, frames, steps))
    return round3(median(costs))
  }
  const table = (counts: readonly number[], sizesOf: (count: number) => CellSizes) =>
    Object.fromEntries(counts.map(count => [count, cost(sizesOf(count), GROWTH_CELLS)]))
  return {
    wall_nodes: table(WALL_NODES, nodes => {
      const liningNodes = Math.round(nodes / 3)
      return { ...FULL_SIZES, liningNodes, ledgeNodes: nodes - liningNodes }
    }),
    channel_nodes: table(CHANNEL_NODES, channelNodes => ({ ...FULL_SIZES, channelNodes })),
    anodes: table(ANODES, anodes => ({ ...FULL_SIZES, anodes })),
    cells: Object.fromEntries(CELL_COUNTS.map(cells => [cells, cost(FULL_SIZES, cells)])),
  }
}

function allocationOf(form: 'wasm' | 'clear', cells: number, steps: number): Allocation {
  const text = execFileSync(
    process.execPath,
    [
      '--expose-gc',
      '--import',
      path.resolve(import.meta.dirname, '../../engine/tools/ts.mjs'),
      path.join(import.meta.dirname, 'allocation.ts'),
      form,
      String(cells),
      String(steps),
    ],
    { encoding: 'utf8', timeout: 120_000 },
  )
  return JSON.parse(text) as Allocation
}

function summary(
  rounds: Rounds,
  part_us: Partial<Record<PartName, number>>,
  { peers }: PeerReport,
) {
  const best = (kind: 'c128' | 'native') =>
    rounds.c.filter(one => one.kind === kind).sort((a, b) => a.us - b.us)[0]
  const ourPart_us =
    part_us.walls !== undefined && part_us.channels !== undefined
      ? part_us.walls + part_us.channels
      : undefined
  const over = (name: keyof typeof peers) => {
    const peer = peers[name]
    if (!peer || ourPart_us === undefined) return null
    return round3((peer.walls.us + peer.channels.us) / ourPart_us)
  }
  const known = Object.values(part_us).reduce((sum, us) => sum + us, 0)
  const split: Record<string, number> = Object.fromEntries(
    Object.entries(part_us).map(([part, us]) => [part, round3(us)]),
  )
  if (known > 0) split.rest = round3(rounds.wasm_us - known)
  return {
    cells_per_core_real_time: Math.round(1e6 / rounds.wasm_us),
    us_per_cell_s: round3(rounds.wasm_us),
    us_per_cell_s_clear: round3(rounds.clear_us),
    us_of_parts: split,
    ratio_c128: best('c128') ? round3(best('c128')!.ratio) : null,
    ratio_c_native: best('native') ? round3(best('native')!.ratio) : null,
    ratio_scipy: over('scipy'),
    ratio_fenics: over('fenics'),
    ratio_sfepy: over('sfepy'),
    c: rounds.c.map(one => ({ ...one, us: round3(one.us), ratio: round3(one.ratio) })),
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

function round3(value: number): number {
  return Number(value.toPrecision(4))
}
