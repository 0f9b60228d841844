/**
 * What a room hides: ventilation, people, heat and the outdoors, each a random walk. Two extended
 * Kalman filters run side by side, one for the empty room and one for the occupied (an interacting
 * pair, Blom and Bar-Shalom 1988); how well each foretells the readings, and motion and light where
 * they are measured, weigh them.
 */
import {
  capVariance,
  correctByReading,
  propagateCovariance,
  resetState,
} from '../kernels/kalman.ts'
import { airInput } from './layout.ts'
import type { AirParameters } from './parameters.ts'
import { advanceRoom, createRoomWork, INPUTS, initialiseRoom, OUTPUTS, STATES } from './room.ts'
import { PRESENCE_TUNING, READING_STD, ROOM_ROWS, ROOM_TUNING, roomRow } from './tuning.ts'

/** Places of the readings of one step; NaN where there is none. */
export const roomReading = {
  co2_1: 0,
  air_K: 1,
  humidity_1: 2,
  particles_kg_m3: 3,
  outdoor_K: 4,
  /** Above 0 when something moved. */
  motion: 5,
  light_lx: 6,
} as const
export const ROOM_READINGS = 7

/** The readings that the filter foretells, as rows of its state, in the order of roomReading. */
const CHANNELS = [
  { row: roomRow.co2_1, std: READING_STD.co2_1 },
  { row: roomRow.air_K, std: READING_STD.air_K },
  { row: roomRow.humidity_1, std: READING_STD.humidity_1 },
  { row: roomRow.particles_kg_m3, std: READING_STD.particles_kg_m3 },
  { row: roomRow.outdoor_K, std: READING_STD.outdoor_K },
] as const
export const ROOM_CHANNELS = CHANNELS.length

/** A reading further off than this many sigmas counts as if its noise were larger. */
const HUBER_SIGMA = 3
/** Beyond this gap only the walls of the room are remembered well; the step is no longer. */
const GAP_MAX_S = 24 * 3600
const PROBABILITY_MIN = 1e-6

const SIZE = ROOM_ROWS
const FILTER = SIZE + SIZE * SIZE // mean, covariance
const EMPTY = 0
const OCCUPIED = 1
/** Memory of a room: two filters, probability of presence, started. */
const ROOM_MEMORY = 2 * FILTER + 2

/** Estimates and one-step forecasts of one room, reused by each step. */
export interface RoomEstimate {
  readonly mean: Float64Array // [roomRow]
  readonly std: Float64Array // [roomRow]
  /** Probability that somebody is there. */
  presence_1: number
  /** Foretold before the reading was used. */
  readonly expected: Float64Array // [channel]
  readonly expectedStd: Float64Array // [channel]
}

/** Estimator of many rooms; all of its memory is `memory`. */
export interface RoomEstimator {
  readonly memory: Float64Array // [room][filters, presence, started]
  readonly estimate: RoomEstimate
  /** Foretells the room dt_s ahead, then learns from `reading` [roomReading]. */
  step(cell: number, dt_s: number, reading: Float64Array): RoomEstimate
}

interface Filter {
  readonly x: Float64Array // [row]
  readonly P: Float64Array // [row][row]
}

/** Builds the estimator; nothing is allocated after this. */
export function roomEstimator(parameters: AirParameters): RoomEstimator {
  const memory = new Float64Array(ROOM_MEMORY * parameters.cellCount)
  const rooms = Array.from({ length: parameters.cellCount }, (_, cell) => roomIn(memory, cell))
  const work = createWork()
  const { estimate } = work
  return {
    memory,
    estimate,
    step(cell, dt_s, reading) {
      const room = rooms[cell]!
      if (room.tail[1] === 0) start(parameters, cell, room, reading, work)
      const step_s = Math.min(Math.max(dt_s, 0), GAP_MAX_S)
      mix(room, step_s, work)
      for (let mode = 0; mode < 2; mode++) {
        predict(parameters, cell, room.filters[mode]!, step_s, work)
      }
      foretell(room, work)
      const evidence = work.evidence
      evidence.fill(0)
      for (let mode = 0; mode < 2; mode++) {
        evidence[mode] = learn(room.filters[mode]!, reading, work)
      }
      presenceEvidence(reading, step_s, evidence)
      weigh(room, evidence)
      summarise(room, work)
      return estimate
    },
  }
}

