import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { LiquidusError, problemOf } from '../core/errors.ts'
import type { LineOrigin } from '../flow.ts'
import {
  anodeTagNames,
  cellNames,
  potlineDefinition,
  potlineTag,
  shellTagNames,
} from '../lines/potline.ts'
import { type CsvRow, isTime, malformed, readCsv } from './csv.ts'
import type { ReplayReading, ReplaySeries, ReplaySource } from './source.ts'

/** A day without a date starts here: 2026-01-01T00:00:00Z. */
const DAY_START_MS = 1_767_225_600_000
const ROWS_A_YIELD = 64
/** Most anodes of a recorded cell. */
const ANODES_MAX = 64

export interface PotlineOptions {
  readonly line: string
  readonly tenant: string
  readonly origin: LineOrigin
}

/** The tag and unit in which a manual value goes over the wire. */
const MANUAL: Readonly<Record<string, readonly [tag: string, unit: string]>> = {
  T_bath: [potlineTag.bathTemperature, 'C'],
  T_liq: [potlineTag.liquidus, 'C'],
  Al2O3: [potlineTag.alumina, 'wt%'],
  AlF3: [potlineTag.excessAlf3, 'wt%'],
  CaF2: [potlineTag.caf2, 'wt%'],
  metal_height_cm: [potlineTag.metalHeight, 'cm'],
  bath_height_cm: [potlineTag.bathHeight, 'cm'],
}
/** Events that are tags of their own; the others tell what the signals show anyway. */
const EVENTS: Readonly<Record<string, readonly [tag: string, unit: string, plus: number]>> = {
  anode_change: [potlineTag.anodeChange, '1', 1],
  tap_end: [potlineTag.tap, 'kg', 0],
  quench: [potlineTag.quench, '1', 1],
  manual_quench: [potlineTag.quench, '1', 1],
}
/** Columns of shell.csv in the order of the tags. */
const SHELL_COLUMNS = ['bathA_C', 'bathB_C', 'metalA_C', 'metalB_C']

/** True when the folder is a potline recording: it has cells.json and the fast signals. */
export function isPotlineRecording(folder: string): boolean {
  return existsSync(path.join(folder, 'cells.json')) && fileOf(folder, 'fast') !== undefined
}

function fileOf(folder: string, name: string): string | undefined {
  return [`${name}.csv`, `${name}.csv.gz`]
    .map(file => path.join(folder, file))
    .find(file => existsSync(file))
}

/** A potline recording folder as a potline line. */
export function potlineSource(folder: string, options: PotlineOptions): ReplaySource {
  const plant = withGauges(folder, readPlant(path.join(folder, 'cells.json')))
  const definition = potlineDefinition({
    ...options,
    cells: cellNames(plant.cells),
    feeders: plant.feeders,
    anodes: plant.anodes,
    shellTemperatures: plant.shellTemperatures,
    clock: 'stream',
  })
  const refs = new SeriesTable(definition.cells)
  // Every series gets its ref up front, so that batches of a resumed replay equal the first ones.
  for (let cell = 0; cell < plant.cells; cell++) {
    refs.of(potlineTag.voltage, cell, 'V')
    refs.of(potlineTag.beam, cell, 'mm')
    for (let feeder = 1; feeder <= plant.feeders; feeder++) {
      refs.of(potlineTag.feedShot(feeder), cell, 'kg')
    }
    refs.of(potlineTag.alf3Shot, cell, 'kg')
    for (const tag of anodeTagNames(plant.anodes)) refs.of(tag, cell, 'kA')
    for (const tag of shellTagNames(plant.shellTemperatures)) refs.of(tag, cell, 'C')
    for (const [tag, unit] of [...Object.values(MANUAL), ...Object.values(EVENTS)]) {
      refs.of(tag, cell, unit)
    }
  }
  refs.of(potlineTag.current, undefined, 'kA')
  return {
    definition,
    series: refs.series,
    notes: [],
    readings_estimate:
      86_400 * (2 * plant.cells + 1) +
      plant.cells * (8640 * plant.anodes + 1440 * plant.shellTemperatures),
    readings: () => merge(streamsOf(folder, refs, plant)),
  }
}

