import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { CELL_FEATURES } from '../anomaly/features.ts'
import type { ModelRecord } from '../anomaly/tensorflow/model-record.ts'
import { LiquidusError, problemOf } from '../core/errors.ts'
import { makeDirectory } from '../core/make-directory.ts'
import { jsonBytes, packSections, parseJsonBytes, unpackSections } from '../core/sections.ts'
import { type FeatureRows, featureCollector } from './collect.ts'
import { rowWindows } from './row-windows.ts'
import { sha256 } from './sha256.ts'
import type { TrainingRun } from './train.ts'

/** A fault that was put into a recording. */
export interface FaultEpisode {
  readonly kind: string
  /** Which of all cells of the bank. */
  readonly cell: number
  readonly from_ms: number
  readonly to_ms: number
}

/** Frozen rows that every challenger of a model is held to. */
export interface GateBank {
  readonly sha256: string
  readonly rows: FeatureRows
  readonly every_s: number
  /** Cells below this number ran normally all the time. */
  readonly normal_cells: number
  readonly cell_days: number
  readonly episodes: readonly FaultEpisode[]
  readonly sources: readonly string[]
}

/** A recording for the bank; its faults count cells and seconds from its own start. */
export interface BankRun extends TrainingRun {
  readonly source: string
  readonly faults: readonly {
    readonly kind: string
    readonly cell: number
    readonly start_s: number
    readonly duration_s: number
  }[]
}

const EVERY_S = 60
const DAY_S = 86_400
const FILE = 'bank.gz'
/** About so many rows of a bank are compared when a model is checked. */
const COMPARED_ROWS = 256

/** Gathers the rows of normal recordings and of recordings with known faults. */
export async function gatherBank(
  normal: readonly BankRun[],
  faulty: readonly BankRun[],
  onRun: (source: string, rows: number) => void,
): Promise<GateBank> {
  const collector = featureCollector(EVERY_S)
  const episodes: FaultEpisode[] = []
  let cells = 0
  let normal_cells = 0
  for (const run of [...normal, ...faulty]) {
    const { definition, twin, frames, faults, source } = run
    if (run === faulty[0]) normal_cells = cells
    collector.begin(definition, twin)
    let start_ms = Number.NaN
    // Alarms are what the bank is about: their rows stay.
    for await (const { frame, twin: answer, linear } of frames) {
      if (Number.isNaN(start_ms)) start_ms = frame.time_ms - definition.tick_ms
      collector.add({ frame, twin: answer, ...(linear ? { linear } : {}) })
    }
    for (const { kind, cell, start_s, duration_s } of faults) {
      const from_ms = start_ms + 1000 * start_s
      episodes.push({ kind, cell: cells + cell, from_ms, to_ms: from_ms + 1000 * duration_s })
    }
    cells += definition.cells.length
    onRun(source, collector.rows().times_ms.length)
  }
  if (faulty.length === 0) normal_cells = cells
  const rows = collector.rows()
  const count = rows.cells.filter(cell => cell < normal_cells).length
  const bank = {
    ...{ rows, every_s: EVERY_S, normal_cells, cell_days: (count * EVERY_S) / DAY_S },
    ...{
      episodes: withRows(episodes, rows),
      sources: [...normal, ...faulty].map(run => run.source),
    },
  }
  return { ...bank, sha256: sha256(packBank(bank)) }
}

/** Episodes in which the cell could be judged at all. */
function withRows(episodes: readonly FaultEpisode[], rows: FeatureRows): FaultEpisode[] {
  return episodes.filter(({ cell, from_ms, to_ms }) =>
    rows.times_ms.some(
      (time_ms, i) => rows.cells[i] === cell && time_ms > from_ms && time_ms < to_ms,
    ),
  )
}

function packBank(bank: Omit<GateBank, 'sha256'>): Uint8Array {
  const { rows, ...head } = bank
  const bytes = (array: ArrayBufferView) =>
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
  return packSections([
    ['head', jsonBytes({ ...head, names: rows.names, alarmed_count: rows.alarmed_count })],
    ['values', bytes(rows.values)],
    ['times', bytes(rows.times_ms)],
    ['cells', bytes(rows.cells)],
    ['linear', bytes(rows.linear)],
  ])
}

/** Writes the bank of a model; one that is there already is replaced. */
export async function writeBank(folder: string, name: string, bank: GateBank): Promise<void> {
  const path = join(folder, name, FILE)
  const { sha256: _, ...content } = bank
  await makeDirectory(join(folder, name))
  await writeFile(`${path}.new`, gzipSync(packBank(content), { level: 9 }))
  await rename(`${path}.new`, path)
}

/** Reads the bank of a model; throws MODEL_INVALID where there is none. */
export async function readBank(folder: string, name: string): Promise<GateBank> {
  const path = join(folder, name, FILE)
  try {
    // A copy: slices of a Buffer would share its memory.
    const packed = new Uint8Array(gunzipSync(await readFile(path)))
    const parts = unpackSections(packed)
    type Head = Omit<GateBank, 'sha256' | 'rows'> & { names: string[]; alarmed_count: number }
    const { names, alarmed_count, ...head } = parseJsonBytes<Head>(parts.get('head')!)
    const rows = {
      ...{ names, alarmed_count },
      values: new Float32Array(parts.get('values')!.buffer),
      times_ms: new Float64Array(parts.get('times')!.buffer),
      cells: new Uint16Array(parts.get('cells')!.buffer),
      linear: new Float32Array(parts.get('linear')!.buffer),
    }
    return { ...head, rows, sha256: sha256(packed) }
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const problem = missing
      ? `has no gate bank; make one: liquidus models bank ${name} --normal DIR --faults DIR`
      : `its gate bank can not be read: ${problemOf(error)}`
    throw new LiquidusError('MODEL_INVALID', { model: name, problem })
  }
}

/** Some rows or windows of a model's bank, to compare runtimes on; none where there is no bank. */
export async function comparisonRows(
  folder: string,
  { name, inputs }: Pick<ModelRecord, 'name' | 'inputs'>,
): Promise<Float32Array> {
  const bank = await readBank(folder, name).catch(() => undefined)
  if (!bank || bank.rows.names.join() !== CELL_FEATURES.join()) return new Float32Array(0)
  const windows = rowWindows(bank.rows, inputs?.window)
  const ends = windows.ends()
  const step = Math.max(1, Math.floor(ends.length / COMPARED_ROWS))
  return windows.gather(ends.filter((_, i) => i % step === 0))
}
