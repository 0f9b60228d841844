/** Where alumina enters and is used along the two channels: tables shared by all cells of a bank. */

/** The cell seen from above; lengths along the channels. */
export interface ChannelGeometry {
  /** Nodes of each of the two channels. */
  readonly nodes: number
  readonly length_m: number
  /** Point feeders; each feeds both channels. */
  readonly feeders_m: readonly number[]
  /** Centres of the anodes of one row; row A lies over channel A, row B over channel B. */
  readonly anodes_m: readonly number[]
  /** Length of an anode along the channel. */
  readonly anodeLength_m: number
}

/**
 * Nodes are numbered by position: node k of channel A is value k, of channel B value nodes + k,
 * and both have their centre at (k + 1/2) * step_m. Nodes with the same k face each other.
 */
export interface ChannelLayout {
  readonly nodes: number
  readonly step_m: number
  readonly feeders: number
  /** Anodes of both rows: row A by position, then row B by position. */
  readonly anodes: number
  /** Left one of the two nodes that a feeder feeds in each channel. */
  readonly feederNode: Int32Array // [feeder]
  /** Shares of the feed for each left and each right node; 2 * (left + right) = 1. */
  readonly feederShare: Float64Array // [feeder][left, right]
  /** First value under an anode. */
  readonly anodeFirst: Int32Array // [anode]
  /** Where the shares of an anode begin; one more entry marks the end. */
  readonly anodeStart: Int32Array // [anode + 1]
  /** Share of an anode's use that each node under it bears; they sum to 1. */
  readonly anodeShare: Float64Array // [anode][node under it]
  /** First node nearest to each feeder; one more entry marks the end. Only for sorted feeders. */
  readonly zoneStart: Int32Array // [feeder + 1]
}

/** The tables for a geometry; throws a RangeError that names an impossible number. */
export function channelLayout(geometry: ChannelGeometry): ChannelLayout {
  const { nodes, length_m, feeders_m, anodes_m, anodeLength_m } = geometry
  if (!Number.isInteger(nodes) || nodes < 3) {
    throw new RangeError(`nodes is ${nodes}; whole numbers from 3 work`)
  }
  positive('length_m', length_m)
  positive('anodeLength_m', anodeLength_m)
  feeders_m.forEach((place_m, i) => {
    inside(`feeder ${i + 1}`, place_m, length_m)
    if (i > 0 && !(place_m > feeders_m[i - 1]!)) {
      throw new RangeError(`feeder ${i + 1} is at ${place_m} m; feeders go by position`)
    }
  })
  anodes_m.forEach((place_m, i) => {
    inside(`anode ${i + 1}`, place_m, length_m)
  })
  const step_m = length_m / nodes
  return {
    nodes,
    step_m,
    feeders: feeders_m.length,
    anodes: 2 * anodes_m.length,
    ...feederTables(feeders_m, nodes, step_m),
    ...anodeTables(anodes_m, anodeLength_m, nodes, step_m),
    zoneStart: zones(feeders_m, nodes, step_m),
  }
}

function positive(name: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value))) {
    throw new RangeError(`${name} is ${value}; numbers above 0 work`)
  }
}

function inside(name: string, place_m: number, length_m: number): void {
  if (!(place_m >= 0 && place_m <= length_m)) {
    throw new RangeError(`${name} is at ${place_m} m; 0 to ${length_m} m work`)
  }
}

function feederTables(feeders_m: readonly number[], nodes: number, step_m: number) {
  const feederNode = new Int32Array(feeders_m.length)
  const feederShare = new Float64Array(2 * feeders_m.length)
  feeders_m.forEach((place_m, i) => {
    const place = Math.min(Math.max(place_m / step_m - 0.5, 0), nodes - 1)
    const left = Math.min(Math.floor(place), nodes - 2)
    const right = (place - left) / 2
    feederNode[i] = left
    feederShare[2 * i] = 0.5 - right
    feederShare[2 * i + 1] = right
  })
  return { feederNode, feederShare }
}

function anodeTables(
  anodes_m: readonly number[],
  anodeLength_m: number,
  nodes: number,
  step_m: number,
) {
  const anodeFirst: number[] = []
  const anodeStart = [0]
  const anodeShare: number[] = []
  for (const row of [0, 1]) {
    for (const place_m of anodes_m) {
      const from = Math.max((place_m - anodeLength_m / 2) / step_m, 0)
      const to = Math.min((place_m + anodeLength_m / 2) / step_m, nodes)
      const first = Math.min(Math.floor(from), nodes - 1)
      const last = Math.min(Math.max(Math.ceil(to) - 1, first), nodes - 1)
      let rest = 1
      for (let k = first; k < last; k++) {
        const share = (Math.min(to, k + 1) - Math.max(from, k)) / (to - from)
        anodeShare.push(share)
        rest -= share
      }
      // The last node bears what is left, so that nothing is lost to rounding.
      anodeShare.push(Math.max(rest, 0))
      anodeFirst.push(row * nodes + first)
      anodeStart.push(anodeShare.length)
    }
  }
  return {
    anodeFirst: Int32Array.from(anodeFirst),
    anodeStart: Int32Array.from(anodeStart),
    anodeShare: Float64Array.from(anodeShare),
  }
}

function zones(feeders_m: readonly number[], nodes: number, step_m: number): Int32Array {
  const zoneStart = new Int32Array(feeders_m.length + 1)
  for (let i = 1; i < feeders_m.length; i++) {
    const border = (feeders_m[i - 1]! + feeders_m[i]!) / 2 / step_m
    zoneStart[i] = Math.min(Math.max(Math.ceil(border - 0.5), 0), nodes)
  }
  zoneStart[feeders_m.length] = nodes
  return zoneStart
}

/** Bytes of the tables in the form that the compiled kernel reads. */
export function channelTableBytes(layout: ChannelLayout): number {
  return 32 + 24 * layout.feeders + 8 * layout.anodes + 8 * layout.anodeShare.length
}

/**
 * Writes the tables for the compiled kernel at a multiple of 8: counts, feeders, anodes, shares.
 */
export function writeChannelTable(
  layout: ChannelLayout,
  memory: ArrayBufferLike,
  address: number,
): void {
  const words = new Int32Array(memory, address, channelTableBytes(layout) / 4)
  const numbers = new Float64Array(memory, address, channelTableBytes(layout) / 8)
  words.set([layout.nodes, layout.feeders, layout.anodes, layout.anodeShare.length, 0, 0, 0, 0])
  let place = 8
  for (let i = 0; i < layout.feeders; i++) {
    words[place] = layout.feederNode[i]!
    words[place + 1] = 0
    numbers[place / 2 + 1] = layout.feederShare[2 * i]!
    numbers[place / 2 + 2] = layout.feederShare[2 * i + 1]!
    place += 6
  }
  for (let i = 0; i < layout.anodes; i++) {
    words[place] = layout.anodeFirst[i]!
    words[place + 1] = layout.anodeStart[i + 1]! - layout.anodeStart[i]!
    place += 2
  }
  numbers.set(layout.anodeShare, place / 2)
}
