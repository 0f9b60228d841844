import { inputPlace, LANES } from '#twin-models/potline/cell/layout.ts'
import { type FrameEvent, type LineDefinition, type LineFrame, Quality } from '../../flow.ts'
import {
  anodeTagNames,
  isAnodeCurrent,
  isFeedShot,
  isShellTemperature,
  potlineTag,
} from '../../lines/potline.ts'
import { disturbAnodes, feederShare, freshAnode } from './feeders.ts'
import { filterRow, loosenBias } from './filter.ts'
import {
  addInput,
  clearInputs,
  extraHeat_W,
  line,
  own,
  type PotlineState,
  putState,
  shiftAcd,
  stateOf,
} from './state.ts'

const EventKind = { none: 0, feed: 1, alf3: 2, anodeChange: 3, tap: 4, quench: 5 } as const

/** Where the tags of a line are, resolved once. */
export interface TagPlaces {
  readonly voltageTag: number
  readonly currentTag: number
  readonly beamTag: number
  readonly event: Uint8Array // [tag], EventKind
  readonly feeder: Int16Array // [tag], from 0; -1 where it is none
  readonly anodeTags: Int16Array // [anode]; empty where none are measured
  readonly shellTags: Int16Array // [place], in order; see isShellTemperature
}

/** Finds the tags; one that the line lacks has place -1. */
export function tagPlaces(definition: LineDefinition): TagPlaces {
  const place = (tag: string) => definition.tags.findIndex(t => t.tag === tag)
  const event = Uint8Array.from(definition.tags, ({ tag }) => {
    if (isFeedShot(tag)) return EventKind.feed
    if (tag === potlineTag.alf3Shot) return EventKind.alf3
    if (tag === potlineTag.anodeChange) return EventKind.anodeChange
    if (tag === potlineTag.tap) return EventKind.tap
    if (tag === potlineTag.quench) return EventKind.quench
    return EventKind.none
  })
  return {
    voltageTag: place(potlineTag.voltage),
    currentTag: place(potlineTag.current),
    beamTag: place(potlineTag.beam),
    event,
    feeder: feederOf(definition),
    anodeTags: Int16Array.from(
      anodeTagNames(definition.tags.filter(t => isAnodeCurrent(t.tag)).length),
      place,
    ),
    shellTags: Int16Array.from(
      definition.tags.filter(t => isShellTemperature(t.tag)).map(t => place(t.tag)),
    ),
  }
}

/** Feeders count in the order of their tags. */
function feederOf(definition: LineDefinition): Int16Array {
  let next = 0
  return Int16Array.from(definition.tags, ({ tag }) => (isFeedShot(tag) ? next++ : -1))
}

/** Value of a series in the frame, or NaN when it must not be used. */
export function usable(frame: LineFrame, tag: number, cell: number, cells: number): number {
  if (tag < 0) return Number.NaN
  const at = tag * cells + cell
  return frame.quality[at]! < Quality.bad ? frame.values[at]! : Number.NaN
}

/** The same, but NaN for a value that is only held from an earlier tick. */
export function freshValue(frame: LineFrame, tag: number, cell: number, state: FreshScope): number {
  const value = usable(frame, tag, cell, state.cells)
  return frame.age_ms[tag * state.cells + cell]! > state.tick_ms ? Number.NaN : value
}

interface FreshScope {
  readonly cells: number
  readonly tick_ms: number
}

const CURRENT_MEMORY_S = 60
const CURRENT_MAX_A = 1e6
// A current change beyond this share hides what the voltage says of the bath.
const CURRENT_JUMP_SHARE = 0.02

/** Takes the line current, or holds the last one. */
export function readCurrent(
  state: PotlineState,
  places: TagPlaces,
  frame: LineFrame,
  dt_s: number,
) {
  const current_A = usable(frame, places.currentTag, 0, state.cells)
  if (current_A >= 0 && current_A < CURRENT_MAX_A) {
    state.line[line.current_A] = current_A
    state.line[line.currentAge_s] = 0
  } else {
    state.line[line.currentAge_s] = Math.min(state.line[line.currentAge_s]! + dt_s, 1e6)
  }
}

