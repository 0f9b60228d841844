/** What lies behind the estimates of a cell, for pictures. */
import { LANES, type Places } from '#twin-models/potline/cell/layout.ts'
import type { LineFrame, Profile, Quantity } from '../../flow.ts'
import { type TagPlaces, usable } from './inputs.ts'
import { delivery } from './naming.ts'
import { ledges_m } from './outputs.ts'
import { line, type PotlineState } from './state.ts'

/** Keeps the last measured gauges, and draws the profiles of a cell. */
export interface Profiles {
  /** Takes over what the gauges of all cells show. */
  read(frame: LineFrame): void
  of(cell: number): readonly Profile[]
}

type Display = Quantity['display']
const plain = (unit: string, digits: number): Display => ({ unit, scale: 1, offset: 0, digits })
const SIDES = ['side A', 'side B'] as const
const LEVELS = ['bath level', 'metal level'] as const

/** The profiles of a line. */
export function createProfiles(state: PotlineState, places: TagPlaces): Profiles {
  const { cells } = state
  const anodes = places.anodeTags.length
  const shells = places.shellTags.length
  // As last read; not part of the state, for a picture lives from one scan to the next.
  const anode_A = new Float64Array(cells * anodes).fill(Number.NaN) // [cell][anode]
  const shell_K = new Float64Array(cells * shells).fill(Number.NaN) // [cell][place]
  const take = (frame: LineFrame, tags: Int16Array, into: Float64Array) => {
    for (let i = 0; i < tags.length; i++) {
      for (let cell = 0; cell < cells; cell++) {
        into[cell * tags.length + i] = usable(frame, tags[i]!, cell, cells)
      }
    }
  }
  return {
    read(frame) {
      take(frame, places.anodeTags, anode_A)
      take(frame, places.shellTags, shell_K)
    },
    of(cell) {
      if (cell < 0 || cell >= cells || state.line[line.ticks] === 0) return []
      const measured = anode_A.slice(cell * anodes, (cell + 1) * anodes)
      const profiles = [alumina(state, cell), currents(state, cell, measured)]
      if (anodes === state.feeders.anodes && state.feeders.modes > 0) {
        profiles.push(deliveries(state, cell))
      }
      profiles.push(ledge(state, cell))
      profiles.push(shell(state, cell, shell_K.slice(cell * shells, (cell + 1) * shells)))
      return profiles
    },
  }
}

function vector(state: PotlineState, cell: number, { first, count }: Places): Float64Array {
  const { bank } = state
  const start = bank.stateAt(cell, first)
  return Float64Array.from({ length: count }, (_, i) => bank.state[start + LANES * i]!)
}

function alumina(state: PotlineState, cell: number): Profile {
  const { bank } = state
  const { dissolvedA_kg, dissolvedB_kg } = bank.layout.state
  const nodes = dissolvedA_kg.count
  const length_m = bank.parameters.geometry.channelLength_m
  const perShare = (2 * nodes) / state.bath_kg[cell]!
  const values = new Float64Array(2 * nodes)
  values.set(vector(state, cell, dissolvedA_kg))
  values.set(vector(state, cell, dissolvedB_kg), nodes)
  return {
    ...{ name: 'alumina_profile', unit: '1', text: 'alumina along the cell', low: 0, high: 0.1 },
    display: { unit: 'wt%', scale: 100, offset: 0, digits: 2 },
    axis: {
      ...{ text: 'along the cell', unit: 'm' },
      positions: Float64Array.from({ length: nodes }, (_, i) => ((i + 0.5) * length_m) / nodes),
    },
    rows: SIDES,
    values: values.map(kg => kg * perShare),
  }
}

function currents(state: PotlineState, cell: number, measured_A: Float64Array): Profile {
  const { bank, feeders } = state
  const { anode_A } = bank.layout.state
  const half = anode_A.count / 2
  const values = vector(state, cell, anode_A)
  const known = measured_A.length === anode_A.count
  // What the twin expects the gauges to show, their own errors included.
  const first = cell * feeders.anodes
  return {
    ...{ name: 'anode_current_A', unit: 'A', text: 'anode currents', low: 0, high: 1e5 },
    display: { unit: 'kA', scale: 1e-3, offset: 0, digits: 2 },
    axis: {
      ...{ text: 'anode', unit: '1' },
      positions: Float64Array.from({ length: half }, (_, i) => i + 1),
    },
    rows: SIDES,
    values: values.map((A, i) => (known ? A * (1 + feeders.baseline[first + i]!) : A)),
    ...(known ? { observed: measured_A } : {}),
  }
}

function deliveries(state: PotlineState, cell: number): Profile {
  const count = state.feeders.feeders
  return {
    ...{ name: 'feeder_delivery', unit: '1', text: 'delivered of commanded', low: 0, high: 2 },
    display: { unit: '%', scale: 100, offset: 0, digits: 0 },
    axis: {
      ...{ text: 'feeder', unit: '1' },
      positions: Float64Array.from({ length: count }, (_, j) => j + 1),
      labels: Array.from({ length: count }, (_, j) => `feeder ${j + 1}`),
    },
    rows: ['delivered'],
    values: Float64Array.from({ length: count }, (_, j) => delivery(state, cell, j).share),
  }
}

const levelAxis = () => ({
  ...{ text: 'height', unit: '1' },
  positions: Float64Array.of(1, 2),
  labels: LEVELS,
})

function ledge(state: PotlineState, cell: number): Profile {
  return {
    ...{ name: 'ledge_m', unit: 'm', text: 'ledge thickness', low: 0, high: 0.5 },
    display: { ...plain('cm', 1), scale: 100 },
    axis: levelAxis(),
    rows: ['ledge'],
    values: Float64Array.from(ledges_m(state, cell)),
  }
}

/** Thermocouples 1 and 2 are at bath level, 3 and 4 at metal level. */
function shell(state: PotlineState, cell: number, measured_K: Float64Array): Profile {
  const mean = (a: number, b: number) => {
    const known = [measured_K[a], measured_K[b]].filter(x => Number.isFinite(x)) as number[]
    return known.length === 0 ? Number.NaN : known.reduce((sum, x) => sum + x, 0) / known.length
  }
  const { bathShell_K, metalShell_K } = state.bank.layout.state
  return {
    ...{ name: 'shell_K', unit: 'K', text: 'shell temperature', low: 250, high: 900 },
    display: { ...plain('C', 0), offset: -273.15 },
    axis: levelAxis(),
    rows: ['shell'],
    values: Float64Array.of(
      vector(state, cell, bathShell_K)[0]!,
      vector(state, cell, metalShell_K)[0]!,
    ),
    ...(measured_K.length > 0 ? { observed: Float64Array.of(mean(0, 1), mean(2, 3)) } : {}),
  }
}
