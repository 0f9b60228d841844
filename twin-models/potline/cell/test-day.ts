/** An eventful day for the tests of the full cell: inputs of one cell from the time alone. */
import type { CellBank } from './bank.ts'
import { type CellSizes, type InputKey, inputPlace } from './layout.ts'

/** Few nodes, so that a simulated day takes a moment. */
export const SMALL: CellSizes = {
  liningNodes: 4,
  ledgeNodes: 8,
  channelNodes: 12,
  anodes: 6,
  feeders: 2,
}

/** What happens: from and to in hours, the input, and its value or its factor of nominal. */
const EVENTS: readonly (readonly [from: number, to: number, key: InputKey, value: number])[] = [
  [5, 5.5, 'beam_m_s', -1.9e-6],
  [6, 6.2, 'bathTap_kg_s', 0.2],
  [7, 7.5, 'alf3Feed_kg_s', 0.01],
  [8, 8.1, 'beam_m_s', 1e-6],
  [13, 14, 'heat_W', -5e4],
  [14, 15, 'metalTilt_m', 0.002],
  [17.05, 17.5, 'quench', 1],
]
const FACTORS: readonly (readonly [from: number, to: number, key: InputKey, factor: number])[] = [
  [0, 5, 'metalTap_kg_s', 0],
  [5, 5.5, 'metalTap_kg_s', 8],
  [5.5, 24, 'metalTap_kg_s', 0],
  [3, 4, 'line_A', 0.8],
  [20, 20.3, 'line_A', 0.04],
  [21, 21.1, 'line_A', 0],
]

/** Sets the inputs of a cell to those of a time; `nominal` are those of its steady state. */
export function eventfulInput(
  bank: CellBank,
  cell: number,
  nominal: Float64Array, // [input]
  time_s: number,
  dt_s: number,
): void {
  const { input, layout } = bank
  const hour = time_s / 3600 - 0.1 * cell
  for (let i = 0; i < nominal.length; i++) input[bank.inputAt(cell, i)] = nominal[i]!
  for (const [from, to, key, factor] of FACTORS) {
    const place = inputPlace[key]
    if (hour >= from && hour < to) input[bank.inputAt(cell, place)] = factor * nominal[place]!
  }
  for (const [from, to, key, value] of EVENTS) {
    if (hour >= from && hour < to) input[bank.inputAt(cell, inputPlace[key])] = value
  }
  const feed = layout.input.feed_kg_s
  for (let j = 0; j < feed.count; j++) {
    const blocked = j === 0 && hour >= 9 && hour < 9.5
    const factor = blocked ? 0 : feedFactor(hour)
    input[bank.inputAt(cell, feed.first + j)] = factor * nominal[feed.first]!
  }
  const changes: readonly (readonly [at: number, anode: number])[] = [
    [2, 1],
    [10, layout.sizes.anodes],
    [18, 3],
  ]
  for (const [at, anode] of changes) {
    if (hour >= at && hour < at + dt_s / 3600) {
      input[bank.inputAt(cell, inputPlace.anodeChange)] = anode
    }
  }
}

/** Under- and overfeeding by the hour; none before the anode effect, much in its quench. */
function feedFactor(hour: number): number {
  if (hour >= 16 && hour < 17.05) return 0
  if (hour >= 17.05 && hour < 17.3) return 5
  return Math.floor(hour) % 2 ? 0.85 : 1.15
}

/** The inputs of a cell of a bank at nominal operation. */
export function inputsOf(bank: CellBank, cell: number): Float64Array {
  return Float64Array.from(bank.layout.inputs, (_, i) => bank.input[bank.inputAt(cell, i)]!)
}
