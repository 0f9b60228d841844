import { seededRandom } from '#engine/core/random.ts'
import type { CellBank } from '#twin-models/potline/cell/bank.ts'
import { openCells } from '#twin-models/potline/cell/cells.ts'
import { type CellSizes, inputPlace } from '#twin-models/potline/cell/layout.ts'
import { balanceHeat } from '#twin-models/potline/cell/nominal.ts'
import {
  type CellParameters,
  cellParameters,
  spreadParameters,
} from '#twin-models/potline/cell/parameters.ts'
import potline350 from '#twin-models/potline/parameters/potline-350.json' with { type: 'json' }

/** The cell of the benchmark: 60 nodes per wall, two channels of 100, 36 anodes, 5 feeders. */
export const FULL_SIZES: CellSizes = {
  liningNodes: 20,
  ledgeNodes: 40,
  channelNodes: 100,
  anodes: 36,
  feeders: 5,
}

/** Seconds after which the inputs repeat. */
export const FRAMES = 60

/** Parameters of a line of cells; `spread` makes every cell another. */
export function lineParameters(cells: number, sizes = FULL_SIZES, spread = false): CellParameters {
  const parameters = cellParameters(potline350, cells, sizes)
  if (spread) {
    const random = seededRandom(350)
    spreadParameters(
      parameters,
      { cathode_Ohm: 0.03, anode_Ohm: 0.03, bathTransfer_W_m2K: 0.05, bathSpeed_m_s: 0.1 },
      () => random.normal(),
    )
  }
  balanceHeat(parameters)
  return parameters
}

/** Opens a line at nominal operation. */
export function openLine(parameters: CellParameters, form: 'wasm' | 'clear'): CellBank {
  return openCells(parameters, { form })
}

/**
 * The inputs of FRAMES seconds, [frame][tile][input][lane]: feeder shots once a minute, each
 * feeder in its own second, beams that move up and down again, and a rippling line current.
 */
export function inputFrames(bank: CellBank): Float64Array {
  const { input, layout } = bank
  const random = seededRandom(7)
  const frames = new Float64Array(FRAMES * input.length)
  for (let f = 0; f < FRAMES; f++) frames.set(input, f * input.length)
  const { first, count } = layout.input.feed_kg_s
  const lanes = input.length / layout.inputs.length
  const ripple = Array.from({ length: FRAMES }, () => 1 + 0.004 * random.normal())
  for (let cell = 0; cell < lanes; cell++) {
    for (let feeder = 0; feeder < count; feeder++) {
      const at = bank.inputAt(cell, first + feeder)
      const shot = random.integer(FRAMES)
      for (let f = 0; f < FRAMES; f++) {
        frames[f * input.length + at] = f === shot ? FRAMES * input[at]! : 0
      }
    }
    const beam = bank.inputAt(cell, inputPlace.beam_m_s)
    const up = random.integer(FRAMES)
    for (const [frame, sign] of [
      [up, 1],
      [(up + 30) % FRAMES, -1],
    ] as const) {
      frames[frame * input.length + beam]! += sign * 2e-4
    }
    const line = bank.inputAt(cell, inputPlace.line_A)
    for (let f = 0; f < FRAMES; f++) frames[f * input.length + line]! *= ripple[f]!
  }
  return frames
}

/** Processor seconds of `work`, which other programs on the machine do not lengthen. */
export function cpuSeconds(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

/** Advances a bank by so many seconds under the frames. */
export function runLine(bank: CellBank, frames: Float64Array, steps: number): void {
  const { length } = bank.input
  const views = Array.from({ length: FRAMES }, (_, f) =>
    frames.subarray(f * length, (f + 1) * length),
  )
  for (let step = 0; step < steps; step++) {
    bank.input.set(views[step % FRAMES]!)
    bank.advance(1)
  }
}

/** Processor microseconds per cell and simulated second. */
export function lineCost_us(bank: CellBank, frames: Float64Array, steps: number): number {
  const seconds = cpuSeconds(() => runLine(bank, frames, steps))
  return (1e6 * seconds) / steps / bank.cellCount
}
