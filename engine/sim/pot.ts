import type { Random } from '../core/random.ts'
import { potlineTag } from '../lines/potline.ts'
import {
  addAlumina,
  bathMass_kg,
  type CellState,
  setUpCell,
  updateAlumina,
  updateConditions,
  updateEffect,
  updateHeat,
  updateVoltage,
} from './cell.ts'
import { PotController } from './controller.ts'
import type { Assay } from './crew.ts'
import type { Fault, FaultKind } from './faults.ts'
import { type Resonance, resonance } from './noise.ts'
import { type CellParameters, COLD_ANODE_J, COLD_ANODE_S, drawCell } from './parameters.ts'

/** Inner time step of the plant. */
const DT_S = 0.5
const STEPS = 2
const SHOT_KG = 1.5
const SHOT_ERROR_SHARE = 0.05
const BEAM_MMPS = 1
const BEAM_LOW_MM = 25
const BEAM_RAISE_MM = 250
const CONDITIONS_EVERY_S = 5
/** The crucible's scale reports this often while metal flows. */
const TAP_REPORT_S = 30
const TAP_REST_S = 900
const ANODE_REST_S = 1800
const ANODE_ADDER_OHM = 0.09e-6
/** Design numbers that the controllers of all cells start from. */
const DESIGN_FEED_KGPS = 0.058
const DESIGN_ALF3_KGPS = 31 / 86_400
const DESIGN_ALF3_PCT = 12.5
const DESIGN_METAL_M2 = 56
const METAL_KGPERM3 = 2300

/** What is true in a cell, for tests, recordings and benches; never sent. */
export interface PotTruth {
  readonly alumina_pct: number
  readonly zones_pct: readonly number[] // [feeder]
  readonly undissolved_kg: number
  readonly sludge_kg: number
  readonly dissolved_kg: number
  readonly acd_mm: number
  readonly bath_C: number
  readonly liquidus_C: number
  readonly superheat_K: number
  readonly alf3_pct: number
  readonly ledge_cm: number
  readonly efficiency_1: number
  readonly metal_kg: number
  readonly bath_kg: number
  readonly voltage_V: number
  readonly anode_effect: boolean
  /** Anode effects since the start. */
  readonly effects: number
  /** Alumina that entered and left since the start, kg. */
  readonly added_kg: number
  readonly consumed_kg: number
  /** What the controller wants to feed, kg/s. */
  readonly feed_kgps: number
  readonly faults: readonly FaultKind[]
}

/** Where a pot reports what happens to it. */
export interface PotJournal {
  event(tag: string, value: number): void
  note(name: string, value: number): void
}

/** One cell with its controller, its instruments and its faults; stepped by the plant. */
export class Pot {
  readonly #p: CellParameters
  readonly #s: CellState
  readonly #controller: PotController
  readonly #faults: readonly Fault[]
  readonly #journal: PotJournal
  readonly #feedTags: readonly string[]
  readonly #shots: Random
  readonly #noise: Random
  readonly #bubbles: Resonance
  readonly #roll: Resonance
  readonly #wave: Resonance
  #beam_mm: number
  #move_mm = 0
  #tapping = false
  #tapped_kg = 0
  #tapTotal_kg = 0
  #measured_V: number
  #stuck_V = Number.NaN
  #now_s = 0
  #effects = 0
  #effectFrom_s = -1
  #crustOpen_s = Number.NEGATIVE_INFINITY

