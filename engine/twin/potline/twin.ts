import type { LineDefinition, Twin } from '../../flow.ts'
import { twinFrame } from '../frame.ts'
import { packState, type StateKind, statePieces, unpackState } from '../snapshot.ts'
import { assimilateAnodes } from './anode-currents.ts'
import { clampAlumina, refreshBath } from './bath-state.ts'
import { compactMemory } from './compact.ts'
import { potlineChannels, potlineFields } from './fields.ts'
import { FILTER_ROWS, filterRow, filterTuning, type NoiseBoost, predictFilter } from './filter.ts'
import { createForecasts } from './forecast.ts'
import { freshValue, readCells, readCurrent, tagPlaces, usable } from './inputs.ts'
import { outputOf, writeCell } from './outputs.ts'
import { createProfiles } from './profiles.ts'
import { ageKnowledge, assimilateSamples, sampleCorrections } from './samples.ts'
import {
  acd_m,
  addInput,
  createState,
  followBias,
  line,
  own,
  type PotlineState,
  putState,
  restartCell,
  shiftAcd,
  shiftBias,
  stateOf,
} from './state.ts'
import { assimilateVoltage, youth } from './voltage.ts'

const KIND: StateKind = { name: 'potline', version: 4 }
const RESTLESS_BOOST = 3
// Until alumina has found its place on the curve, feed efficiency must not explain it away.
const YOUNG_FEED = 0.7
const boost: NoiseBoost = { bias: 1, feed: 1 }
const ACD_SHARE_OF_BIAS = 0.5
const BIAS_TO_ACD_S = 12 * 3600

/**
 * Twin of a potline: the full cells of twin-models/potline, all in one call, each corrected by its
 * measured voltage each second, by its anode currents as they are scanned, and by manual samples.
 */
export function potlineTwin(definition: LineDefinition): Twin {
  const cells = definition.cells.length
  const dt_s = definition.tick_ms / 1000
  const places = tagPlaces(definition)
  const corrections = sampleCorrections(definition)
  const state = createState(definition)
  const memory = compactMemory(state)
  memory.round()
  const profiles = createProfiles(state, places)
  const forecasts = createForecasts(state)
  const frame = twinFrame(potlineFields, potlineChannels, cells)

  return {
    fields: potlineFields,
    channels: potlineChannels,
    version: `potline-${KIND.version} cell-${state.bank.parameters.name}`,
    step(input) {
      frame.tick = input.tick
      frame.time_ms = input.time_ms
      readCurrent(state, places, input, dt_s)
      readCells(state, places, input, dt_s)
      assimilateSamples(state, corrections, input)
      advanceModel(state, dt_s)
      for (let cell = 0; cell < cells; cell++) {
        frame.observed[cell] = usable(input, places.voltageTag, cell, cells)
        stepCell(state, cell, freshValue(input, places.voltageTag, cell, state), dt_s)
        assimilateAnodes(state, places, input, cell, dt_s)
        writeCell(state, cell, frame)
      }
      ageKnowledge(state, input.time_ms, dt_s)
      profiles.read(input)
      memory.round()
      state.line[line.ticks]! += 1
      return frame
    },
    forecast: (cell, plan, horizon_s, forecastStep_s) =>
      forecasts.run(cell, plan, horizon_s, forecastStep_s),
    profiles: cell => profiles.of(cell),
    snapshot: () => packState(KIND, memory.pack()),
    pieces: () => statePieces(KIND, memory.pack()),
    restore(bytes) {
      unpackState(KIND, memory.arrays, bytes)
      memory.unpack()
    },
  }
}

/** The measured voltage latches an anode effect, not the model's own onset. */
function advanceModel(state: PotlineState, dt_s: number): void {
  const { cells, own: rows } = state
  for (let cell = 0; cell < cells; cell++) {
    clampAlumina(state, cell)
    const effect = rows[own.anodeEffect * cells + cell]!
    putState(state, cell, 'anodeEffect', effect)
    if (effect === 1) addInput(state, cell, 'heat_W', effectHeat_W(state, cell))
  }
  state.bank.advance(dt_s)
  for (let cell = 0; cell < cells; cell++) {
    refreshBath(state, cell)
    clampAlumina(state, cell)
    holdSuperheat(state, cell, dt_s)
    putState(state, cell, 'anodeEffect', rows[own.anodeEffect * cells + cell]!)
  }
}