interface Room {
  readonly filters: readonly [Filter, Filter]
  readonly tail: Float64Array // [presence, started]
}

function roomIn(memory: Float64Array, cell: number): Room {
  const from = cell * ROOM_MEMORY
  const filterAt = (at: number): Filter => ({
    x: memory.subarray(at, at + SIZE),
    P: memory.subarray(at + SIZE, at + FILTER),
  })
  return {
    filters: [filterAt(from), filterAt(from + FILTER)],
    tail: memory.subarray(from + 2 * FILTER, from + ROOM_MEMORY),
  }
}

function createWork() {
  const filter = (): Filter => ({
    x: new Float64Array(SIZE),
    P: new Float64Array(SIZE * SIZE),
  })
  const estimate: RoomEstimate = {
    mean: new Float64Array(SIZE),
    std: new Float64Array(SIZE),
    presence_1: 0,
    expected: new Float64Array(ROOM_CHANNELS),
    expectedStd: new Float64Array(ROOM_CHANNELS),
  }
  return {
    estimate,
    mixed: [filter(), filter()] as const,
    gone: filter(),
    came: filter(),
    state: new Float64Array(STATES),
    input: new Float64Array(INPUTS),
    output: new Float64Array(OUTPUTS),
    room: createRoomWork(),
    base: new Float64Array(SIZE),
    moved: new Float64Array(SIZE),
    jacobian: new Float64Array(SIZE * SIZE),
    noise: new Float64Array(SIZE),
    matrix: new Float64Array(SIZE * SIZE),
    gain: new Float64Array(SIZE),
    nominal: new Float64Array(SIZE),
    evidence: new Float64Array(2),
  }
}
type Work = ReturnType<typeof createWork>

/** What is believed of the room when nothing is measured. */
function fillNominal(parameters: AirParameters, cell: number, { state, nominal }: Work): void {
  initialiseRoom(parameters, cell, state)
  for (let i = 0; i < STATES; i++) nominal[i] = state[i]!
  nominal[roomRow.outdoorCo2_1] = parameters.nominalOutdoorCo2_1[cell]!
  nominal[roomRow.logAirChange] = Math.log(parameters.nominalAirChange_per_s[cell]!)
  nominal[roomRow.occupants_1] = 0
  nominal[roomRow.heat_W] = 0
  nominal[roomRow.outdoorHumidity_1] = parameters.nominalOutdoorHumidity_1[cell]!
  nominal[roomRow.outdoorParticles_kg_m3] = parameters.nominalOutdoorParticles_kg_m3[cell]!
  nominal[roomRow.outdoor_K] = parameters.nominalOutdoor_K[cell]!
}

function start(
  parameters: AirParameters,
  cell: number,
  room: Room,
  reading: Float64Array,
  work: Work,
): void {
  fillNominal(parameters, cell, work)
  CHANNELS.forEach(({ row }, channel) => {
    if (Number.isFinite(reading[channel]!)) work.nominal[row] = reading[channel]!
  })
  work.nominal[roomRow.structure_K] = work.nominal[roomRow.air_K]!
  for (const { x, P } of room.filters) {
    P.fill(0)
    for (let i = 0; i < SIZE; i++) {
      x[i] = work.nominal[i]!
      P[i * SIZE + i] = ROOM_TUNING[i]!.start * ROOM_TUNING[i]!.start
    }
  }
  enter(room.filters[OCCUPIED])
  leave(room.filters[EMPTY])
  room.tail[0] = PRESENCE_TUNING.start_1
  room.tail[1] = 1
}

function enter({ x, P }: Filter): void {
  const { entry_1, entryStd_1 } = PRESENCE_TUNING
  resetState(x, P, SIZE, roomRow.occupants_1, entry_1, entryStd_1 * entryStd_1)
}

function leave({ x, P }: Filter): void {
  resetState(x, P, SIZE, roomRow.occupants_1, 0, 0)
}

function copy(to: Filter, from: Filter): void {
  to.x.set(from.x)
  to.P.set(from.P)
}

