/**
 * A seeded potline with its own pot controllers and crews: what a plant would send, second by
 * second, and for tests what was true. It shares neither equations nor parameters with a twin.
 */
import { LiquidusError } from '../core/errors.ts'
import { seededRandom } from '../core/random.ts'
import { Crew, type CrewEvents, type PlantSample } from './crew.ts'
import { lostCurrent } from './fault-physics.ts'
import type { Fault } from './faults.ts'
import { ANODE_SCAN_S, SHELL_SCAN_S } from './gauges.ts'
import { rectifier } from './noise.ts'
import { ANODES, WALLS } from './parameters.ts'
import { Pot, type PotJournal, type PotTruth } from './pot.ts'

export type { PlantSample } from './crew.ts'
export type { PotTruth } from './pot.ts'

/** Most feeders of a simulated cell. */
const FEEDERS_MAX = 16
/** Most cells of one simulated line. */
export const PLANT_CELLS_MAX = 2000

/** What a plant is built from. */
export interface PlantOptions {
  readonly seed: number
  readonly cells: number
  readonly feeders: number
  readonly start_ms: number
  readonly faults: readonly Fault[]
  /** Work of the crews that may be left out. */
  readonly events?: CrewEvents
}

/** Something a plant reports when it happens, under a tag of the potline dictionary. */
export interface PlantEvent {
  readonly tag: string
  readonly cell: number
  readonly time_ms: number
  readonly value: number
}

/** What the pot controllers wrote into their own journal; not sent, kept in recordings. */
export interface PlantNote {
  readonly name: string
  readonly cell: number
  readonly time_ms: number
  readonly value: number
}

/** One second of the line in wire units; arrays and lists are reused, copy to keep. */
export interface PlantReadings {
  readonly time_ms: number
  readonly line_current_kA: number
  readonly cell_voltage_V: Float64Array // [cell]
  readonly beam_position_mm: Float64Array // [cell]
  readonly anode_current_kA: Float64Array // [cell][anode], each as last read
  readonly shell_temperature_C: Float64Array // [cell][wall], each as last read
  /** Cells whose anodes, or whose shell, were read in this second. */
  readonly anodes_of: readonly number[]
  readonly shell_of: readonly number[]
  readonly events: readonly PlantEvent[]
  /** Samples that became known in this second, each with the time it was taken. */
  readonly samples: readonly PlantSample[]
  readonly notes: readonly PlantNote[]
}

/** A simulated potline; stepped once per simulated second by whoever plays it. */
export interface Plant {
  readonly cells: number
  readonly feeders: number
  readonly anodes: number
  readonly shellTemperatures: number
  readonly start_ms: number
  /** Advances the line by one second. */
  step(): PlantReadings
  /** What is true in a cell now; for tests, recordings and benches only. */
  truth(cell: number): PotTruth
  /** Design resistance at which the crew set the cell up, uOhm: known to plant engineers. */
  target_uOhm(cell: number): number
}

const DESIGN_CURRENT_A = 350e3

