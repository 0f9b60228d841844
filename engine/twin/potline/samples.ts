import { STATE } from '#twin-models/kernels/stefan.ts'
import type { LineDefinition, LineFrame, Sample } from '../../flow.ts'
import { potlineTag } from '../../lines/potline.ts'
import { alumina_wtpct, correctAlumina, refreshBath } from './bath-state.ts'
import { filterRow, updateFilter } from './filter.ts'
import {
  openSlot,
  pastEstimate,
  putRing,
  RING_STEP_S,
  ringIsDue,
  ringRow,
  shiftRing,
} from './ring.ts'
import {
  isLoaded,
  learnSuperheat,
  own,
  type PotlineState,
  prior,
  putState,
  stateOf,
} from './state.ts'
import { keepVoltage, learnOnset, liquidus_K } from './voltage.ts'

/** What the liquidus loses per wt% of AlF3 around usual baths. */
export const LIQUIDUS_PER_ALF3_K = -4.3
const GATE_SIGMA = 4
/** Air around the shell, near enough. */
const OUTSIDE_K = 305
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
  let corrected = false
  for (const sample of frame.samples) {
    const correct = corrections[sample.tagIndex]
    const inside = sample.cell >= 0 && sample.cell < state.cells
    if (correct && inside && Number.isFinite(sample.value)) {
      correct(state, sample.cell, sample, frame.time_ms)
      corrected = true
    }
  }
  if (corrected) state.bank.replan()
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
  if (isLoaded(state)) forgetSamples(state)
  const slot = openSlot(state.ring, time_s)
  for (let cell = 0; cell < cells; cell++) {
    putRing(state.ring, slot, ringRow.bath_K, cell, stateOf(state, cell, 'bath_K'))
    putRing(state.ring, slot, ringRow.alf3_wtpct, cell, alf3_wtpct(state, cell))
    putRing(state.ring, slot, ringRow.alumina_wtpct, cell, alumina_wtpct(state, cell))
  }
}

/** What samples told of a cell fades as its band widens: back to what cells usually are. */
function forgetSamples(state: PotlineState): void {
  const { nominalAlf3_share, nominalSuperheat_K } = state.fixed
  for (let cell = 0; cell < state.cells; cell++) {
    const richer = 100 * nominalAlf3_share - alf3_wtpct(state, cell)
    const hotter_K = nominalSuperheat_K - state.usualSuperheat_K[cell]!
    const alf3 = (richer * RING_STEP_S) / ALF3_FADE_S
    const superheat_K = (hotter_K * RING_STEP_S) / THERMAL_FADE_S
    keepVoltage(state, cell, () => moveThermal(state, cell, alf3, superheat_K))
  }
  state.bank.replan()
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
  return (100 * stateOf(state, cell, 'alf3_kg')) / state.bath_kg[cell]!
}

const past = (state: PotlineState, row: number, sample: Sample, now: number) =>
  pastEstimate(state.ring, row, sample.cell, sample.taken_ms / 1000, now)

function correctBath(state: PotlineState, cell: number, sample: Sample): void {
  const now_K = stateOf(state, cell, 'bath_K')
  const error_K = sample.value - past(state, ringRow.bath_K, sample, now_K)
  correctThermal(state, cell, LIQUIDUS_PER_ALF3_K, 1, error_K, BATH_STD_K)
}

function correctLiquidus(state: PotlineState, cell: number, sample: Sample): void {
  const now_K = stateOf(state, cell, 'bath_K')
  const superheat_K = now_K - liquidus_K(state, cell)
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
  const alf3 = ka * believed
  const superheat_K = kh * believed
  keepVoltage(state, cell, () => moveThermal(state, cell, alf3, superheat_K))
  shiftRing(state.ring, ringRow.bath_K, cell, LIQUIDUS_PER_ALF3_K * alf3 + superheat_K)
  shiftRing(state.ring, ringRow.alf3_wtpct, cell, alf3)
}

