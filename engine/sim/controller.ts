/**
 * The plant's own pot controller: what a potroom has today. It sees the measured voltage and the
 * line current, and owns feeding, the resistance loop and the anode-effect quench.
 */
import { resistanceTrend } from './resistance-trend.ts'

const FIXED_VOLTAGE_V = 1.65
const BLOCK_S = 10
/** Believed change of resistance per mm of distance, to take own beam moves out of the slope. */
const OHM_PER_MM = 0.109e-6
const ADDER_FADE_S = 4.5 * 3600

const EFFECT_V = 8
const EFFECT_CONFIRM_S = 3
const QUENCH_S = 110
const QUENCH_SHOTS = 6
const QUENCH_SHOT_S = 10
const PUMP_MM = 8
const RECOVERY_S = 300

const UNDER_RATIO = 0.7
const OVER_RATIO = 1.4
const PREVENT_RATIO = 2
const UNDER_MAX_S = 110 * 60
const UNDER_WANTED_S = 45 * 60
const OVER_S = 38 * 60
const OVER_MAX_S = 80 * 60
const PREVENT_S = 12 * 60
/** Rise of resistance that ends underfeeding, Ohm/s: 0.02 uOhm/min, three blocks in a row. */
const SLOPE_LIMIT = 0.02e-6 / 60
const SLOPE_BLOCKS = 3
const PREVENT_SLOPE = 0.03e-6 / 60
const RECOVERED_SLOPE = 0.003e-6 / 60
/** Rise above the lowest point of the phase that ends underfeeding whatever the slope. */
const RISE_LIMIT_OHM = 0.15e-6
const RISE_MIN_OHM = 0.015e-6
const BASE_LOW = 0.85
const BASE_HIGH = 1.35

const DEAD_BAND_OHM = 0.08e-6
const MOVE_MAX_MM = 0.5
const MOVE_INTERVAL_S = 300
const STEADY_SLOPE = 0.002e-6 / 60
const STUCK_S = 45
const NOISE_LIMIT_V = 0.025
const NOISE_ADDER_OHM = 0.12e-6
const ALF3_SHOT_KG = 2

/** What the controller asks of the cell in one second; reused, cleared by the controller. */
export interface Commands {
  /** Shots by feeder. */
  readonly shots: Uint8Array // [feeder]
  beam_mm: number
  alf3_kg: number
  quench: boolean
  /** True while the crust is broken and the beam is pumped. */
  stir: boolean
  /** Name of a phase that began, or ''. */
  phase: '' | 'phase_under' | 'phase_over' | 'phase_base' | 'anode_effect'
}

/** What an engineer sets in the controller of one cell. */
export interface ControllerSettings {
  readonly feeders: number
  readonly shot_kg: number
  readonly baseFeed_kgps: number
  readonly target_Ohm: number
  readonly alf3_kgps: number
  readonly targetAlf3_pct: number
  readonly targetBath_C: number
  /** Where in its feeding cycle the cell starts: 0..1 of an underfeeding, then 1..2. */
  readonly phase: number
}

type Phase = 'under' | 'over' | 'base' | 'quench'

/** Pot controller of one cell; the pot calls `step` once per second. */
export class PotController {
  readonly #settings: ControllerSettings
  readonly #trend = resistanceTrend(BLOCK_S)
  readonly #commands: Commands
  #phase: Phase
  #phase_s: number
  #ratio: number
  #prevent_s = 0
  #base = 1
  #owed_kg: number
  #feeder: number
  #lowest_Ohm = Number.POSITIVE_INFINITY
  #steep = 0
  #rest_s = 120
  #sinceMove_s: number
  #adder_Ohm = 0
  #unrest_Ohm = 0
  #hot_s = 0
  #same_s = 0
  #last_V = Number.NaN
  #mean_V = Number.NaN
  #square_V2 = 1e-4
  #owedAlf3_kg: number
  #alf3Ratio = 1
  #bath_C: number
  #alf3_pct: number