  constructor(random: Random, feeders: number, faults: readonly Fault[], journal: PotJournal) {
    const p = drawCell(random.fork('parameters'), feeders)
    const s = setUpCell(p)
    const start = random.fork('start')
    const phase = 2 * start.uniform()
    this.#p = p
    this.#s = s
    this.#controller = new PotController({
      feeders,
      shot_kg: SHOT_KG,
      baseFeed_kgps: DESIGN_FEED_KGPS,
      target_Ohm: this.target_uOhm * 1e-6,
      alf3_kgps: DESIGN_ALF3_KGPS,
      targetAlf3_pct: DESIGN_ALF3_PCT,
      targetBath_C: s.bath_C,
      phase,
    })
    this.#faults = faults
    this.#journal = journal
    this.#feedTags = Array.from({ length: feeders }, (_, i) => potlineTag.feedShot(i + 1))
    this.#shots = random.fork('shots')
    const noise = random.fork('noise')
    this.#noise = noise
    this.#bubbles = resonance(noise, p.bubble_Hz, 1.2, 1)
    this.#roll = resonance(noise, p.roll_Hz, 400, 1)
    this.#wave = resonance(noise, 0.022, 300, 1)
    this.#beam_mm = 120 + 180 * start.uniform()
    ageCell(p, s, start, phase)
    this.#measured_V = s.voltage_V
  }

  /** Without noise, as the rectifier feels it. */
  get voltage_V(): number {
    return this.#s.voltage_V
  }
  get measured_V(): number {
    return this.#measured_V
  }
  get beam_mm(): number {
    return Math.round(this.#beam_mm * 10) / 10
  }
  get metal_kg(): number {
    return this.#s.metal_kg
  }
  /** Resistance to which the crew set the cell. */
  get target_uOhm(): number {
    const { voltage_V, current_A } = this.#p.setup
    return ((voltage_V - 1.65) / current_A) * 1e6
  }

  /** One second: controller, beam, physics, instruments. */
  step(second: number, current_A: number): void {
    this.#now_s = second
    this.#control(current_A)
    this.#moveBeam()
    this.#advance(current_A)
    this.#measure()
    if (this.#tapping && second % TAP_REPORT_S === 0) this.#reportTap()
  }

  /** The crucible arrives or leaves. */
  tapping(at: 'start' | 'end'): void {
    this.#tapping = at === 'start'
    if (this.#tapping) {
      this.#tapTotal_kg = 0
      this.#controller.disturb(TAP_REST_S, 0)
      this.#journal.note('tap_start', 0)
      return
    }
    this.#reportTap()
    this.#journal.note('tap_end', Math.round(this.#tapTotal_kg))
  }

  /** Metal leaves; the beam follows by the design area of the cell. */
  tap(kg: number): void {
    this.#tapped_kg += kg
    this.#s.metal_kg -= kg
    this.#s.gap_m += kg * this.#p.rise_mPerkg
    this.#move_mm -= (1000 * kg) / (METAL_KGPERM3 * DESIGN_METAL_M2)
  }

  /** A spent anode, counted from 0, is replaced by a cold one. */
  changeAnode(position: number): void {
    const p = this.#p
    const s = this.#s
    const side = p.anodes / 2
    const zone = Math.min(p.zones - 1, Math.floor(((position % side) * p.zones) / side))
    s.idle_share[zone] = Math.min(0.5, s.idle_share[zone]! + p.zones / p.anodes)
    s.coldAnode_J += COLD_ANODE_J
    // Some of the cover falls in; nobody reports it.
    addAlumina(p, s, zone, 6 + 8 * this.#shots.uniform())
    if (this.#beam_mm < BEAM_LOW_MM) {
      this.#beam_mm += BEAM_RAISE_MM
      this.#journal.note('beam_raise', BEAM_RAISE_MM)
    }
    this.#controller.disturb(ANODE_REST_S, ANODE_ADDER_OHM)
    this.#journal.event(potlineTag.anodeChange, position + 1)
  }

  /** A sample of this cell became known to the controller. */
  learn(tag: string, value: number): void {
    if (tag === potlineTag.bathTemperature) this.#controller.sample('bath_temperature', value)
    else if (tag === potlineTag.excessAlf3) this.#controller.sample('excess_alf3', value)
  }

  /** What the crew's instruments would show before their own errors. */
  assay(second: number): Assay {
    this.#now_s = second
    const s = this.#s
    const bath_kg = bathMass_kg(s)
    return {
      bath_C: s.bath_C + (this.#active('thermocouple-bias')?.magnitude ?? 0),
      alumina_pct: s.alumina_pct,
      alf3_pct: (100 * s.alf3_kg) / bath_kg,
      caf2_pct: (100 * s.caf2_kg) / bath_kg,
      metal_cm: s.metal_kg * this.#p.rise_mPerkg * 100 + 4,
      bath_cm: (20 * bath_kg) / 7500,
    }
  }

  truth(): PotTruth {
    const s = this.#s
    const zones = this.#p.zones
    const bath_kg = bathMass_kg(s)
    const sum = (columns_kg: Float64Array) => columns_kg.reduce((total, kg) => total + kg, 0)
    const dissolved_kg = sum(s.dissolved_kg)
    return {
      alumina_pct: (100 * dissolved_kg) / bath_kg,
      zones_pct: Array.from(s.dissolved_kg, kg => (100 * kg * zones) / bath_kg),
      undissolved_kg: sum(s.undissolved_kg),
      sludge_kg: s.sludge_kg,
      dissolved_kg,
      acd_mm: s.gap_m * 1000,
      bath_C: s.bath_C,
      liquidus_C: s.liquidus_C,
      superheat_K: s.bath_C - s.liquidus_C,
      alf3_pct: (100 * s.alf3_kg) / bath_kg,
      ledge_cm: s.ledge_m * 100,
      efficiency_1: s.efficiency,
      metal_kg: s.metal_kg,
      bath_kg,
      voltage_V: s.voltage_V,
      anode_effect: s.effect,
      effects: this.#effects,
      added_kg: s.added_kg,
      consumed_kg: s.consumed_kg,
      feed_kgps: this.#controller.feed_kgps,
      faults: [...new Set(this.#faults.filter(fault => this.#isOn(fault)).map(({ kind }) => kind))],
    }
  }

  #isOn(fault: Fault): boolean {
    if (this.#now_s < fault.start_s || this.#now_s >= fault.start_s + fault.duration_s) return false
    // A quench breaks the crust, which ends a depletion.
    return fault.kind !== 'depletion' || this.#crustOpen_s < fault.start_s
  }

  #active(kind: FaultKind): Fault | undefined {
    for (const fault of this.#faults) if (fault.kind === kind && this.#isOn(fault)) return fault
    return undefined
  }

  #feed(count: number, zone: number): void {
    let arriving = this.#p.feeder_share[zone]!
    for (const fault of this.#faults) {
      const here = fault.kind === 'blocked-feeder' && fault.feeder === zone + 1
      if ((here || fault.kind === 'depletion') && this.#isOn(fault)) arriving *= 1 - fault.magnitude
    }
    for (let n = 0; n < count; n++) {
      this.#journal.event(this.#feedTags[zone]!, SHOT_KG)
      const error = 1 + SHOT_ERROR_SHARE * Math.max(-3, Math.min(3, this.#shots.normal()))
      addAlumina(this.#p, this.#s, zone, SHOT_KG * arriving * error)
    }
  }

  #control(current_A: number): void {
    const s = this.#s
    const wish = this.#controller.step(this.#measured_V, current_A)
    if (wish.phase === 'anode_effect') this.#effectFrom_s = this.#now_s
    if (wish.phase !== '')
      this.#journal.note(wish.phase, wish.phase === 'anode_effect' ? this.#measured_V : 0)
    if (wish.quench) {
      this.#crustOpen_s = this.#now_s
      this.#journal.event(potlineTag.quench, 1)
    }
    s.stirred = wish.stir
    for (let zone = 0; zone < wish.shots.length; zone++) {
      const count = wish.shots[zone]!
      if (count > 0) this.#feed(count, zone)
    }
    if (wish.alf3_kg > 0) {
      this.#journal.event(potlineTag.alf3Shot, wish.alf3_kg)
      s.alf3_kg += wish.alf3_kg
      // Cold fluoride takes about 1 MJ/kg to heat and melt.
      s.bath_C -= (wish.alf3_kg * 1.05e6) / this.#p.liquidCapacity_JperK
    }
    if (wish.beam_mm !== 0) {
      this.#move_mm += wish.beam_mm
      this.#journal.note('beam_move', Number(wish.beam_mm.toFixed(2)))
    }
  }

  #moveBeam(): void {
    const done_mm = Math.max(-BEAM_MMPS, Math.min(BEAM_MMPS, this.#move_mm))
    this.#move_mm -= done_mm
    this.#beam_mm += done_mm
    this.#s.gap_m += done_mm / 1000
  }

  #advance(current_A: number): void {
    const p = this.#p
    const s = this.#s
    if (this.#now_s % CONDITIONS_EVERY_S === 0) updateConditions(p, s, current_A)
    for (let n = 0; n < STEPS; n++) {
      updateVoltage(p, s, current_A)
      if (updateEffect(p, s, DT_S)) {
        this.#effects++
        s.effect_V = 18 + 24 * this.#noise.uniform()
        updateConditions(p, s, current_A)
      }
      const dissolved_kg = updateAlumina(p, s, current_A, DT_S)
      updateHeat(p, s, current_A, dissolved_kg, DT_S)
    }
    const fade = 1 - 1 / COLD_ANODE_S
    for (let z = 0; z < p.zones; z++) s.idle_share[z]! *= fade
    if (s.effect || this.#effectFrom_s < 0) return
    this.#journal.note('anode_effect_end', this.#now_s - this.#effectFrom_s)
    this.#effectFrom_s = -1
  }

  #measure(): void {
    const p = this.#p
    const s = this.#s
    const unrest_V = this.#active('noisy-cell')?.magnitude ?? 0
    s.unrest = unrest_V * 8
    const lean = 1 + 0.4 * Math.max(0, Math.min(2, (2.3 - s.alumina_pct) / 0.3))
    const work = this.#tapping ? 1.6 : 1
    const true_V =
      s.voltage_V +
      (s.effect ? 1.4 * this.#noise.normal() : 0) +
      work * lean * p.bubbleNoise_V * this.#bubbles.next() +
      (work * p.rollNoise_V + 0.7 * unrest_V) * this.#roll.next() +
      0.7 * unrest_V * this.#wave.next()
    if (!this.#active('stuck-voltage')) this.#stuck_V = Number.NaN
    else if (Number.isNaN(this.#stuck_V)) this.#stuck_V = this.#measured_V
    this.#measured_V = Number.isNaN(this.#stuck_V)
      ? Math.max(0, Math.round(true_V * 1000) / 1000)
      : this.#stuck_V
  }

  #reportTap(): void {
    if (this.#tapped_kg <= 0) return
    this.#tapTotal_kg += this.#tapped_kg
    this.#journal.event(potlineTag.tap, Number(this.#tapped_kg.toFixed(1)))
    this.#tapped_kg = 0
  }
}

/** Puts the cell some hours into its life: in mid cycle, with an anode changed not long ago. */
function ageCell(p: CellParameters, s: CellState, random: Random, phase: number): void {
  const goal_pct = phase < 1 ? 2.85 - 0.5 * phase : 2.25 + 0.5 * (phase - 1)
  const share = goal_pct / p.setup.alumina_pct
  for (let z = 0; z < p.zones; z++) s.dissolved_kg[z]! *= share * (1 + 0.01 * random.normal())
  const left = Math.exp((-random.uniform() * 26 * 3600) / COLD_ANODE_S)
  s.coldAnode_J = COLD_ANODE_J * left
  s.idle_share[random.integer(p.zones)] = (left * p.zones) / p.anodes
  s.metal_kg += 2600 * (random.uniform() - 0.5)
  s.gap_m += 0.0004 * random.normal()
  updateConditions(p, s, p.setup.current_A)
  for (let n = 0; n < 4; n++) updateVoltage(p, s, p.setup.current_A)
}