const BEAM_MEMORY_S = 120
const BEAM_STEP_MAX_M = 0.003
/** Travel within two minutes after which one more move the same way means tapping. */
const TAP_TRAVEL_M = 0.0007
const TAP_HOLD_S = 300
const TAP_EVENT_S = 600
const MOVE_MASK_S = 12
const MOVE_DOUBT = 0.25
const ANODE_MASK_S = 1200
const ANODE_RESTLESS_S = 8 * 3600
const QUENCH_MASK_S = 60
const FEED_MEMORY_S = 6 * 3600
const ALF3_MEMORY_S = 24 * 3600
const ALF3_WARM_S = 2 * 3600
/** Doubt about the resistance after tapping and after an anode change. */
export const AFTER_TAP_UOHM = 0.12
const AFTER_ANODE_UOHM = 0.15

const decay = (value: number, dt_s: number) => Math.max(0, value - dt_s)

/** Turns the frame's events and beam positions into the model's inputs and the event masks. */
export function readCells(state: PotlineState, places: TagPlaces, frame: LineFrame, dt_s: number) {
  const { cells } = state
  const current_A = state.line[line.current_A]!
  for (let cell = 0; cell < cells; cell++) {
    clearInputs(state, cell)
    ageMasks(state, cell, dt_s)
    readJump(state, cell, current_A, dt_s)
    readBeam(state, cell, usable(frame, places.beamTag, cell, cells), dt_s)
  }
  for (const event of frame.events) {
    if (event.cell < 0 || event.cell >= cells || !Number.isFinite(event.value)) continue
    takeEvent(state, places, event, dt_s)
  }
  const elapsed_s = state.line[line.ticks]! * dt_s
  for (let cell = 0; cell < cells; cell++) settleFeeds(state, cell, elapsed_s, dt_s)
}

function ageMasks(state: PotlineState, cell: number, dt_s: number): void {
  const { cells } = state
  const at = (row: number) => row * cells + cell
  const tapping = state.own[at(own.tapping_s)]!
  state.own[at(own.mask_s)] = decay(state.own[at(own.mask_s)]!, dt_s)
  state.own[at(own.restless_s)] = decay(state.own[at(own.restless_s)]!, dt_s)
  state.own[at(own.tapping_s)] = decay(tapping, dt_s)
  state.own[at(own.beamTravel_m)]! *= 1 - dt_s / BEAM_MEMORY_S
  if (tapping > 0 && tapping <= dt_s) {
    loosenBias(state.filter, cells, cell, AFTER_TAP_UOHM)
    state.own[at(own.beamTravel_m)] = 0
    state.own[at(own.slopeAge_s)] = 0
  }
}

function readJump(state: PotlineState, cell: number, current_A: number, dt_s: number): void {
  const at = own.lineFast_A * state.cells + cell
  const before_A = state.own[at]!
  if (Math.abs(current_A - before_A) > CURRENT_JUMP_SHARE * before_A) mask(state, cell, 10)
  state.own[at] = before_A + (dt_s / CURRENT_MEMORY_S) * (current_A - before_A)
}

/** Hides the voltage of a cell for at least so long. */
export function mask(state: PotlineState, cell: number, time_s: number): void {
  const at = own.mask_s * state.cells + cell
  state.own[at] = Math.max(state.own[at]!, time_s)
}

function readBeam(state: PotlineState, cell: number, beam_m: number, dt_s: number): void {
  if (!Number.isFinite(beam_m)) return
  const { cells } = state
  const at = (row: number) => row * cells + cell
  const before_m = state.own[at(own.beam_m)]!
  state.own[at(own.beam_m)] = beam_m
  const move_m = beam_m - before_m
  if (Number.isNaN(before_m) || move_m === 0) return
  const travelled_m = state.own[at(own.beamTravel_m)]!
  state.own[at(own.beamTravel_m)] = travelled_m + move_m
  const follows = Math.abs(travelled_m) > TAP_TRAVEL_M && travelled_m * move_m > 0
  mask(state, cell, MOVE_MASK_S)
  if (state.own[at(own.tapping_s)]! > 0) {
    state.own[at(own.tapping_s)] = Math.max(state.own[at(own.tapping_s)]!, TAP_HOLD_S)
    return
  }
  if (follows || Math.abs(move_m) > BEAM_STEP_MAX_M) {
    // Up to here the moves were taken for changes of the distance; they followed the metal.
    shiftAcd(state, cell, -travelled_m)
    state.own[at(own.tapping_s)] = TAP_HOLD_S
    return
  }
  addInput(state, cell, 'beam_m_s', move_m / dt_s)
  const step_uOhm = 1e6 * move_m * state.own[at(own.gapSlope_Ohm_m)]!
  loosenBias(state.filter, cells, cell, MOVE_DOUBT * step_uOhm)
  // The slope of the resistance is that of the bath: take the known step out of its filters.
  state.own[at(own.resistance_uOhm)]! += step_uOhm
  state.own[at(own.resistanceSlow_uOhm)]! += step_uOhm
  state.own[at(own.resistanceSlower_uOhm)]! += step_uOhm
}

