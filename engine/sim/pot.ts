import type { Random } from '../core/random.ts'
import { potlineTag } from '../lines/potline.ts'
import { setUpCell, updateConditions } from './cell.ts'
import { PotController } from './controller.ts'
import type { Assay } from './crew.ts'
import { coverAnodes, sink } from './fault-physics.ts'
import type { Fault, FaultKind } from './faults.ts'
import { readAnodes, readShell } from './gauges.ts'
import { updateHeat } from './heat.ts'
import { updateEffect, updateVoltage, wearAnodes } from './network.ts'
import { type Resonance, resonance } from './noise.ts'
import {
  ANODE_PERIOD_S,
  type CellParameters,
  COLD_ANODE_J,
  COLD_ANODE_S,
  drawCell,
  WALLS,
} from './parameters.ts'
import { bathMass_kg, type CellState } from './state.ts'
import { addAlumina, feedAlumina, updateAlumina } from './transport.ts'
import { type PotTruth, truthOf } from './truth.ts'

export type { PotTruth } from './truth.ts'

/** Time step of the plant. */
const DT_S = 1
/** The metal's slow wave: how far it lifts the pad at the ends of the cell. */
const WAVE_M = 2.5e-4
const WAVE_MPERV = 0.03
/** A fresh anode is set this much high, for its neighbours burn while it is cold. */
const FRESH_ANODE_M = 3.2e-3
const SETTING_ERROR_M = 1e-3
const BURN_SPREAD = 0.025
const SHOT_KG = 1.5
const SHOT_ERROR_SHARE = 0.05
const BEAM_MMPS = 1
const BEAM_LOW_MM = 25
const BEAM_RAISE_MM = 250
const CONDITIONS_EVERY_S = 5
const QUENCHED: ReadonlySet<FaultKind> = new Set(['depletion', 'sudden-effect', 'local-effect'])
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

/** Where a pot reports what happens to it. */
export interface PotJournal {
  event(tag: string, value: number): void
  note(name: string, value: number): void
}

/** The newest anode of a cell, and how the crew's round went before it. */
export interface LastChange {
  readonly anode: number
  readonly since_s: number
  /** Step from an anode to the one that was changed before it. */
  readonly backwards: number
}

/** What a pot is given besides its randomness. */
export interface PotOptions {
  readonly feeders: number
  readonly faults: readonly Fault[]
  readonly lastChange: LastChange
  readonly journal: PotJournal
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
  readonly #gauges: Random
  readonly #anodes: Random
  readonly #anode_kA: Float64Array // [anode]
  readonly #shell_C = new Float64Array(WALLS)
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