/** Cells are not run hotter or colder: how far a wrong heat may take the model without a sample. */
const SUPERHEAT_HIGH_K = 25
const SUPERHEAT_LOW_K = -5
const SUPERHEAT_HOLD_S = 600

function holdSuperheat(state: PotlineState, cell: number, dt_s: number): void {
  const superheat_K = outputOf(state, cell, 'superheat_K')
  const over_K = superheat_K - Math.min(SUPERHEAT_HIGH_K, Math.max(SUPERHEAT_LOW_K, superheat_K))
  if (over_K === 0) return
  const back_K = over_K * Math.min(1, dt_s / SUPERHEAT_HOLD_S)
  putState(state, cell, 'bath_K', stateOf(state, cell, 'bath_K') - back_K)
}

/** The model heats a latched cell by its usual voltage; the measured one is the truth. */
function effectHeat_W(state: PotlineState, cell: number): number {
  const last_V = state.own[own.lastVoltage_V * state.cells + cell]!
  if (!Number.isFinite(last_V)) return 0
  return state.line[line.current_A]! * (last_V - state.fixed.anodeEffect_V)
}

function stepCell(state: PotlineState, cell: number, measured_V: number, dt_s: number): void {
  const { cells } = state
  const gain = feedGain_wtpct(state, cell, dt_s)
  boost.bias = state.own[own.restless_s * cells + cell]! > 0 ? RESTLESS_BOOST : 1
  boost.feed = 1 - YOUNG_FEED * youth(state, cell)
  predictFilter(state.filter, cells, cell, filterTuning, gain, boost, dt_s)
  assimilateVoltage(state, cell, measured_V, dt_s)
  if (youth(state, cell) === 0) followBias(state, cell, dt_s)
  settleDistance(state, cell, dt_s)
  if (!isSane(state, cell)) restartCell(state, cell)
}

/** Alumina gained in this step per unit of feed efficiency, through what dissolves late too. */
function feedGain_wtpct(state: PotlineState, cell: number, dt_s: number): number {
  const commanded_kg = state.commanded_kg_s[cell]! * dt_s
  const slow = state.fixed.slowAlumina_share
  const late = filterRow.undissolvedGain_kg * state.cells + cell
  const dissolving_kg = state.fixed.dissolution_per_s * dt_s * state.filter[late]!
  state.filter[late]! += slow * commanded_kg - dissolving_kg
  return (100 * ((1 - slow) * commanded_kg + dissolving_kg)) / state.bath_kg[cell]!
}

/**
 * A lasting resistance bias is half a distance that is off, half conductivity and contacts:
 * move it slowly so that distance and bias share it, the voltage unchanged.
 */
function settleDistance(state: PotlineState, cell: number, dt_s: number): void {
  const { cells } = state
  const at = (row: number) => row * cells + cell
  const gap_uOhm_m = 1e6 * state.own[at(own.gapSlope_Ohm_m)]!
  if (!(gap_uOhm_m > 0)) return
  const bias = at(filterRow.bias_uOhm)
  const over_m = acd_m(state, cell) - state.fixed.nominalAcd_m
  const total_uOhm = state.filter[bias]! + gap_uOhm_m * over_m
  const wished_uOhm = (1 - ACD_SHARE_OF_BIAS) * total_uOhm
  const move_uOhm = (dt_s / BIAS_TO_ACD_S) * (wished_uOhm - state.filter[bias]!)
  shiftBias(state, cell, move_uOhm)
  shiftAcd(state, cell, -move_uOhm / gap_uOhm_m)
}

function isSane(state: PotlineState, cell: number): boolean {
  const { cells } = state
  let sum = state.bath_kg[cell]! + stateOf(state, cell, 'bath_K') + acd_m(state, cell)
  for (let row = 0; row < FILTER_ROWS; row++) sum += state.filter[row * cells + cell]!
  const variance = state.filter[filterRow.varAlumina * cells + cell]!
  return (
    Number.isFinite(sum) && variance >= 0 && state.filter[filterRow.varBias * cells + cell]! >= 0
  )
}
