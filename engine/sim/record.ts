/** Writes hours of the simulated plant as a recording, with the truth beside it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LiquidusError, problemOf } from '../core/errors.ts'
import { makeDirectory } from '../core/make-directory.ts'
import { isFeedShot, potlineTag } from '../lines/potline.ts'
import { type ColumnFile, columnFile } from './column-file.ts'
import { createPlant, type Plant, type PlantOptions, type PlantReadings } from './plant.ts'

/** The plant to record and for how long. */
export interface RecordPlantOptions extends PlantOptions {
  readonly hours: number
  /** Called about once per simulated minute. */
  readonly onProgress?: (simulated_s: number, total_s: number) => void
  readonly signal?: AbortSignal
}

/** What a recording holds. */
export interface RecordSummary {
  readonly simulated_s: number
  /** Rows of fast.csv.gz. */
  readonly fast_rows: number
  readonly feed_rows: number
  readonly sample_rows: number
  readonly effects: number
}

const TRUTH_EVERY_S = 60

/** Names of the samples in manual.csv. */
const SAMPLE_KINDS: Readonly<Record<string, string>> = {
  [potlineTag.bathTemperature]: 'T_bath',
  [potlineTag.excessAlf3]: 'AlF3',
  [potlineTag.caf2]: 'CaF2',
  [potlineTag.alumina]: 'Al2O3',
  [potlineTag.metalHeight]: 'metal_height_cm',
  [potlineTag.bathHeight]: 'bath_height_cm',
}

interface Files {
  readonly fast: ColumnFile
  readonly anodes: ColumnFile
  readonly shell: ColumnFile
  readonly feed: ColumnFile
  readonly alf3: ColumnFile
  readonly events: ColumnFile
  readonly manual: ColumnFile
  readonly truth: ColumnFile
}

/** Records into `directory`/observed and /truth; times count from the start of the plant. */
export async function recordPlant(
  options: RecordPlantOptions,
  directory: string,
): Promise<RecordSummary> {
  const plant = createPlant(options)
  const total_s = Math.round(options.hours * 3600)
  const files = await openFiles(directory, plant)
  const counts = { fast_rows: 0, feed_rows: 0, sample_rows: 0 }
  let simulated_s = 0
  try {
    while (simulated_s < total_s && options.signal?.aborted !== true) {
      const readings = plant.step()
      writeSignals(files.fast, readings, plant)
      counts.fast_rows += plant.cells
      writeScans(files, readings, plant)
      counts.feed_rows += writeEvents(files, readings, plant.start_ms)
      counts.sample_rows += writeSamples(files.manual, readings, plant.start_ms)
      if (simulated_s % TRUTH_EVERY_S === 0) {
        writeTruth(files.truth, readings, plant, simulated_s)
        options.onProgress?.(simulated_s, total_s)
        for (const file of Object.values(files)) await file.settle()
      }
      simulated_s++
    }
  } finally {
    await Promise.all(Object.values(files).map(file => file.close()))
  }
  options.onProgress?.(simulated_s, total_s)
  let effects = 0
  for (let cell = 0; cell < plant.cells; cell++) effects += plant.truth(cell).effects
  const summary = { simulated_s, ...counts, effects }
  const faults = { seed: options.seed, faults: options.faults }
  await writeFile(join(directory, 'truth', 'faults.json'), `${JSON.stringify(faults, null, 1)}\n`)
  await writeFile(join(directory, 'truth', 'summary.json'), `${JSON.stringify(summary)}\n`)
  return summary
}

async function openFiles(directory: string, plant: Plant): Promise<Files> {
  const observed = join(directory, 'observed')
  const truth = join(directory, 'truth')
  const anodes = Array.from({ length: plant.anodes }, (_, i) => `A${i + 1}_kA`).join(',')
  const zones = Array.from({ length: plant.feeders }, (_, i) => `ox_f${i + 1}`).join(',')
  try {
    makeDirectory(observed)
    makeDirectory(truth)
    await writeFile(join(observed, 'cells.json'), `${JSON.stringify(cellSheet(plant), null, 1)}\n`)
  } catch (error) {
    throw new LiquidusError('FILE_UNWRITABLE', { path: directory, problem: problemOf(error) })
  }
  return {
    fast: columnFile(join(observed, 'fast.csv.gz'), 't_ms,cell,V,I_kA,beam_mm'),
    anodes: columnFile(join(observed, 'anodes.csv.gz'), `t_ms,cell,${anodes}`),
    shell: columnFile(
      join(observed, 'shell.csv.gz'),
      't_ms,cell,bathA_C,bathB_C,metalA_C,metalB_C',
    ),
    feed: columnFile(join(observed, 'feed.csv.gz'), 't_ms,cell,feeder,shot_kg'),
    alf3: columnFile(join(observed, 'alf3.csv'), 't_ms,cell,dose_kg'),
    events: columnFile(join(observed, 'events.csv'), 't_ms,cell,event,value'),
    manual: columnFile(join(observed, 'manual.csv'), 't_sample_s,t_report_s,cell,crew,kind,value'),
    truth: columnFile(
      join(truth, 'truth.csv.gz'),
      `t_s,cell,ox_mean,${zones},undissolved_kg,sludge_kg,acd_mm,T_bath,T_liq,superheat,` +
        'AlF3,ledge_cm,ledge_up_cm,ledge_low_cm,ox_min,ox_max,CE,metal_kg,V_true,I_true_kA,AE,faults',
    ),
  }
}