function takeEvent(
  state: PotlineState,
  places: TagPlaces,
  { tagIndex, cell, value }: FrameEvent,
  dt_s: number,
): void {
  const kind = places.event[tagIndex]!
  const at = (row: number) => row * state.cells + cell
  if (kind === EventKind.feed) {
    const { feeders } = state.bank.layout.sizes
    state.commanded_kg_s[cell]! += value / dt_s
    state.shot_kg_s[cell * feeders + places.feeder[tagIndex]!]! += value / dt_s
  } else if (kind === EventKind.alf3) addInput(state, cell, 'alf3Feed_kg_s', value / dt_s)
  else if (kind === EventKind.quench) {
    addInput(state, cell, 'quench', 1)
    mask(state, cell, QUENCH_MASK_S)
    disturbAnodes(state.feeders, cell)
  } else if (kind === EventKind.anodeChange) takeAnodeChange(state, cell, value)
  else if (kind === EventKind.tap) {
    // Mass leaves at once; the distance is the business of beam and bias.
    putState(state, cell, 'metal_kg', Math.max(5000, stateOf(state, cell, 'metal_kg') - value))
    if (value > 100) {
      state.own[at(own.tapping_s)] = Math.max(state.own[at(own.tapping_s)]!, TAP_EVENT_S)
    }
  }
}

function takeAnodeChange(state: PotlineState, cell: number, number: number): void {
  const { anodes } = state.bank.layout.sizes
  mask(state, cell, ANODE_MASK_S)
  state.own[own.restless_s * state.cells + cell] = ANODE_RESTLESS_S
  loosenBias(state.filter, state.cells, cell, AFTER_ANODE_UOHM)
  if (!(Number.isInteger(number) && number >= 1 && number <= anodes)) return
  const { bank } = state
  bank.input[bank.inputAt(cell, inputPlace.anodeChange)] = number
  freshAnode(state.feeders, cell, number - 1)
}

/** Averages the commanded feeds, and gives the model what is thought to arrive. */
function settleFeeds(state: PotlineState, cell: number, elapsed_s: number, dt_s: number): void {
  const { cells, bank } = state
  const at = (row: number) => row * cells + cell
  const commanded_kg_s = state.commanded_kg_s[cell]!
  const average = at(own.feed_kg_s)
  const before = state.own[average]!
  const share = dt_s / Math.min(FEED_MEMORY_S, elapsed_s + dt_s)
  state.own[average] = Number.isNaN(before)
    ? commanded_kg_s
    : before + share * (commanded_kg_s - before)
  const efficiency = state.filter[at(filterRow.feedEfficiency)]!
  const { first, count } = bank.layout.input.feed_kg_s
  const feedAt = bank.inputAt(cell, first)
  for (let j = 0; j < count; j++) {
    bank.input[feedAt + LANES * j] =
      state.shot_kg_s[cell * count + j]! * efficiency * feederShare(state.feeders, cell, j)
  }

  // The cell uses up AlF3 as fast as the plant has learned to add it.
  const alf3 = bank.inputAt(cell, inputPlace.alf3Feed_kg_s)
  const use = at(own.alf3Feed_kg_s)
  const dose_kg_s = bank.input[alf3]!
  bank.input[alf3] = elapsed_s > ALF3_WARM_S ? dose_kg_s - state.own[use]! : 0
  const gain = dt_s / Math.min(ALF3_MEMORY_S, elapsed_s + dt_s)
  state.own[use]! += gain * (dose_kg_s - state.own[use]!)
  addInput(state, cell, 'heat_W', extraHeat_W(state, cell))
}
