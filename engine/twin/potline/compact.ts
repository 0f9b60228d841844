/**
 * The state as it is stored: what is known to seven digits at best is kept as Float32. The running
 * state is rounded the same way after every tick, so that a restored twin goes on with equal bits.
 */
import { LANES, type Places, placeOf } from '#twin-models/potline/cell/layout.ts'
import { setParameter } from '#twin-models/potline/cell/parameters.ts'
import type { StateArray } from '../snapshot.ts'
import { refreshBath } from './bath-state.ts'
import { type PotlineState, setTransfer } from './state.ts'

/** State vectors per node or anode that change fast or matter little: rounding does not add up. */
const ROUNDED = [
  'dissolvedA_kg',
  'dissolvedB_kg',
  'undissolvedA_kg',
  'undissolvedB_kg',
  'age_s',
  'deficit_J',
  'anode_A',
] as const

/** Packs and unpacks all memory of a twin. */
export interface CompactMemory {
  /** Arrays of a snapshot, in their fixed order. */
  readonly arrays: readonly StateArray[]
  /** Rounds the running state to what is stored. */
  round(): void
  /** Fills the arrays from the running state. */
  pack(): readonly StateArray[]
  /** Fills the running state from the arrays. */
  unpack(): void
}

/** The stored form of a state. */
export function compactMemory(state: PotlineState): CompactMemory {
  const { bank, cells, feeders } = state
  const count = bank.layout.states.length
  const rounded = ROUNDED.map(key => bank.layout.state[key])
  const isRounded = new Uint8Array(count)
  for (const { first, count: run } of rounded) isRounded.fill(1, first, first + run)
  const all = Int32Array.from({ length: count }, (_, field) => field)
  const exact = all.filter(field => isRounded[field] === 0)
  const single = all.filter(field => isRounded[field] === 1)
  const exactValues = new Float64Array(exact.length * cells) // [cell][field]
  const singleValues = new Float32Array(single.length * cells) // [cell][field]
  const arrays = [
    state.filter,
    state.own,
    state.line,
    state.onset_share,
    state.usualSuperheat_K,
    feeders.share_1,
    feeders.rows,
    state.ring.times_s,
    exactValues,
    singleValues,
    feeders.covariance,
    feeders.baseline,
    feeders.followed_s,
    state.ring.values,
  ]
  return {
    arrays,
    round() {
      for (let cell = 0; cell < cells; cell++) {
        for (const places of rounded) roundVector(bank.state, count, cell, places)
        refreshBath(state, cell)
      }
    },
    pack() {
      for (let cell = 0; cell < cells; cell++) {
        const start = placeOf(count, cell, 0)
        copyOut(bank.state, start, exact, exactValues, cell)
        copyOut(bank.state, start, single, singleValues, cell)
      }
      return arrays
    },
    unpack() {
      for (let cell = 0; cell < cells; cell++) {
        const start = placeOf(count, cell, 0)
        copyIn(exactValues, cell, exact, bank.state, start)
        copyIn(singleValues, cell, single, bank.state, start)
        setParameter(bank.parameters, cell, 'anodeEffectAlumina_share', state.onset_share[cell]!)
        setTransfer(state, cell)
        refreshBath(state, cell)
      }
      bank.replan()
    },
  }
}

function copyOut(
  values: Float64Array,
  start: number,
  fields: Int32Array,
  into: Float64Array | Float32Array,
  cell: number,
): void {
  const first = cell * fields.length
  for (let i = 0; i < fields.length; i++) into[first + i] = values[start + LANES * fields[i]!]!
}

function copyIn(
  from: Float64Array | Float32Array,
  cell: number,
  fields: Int32Array,
  values: Float64Array,
  start: number,
): void {
  const first = cell * fields.length
  for (let i = 0; i < fields.length; i++) values[start + LANES * fields[i]!] = from[first + i]!
}

function roundVector(values: Float64Array, fields: number, cell: number, places: Places): void {
  const start = placeOf(fields, cell, places.first)
  const end = start + LANES * places.count
  for (let i = start; i < end; i += LANES) values[i] = Math.fround(values[i]!)
}
