import { stateIndex } from '#twin-models/potline/lumped/cell.ts'
import type { LineDefinition, LineFrame, Sample } from '../../flow.ts'
import { potlineTag } from '../../lines/potline.ts'
import { filterRow, updateFilter } from './filter.ts'
import { openSlot, pastEstimate, putRing, ringIsDue, ringRow, shiftRing } from './ring.ts'
import { bathMass_kg, own, type PotlineState, prior } from './state.ts'
import { alumina_wtpct, correctAlumina, liquidus_K } from './voltage.ts'

/** What the liquidus loses per wt% of AlF3 around usual baths. */
export const LIQUIDUS_PER_ALF3_K = -4.3
const GATE_SIGMA = 4
const STEADY_W_PER_K = 13_600
// What a dip, a probe and an analysis are worth, standard deviations.
const BATH_STD_K = 2.5
const LIQUIDUS_STD_K = 2
const ALF3_STD_WTPCT = 0.35
const CAF2_STD_WTPCT = 0.3
const ALUMINA_STD_WTPCT = 0.3
const ALUMINA_STD_PERROOT_H = 0.2
const METAL_STD_KG = 1200
// The onset of a cell lies between these shares.
const ONSET_MIN = 0.015
const ONSET_MAX = 0.024
// How fast knowledge of a sample fades: back to the prior with these time constants.
const THERMAL_FADE_S = 24 * 3600
const ALF3_FADE_S = 60 * 3600
const CAF2_FADE_S = 240 * 3600
const METAL_FADE_S = 96 * 3600

type Correct = (state: PotlineState, cell: number, sample: Sample, now_ms: number) => void

/** Corrections by tag index of the line. */
export type SampleCorrections = readonly (Correct | undefined)[]

/** Finds what each sample tag corrects. */
export function sampleCorrections(definition: LineDefinition): SampleCorrections {
  const byTag: Record<string, Correct> = {
    [potlineTag.bathTemperature]: correctBath,
    [potlineTag.liquidus]: correctLiquidus,
    [potlineTag.excessAlf3]: correctAlf3,
    [potlineTag.caf2]: correctCaf2,
    [potlineTag.alumina]: correctByAlumina,
    [potlineTag.metalHeight]: correctMetal,
  }
  return definition.tags.map(({ tag }) => byTag[tag])
}

/** Applies the frame's samples to today's state, each against the estimate of its own time. */
export function assimilateSamples(
  state: PotlineState,
  corrections: SampleCorrections,
  frame: LineFrame,
): void {
  for (const sample of frame.samples) {
    const correct = corrections[sample.tagIndex]
    const inside = sample.cell >= 0 && sample.cell < state.cells
    if (correct && inside && Number.isFinite(sample.value)) {
      correct(state, sample.cell, sample, frame.time_ms)
    }
  }
}

/** Lets knowledge fade and keeps the ring; called once per tick. */
export function ageKnowledge(state: PotlineState, time_ms: number, dt_s: number): void {
  const { cells } = state
  for (let cell = 0; cell < cells; cell++) {
    fade(state, own.varSuperheat_K2, cell, prior.superheat_K, THERMAL_FADE_S, dt_s)
    fade(state, own.varAlf3_wtpct2, cell, prior.alf3_wtpct, ALF3_FADE_S, dt_s)
    fade(state, own.varCaf2_wtpct2, cell, prior.caf2_wtpct, CAF2_FADE_S, dt_s)
    fade(state, own.varMetal_kg2, cell, prior.metal_kg, METAL_FADE_S, dt_s)
    state.own[own.covAlf3Superheat * cells + cell]! *= 1 - dt_s / THERMAL_FADE_S
  }
  const time_s = time_ms / 1000
  if (!ringIsDue(state.ring, time_s)) return
  const slot = openSlot(state.ring, time_s)
  for (let cell = 0; cell < cells; cell++) {
    const bath_K = state.model[stateIndex.bath_K * cells + cell]!
    putRing(state.ring, slot, ringRow.bath_K, cell, bath_K)
    putRing(state.ring, slot, ringRow.alf3_wtpct, cell, alf3_wtpct(state, cell))
    putRing(state.ring, slot, ringRow.alumina_wtpct, cell, alumina_wtpct(state, cell))
  }
}

function fade(
  state: PotlineState,
  row: number,
  cell: number,
  std: number,
  memory_s: number,
  dt_s: number,
): void {
  const at = row * state.cells + cell
  state.own[at]! += ((2 * dt_s) / memory_s) * (std * std - state.own[at]!)
}

/** Excess AlF3 of the model, wt%. */
export function alf3_wtpct(state: PotlineState, cell: number): number {
  return (100 * state.model[stateIndex.alf3_kg * state.cells + cell]!) / bathMass_kg(state, cell)
}

const past = (state: PotlineState, row: number, sample: Sample, now: number) =>
  pastEstimate(state.ring, row, sample.cell, sample.taken_ms / 1000, now)

function correctBath(state: PotlineState, cell: number, sample: Sample): void {
  const now_K = state.model[stateIndex.bath_K * state.cells + cell]!
  const error_K = sample.value - past(state, ringRow.bath_K, sample, now_K)
  correctThermal(state, cell, LIQUIDUS_PER_ALF3_K, 1, error_K, BATH_STD_K)
}

function correctLiquidus(state: PotlineState, cell: number, sample: Sample): void {
  const at = stateIndex.bath_K * state.cells + cell
  const superheat_K = state.model[at]! - liquidus_K(state, cell)
  const now_K = state.model[at]!
  const then_K = past(state, ringRow.bath_K, sample, now_K) - superheat_K
  correctThermal(state, cell, LIQUIDUS_PER_ALF3_K, 0, sample.value - then_K, LIQUIDUS_STD_K)
}

