import type { Run } from '../anomaly/rows/run.ts'
import type { Random } from '../core/random.ts'

/** What the rows are drawn against: middle and spread of each channel in normal running. */
export interface ChannelSpread {
  readonly centre: Float64Array
  readonly scale: Float64Array
}

const CHANNELS_MAX = 3
/** Sizes in spreads of a channel, drawn evenly on a logarithmic scale. */
const SIZE_LEAST = 0.3
const RAMP_LEAST_ROWS = 10
const RAMP_MOST_ROWS = 200
/** A fault of every channel at once is smaller in each. */
const SPREAD_OUT = 0.3

/** Where a fault begins, how large it is at most, and what it is drawn from. */
export interface FaultDraw {
  readonly from: number
  readonly size_most: number
  readonly random: Random
}

type Change = (row: number, grown: number, values: Float64Array) => void

/**
 * A copy of a run with a made-up fault from a row on: a few channels shift, are noisier, stick or
 * run as in another normal recording, or all shift a little. It knows nothing of a plant.
 */
export function withSyntheticFault(
  run: Run,
  others: readonly Run[],
  spread: ChannelSpread,
  { from, size_most, random }: FaultDraw,
): Run {
  const values = run.values.slice()
  const size = SIZE_LEAST * (size_most / SIZE_LEAST) ** random.uniform()
  const slow = RAMP_LEAST_ROWS * (RAMP_MOST_ROWS / RAMP_LEAST_ROWS) ** random.uniform()
  const ramp = random.uniform() < 0.5 ? 1 : Math.round(slow)
  const change = drawChange(run, others, spread, { from, size, random })
  for (let row = from; row < run.count; row++) {
    change(row, Math.min(1, (row - from + 1) / ramp), values)
  }
  return { ...run, values }
}

interface Draw {
  readonly from: number
  readonly size: number
  readonly random: Random
}

function drawChange(
  run: Run,
  others: readonly Run[],
  { centre, scale }: ChannelSpread,
  { from, size, random }: Draw,
): Change {
  const { width } = run
  const channels = Array.from({ length: 1 + random.integer(CHANNELS_MAX) }, () =>
    random.integer(width),
  )
  const signs = channels.map(
    () => (random.uniform() < 0.5 ? -1 : 1) * (0.4 + 0.6 * random.uniform()),
  )
  const direction = Float64Array.from({ length: width }, random.normal)
  const other = others[random.integer(others.length)]!
  const kinds: readonly Change[] = [
    (row, grown, values) =>
      channels.forEach((c, k) => {
        values[row * width + c]! += grown * size * signs[k]! * scale[c]!
      }),
    (row, grown, values) => {
      for (const c of channels) {
        const away = values[row * width + c]! - centre[c]!
        values[row * width + c] = centre[c]! + away * (1 + grown * size)
      }
    },
    (row, _grown, values) => {
      for (const c of channels) values[row * width + c] = run.values[from * width + c]!
    },
    (row, _grown, values) => {
      for (const c of channels) {
        values[row * width + c] = other.values[(row % other.count) * width + c]!
      }
    },
    (row, grown, values) => {
      for (let c = 0; c < width; c++) {
        values[row * width + c]! += grown * SPREAD_OUT * size * direction[c]! * scale[c]!
      }
    },
  ]
  return kinds[random.integer(kinds.length)]!
}
