/** Reads the synthetic potline of recordings/potline_synthetic; used to write the documents. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'

/** What the plant's engineer knows of the cells. */
export interface PlantDesign {
  readonly currentA: number
  readonly cells: number
  readonly anodes: number
  readonly feeders: number
  readonly eExt: number
  readonly feederX: readonly number[]
  readonly cavityM: readonly [number, number]
  readonly anodeM: readonly [number, number]
  readonly bathKgNominal: number
  readonly metalKgNominal: number
  readonly rSetMicroOhm: readonly number[]
}

/** An amount that entered a cell at a time. */
export interface Dose {
  readonly time_s: number
  readonly cell: number
  readonly amount: number
  /** Feeder or anode from 0, where it has one. */
  readonly part: number
}

/** One day of the plant. */
export interface PlantDay {
  readonly name: string
  readonly design: PlantDesign
  /** Means over `binS`, [bin][cell]; a missing one is that of the bin before. */
  readonly voltage_V: Float64Array
  readonly line_A: Float64Array
  readonly beam_m: Float64Array
  readonly bins: number
  readonly shots: readonly Dose[] // kg
  readonly alf3: readonly Dose[] // kg
  /** Start of each tap, its kg and its duration in `part`. */
  readonly taps: readonly Dose[]
  readonly anodeChanges: readonly Dose[]
  /** Anode effects of the log: start, and duration in `amount`. */
  readonly effects: readonly Dose[]
  readonly truth: PlantTruth
}

/** Truth each minute, [minute][cell] by column. */
export interface PlantTruth {
  readonly minutes: number
  column(name: string): Float64Array
}

/** Width of the bins of the fast signals. */
export const BIN_S = 10
export const DAYS = ['quiet_day', 'faulted_day'] as const
const FOLDER = path.resolve(import.meta.dirname, '../../../recordings/potline_synthetic')

/** Reads one day. */
export function readDay(name: (typeof DAYS)[number]): PlantDay {
  const observed = path.join(FOLDER, name, 'observed')
  const design = JSON.parse(readFileSync(path.join(observed, 'cells.json'), 'utf8')) as PlantDesign
  const events = rowsOf(path.join(observed, 'events.csv')).map(row => ({
    time_s: Number(row.t_ms) / 1000,
    cell: Number(row.cell),
    event: row.event!,
    value: Number(row.value),
  }))
  const of = (event: string) => events.filter(one => one.event === event)
  const doses = (file: string, amount: string, part?: string): Dose[] =>
    rowsOf(path.join(observed, file)).map(row => ({
      time_s: Math.max(0, Number(row.t_ms) / 1000),
      cell: Number(row.cell),
      amount: Number(row[amount]),
      part: part === undefined ? 0 : Number(row[part]) - 1,
    }))
  return {
    name,
    design,
    ...fastSignals(path.join(observed, 'fast.csv.gz'), design.cells),
    shots: doses('feed.csv.gz', 'shot_kg', 'feeder'),
    alf3: doses('alf3.csv', 'dose_kg'),
    taps: of('tap_start').flatMap(({ time_s, cell }) => {
      const end = of('tap_end').find(one => one.cell === cell && one.time_s > time_s)
      return end ? [{ time_s, cell, amount: end.value, part: end.time_s - time_s }] : []
    }),
    anodeChanges: of('anode_change').map(({ time_s, cell, value }) => ({
      time_s,
      cell,
      amount: 0,
      part: value,
    })),
    // The end tells how long the effect was.
    effects: of('anode_effect_end').map(({ time_s, cell, value }) => ({
      time_s: time_s - value,
      cell,
      amount: value,
      part: 0,
    })),
    truth: truthOf(path.join(FOLDER, name, 'truth', 'truth.csv.gz'), design.cells),
  }
}

function fastSignals(file: string, cells: number) {
  const rows = rowsOf(file)
  const bins = 1 + Math.max(...rows.slice(-cells * 4).map(row => Number(row.t_ms) / 1000 / BIN_S))
  const fill = () => new Float64Array(bins * cells).fill(Number.NaN)
  const signals = { voltage_V: fill(), line_A: fill(), beam_m: fill(), bins }
  for (const row of rows) {
    const at = (Number(row.t_ms) / 1000 / BIN_S) * cells + Number(row.cell)
    signals.voltage_V[at] = Number(row.V)
    signals.line_A[at] = 1000 * Number(row.I_kA)
    signals.beam_m[at] = Number(row.beam_mm) / 1000
  }
  for (const values of [signals.voltage_V, signals.line_A, signals.beam_m]) {
    for (let at = cells; at < values.length; at++) {
      if (Number.isNaN(values[at]!)) values[at] = values[at - cells]!
    }
  }
  return signals
}

function truthOf(file: string, cells: number): PlantTruth {
  const rows = rowsOf(file)
  const minutes = rows.length / cells
  return {
    minutes,
    column(name) {
      const values = new Float64Array(minutes * cells)
      for (const row of rows) {
        values[(Number(row.t_s) / 60) * cells + Number(row.cell)] = Number(row[name])
      }
      return values
    },
  }
}

function rowsOf(file: string): Record<string, string>[] {
  const bytes = readFileSync(file)
  const [head, ...lines] = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes)
    .toString('utf8')
    .trimEnd()
    .split('\n')
  const names = head!.split(',')
  return lines.map(line => {
    const cells = line.split(',')
    return Object.fromEntries(names.map((name, i) => [name, cells[i] ?? '']))
  })
}
