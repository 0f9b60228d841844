import type { Random } from '../core/random.ts'
import { potlineTag } from '../lines/potline.ts'
import { ANODE_PERIOD_S } from './parameters.ts'

const DAY_S = 86_400
const SHIFT_S = 8 * 3600
const CREWS = 4
const TAP_S = 600
/** Sampling rounds of a cell lie this far apart. */
const ROUND_LOW_S = 24 * 3600
const ROUND_HIGH_S = 36 * 3600
/** The first round goes from cell to cell, so that a new line soon knows some of its cells. */
const WALK_FIRST_S = 120
const WALK_STEP_S = 600
/** Crews go round in steps of seven, so that no corner of the cell cools alone. */
const ANODE_STEP = 7
/** Most samples that may be under way at once. */
const PENDING_MAX = 100_000

/** A manual sample that became known; value in the unit of its tag. */
export interface PlantSample {
  readonly tag: string
  readonly cell: number
  readonly crew: number
  readonly taken_ms: number
  readonly value: number
}

/** What a crew finds when it samples a cell. */
export interface Assay {
  readonly bath_C: number
  readonly alumina_pct: number
  readonly alf3_pct: number
  readonly caf2_pct: number
  readonly metal_cm: number
  readonly bath_cm: number
}

/** What may be left out of a run, for tests. */
export interface CrewEvents {
  readonly taps?: boolean
  readonly anode_changes?: boolean
  readonly samples?: boolean
}

interface CrewOptions {
  readonly random: Random
  readonly cells: number
  readonly anodes: number
  readonly start_ms: number
  readonly events: CrewEvents
}

/** Work of the crews at one line: when it happens, and what they report hours later. */
export class Crew {
  readonly #options: CrewOptions
  readonly #tapAt_s: Int32Array // [cell]
  readonly #changeAt_s: Float64Array // [cell]
  readonly #roundAt_s: Float64Array // [cell]
  readonly #position: Int32Array // [cell]
  readonly #tap_kgps: Float64Array // [cell]
  readonly #bias: readonly { readonly bath_K: number; readonly alf3_pct: number }[] // [crew]
  readonly #pending: { readonly report_s: number; readonly sample: PlantSample }[] = []

  constructor(options: CrewOptions) {
    const { random, cells, anodes } = options
    const draw = (below: number) => Array.from({ length: cells }, () => random.integer(below))
    this.#options = options
    this.#tapAt_s = Int32Array.from(draw(DAY_S))
    this.#changeAt_s = Float64Array.from(draw(ANODE_PERIOD_S))
    const first = random.integer(cells)
    const step_s = Math.min(WALK_STEP_S, Math.floor(DAY_S / cells))
    this.#roundAt_s = Float64Array.from(
      { length: cells },
      (_, cell) => WALK_FIRST_S + ((cell - first + cells) % cells) * step_s,
    )
    this.#position = Int32Array.from(draw(anodes))
    this.#tap_kgps = new Float64Array(cells)
    this.#bias = Array.from({ length: CREWS }, () => ({
      bath_K: 0.9 * random.normal(),
      alf3_pct: 0.12 * random.normal(),
    }))
  }

  /** Whether a crucible arrives at or leaves the cell in this second. */
  tapping(cell: number, second: number): 'start' | 'end' | '' {
    const into_s = this.#intoTap_s(cell, second)
    return into_s === 0 ? 'start' : into_s === TAP_S ? 'end' : ''
  }

  /** Metal that leaves the cell in this second, kg, or 0. */
  tapped_kg(cell: number, second: number, metal_kg: number): number {
    const into_s = this.#intoTap_s(cell, second)
    if (into_s < 0 || into_s >= TAP_S) return 0
    if (into_s === 0) {
      // The crucible takes the day's metal, corrected towards the wanted pad.
      const wanted_kg = Math.max(2200, Math.min(3100, 2680 + 0.4 * (metal_kg - 20_500)))
      this.#tap_kgps[cell] = (wanted_kg * (1 + 0.02 * this.#options.random.normal())) / TAP_S
    }
    return this.#tap_kgps[cell]!
  }

  /** Anode position from 0 that is changed in this second, or -1. */
  changedAnode(cell: number, second: number): number {
    const { random, anodes, events } = this.#options
    if (events.anode_changes === false || second < this.#changeAt_s[cell]!) return -1
    this.#changeAt_s[cell]! += ANODE_PERIOD_S + random.integer(3600) - 1800
    this.#position[cell] = (this.#position[cell]! + ANODE_STEP) % anodes
    return this.#position[cell]!
  }

  /** The anode that was changed last before the start, and how long before. */
  lastChange(cell: number): { anode: number; since_s: number; backwards: number } {
    const since_s = ANODE_PERIOD_S - this.#changeAt_s[cell]!
    const { anodes } = this.#options
    return { anode: this.#position[cell]!, since_s, backwards: anodes - ANODE_STEP }
  }

  /** True when the cell is sampled in this second. */
  samples(cell: number, second: number): boolean {
    const { random, events } = this.#options
    if (events.samples === false || second < this.#roundAt_s[cell]!) return false
    this.#roundAt_s[cell]! += ROUND_LOW_S + random.integer(ROUND_HIGH_S - ROUND_LOW_S)
    return true
  }

  /** Takes the samples: temperature and heights are known soon, analyses hours later. */
  take(cell: number, second: number, assay: Assay): void {
    const { random, start_ms } = this.#options
    const crew = Math.floor(second / SHIFT_S) % CREWS
    const { bath_K, alf3_pct } = this.#bias[crew]!
    const taken_ms = start_ms + second * 1000
    const add = (tag: string, value: number, step: number, delay_s: number) => {
      const shown = Number((Math.round(value / step) * step).toFixed(3))
      this.#put({ tag, cell, crew, taken_ms, value: shown }, second + delay_s)
    }
    const soon_s = 240 + random.integer(1200)
    const lab_s = 3 * 3600 + random.integer(5 * 3600)
    add(potlineTag.bathTemperature, assay.bath_C + bath_K + 1.2 * random.normal(), 1, soon_s)
    add(potlineTag.metalHeight, assay.metal_cm + 0.5 * random.normal(), 0.5, soon_s)
    add(potlineTag.bathHeight, assay.bath_cm + 0.7 * random.normal(), 0.5, soon_s)
    add(potlineTag.excessAlf3, assay.alf3_pct + alf3_pct + 0.2 * random.normal(), 0.1, lab_s)
    add(potlineTag.caf2, assay.caf2_pct + 0.08 * random.normal(), 0.1, lab_s)
    add(potlineTag.alumina, assay.alumina_pct + 0.15 * random.normal(), 0.1, lab_s)
  }

  /** Appends to `into` what became known in this second. */
  report(second: number, into: PlantSample[]): void {
    const pending = this.#pending
    while (pending.length > 0 && pending[0]!.report_s <= second) into.push(pending.shift()!.sample)
  }

  /** Seconds since the crucible came, or -1 before the cell's first tap. */
  #intoTap_s(cell: number, second: number): number {
    const since_s = second - this.#tapAt_s[cell]!
    return this.#options.events.taps === false || since_s < 0 ? -1 : since_s % DAY_S
  }

  #put(sample: PlantSample, report_s: number): void {
    const pending = this.#pending
    if (pending.length >= PENDING_MAX) return
    // Kept in order of report, so that a second looks at the head alone.
    let at = pending.length
    while (at > 0 && pending[at - 1]!.report_s > report_s) at--
    pending.splice(at, 0, { report_s, sample })
  }
}
