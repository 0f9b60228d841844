import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { inputSchema, schemaHash } from '../anomaly/tensorflow/input-schema.ts'
import type { InputSchema, ModelRecord, StoredModel } from '../anomaly/tensorflow/model-record.ts'
import { loadCellScorer } from '../anomaly/tensorflow/scorer.ts'
import {
  type ModelWindow,
  WINDOW_STEP_MS,
  type WindowAnswer,
} from '../anomaly/tensorflow/window.ts'
import { LiquidusError, problemOf } from '../core/errors.ts'
import { calibrate } from './calibrate.ts'
import type { ModelRegistry } from './registry.ts'
import { sha256 } from './sha256.ts'
import { collect, type TrainingProgress, type TrainingRun } from './train.ts'

/** What a scaler file holds, JSON. */
interface Scaler {
  readonly features: readonly string[]
  readonly centre: readonly number[]
  readonly scale: readonly number[]
  /** Units of the features in order; checked against those this engine makes. */
  readonly units?: readonly string[]
  /** Signals behind the features with their resolution, and the tick; else of `runs`. */
  readonly tags?: InputSchema['tags']
  readonly tick_ms?: number
  /** Rows that it takes at once, a minute apart, and what it answers to them; absent: one row. */
  readonly window?: {
    readonly rows: number
    readonly step_ms?: number
    readonly answer?: WindowAnswer
  }
  /** Mean squared error above which a cell stands out; else `runs` calibrate it. */
  readonly threshold?: number
  readonly loss?: readonly number[]
}

/** A network trained elsewhere, and what makes it a model version here. */
export interface RegisterOptions {
  readonly registry: ModelRegistry
  readonly name: string
  /** Folder of a TensorFlow.js LayersModel: model.json and its weight files. */
  readonly folder: string
  readonly scaler_path: string
  /** Normal running to calibrate the threshold on; may be empty where the scaler has one. */
  readonly runs: readonly TrainingRun[]
  readonly sources: () => readonly { readonly from: string; readonly sha256: string }[]
  readonly author: string
  readonly code: string
  readonly onProgress?: (done: TrainingProgress) => void
}

interface LayersFile {
  readonly modelTopology?: unknown
  readonly weightsManifest?: readonly {
    readonly paths: readonly string[]
    readonly weights: readonly unknown[]
  }[]
}

/** Adds a LayersModel that was trained elsewhere as the newest version, after the same checks. */
export async function registerModel(options: RegisterOptions): Promise<ModelRecord> {
  const { registry, name, folder, runs } = options
  const invalid = (problem: string) =>
    new LiquidusError('MODEL_INVALID', { model: path.basename(folder), problem })
  const scaler = await readJson<Scaler>(options.scaler_path)
  if (!Array.isArray(scaler.features) || !Array.isArray(scaler.centre) || !scaler.scale) {
    throw invalid('the scaler file needs features, centre and scale')
  }
  if (scaler.threshold === undefined && runs.length === 0) {
    throw invalid('the scaler file has no threshold: give one, or --calibrate DIR')
  }
  if (scaler.tags !== undefined && !areTags(scaler.tags)) {
    throw invalid('the scaler file has tags without tag, unit, period_ms and resolution')
  }
  const { model, weights } = await readLayers(folder, invalid)
  const base = draftOf(options, scaler, await registry.nextVersion(name), weights)
  const stored = (record: ModelRecord): StoredModel => ({
    ...{ record, model, weights, promoted: false, sha256: '' },
  })
  const scorer = await loadCellScorer(stored(base))
  const gathered = runs.length > 0 ? await collect(options) : undefined
  if (gathered && gathered.rows.times_ms.length < 200) {
    throw invalid('the recordings hold too little warm, quiet running to calibrate on')
  }
  const learnt = gathered ? calibrate(scorer, gathered.rows, 0) : undefined
  const record: ModelRecord = {
    ...base,
    threshold: scaler.threshold ?? learnt!.threshold,
    ...(gathered
      ? {
          inputs: inputSchema({
            tick_ms: gathered.spread.tick_ms(),
            tags: gathered.spread.tags(),
            ...(base.inputs?.window && { window: base.inputs.window }),
          }),
        }
      : {}),
    ...(learnt
      ? {
          calibration: learnt.facts,
          metrics: { loss_fit: scaler.loss?.at(-1) ?? 0, ...learnt.metrics },
        }
      : {}),
    training: {
      ...base.training,
      sources: options.sources(),
      reference: gathered?.spread.reference() ?? [],
    },
  }
  await loadCellScorer(stored(record))
  return registry.addNext(record, model, weights)
}

