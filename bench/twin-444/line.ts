import { seededRandom } from '#engine/core/random.ts'
import { cellNames, potlineTag } from '#engine/lines/potline.ts'
import { createPlant, type Plant } from '#engine/sim/plant.ts'
import {
  ANODE_GROUPS,
  disturbancesOf,
  SHAPES,
  TWIN_FEEDERS,
  TWIN_PHASE_MS,
  type TwinPlan,
} from './plan.ts'

const SECOND_MS = 1000
/** Reading noise of an anode group's current. */
const GROUP_NOISE_KA = 0.02
/** Voltage, beam and the groups of each cell; the line current is one for all. */
const PER_CELL = 2 + ANODE_GROUPS

/** Readings of the line in one second. */
export const twinReadings = (cells: number): number => 1 + PER_CELL * cells

/** The line as the engine's configuration names it. */
export function twinConfig(plan: TwinPlan): object {
  return {
    line: plan.line,
    kind: 'potline',
    clock: plan.clock,
    origin: 'simulated',
    cells: plan.cells,
    feeders: TWIN_FEEDERS,
    anodes: ANODE_GROUPS,
  }
}

/** The readings of TWIN-444, second by second, from the simulated plant. */
export interface TwinSource {
  readonly readings: number
  readonly series: readonly {
    readonly ref: number
    readonly asset_path: string
    readonly tag: string
    readonly unit: string
  }[]
  readonly refs: Uint32Array // [reading]
  /** Simulates this many seconds ahead, so that sending them costs no more than a copy. */
  prepare(seconds: number): void
  /** Values of the next second. */
  next(into: Float64Array): void
}

/**
 * Steps the plant, which has its own controllers and noise, and sends of it only the ten tags of
 * the workload: no feeder shots, no events, no samples.
 */
export function twinSource(plan: TwinPlan): TwinSource {
  const plant = createPlant({
    seed: plan.seed,
    cells: plan.cells,
    feeders: TWIN_FEEDERS,
    start_ms: 0,
    faults: [],
    events: { taps: false, anode_changes: false, samples: false },
  })
  const readings = twinReadings(plan.cells)
  const names = cellNames(plan.cells)
  const groups = Array.from({ length: ANODE_GROUPS }, (_, g) => potlineTag.anodeCurrent(g + 1))
  const perCell: readonly (readonly [tag: string, unit: string])[] = [
    [potlineTag.voltage, 'V'],
    ...groups.map(tag => [tag, 'kA'] as const),
    [potlineTag.beam, 'mm'],
  ]
  const series = [
    { ref: 0, asset_path: '', tag: potlineTag.current, unit: 'kA' },
    ...perCell.flatMap(([tag, unit], t) =>
      names.map((asset_path, cell) => ({ ref: 1 + t * plan.cells + cell, asset_path, tag, unit })),
    ),
  ]
  const write = writer(plan, plant)
  let ahead = new Float32Array(0)
  let prepared = 0
  let taken = 0
  return {
    readings,
    series,
    refs: Uint32Array.from({ length: readings }, (_, ref) => ref),
    prepare(seconds) {
      ahead = new Float32Array(seconds * readings)
      const row = new Float64Array(readings)
      for (let second = 0; second < seconds; second++) {
        write(row)
        ahead.set(row, second * readings)
      }
      prepared = seconds
      taken = 0
    },
    next(into) {
      if (taken < prepared) into.set(ahead.subarray(taken * readings, ++taken * readings))
      else write(into)
    },
  }
}

/** Writes the readings of one second after the other. */
function writer(plan: TwinPlan, plant: Plant): (row: Float64Array) => void {
  const { cells } = plan
  const random = seededRandom(plan.seed).fork('anode groups')
  const disturbed = new Map<number, { cell: number; step: number; at: keyof typeof SHAPES }[]>()
  for (const { class: at, cell, second, seconds } of disturbancesOf(plan)) {
    for (let step = 0; step < seconds; step++) {
      const list = disturbed.get(second + step) ?? []
      list.push({ cell, step, at })
      disturbed.set(second + step, list)
    }
  }
  let second = -plan.learn_s
  return row => {
    const now = plant.step()
    row[0] = now.line_current_kA
    for (let cell = 0; cell < cells; cell++) {
      row[1 + cell] = now.cell_voltage_V[cell]!
      row[1 + (PER_CELL - 1) * cells + cell] = now.beam_position_mm[cell]!
      for (let g = 0; g < ANODE_GROUPS; g++) {
        const from = Math.floor((g * plant.anodes) / ANODE_GROUPS)
        const to = Math.floor(((g + 1) * plant.anodes) / ANODE_GROUPS)
        let sum_kA = GROUP_NOISE_KA * random.normal()
        for (let a = from; a < to; a++) sum_kA += now.anode_current_kA[cell * plant.anodes + a]!
        row[1 + (1 + g) * cells + cell] = sum_kA
      }
    }
    for (const { cell, step, at } of disturbed.get(second) ?? []) {
      row[1 + cell] = SHAPES[at].voltage_V(row[1 + cell]!, step)
    }
    second++
  }
}

/** When a second's readings are due, ms after the load began. */
export const twinDue_ms = (second: number): number => second * SECOND_MS + TWIN_PHASE_MS