/** Builds the plant; equal options give equal readings to the last bit. */
export function createPlant(options: PlantOptions): Plant {
  const { seed, cells, feeders, start_ms, faults } = options
  checkOptions(options)
  const random = seededRandom(seed)
  const events: PlantEvent[] = []
  const samples: PlantSample[] = []
  const notes: PlantNote[] = []
  const crew = new Crew({
    random: random.fork('crew'),
    cells,
    anodes: ANODES,
    start_ms,
    events: options.events ?? {},
  })
  const supply = rectifier(random.fork('rectifier'), DESIGN_CURRENT_A)
  const readings = {
    time_ms: start_ms,
    line_current_kA: DESIGN_CURRENT_A / 1000,
    cell_voltage_V: new Float64Array(cells),
    beam_position_mm: new Float64Array(cells),
    anode_current_kA: new Float64Array(cells * ANODES),
    shell_temperature_C: new Float64Array(cells * WALLS),
    anodes_of: [] as number[],
    shell_of: [] as number[],
    events,
    samples,
    notes,
  }
  const cellFaults = faults.filter(fault => fault.kind !== 'line-dip')
  const lineFaults = faults.filter(fault => fault.kind === 'line-dip')
  const pots = Array.from({ length: cells }, (_, cell) => {
    const journal: PotJournal = {
      event: (tag, value) => events.push({ tag, cell, time_ms: readings.time_ms, value }),
      note: (name, value) => notes.push({ name, cell, time_ms: readings.time_ms, value }),
    }
    const own = cellFaults.filter(fault => fault.cell === cell)
    const lastChange = crew.lastChange(cell)
    return new Pot(random.fork(`cell ${cell}`), { feeders, faults: own, lastChange, journal })
  })
  let second = 0

  return {
    cells,
    feeders,
    anodes: ANODES,
    shellTemperatures: WALLS,
    start_ms,
    step() {
      events.length = 0
      samples.length = 0
      notes.length = 0
      readings.time_ms = start_ms + second * 1000
      let line_V = 0
      for (let cell = 0; cell < cells; cell++) line_V += pots[cell]!.voltage_V
      const current_A = supply.next(line_V) * (1 - lostCurrent(lineFaults, second))
      // Instruments show what their electronics resolve.
      readings.line_current_kA = Math.round(current_A / 10) / 100
      for (let cell = 0; cell < cells; cell++) {
        const pot = pots[cell]!
        work(crew, pot, cell, second)
        pot.step(second, current_A)
        readings.cell_voltage_V[cell] = pot.measured_V
        readings.beam_position_mm[cell] = pot.beam_mm
      }
      scan(pots, second, readings)
      crew.report(second, samples)
      for (const sample of samples) pots[sample.cell]!.learn(sample.tag, sample.value)
      second++
      return readings
    },
    truth: cell => pots[cell]!.truth(),
    target_uOhm: cell => pots[cell]!.target_uOhm,
  }
}

interface Scanned {
  readonly anode_current_kA: Float64Array
  readonly shell_temperature_C: Float64Array
  readonly anodes_of: number[]
  readonly shell_of: number[]
}

/** Reads the slow gauges of the cells whose turn it is, so that no second has them all. */
function scan(pots: readonly Pot[], second: number, into: Scanned): void {
  into.anodes_of.length = 0
  into.shell_of.length = 0
  for (let cell = second % ANODE_SCAN_S; cell < pots.length; cell += ANODE_SCAN_S) {
    into.anode_current_kA.set(pots[cell]!.readAnodes(), cell * ANODES)
    into.anodes_of.push(cell)
  }
  for (let cell = second % SHELL_SCAN_S; cell < pots.length; cell += SHELL_SCAN_S) {
    into.shell_temperature_C.set(pots[cell]!.readShell(), cell * WALLS)
    into.shell_of.push(cell)
  }
}

/** What the crews do at a cell in this second. */
function work(crew: Crew, pot: Pot, cell: number, second: number): void {
  const tapping = crew.tapping(cell, second)
  if (tapping !== '') pot.tapping(tapping)
  const tapped_kg = crew.tapped_kg(cell, second, pot.metal_kg)
  if (tapped_kg > 0) pot.tap(tapped_kg)
  const anode = crew.changedAnode(cell, second)
  if (anode >= 0) pot.changeAnode(anode)
  if (crew.samples(cell, second)) crew.take(cell, second, pot.assay(second))
}

function checkOptions({ cells, feeders, faults }: PlantOptions): void {
  const whole = (value: number, low: number, high: number) =>
    Number.isInteger(value) && value >= low && value <= high
  const refuse = (problem: string) => new LiquidusError('USAGE', { problem })
  if (!whole(cells, 1, PLANT_CELLS_MAX))
    throw refuse(`a simulated line has 1 to ${PLANT_CELLS_MAX} cells, not ${cells}`)
  if (!whole(feeders, 1, FEEDERS_MAX))
    throw refuse(`a simulated cell has 1 to ${FEEDERS_MAX} feeders, not ${feeders}`)
  for (const fault of faults) {
    if (!whole(fault.cell, 0, cells - 1))
      throw refuse(`fault ${fault.kind}: the line has no cell ${fault.cell + 1} (1 to ${cells})`)
    if (!whole(fault.feeder, 1, feeders))
      throw refuse(`fault ${fault.kind}: no feeder ${fault.feeder} (1 to ${feeders})`)
    if (fault.anode !== undefined && !whole(fault.anode, 1, ANODES))
      throw refuse(`fault ${fault.kind}: no anode ${fault.anode} (1 to ${ANODES})`)
    if (fault.wall !== undefined && !whole(fault.wall, 1, WALLS))
      throw refuse(`fault ${fault.kind}: no wall ${fault.wall} (1 to ${WALLS})`)
  }
}