/** The record before anything is calibrated. */
function draftOf(
  options: RegisterOptions,
  scaler: Scaler,
  version: string,
  weights: Uint8Array,
): ModelRecord {
  const inputs = givenInputs(scaler)
  return {
    ...{ schema: 2, name: options.name, version, origin: 'registered', features: scaler.features },
    ...{ centre: scaler.centre, scale: scaler.scale, layers: [] },
    ...(inputs ? { inputs } : {}),
    threshold: scaler.threshold ?? 1,
    calibration: {
      ...{ rows: 0, block_s: 0, blocks: 0, largest: 0, safety_1: 1, chance_per_block: 1 },
    },
    training: {
      ...{ rows: 0, from_ms: 0, to_ms: 0, seed: 0, epochs: scaler.loss?.length ?? 0 },
      ...{ loss: scaler.loss ?? [], data: `trained elsewhere: ${path.basename(options.folder)}` },
      ...{ data_sha256: '', code: options.code },
    },
    author: options.author,
    weights_sha256: sha256(weights),
  }
}

/** What the scaler file says of the inputs; undefined where it says nothing. */
function givenInputs({ features, units, tags, tick_ms = 0, ...rest }: Scaler) {
  if (!units && !tags && !rest.window) return undefined
  const window: ModelWindow | undefined = rest.window && {
    ...{ step_ms: WINDOW_STEP_MS, answer: 'window', ...rest.window },
  }
  const { sha256: _, ...made } = inputSchema({
    ...{ tick_ms, tags: tags ?? [] },
    ...(window && { window }),
  })
  const named = units?.map((unit, i) => ({ name: features[i] ?? '', unit }))
  const given: Omit<InputSchema, 'sha256'> = { ...made, ...(named && { features: named }) }
  return { sha256: schemaHash(given), ...given }
}

function areTags(tags: unknown): boolean {
  if (!Array.isArray(tags)) return false
  return tags.every(
    one =>
      typeof one?.tag === 'string' &&
      typeof one.unit === 'string' &&
      [one.period_ms, one.resolution].every(value => Number.isFinite(value)),
  )
}

async function readLayers(folder: string, invalid: (problem: string) => LiquidusError) {
  if (/\.(keras|h5|hdf5)$/i.test(folder)) {
    throw invalid('is a file of Keras; make a folder of it with tensorflowjs_converter first')
  }
  const file = await readJson<LayersFile>(path.join(folder, 'model.json'))
  const { modelTopology, weightsManifest } = file
  if (!modelTopology || !weightsManifest) {
    throw invalid('model.json is no TensorFlow.js LayersModel: no modelTopology, weightsManifest')
  }
  const chunks: Buffer[] = []
  for (const name of weightsManifest.flatMap(({ paths }) => paths)) {
    if (path.basename(name) !== name) throw invalid(`a weight file lies elsewhere: ${name}`)
    chunks.push(await readBytes(path.join(folder, name)))
  }
  const weightSpecs = weightsManifest.flatMap(one => one.weights)
  return {
    model: { topology: modelTopology, weightSpecs },
    weights: new Uint8Array(Buffer.concat(chunks)),
  }
}

async function readBytes(at: string): Promise<Buffer> {
  return readFile(at).catch((error: unknown) => {
    throw new LiquidusError('FILE_UNREADABLE', { path: at, problem: problemOf(error) })
  })
}

async function readJson<T>(at: string): Promise<T> {
  const bytes = await readBytes(at)
  try {
    return JSON.parse(String(bytes)) as T
  } catch {
    throw new LiquidusError('FILE_UNREADABLE', { path: at, problem: 'it is not JSON' })
  }
}