  constructor(settings: ControllerSettings) {
    const { phase, feeders, shot_kg } = settings
    this.#settings = settings
    this.#commands = {
      shots: new Uint8Array(feeders),
      beam_mm: 0,
      alf3_kg: 0,
      quench: false,
      stir: false,
      phase: '',
    }
    const under = phase < 1
    this.#phase = under ? 'under' : 'over'
    this.#phase_s = Math.floor(under ? phase * 1800 : (phase - 1) * OVER_S)
    this.#ratio = under ? UNDER_RATIO : OVER_RATIO
    this.#owed_kg = shot_kg * phase * 0.5
    this.#feeder = Math.floor(phase * 17) % feeders
    this.#sinceMove_s = Math.floor(MOVE_INTERVAL_S * phase * 0.5)
    this.#owedAlf3_kg = ALF3_SHOT_KG * (phase % 1)
    this.#bath_C = settings.targetBath_C
    this.#alf3_pct = settings.targetAlf3_pct
  }

  /** Feed rate in force, kg/s. */
  get feed_kgps(): number {
    const ratio = this.#prevent_s > 0 ? PREVENT_RATIO : this.#ratio
    return this.#settings.baseFeed_kgps * this.#base * ratio
  }

  /** Decides for the coming second. */
  step(voltage_V: number, current_A: number): Commands {
    const commands = this.#commands
    commands.shots.fill(0)
    commands.beam_mm = 0
    commands.alf3_kg = 0
    commands.quench = false
    commands.stir = false
    commands.phase = ''
    this.#watch(voltage_V)
    this.#sinceMove_s++
    if (this.#rest_s > 0) this.#rest_s--
    if (this.#prevent_s > 0) this.#prevent_s--
    this.#adder_Ohm -= this.#adder_Ohm / ADDER_FADE_S
    if (this.#phase === 'quench') {
      this.#quench()
      return commands
    }
    if (this.#hot_s >= EFFECT_CONFIRM_S) {
      this.#enter('quench')
      commands.phase = 'anode_effect'
      commands.quench = true
      this.#hot_s = 0
      return commands
    }
    this.#phase_s++
    if (this.#same_s >= STUCK_S) {
      // A sensor that does not move says nothing: feed the base rate and leave the beam.
      if (this.#phase !== 'base') this.#enter('base')
      this.#rest_s = Math.max(this.#rest_s, 60)
      this.#trend.restart()
    } else if (this.#rest_s <= 0) {
      if (this.#trend.add((voltage_V - FIXED_VOLTAGE_V) / current_A)) {
        this.#track()
        this.#regulate()
      }
    }
    this.#dose()
    return commands
  }

  /** Tells of work at the cell: the slope starts anew and feeding rests at base for `rest_s`. */
  disturb(rest_s: number, adder_Ohm: number): void {
    this.#rest_s = Math.max(this.#rest_s, rest_s)
    this.#adder_Ohm += adder_Ohm
    this.#trend.restart()
    this.#lowest_Ohm = Number.POSITIVE_INFINITY
    this.#steep = 0
    if (this.#phase !== 'quench') this.#enter('base')
  }

  /** A manual sample has become known: the fluoride dose follows. */
  sample(tag: 'bath_temperature' | 'excess_alf3', value: number): void {
    const { targetBath_C, targetAlf3_pct } = this.#settings
    if (tag === 'bath_temperature') this.#bath_C += (value - this.#bath_C) * 0.6
    else this.#alf3_pct += (value - this.#alf3_pct) * 0.7
    const warm = 0.04 * (this.#bath_C - targetBath_C)
    const poor = 0.5 * (targetAlf3_pct - this.#alf3_pct)
    this.#alf3Ratio = Math.max(0, Math.min(2.4, 1 + warm + poor))
  }

  #enter(next: Phase): void {
    this.#phase = next
    this.#phase_s = 0
    this.#steep = 0
    this.#lowest_Ohm = Number.POSITIVE_INFINITY
    this.#prevent_s = 0
    this.#ratio = next === 'under' ? UNDER_RATIO : next === 'over' ? OVER_RATIO : 1
    if (next !== 'quench') this.#commands.phase = `phase_${next}`
  }

  #watch(voltage_V: number): void {
    this.#same_s = voltage_V === this.#last_V ? this.#same_s + 1 : 0
    this.#last_V = voltage_V
    this.#hot_s = voltage_V > EFFECT_V && this.#same_s < STUCK_S ? this.#hot_s + 1 : 0
    if (Number.isNaN(this.#mean_V)) this.#mean_V = voltage_V
    const off_V = voltage_V - this.#mean_V
    this.#mean_V += off_V / 300
    this.#square_V2 += (Math.min(off_V * off_V, 0.04) - this.#square_V2) / 600
    // Noise asks for distance: added within minutes, taken back over hours.
    const noisy = this.#square_V2 > NOISE_LIMIT_V * NOISE_LIMIT_V
    const wanted_Ohm = noisy ? NOISE_ADDER_OHM : 0
    this.#unrest_Ohm += (wanted_Ohm - this.#unrest_Ohm) / (noisy ? 600 : 7200)
  }

  /** Continuous tracking: runs each time a block of the resistance is complete. */
  #track(): void {
    const slope = this.#trend.slope()
    if (this.#phase === 'under') this.#trackUnder(slope)
    else if (this.#phase === 'over') this.#trackOver(slope)
    else this.#enter('under')
    this.#base = Math.max(BASE_LOW, Math.min(BASE_HIGH, this.#base))
  }

  #trackUnder(slope: number): void {
    const level_Ohm = this.#trend.level()
    if (level_Ohm < this.#lowest_Ohm) this.#lowest_Ohm = level_Ohm
    const rise_Ohm = level_Ohm - this.#lowest_Ohm
    this.#steep = slope > SLOPE_LIMIT && rise_Ohm > RISE_MIN_OHM ? this.#steep + 1 : 0
    const lean = this.#steep >= SLOPE_BLOCKS || rise_Ohm > RISE_LIMIT_OHM
    if (!lean && this.#phase_s <= UNDER_MAX_S) return
    // Lean too soon: the cell gets less than it needs, so the base grows; and the other way.
    const early = (UNDER_WANTED_S - this.#phase_s) / UNDER_WANTED_S
    this.#base *= 1 + Math.max(-0.01, Math.min(0.02, 0.02 * early))
    this.#enter('over')
    if (slope > PREVENT_SLOPE) this.#prevent_s = PREVENT_S
  }

  #trackOver(slope: number): void {
    if (this.#phase_s > 480 && slope > SLOPE_LIMIT && this.#prevent_s <= 0) {
      this.#base *= 1.02
      this.#prevent_s = PREVENT_S
    }
    const rich = this.#phase_s > OVER_S && !(slope > RECOVERED_SLOPE)
    if (rich || this.#phase_s > OVER_MAX_S) this.#enter('under')
  }

  #regulate(): void {
    if (this.#rest_s > 0 || this.#sinceMove_s < MOVE_INTERVAL_S) return
    const level_Ohm = this.#trend.level()
    if (Number.isNaN(level_Ohm)) return
    const wanted_Ohm = this.#settings.target_Ohm + this.#adder_Ohm + this.#unrest_Ohm
    const error_Ohm = level_Ohm - wanted_Ohm
    if (Math.abs(error_Ohm) < DEAD_BAND_OHM) return
    // A lean bath raises the resistance too: that is for the feeders, not for the beam.
    const rich = this.#phase === 'over' ? this.#phase_s > 900 : this.#trend.slope() < STEADY_SLOPE
    if (error_Ohm > 0 && !rich) return
    const move_mm = (-0.7 * error_Ohm) / OHM_PER_MM
    const beam_mm = Math.max(-MOVE_MAX_MM, Math.min(MOVE_MAX_MM, move_mm))
    this.#commands.beam_mm = beam_mm
    this.#trend.shift(beam_mm * OHM_PER_MM)
    this.#lowest_Ohm += beam_mm * OHM_PER_MM
    this.#sinceMove_s = 0
  }

  #quench(): void {
    const commands = this.#commands
    const at_s = ++this.#phase_s
    commands.stir = at_s > 20
    if (at_s % QUENCH_SHOT_S === 1 && at_s <= QUENCH_SHOTS * QUENCH_SHOT_S) commands.shots.fill(1)
    // Two pumps of the beam, down and up again.
    if (at_s === 40 || at_s === 72) commands.beam_mm = -PUMP_MM
    if (at_s === 56 || at_s === 88) commands.beam_mm = PUMP_MM
    if (at_s < QUENCH_S) return
    if (this.#last_V > EFFECT_V) {
      this.#phase_s = 0
      commands.quench = true
      return
    }
    commands.stir = false
    this.#trend.restart()
    this.#rest_s = RECOVERY_S
    this.#enter('base')
  }

  #dose(): void {
    const { shot_kg, feeders, alf3_kgps } = this.#settings
    this.#owed_kg += this.feed_kgps
    while (this.#owed_kg >= shot_kg) {
      this.#owed_kg -= shot_kg
      this.#commands.shots[this.#feeder]!++
      this.#feeder = (this.#feeder + 1) % feeders
    }
    this.#owedAlf3_kg += alf3_kgps * this.#alf3Ratio
    if (this.#owedAlf3_kg < ALF3_SHOT_KG) return
    this.#owedAlf3_kg -= ALF3_SHOT_KG
    this.#commands.alf3_kg = ALF3_SHOT_KG
  }
}