function moveThermal(state: PotlineState, cell: number, alf3: number, superheat_K: number): void {
  learnSuperheat(state, cell, stateOf(state, cell, 'bath_K') - liquidus_K(state, cell), superheat_K)
  const mass_kg = state.bath_kg[cell]!
  const wished_kg = (alf3 / 100) * mass_kg
  const before_kg = stateOf(state, cell, 'alf3_kg')
  const after_kg = Math.min(0.2 * mass_kg, Math.max(0.03 * mass_kg, before_kg + wished_kg))
  putState(state, cell, 'alf3_kg', after_kg)
  const cryolite_kg = stateOf(state, cell, 'cryolite_kg')
  putState(state, cell, 'cryolite_kg', cryolite_kg - (after_kg - before_kg))
  refreshBath(state, cell)
  const move_K = LIQUIDUS_PER_ALF3_K * alf3 + superheat_K
  putState(state, cell, 'bath_K', stateOf(state, cell, 'bath_K') + move_K)
  state.own[own.heat_W * state.cells + cell]! += move_K * state.fixed.elsewhere_W_K
  warmWalls(state, cell, LIQUIDUS_PER_ALF3_K * alf3)
}

/**
 * The ledge is at its liquidus in front, and was all the time: where that is `by_K` hotter, walls
 * are so from the front to the outside in proportion, or the ledge would now seem to grow.
 */
function warmWalls({ bank }: PotlineState, cell: number, by_K: number): void {
  const { state, sizes } = bank.layout
  const nodes = sizes.liningNodes + sizes.ledgeNodes
  for (const { first } of [state.bathLedge_m, state.metalLedge_m]) {
    const front = bank.stateAt(cell, first + STATE.nodes_K + nodes - 1)
    const factor = by_K / (bank.state[front]! - OUTSIDE_K)
    for (let node = 0; node < nodes; node++) {
      const at = bank.stateAt(cell, first + STATE.nodes_K + node)
      bank.state[at]! += factor * (bank.state[at]! - OUTSIDE_K)
    }
  }
}

function correctCaf2(state: PotlineState, cell: number, sample: Sample): void {
  const variance = own.varCaf2_wtpct2 * state.cells + cell
  const mass_kg = state.bath_kg[cell]!
  const before_kg = stateOf(state, cell, 'caf2_kg')
  const error = 100 * sample.value - (100 * before_kg) / mass_kg
  const gain = state.own[variance]! / (state.own[variance]! + CAF2_STD_WTPCT * CAF2_STD_WTPCT)
  const by_kg = (Math.max(-3, Math.min(3, gain * error)) / 100) * mass_kg
  keepVoltage(state, cell, () => {
    putState(state, cell, 'caf2_kg', before_kg + by_kg)
    putState(state, cell, 'cryolite_kg', stateOf(state, cell, 'cryolite_kg') - by_kg)
    refreshBath(state, cell)
  })
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
  const before = state.onset_share[cell]!
  const moved = Math.min(ONSET_MAX, Math.max(ONSET_MIN, before + shift / 100))
  const shifted = 100 * (moved - before)
  learnOnset(state, cell, moved)
  state.own[onset]! *= 1 - gain
  correctAlumina(state, cell, by + shifted)
  shiftRing(state.ring, ringRow.alumina_wtpct, cell, by + shifted)
}

function correctMetal(state: PotlineState, cell: number, sample: Sample): void {
  const variance = own.varMetal_kg2 * state.cells + cell
  const { cathodeArea_m2, metalDensity_kg_m3 } = state.fixed
  const measured_kg = sample.value * cathodeArea_m2 * metalDensity_kg_m3
  const gain = state.own[variance]! / (state.own[variance]! + METAL_STD_KG * METAL_STD_KG)
  const metal_kg = stateOf(state, cell, 'metal_kg')
  putState(state, cell, 'metal_kg', Math.max(5000, metal_kg + gain * (measured_kg - metal_kg)))
  state.own[variance]! *= 1 - gain
}