interface Plant {
  readonly cells: number
  readonly feeders: number
  readonly anodes: number
  readonly shellTemperatures: number
}

function readPlant(file: string): Pick<Plant, 'cells' | 'feeders'> & Partial<Plant> {
  try {
    const plant = JSON.parse(readFileSync(file, 'utf8')) as Partial<Plant>
    const { cells, feeders } = plant
    if (cells && feeders && Number.isInteger(cells) && Number.isInteger(feeders))
      return { ...plant, cells, feeders }
    throw new Error('it must give "cells" and "feeders"')
  } catch (error) {
    throw new LiquidusError('FILE_UNREADABLE', { path: file, problem: problemOf(error) })
  }
}

/** Gauges count only where their file is there. */
function withGauges(folder: string, plant: ReturnType<typeof readPlant>): Plant {
  const { cells, feeders, anodes = 0 } = plant
  const measured = fileOf(folder, 'anodes') !== undefined
  if (measured && !(Number.isInteger(anodes) && anodes > 0 && anodes <= ANODES_MAX)) {
    throw new LiquidusError('FILE_UNREADABLE', {
      path: path.join(folder, 'cells.json'),
      problem: `beside anodes.csv it must give "anodes", 1 to ${ANODES_MAX}`,
    })
  }
  return {
    cells,
    feeders,
    anodes: measured ? anodes : 0,
    shellTemperatures: fileOf(folder, 'shell') ? SHELL_COLUMNS.length : 0,
  }
}

class SeriesTable {
  readonly series: ReplaySeries[] = []
  readonly #refs = new Map<string, number>()
  readonly #cells: readonly string[]

  constructor(cells: readonly string[]) {
    this.#cells = cells
  }

  of(tag: string, cell: number | undefined, unit: string): number {
    const asset_path = cell === undefined ? '' : this.#cells[cell]!
    const key = `${asset_path}/${tag}`
    const known = this.#refs.get(key)
    if (known !== undefined) return known
    const ref = this.series.length
    this.series.push({ ref, asset_path, tag, unit })
    this.#refs.set(key, ref)
    return ref
  }
}

const reading = (ref: number, time_ms: number, value: number): ReplayReading => ({
  due_ms: time_ms,
  ref,
  time_ms,
  value,
})

type Stream = AsyncGenerator<readonly ReplayReading[]>

function streamsOf(folder: string, refs: SeriesTable, plant: Plant): Stream[] {
  const { cells } = plant
  const streams: Stream[] = []
  const add = (name: string, read: (row: Fields) => readonly ReplayReading[]) => {
    const file = fileOf(folder, name)
    if (file) streams.push(rowsOf(file, cells, read))
  }
  const scan = (row: Fields, tags: readonly string[], columns: readonly string[], unit: string) => {
    const time_ms = row.time_ms('t_ms', 1)
    const cell = row.cell()
    return columns.map((column, i) =>
      reading(refs.of(tags[i]!, cell, unit), time_ms, row.number(column)),
    )
  }
  const anodeColumns = Array.from({ length: plant.anodes }, (_, i) => `A${i + 1}_kA`)
  const anodeTags = anodeTagNames(plant.anodes)
  const shellTags = shellTagNames(plant.shellTemperatures)
  add('anodes', row => scan(row, anodeTags, anodeColumns, 'kA'))
  add('shell', row => scan(row, shellTags, SHELL_COLUMNS, 'C'))
  add('fast', row => {
    const time_ms = row.time_ms('t_ms', 1)
    const cell = row.cell()
    const rows = [
      reading(refs.of(potlineTag.voltage, cell, 'V'), time_ms, row.number('V')),
      reading(refs.of(potlineTag.beam, cell, 'mm'), time_ms, row.number('beam_mm')),
    ]
    // One current for the line: every row repeats it.
    if (cell === 0) {
      const ref = refs.of(potlineTag.current, undefined, 'kA')
      rows.push(reading(ref, time_ms, row.number('I_kA')))
    }
    return rows
  })
  add('feed', row => [
    reading(
      refs.of(potlineTag.feedShot(row.number('feeder')), row.cell(), 'kg'),
      row.time_ms('t_ms', 1),
      row.number('shot_kg'),
    ),
  ])
  add('alf3', row => [
    reading(
      refs.of(potlineTag.alf3Shot, row.cell(), 'kg'),
      row.time_ms('t_ms', 1),
      row.number('dose_kg'),
    ),
  ])
  add('events', row => {
    const event = EVENTS[row.text('event')]
    if (!event) return []
    const [tag, unit, plus] = event
    const time_ms = row.time_ms('t_ms', 1)
    return [reading(refs.of(tag, row.cell(), unit), time_ms, row.number('value') + plus)]
  })
  add('manual', row => {
    const manual = MANUAL[row.text('kind')]
    if (!manual) return []
    const [tag, unit] = manual
    return [
      {
        due_ms: row.time_ms('t_report_s', 1000),
        ref: refs.of(tag, row.cell(), unit),
        time_ms: row.time_ms('t_sample_s', 1000),
        value: row.number('value'),
      },
    ]
  })
  return streams
}