/** People may have come or gone since the last step: each filter takes its share of the other. */
function mix(room: Room, dt_s: number, work: Work): void {
  const [empty, occupied] = room.filters
  const { gone, came, mixed } = work
  const presence = room.tail[0]!
  const comes = (1 - presence) * (1 - Math.exp(-dt_s / PRESENCE_TUNING.emptyFor_s))
  const goes = presence * (1 - Math.exp(-dt_s / PRESENCE_TUNING.occupiedFor_s))
  const next = presence + comes - goes
  copy(gone, occupied)
  leave(gone)
  copy(came, empty)
  enter(came)
  blend(mixed[EMPTY], empty, gone, goes / (1 - next))
  blend(mixed[OCCUPIED], occupied, came, comes / next)
  copy(empty, mixed[EMPTY])
  copy(occupied, mixed[OCCUPIED])
  room.tail[0] = next
}

/** Moments of a mixture: `share` of `other`, the rest of `own`. */
function blend(to: Filter, own: Filter, other: Filter, share: number): void {
  for (let i = 0; i < SIZE; i++) {
    const apart = other.x[i]! - own.x[i]!
    to.x[i] = own.x[i]! + share * apart
    for (let j = 0; j < SIZE; j++) {
      const at = i * SIZE + j
      const spread = share * (1 - share) * apart * (other.x[j]! - own.x[j]!)
      to.P[at] = own.P[at]! + share * (other.P[at]! - own.P[at]!) + spread
    }
  }
}

/** The filter's rows dt_s later, through the model of the room. */
function move(
  parameters: AirParameters,
  cell: number,
  from: Float64Array,
  dt_s: number,
  to: Float64Array,
  work: Work,
): void {
  const { state, input, output, nominal } = work
  for (let i = 0; i < STATES; i++) state[i] = from[i]!
  const change_per_s = Math.exp(from[roomRow.logAirChange]!)
  input[airInput.ventilation_m3_s] = parameters.volume_m3[cell]! * change_per_s
  input[airInput.occupants_1] = from[roomRow.occupants_1]!
  input[airInput.heat_W] = from[roomRow.heat_W]!
  input[airInput.outdoorCo2_1] = from[roomRow.outdoorCo2_1]!
  input[airInput.outdoorHumidity_1] = from[roomRow.outdoorHumidity_1]!
  input[airInput.outdoorParticles_kg_m3] = from[roomRow.outdoorParticles_kg_m3]!
  input[airInput.outdoor_K] = from[roomRow.outdoor_K]!
  advanceRoom(parameters, cell, state, input, dt_s, output, work.room)
  for (let i = 0; i < SIZE; i++) {
    const { pull_s } = ROOM_TUNING[i]!
    if (i < STATES) to[i] = state[i]!
    else if (pull_s === 0) to[i] = from[i]!
    else to[i] = nominal[i]! + (from[i]! - nominal[i]!) * Math.exp(-dt_s / pull_s)
  }
}

/** Mean through the model, covariance through its derivative by differences. */
function predict(
  parameters: AirParameters,
  cell: number,
  { x, P }: Filter,
  dt_s: number,
  work: Work,
): void {
  const { base, moved, jacobian, noise, matrix } = work
  fillNominal(parameters, cell, work)
  move(parameters, cell, x, dt_s, base, work)
  const present = P[roomRow.occupants_1 * SIZE + roomRow.occupants_1]! > 0
  for (let j = 0; j < SIZE; j++) {
    const tuning = ROOM_TUNING[j]!
    const step = 1e-3 * tuning.start
    const kept = x[j]!
    x[j] = kept + step
    move(parameters, cell, x, dt_s, moved, work)
    x[j] = kept
    for (let i = 0; i < SIZE; i++) jacobian[i * SIZE + j] = (moved[i]! - base[i]!) / step
    noise[j] = (tuning.walk_perRoot_h * tuning.walk_perRoot_h * dt_s) / 3600
  }
  if (!present) noise[roomRow.occupants_1] = 0
  propagateCovariance(P, jacobian, noise, SIZE, matrix)
  x.set(base)
  for (let i = 0; i < SIZE; i++)
    capVariance(P, SIZE, i, ROOM_TUNING[i]!.most * ROOM_TUNING[i]!.most)
}