  constructor(random: Random, options: PotOptions) {
    const { feeders, faults, journal } = options
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
    this.#gauges = random.fork('gauges')
    this.#anodes = random.fork('anodes')
    this.#anode_kA = new Float64Array(p.anodes)
    this.#beam_mm = 120 + 180 * start.uniform()
    ageCell(p, s, start, phase)
    ageAnodes(p, s, this.#anodes, options.lastChange)
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
  /** Reads the gauges of all anodes, kA; reused, copy to keep. */
  readAnodes(): Float64Array {
    readAnodes(this.#p, this.#s, this.#gauges, this.#anode_kA)
    return this.#anode_kA
  }
  /** Reads the thermocouples of the shell, C; reused, copy to keep. */
  readShell(): Float64Array {
    readShell(this.#s, this.#gauges, this.#shell_C)
    return this.#shell_C
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
    s.idle_share[position] = 1
    s.age_s[position] = 0
    s.offset_m[position] = FRESH_ANODE_M + SETTING_ERROR_M * this.#anodes.normal()
    s.burn_share[position] = 1 + BURN_SPREAD * this.#anodes.normal()
    s.coldAnode_J += COLD_ANODE_J
    // Some of the cover falls in; nobody reports it.
    addAlumina(p, s, position, 6 + 8 * this.#shots.uniform())
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
    return truthOf(this.#p, this.#s, {
      effects: this.#effects,
      feed_kgps: this.#controller.feed_kgps,
      faults: [...new Set(this.#faults.filter(fault => this.#isOn(fault)).map(({ kind }) => kind))],
    })
  }

  #isOn(fault: Fault): boolean {
    if (this.#now_s < fault.start_s || this.#now_s >= fault.start_s + fault.duration_s) return false
    // A quench breaks the crust and stirs the bath, which ends these.
    return !QUENCHED.has(fault.kind) || this.#crustOpen_s < fault.start_s
  }

  #active(kind: FaultKind): Fault | undefined {
    for (const fault of this.#faults) if (fault.kind === kind && this.#isOn(fault)) return fault
    return undefined
  }

  #feed(count: number, feeder: number): void {
    let arriving = this.#p.feeder_share[feeder]!
    for (const fault of this.#faults) {
      if (!this.#isOn(fault)) continue
      const here = fault.feeder === feeder + 1
      const starves = (here && fault.kind === 'blocked-feeder') || fault.kind === 'depletion'
      if (starves) arriving *= 1 - fault.magnitude
      else if (here && fault.kind === 'overfeeding') arriving *= 1 + fault.magnitude
    }
    for (let n = 0; n < count; n++) {
      this.#journal.event(this.#feedTags[feeder]!, SHOT_KG)
      const error = 1 + SHOT_ERROR_SHARE * Math.max(-3, Math.min(3, this.#shots.normal()))
      const lost_share = this.#active('sludge')?.magnitude ?? 0
      const arrived_kg = SHOT_KG * arriving * error
      if (lost_share > 0) sink(this.#p, this.#s, arrived_kg * lost_share)
      feedAlumina(this.#p, this.#s, feeder, arrived_kg * (1 - lost_share))
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
    for (let feeder = 0; feeder < wish.shots.length; feeder++) {
      const count = wish.shots[feeder]!
      if (count > 0) this.#feed(count, feeder)
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
    if (this.#now_s % CONDITIONS_EVERY_S === 0) {
      updateConditions(p, s, current_A)
      wearAnodes(p, s, current_A, COLD_ANODE_S, CONDITIONS_EVERY_S)
      const spike = this.#active('anode-spike')
      s.spike = spike ? (spike.anode ?? 1) - 1 : -1
      s.spike_share = spike?.magnitude ?? 0
      const ledge = this.#active('ledge-loss')
      s.wall_gain.fill(1)
      if (ledge) s.wall_gain[(ledge.wall ?? 1) - 1] = 1 + ledge.magnitude
      coverAnodes(s, this.#active('sudden-effect') ?? this.#active('local-effect'), this.#now_s)
    }
    updateVoltage(p, s, current_A)
    if (updateEffect(p, s, DT_S)) {
      this.#effects++
      s.effect_V = 18 + 24 * this.#noise.uniform()
      updateConditions(p, s, current_A)
    }
    const dissolved_kg = updateAlumina(p, s, current_A, DT_S)
    updateHeat(p, s, current_A, dissolved_kg, DT_S)
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
    const roll = this.#roll.next()
    const true_V =
      s.voltage_V +
      (s.effect ? 1.4 * this.#noise.normal() : 0) +
      work * lean * p.bubbleNoise_V * this.#bubbles.next() +
      (work * p.rollNoise_V + 0.7 * unrest_V) * roll +
      0.7 * unrest_V * this.#wave.next()
    s.wave_m = (WAVE_M + WAVE_MPERV * unrest_V) * roll
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

/** Puts the cell some hours into its life: in mid cycle of its feeding. */
function ageCell(p: CellParameters, s: CellState, random: Random, phase: number): void {
  const goal_pct = phase < 1 ? 2.85 - 0.5 * phase : 2.25 + 0.5 * (phase - 1)
  const share = goal_pct / p.setup.alumina_pct
  for (let a = 0; a < p.anodes; a++) s.dissolved_kg[a]! *= share * (1 + 0.01 * random.normal())
  s.metal_kg += 2600 * (random.uniform() - 0.5)
  s.gap_m += 0.0004 * random.normal()
}

/** Gives every anode the age that the crew's round left it with. */
function ageAnodes(p: CellParameters, s: CellState, random: Random, last: LastChange): void {
  for (let round = 0; round < p.anodes; round++) {
    const anode = (last.anode + round * last.backwards) % p.anodes
    s.age_s[anode] = last.since_s + round * ANODE_PERIOD_S
    s.idle_share[anode] = Math.exp(-s.age_s[anode]! / COLD_ANODE_S)
    s.burn_share[anode] = 1 + BURN_SPREAD * random.normal()
    s.offset_m[anode] = SETTING_ERROR_M * random.normal() + FRESH_ANODE_M * s.idle_share[anode]!
  }
  s.coldAnode_J = COLD_ANODE_J * Math.exp(-last.since_s / COLD_ANODE_S)
  updateConditions(p, s, p.setup.current_A)
  for (let n = 0; n < 4; n++) updateVoltage(p, s, p.setup.current_A)
}
