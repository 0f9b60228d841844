import { inputIndex, potlineModel, stateIndex } from '#twin-models/potline/lumped/cell.ts'
import type { LineDefinition, Twin } from '../../flow.ts'
import { twinFrame } from '../frame.ts'
import { packState, type StateKind, unpackState } from '../snapshot.ts'
import { potlineChannels, potlineFields } from './fields.ts'
import { FILTER_ROWS, filterRow, filterTuning, type NoiseBoost, predictFilter } from './filter.ts'
import { forecastCell } from './forecast.ts'
import { freshValue, readCells, readCurrent, tagPlaces, usable } from './inputs.ts'
import { writeCell } from './outputs.ts'
import { plantPrior } from './parameters.ts'
import { ageKnowledge, assimilateSamples, sampleCorrections } from './samples.ts'
import {
  bathMass_kg,
  createState,
  line,
  own,
  type PotlineState,
  restartCell,
  snapshotArrays,
} from './state.ts'
import { assimilateVoltage, clampAlumina, youth } from './voltage.ts'

const KIND: StateKind = { name: 'potline', version: 1 }
const RESTLESS_BOOST = 3
// Until alumina has found its place on the curve, feed efficiency must not explain it away.
const YOUNG_FEED = 0.7
const boost: NoiseBoost = { bias: 1, feed: 1 }
const ACD_SHARE_OF_BIAS = 0.5
const BIAS_TO_ACD_S = 12 * 3600

/**
 * Twin of a potline: the lumped cell of twin-models/potline for all cells in one call, each
 * corrected by its measured voltage each second and by its manual samples when they arrive.
 */
export function potlineTwin(definition: LineDefinition): Twin {
  const cells = definition.cells.length
  const dt_s = definition.tick_ms / 1000
  const places = tagPlaces(definition)
  const corrections = sampleCorrections(definition)
  const state = createState(plantPrior(cells))
  const arrays = snapshotArrays(state)
  const fresh = { cells, tick_ms: definition.tick_ms }
  const frame = twinFrame(potlineFields, potlineChannels, cells)

  return {
    fields: potlineFields,
    channels: potlineChannels,
    version: `potline-${KIND.version} model-${potlineModel.version}`,
    step(input) {
      frame.tick = input.tick
      frame.time_ms = input.time_ms
      readCurrent(state, places, input, dt_s)
      readCells(state, places, input, dt_s)
      assimilateSamples(state, corrections, input)
      advanceModel(state, dt_s)
      for (let cell = 0; cell < cells; cell++) {
        frame.observed[cell] = usable(input, places.voltageTag, cell, cells)
        stepCell(state, cell, freshValue(input, places.voltageTag, cell, fresh), dt_s)
        writeCell(state, cell, frame)
      }
      ageKnowledge(state, input.time_ms, dt_s)
      state.line[line.ticks]! += 1
      return frame
    },
    forecast: (cell, plan, horizon_s, forecastStep_s) =>
      forecastCell(state, cell, plan, horizon_s, forecastStep_s),
    profiles: () => [],
    snapshot: () => packState(KIND, arrays),
    restore: bytes => unpackState(KIND, arrays, bytes),
  }
}

/** The measured voltage latches an anode effect, not the model's own onset. */
function advanceModel(state: PotlineState, dt_s: number): void {
  const { cells, model, own: rows } = state
  const latch = stateIndex.anodeEffect * cells
  const heat = inputIndex.heat_W * cells
  for (let cell = 0; cell < cells; cell++) {
    clampAlumina(state, cell)
    const effect = rows[own.anodeEffect * cells + cell]!
    model[latch + cell] = effect
    if (effect === 1) state.input[heat + cell]! += effectHeat_W(state, cell)
  }
  potlineModel.advance(state.parameters, model, state.input, dt_s, state.output)
  for (let cell = 0; cell < cells; cell++) {
    clampAlumina(state, cell)
    model[latch + cell] = rows[own.anodeEffect * cells + cell]!
  }
}

/** The model heats a latched cell by its usual voltage; the measured one is the truth. */
function effectHeat_W(state: PotlineState, cell: number): number {
  const last_V = state.own[own.lastVoltage_V * state.cells + cell]!
  if (!Number.isFinite(last_V)) return 0
  return state.line[line.current_A]! * (last_V - state.parameters.anodeEffect_V[cell]!)
}

function stepCell(state: PotlineState, cell: number, measured_V: number, dt_s: number): void {
  const { cells } = state
  const gain = feedGain_wtpct(state, cell, dt_s)
  boost.bias = state.own[own.restless_s * cells + cell]! > 0 ? RESTLESS_BOOST : 1
  boost.feed = 1 - YOUNG_FEED * youth(state, cell)
  predictFilter(state.filter, cells, cell, filterTuning, gain, boost, dt_s)
  assimilateVoltage(state, cell, measured_V, dt_s)
  settleDistance(state, cell, dt_s)
  if (!isSane(state, cell)) restartCell(state, cell)
}

/** Alumina gained in this step per unit of feed efficiency, through what dissolves late too. */
function feedGain_wtpct(state: PotlineState, cell: number, dt_s: number): number {
  const { cells, parameters } = state
  const at = (row: number) => row * cells + cell
  const efficiency = Math.max(0.2, state.filter[at(filterRow.feedEfficiency)]!)
  const commanded_kg = (state.input[at(inputIndex.aluminaFeed_kg_s)]! * dt_s) / efficiency
  const slow = parameters.slowAlumina_share[cell]!
  const late = at(filterRow.undissolvedGain_kg)
  const dissolving_kg = parameters.dissolution_per_s[cell]! * dt_s * state.filter[late]!
  state.filter[late]! += slow * commanded_kg - dissolving_kg
  return (100 * ((1 - slow) * commanded_kg + dissolving_kg)) / bathMass_kg(state, cell)
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
  const acd = at(stateIndex.acd_m)
  const bias = at(filterRow.bias_uOhm)
  const nominal_m = state.parameters.nominalAcd_m[cell]!
  const total_uOhm = state.filter[bias]! + gap_uOhm_m * (state.model[acd]! - nominal_m)
  const wished_uOhm = (1 - ACD_SHARE_OF_BIAS) * total_uOhm
  const move_uOhm = (dt_s / BIAS_TO_ACD_S) * (wished_uOhm - state.filter[bias]!)
  state.filter[bias]! += move_uOhm
  const moved_m = state.model[acd]! - move_uOhm / gap_uOhm_m
  state.model[acd] = Math.min(0.08, Math.max(0.02, moved_m))
}

function isSane(state: PotlineState, cell: number): boolean {
  const { cells } = state
  let sum = 0
  for (let row = 0; row < FILTER_ROWS; row++) sum += state.filter[row * cells + cell]!
  for (let row = 0; row < potlineModel.states.length; row++) sum += state.model[row * cells + cell]!
  const variance = state.filter[filterRow.varAlumina * cells + cell]!
  return (
    Number.isFinite(sum) && variance >= 0 && state.filter[filterRow.varBias * cells + cell]! >= 0
  )
}