/** Mean and band of each reading to come, over both filters. */
function foretell({ filters, tail }: Room, { estimate }: Work): void {
  const presence = tail[0]!
  const [empty, occupied] = filters
  for (let channel = 0; channel < ROOM_CHANNELS; channel++) {
    const { row, std } = CHANNELS[channel]!
    const at = row * SIZE + row
    const apart = occupied.x[row]! - empty.x[row]!
    const variance = (1 - presence) * empty.P[at]! + presence * occupied.P[at]!
    estimate.expected[channel] = empty.x[row]! + presence * apart
    estimate.expectedStd[channel] = Math.sqrt(
      variance + presence * (1 - presence) * apart * apart + std * std,
    )
  }
}

/** Corrects one filter by the readings; gives the logarithm of their likelihood. */
function learn({ x, P }: Filter, reading: Float64Array, { gain }: Work): number {
  let logLikelihood = 0
  for (let channel = 0; channel < ROOM_CHANNELS; channel++) {
    const value = reading[channel]!
    if (!Number.isFinite(value)) continue
    const { row, std } = CHANNELS[channel]!
    const innovation = value - x[row]!
    const spread = P[row * SIZE + row]! + std * std
    const wild = (innovation * innovation) / (HUBER_SIGMA * HUBER_SIGMA) - spread
    const variance = spread + Math.max(0, wild)
    logLikelihood -= 0.5 * (Math.log(variance) + (innovation * innovation) / variance)
    correctByReading(x, P, SIZE, row, innovation, variance - P[row * SIZE + row]!, gain)
  }
  const least = PRESENCE_TUNING.fewest_1
  const people = x[roomRow.occupants_1]!
  const present = P[roomRow.occupants_1 * SIZE + roomRow.occupants_1]! > 0
  if (present && people < least) x[roomRow.occupants_1] = least
  return logLikelihood
}

/** Motion and light speak for presence, the less the more they only repeat themselves. */
function presenceEvidence(reading: Float64Array, dt_s: number, evidence: Float64Array): void {
  const tuning = PRESENCE_TUNING
  const motion = reading[roomReading.motion]!
  if (Number.isFinite(motion)) {
    const weight = dt_s / (dt_s + tuning.motionMemory_s)
    const seen = motion > 0
    const { motionOccupied_1: occupied, motionEmpty_1: empty } = tuning
    evidence[OCCUPIED]! += weight * Math.log(seen ? occupied : 1 - occupied)
    evidence[EMPTY]! += weight * Math.log(seen ? empty : 1 - empty)
  }
  const light_lx = reading[roomReading.light_lx]!
  if (Number.isFinite(light_lx)) {
    const weight = dt_s / (dt_s + tuning.lightMemory_s)
    const lit = light_lx >= tuning.lit_lx
    const { litOccupied_1: occupied, litEmpty_1: empty } = tuning
    evidence[OCCUPIED]! += weight * Math.log(lit ? occupied : 1 - occupied)
    evidence[EMPTY]! += weight * Math.log(lit ? empty : 1 - empty)
  }
}

function weigh({ tail }: Room, evidence: Float64Array): void {
  const presence = tail[0]!
  const odds = (presence / (1 - presence)) * Math.exp(evidence[OCCUPIED]! - evidence[EMPTY]!)
  const next = odds === Number.POSITIVE_INFINITY ? 1 : odds / (1 + odds)
  tail[0] = Math.min(1 - PROBABILITY_MIN, Math.max(PROBABILITY_MIN, next))
}

function summarise({ filters, tail }: Room, { estimate }: Work): void {
  const [empty, occupied] = filters
  const presence = tail[0]!
  estimate.presence_1 = presence
  for (let i = 0; i < SIZE; i++) {
    const at = i * SIZE + i
    const apart = occupied.x[i]! - empty.x[i]!
    const variance = (1 - presence) * empty.P[at]! + presence * occupied.P[at]!
    estimate.mean[i] = empty.x[i]! + presence * apart
    estimate.std[i] = Math.sqrt(Math.max(0, variance + presence * (1 - presence) * apart * apart))
  }
  const spread = PRESENCE_TUNING.countSpread_1 * estimate.mean[roomRow.occupants_1]!
  const std = estimate.std[roomRow.occupants_1]!
  estimate.std[roomRow.occupants_1] = Math.sqrt(std * std + spread * spread)
}