/** Fields of a row by column name; a field that is no number names file, row and column. */
class Fields {
  row: CsvRow = { line: 0, fields: [] }
  readonly #columns: ReadonlyMap<string, number>
  readonly #file: string
  readonly #cells: number

  constructor(file: string, header: CsvRow, cells: number) {
    this.#file = file
    this.#cells = cells
    this.#columns = new Map(header.fields.map((name, i) => [name.trim(), i]))
  }

  text(column: string): string {
    const index = this.#columns.get(column)
    if (index === undefined) return malformed(this.#file, 1, `the column "${column}" is missing`)
    return this.row.fields[index]!
  }

  number(column: string): number {
    const text = this.text(column)
    const value = text === '' ? Number.NaN : Number(text)
    if (Number.isNaN(value) && text !== '' && text !== 'NaN') {
      malformed(this.#file, this.row.line, `"${text}" in column "${column}" is no number`)
    }
    return value
  }

  /** A time that counts from the start of the recording in steps of `step_ms`. */
  time_ms(column: string, step_ms: number): number {
    const time_ms = DAY_START_MS + this.number(column) * step_ms
    if (!isTime(time_ms)) {
      malformed(
        this.#file,
        this.row.line,
        `"${this.text(column)}" in column "${column}" is no time`,
      )
    }
    return time_ms
  }

  cell(): number {
    const cell = this.number('cell')
    if (!(Number.isInteger(cell) && cell >= 0 && cell < this.#cells)) {
      malformed(this.#file, this.row.line, `cell ${cell} is not one of the ${this.#cells} cells`)
    }
    return cell
  }
}

async function* rowsOf(
  file: string,
  cells: number,
  read: (row: Fields) => readonly ReplayReading[],
): Stream {
  let fields: Fields | undefined
  let readings: ReplayReading[] = []
  for await (const row of readCsv(file)) {
    if (!fields) {
      fields = new Fields(file, row, cells)
      continue
    }
    fields.row = row
    readings.push(...read(fields))
    if (readings.length >= ROWS_A_YIELD) {
      yield readings
      readings = []
    }
  }
  if (readings.length > 0) yield readings
}

/** Merges streams that are each in order of due time. */
async function* merge(streams: readonly Stream[]): Stream {
  interface Head {
    readonly stream: Stream
    chunk: readonly ReplayReading[]
    at: number
  }
  const heads: Head[] = []
  const refill = async (head: Head): Promise<boolean> => {
    const next = await head.stream.next()
    if (next.done) return false
    head.chunk = next.value
    head.at = 0
    return true
  }
  for (const stream of streams) {
    const head: Head = { stream, chunk: [], at: 0 }
    if (await refill(head)) heads.push(head)
  }
  let merged: ReplayReading[] = []
  while (heads.length > 0) {
    let first = heads[0]!
    for (const head of heads) {
      if (head.chunk[head.at]!.due_ms < first.chunk[first.at]!.due_ms) first = head
    }
    merged.push(first.chunk[first.at]!)
    first.at += 1
    if (first.at === first.chunk.length && !(await refill(first))) {
      heads.splice(heads.indexOf(first), 1)
    }
    if (merged.length >= ROWS_A_YIELD) {
      yield merged
      merged = []
    }
  }
  if (merged.length > 0) yield merged
}