function correctAlf3(state: PotlineState, cell: number, sample: Sample): void {
  const then = past(state, ringRow.alf3_wtpct, sample, alf3_wtpct(state, cell))
  correctThermal(state, cell, 1, 0, 100 * sample.value - then, ALF3_STD_WTPCT)
}

/** Bath temperature is liquidus plus superheat: one sample corrects both by their bands. */
function correctThermal(
  state: PotlineState,
  cell: number,
  h_alf3: number,
  h_superheat: number,
  error: number,
  noiseStd: number,
): void {
  const { cells } = state
  const at = (row: number) => row * cells + cell
  const aa = state.own[at(own.varAlf3_wtpct2)]!
  const ah = state.own[at(own.covAlf3Superheat)]!
  const hh = state.own[at(own.varSuperheat_K2)]!
  const pa = aa * h_alf3 + ah * h_superheat
  const ph = ah * h_alf3 + hh * h_superheat
  const s = h_alf3 * pa + h_superheat * ph + noiseStd * noiseStd
  const reach = GATE_SIGMA * Math.sqrt(s)
  const believed = Math.max(-reach, Math.min(reach, error))
  const ka = pa / s
  const kh = ph / s
  state.own[at(own.varAlf3_wtpct2)] = aa - ka * pa
  state.own[at(own.covAlf3Superheat)] = ah - ka * ph
  state.own[at(own.varSuperheat_K2)] = hh - kh * ph
  moveThermal(state, cell, ka * believed, kh * believed)
}

function moveThermal(state: PotlineState, cell: number, alf3: number, superheat_K: number): void {
  const { cells, model } = state
  const at = (row: number) => row * cells + cell
  const mass_kg = bathMass_kg(state, cell)
  const wished_kg = (alf3 / 100) * mass_kg
  const before_kg = model[at(stateIndex.alf3_kg)]!
  const after_kg = Math.min(0.2 * mass_kg, Math.max(0.03 * mass_kg, before_kg + wished_kg))
  model[at(stateIndex.alf3_kg)] = after_kg
  model[at(stateIndex.cryolite_kg)]! -= after_kg - before_kg
  const move_K = LIQUIDUS_PER_ALF3_K * alf3 + superheat_K
  model[at(stateIndex.bath_K)]! += move_K
  // A cell that stays hotter loses less or gets more heat than the model thinks.
  state.own[at(own.heat_W)]! += superheat_K * STEADY_W_PER_K
  shiftRing(state.ring, ringRow.bath_K, cell, move_K)
  shiftRing(state.ring, ringRow.alf3_wtpct, cell, alf3)
}

function correctCaf2(state: PotlineState, cell: number, sample: Sample): void {
  const { cells, model } = state
  const at = stateIndex.caf2_kg * cells + cell
  const variance = own.varCaf2_wtpct2 * cells + cell
  const mass_kg = bathMass_kg(state, cell)
  const error = 100 * sample.value - (100 * model[at]!) / mass_kg
  const gain = state.own[variance]! / (state.own[variance]! + CAF2_STD_WTPCT * CAF2_STD_WTPCT)
  const by_kg = (Math.max(-3, Math.min(3, gain * error)) / 100) * mass_kg
  model[at]! += by_kg
  model[stateIndex.cryolite_kg * cells + cell]! -= by_kg
  state.own[variance]! *= 1 - gain
}

function correctByAlumina(state: PotlineState, cell: number, sample: Sample, now_ms: number): void {
  const then = past(state, ringRow.alumina_wtpct, sample, alumina_wtpct(state, cell))
  const age_h = Math.max(0, (now_ms - sample.taken_ms) / 3.6e6)
  // The error of then is the error of now less and less: count the age as noise.
  const noise =
    ALUMINA_STD_WTPCT * ALUMINA_STD_WTPCT + ALUMINA_STD_PERROOT_H * ALUMINA_STD_PERROOT_H * age_h
  const error = Math.max(-1, Math.min(1, 100 * sample.value - then))
  // Voltage gives alumina above the onset; what remains is shared with the onset itself.
  const onset = own.varOnset_wtpct2 * state.cells + cell
  const variance = state.filter[filterRow.varAlumina * state.cells + cell]!
  const gain = state.own[onset]! / (state.own[onset]! + variance + noise)
  const shift = gain * error
  const by = updateFilter(state.filter, state.cells, cell, 1, 0, error - shift, noise)
  const limits = state.parameters.anodeEffectAlumina_share
  const moved = Math.min(ONSET_MAX, Math.max(ONSET_MIN, limits[cell]! + shift / 100))
  const shifted = 100 * (moved - limits[cell]!)
  limits[cell] = moved
  state.own[onset]! *= 1 - gain
  correctAlumina(state, cell, by + shifted)
  shiftRing(state.ring, ringRow.alumina_wtpct, cell, by + shifted)
}

function correctMetal(state: PotlineState, cell: number, sample: Sample): void {
  const { cells, model, parameters } = state
  const at = stateIndex.metal_kg * cells + cell
  const variance = own.varMetal_kg2 * cells + cell
  const area_m2 = parameters.cathodeArea_m2[cell]!
  const measured_kg = sample.value * area_m2 * parameters.metalDensity_kg_m3
  const gain = state.own[variance]! / (state.own[variance]! + METAL_STD_KG * METAL_STD_KG)
  model[at] = Math.max(5000, model[at]! + gain * (measured_kg - model[at]!))
  state.own[variance]! *= 1 - gain
}
