import type { LineDefinition } from '../flow.ts'
import { seriesIndex } from '../flow.ts'
import { anodeTagNames, potlineTag, shellTagNames } from '../lines/potline.ts'
import { ANODES, WALLS } from './parameters.ts'
import type { PlantReadings } from './plant.ts'

/** Meaning of a ref, as a producer client wants it. */
export interface BatchSeries {
  readonly ref: number
  readonly asset_path: string
  readonly tag: string
  readonly unit: string
}

/** Readings of one or more seconds as columns; arrays are reused after `clear`. */
export interface PlantBatch {
  readonly series: readonly BatchSeries[]
  readonly refs: Uint32Array // [reading]
  readonly times_ms: Float64Array // [reading]
  readonly values: Float64Array // [reading], wire units
  readonly count: number
}

/** Most readings of one batch; a second of the largest line stays far below. */
const READINGS_MAX = 1 << 20

/** Turns plant readings into columns; a ref is named in the batch that uses it first. */
export class BatchBuilder implements PlantBatch {
  readonly #definition: LineDefinition
  readonly #tagIndex = new Map<string, number>()
  readonly #named: Uint8Array // [tag][cell]
  readonly #anodeTags: readonly string[]
  readonly #shellTags: readonly string[]
  #gauges = true
  series: BatchSeries[] = []
  refs = new Uint32Array(1024)
  times_ms = new Float64Array(1024)
  values = new Float64Array(1024)
  count = 0

  constructor(definition: LineDefinition) {
    this.#definition = definition
    definition.tags.forEach(({ tag }, index) => {
      this.#tagIndex.set(tag, index)
    })
    const known = (names: readonly string[]) => names.filter(name => this.#tagIndex.has(name))
    this.#anodeTags = known(anodeTagNames(ANODES))
    this.#shellTags = known(shellTagNames(WALLS))
    this.#named = new Uint8Array(definition.tags.length * definition.cells.length)
  }

  /** Adds one second: what happened and became known, slow signals, then those of each second. */
  add(readings: PlantReadings): void {
    const { time_ms } = readings
    for (const event of readings.events) this.#put(event.tag, event.cell, time_ms, event.value)
    for (const one of readings.samples) this.#put(one.tag, one.cell, one.taken_ms, one.value)
    if (this.#gauges) this.#putScans(readings)
    this.#put(potlineTag.current, 0, time_ms, readings.line_current_kA)
    const cells = this.#definition.cells.length
    for (let cell = 0; cell < cells; cell++) {
      this.#put(potlineTag.voltage, cell, time_ms, readings.cell_voltage_V[cell]!)
    }
    for (let cell = 0; cell < cells; cell++) {
      this.#put(potlineTag.beam, cell, time_ms, readings.beam_position_mm[cell]!)
    }
  }

  #putScans(readings: PlantReadings): void {
    const { time_ms, anode_current_kA, shell_temperature_C, anodes_of, shell_of } = readings
    const anodeTags = this.#anodeTags
    const shellTags = this.#shellTags
    for (const cell of anodes_of) {
      for (let a = 0; a < anodeTags.length; a++) {
        this.#put(anodeTags[a]!, cell, time_ms, anode_current_kA[cell * ANODES + a]!)
      }
    }
    for (const cell of shell_of) {
      for (let w = 0; w < shellTags.length; w++) {
        this.#put(shellTags[w]!, cell, time_ms, shell_temperature_C[cell * WALLS + w]!)
      }
    }
  }

  /** From here on only what every potline has: the line was made without the gauges. */
  leaveOutGauges(): void {
    this.#gauges = false
  }

  /** Forgets the readings, not the names. */
  clear(): void {
    this.count = 0
    this.series = []
  }

  #put(tag: string, cell: number, time_ms: number, value: number): void {
    const tagIndex = this.#tagIndex.get(tag)
    if (tagIndex === undefined || this.count >= READINGS_MAX) return
    const ref = seriesIndex(this.#definition, tagIndex, cell)
    if (this.#named[ref] === 0) {
      const { unit, scope } = this.#definition.tags[tagIndex]!
      const asset_path = scope === 'line' ? '' : this.#definition.cells[cell]!
      this.series.push({ ref, asset_path, tag, unit })
      this.#named[ref] = 1
    }
    if (this.count === this.refs.length) this.#grow()
    const row = this.count++
    this.refs[row] = ref
    this.times_ms[row] = time_ms
    this.values[row] = value
  }

  #grow(): void {
    const size = 2 * this.refs.length
    const refs = new Uint32Array(size)
    const times_ms = new Float64Array(size)
    const values = new Float64Array(size)
    refs.set(this.refs)
    times_ms.set(this.times_ms)
    values.set(this.values)
    this.refs = refs
    this.times_ms = times_ms
    this.values = values
  }
}