/** What the plant engineer knows: design numbers and the set point of each cell. */
function cellSheet(plant: Plant): Record<string, unknown> {
  const cells = Array.from({ length: plant.cells }, (_, cell) => cell)
  return {
    currentA: 350_000,
    cells: plant.cells,
    anodes: plant.anodes,
    anodeOrder: `1-${plant.anodes / 2} side A, then side B, x rising from the tap end`,
    feeders: plant.feeders,
    shotKg: 1.5,
    eExt: 1.65,
    feederX: Array.from({ length: plant.feeders }, (_, i) => (i + 0.5) / plant.feeders),
    bathKgNominal: 7500,
    metalKgNominal: 20_000,
    rSetMicroOhm: cells.map(cell => Number(plant.target_uOhm(cell).toFixed(3))),
    time: 't_ms / t_s count from the start of the recording',
  }
}

function writeSignals(file: ColumnFile, readings: PlantReadings, plant: Plant): void {
  const head = `${readings.time_ms - plant.start_ms},`
  const current = readings.line_current_kA.toFixed(2)
  for (let cell = 0; cell < plant.cells; cell++) {
    const volt = readings.cell_voltage_V[cell]!.toFixed(3)
    file.write(`${head}${cell},${volt},${current},${readings.beam_position_mm[cell]!.toFixed(1)}`)
  }
}

/** Anode currents and shell temperatures of the cells that were read in this second. */
function writeScans(files: Files, readings: PlantReadings, plant: Plant): void {
  const { anodes, shellTemperatures: places } = plant
  const head = readings.time_ms - plant.start_ms
  for (const cell of readings.anodes_of) {
    const row = readings.anode_current_kA.subarray(cell * anodes, (cell + 1) * anodes)
    files.anodes.write(`${head},${cell},${Array.from(row, kA => kA.toFixed(2)).join(',')}`)
  }
  for (const cell of readings.shell_of) {
    const row = readings.shell_temperature_C.subarray(cell * places, (cell + 1) * places)
    files.shell.write(`${head},${cell},${Array.from(row, C => C.toFixed(1)).join(',')}`)
  }
}

/** Feed, fluoride and the events that a plant's journal shows; returns the feed rows. */
function writeEvents(files: Files, readings: PlantReadings, start_ms: number): number {
  let feedRows = 0
  for (const { tag, cell, time_ms, value } of readings.events) {
    const head = `${time_ms - start_ms},${cell}`
    if (isFeedShot(tag)) {
      files.feed.write(`${head},${tag.slice(tag.lastIndexOf('_') + 1)},${value}`)
      feedRows++
    } else if (tag === potlineTag.alf3Shot) files.alf3.write(`${head},${value}`)
    // Anodes and quenches count from 0 in recordings. Taps come from the notes, with their whole mass.
    else if (tag === potlineTag.anodeChange) files.events.write(`${head},${tag},${value - 1}`)
    else if (tag === potlineTag.quench) files.events.write(`${head},quench,${value - 1}`)
  }
  for (const { name, cell, time_ms, value } of readings.notes)
    files.events.write(`${time_ms - start_ms},${cell},${name},${value}`)
  return feedRows
}

function writeSamples(file: ColumnFile, readings: PlantReadings, start_ms: number): number {
  let rows = 0
  const report_s = (readings.time_ms - start_ms) / 1000
  for (const { tag, cell, crew, taken_ms, value } of readings.samples) {
    const kind = SAMPLE_KINDS[tag]
    if (kind === undefined) continue
    file.write(`${(taken_ms - start_ms) / 1000},${report_s},${cell},${crew},${kind},${value}`)
    rows++
  }
  return rows
}

function writeTruth(file: ColumnFile, readings: PlantReadings, plant: Plant, second: number): void {
  for (let cell = 0; cell < plant.cells; cell++) {
    const t = plant.truth(cell)
    const columns = [
      second,
      cell,
      t.alumina_pct.toFixed(3),
      ...t.zones_pct.map(zone => zone.toFixed(3)),
      t.undissolved_kg.toFixed(1),
      t.sludge_kg.toFixed(1),
      t.acd_mm.toFixed(2),
      t.bath_C.toFixed(2),
      t.liquidus_C.toFixed(2),
      t.superheat_K.toFixed(2),
      t.alf3_pct.toFixed(3),
      t.ledge_cm.toFixed(2),
      t.ledge_bath_cm.toFixed(2),
      t.ledge_metal_cm.toFixed(2),
      Math.min(...t.anodes_pct).toFixed(3),
      Math.max(...t.anodes_pct).toFixed(3),
      t.efficiency_1.toFixed(4),
      t.metal_kg.toFixed(0),
      t.voltage_V.toFixed(3),
      readings.line_current_kA.toFixed(2),
      t.anode_effect ? 1 : 0,
      t.faults.join('+'),
    ]
    file.write(columns.join(','))
  }
}
