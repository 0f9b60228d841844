import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { adviceStage } from '../advice/stage.ts'
import { anomalyStage } from '../anomaly/stage.ts'
import { LiquidusError } from '../core/errors.ts'
import { decodeEntry } from '../core/log-entry.ts'
import type { AnomalyStage, LineDefinition, LineFrame, TwinFrame } from '../flow.ts'
import { batchDecoder } from '../ingest/batch-decoder.ts'
import { foldEntry, lineFold } from '../lines/fold.ts'
import { tickNow } from '../lines/score-desk.ts'
import { recordedFrames } from '../replay/offline.ts'
import { openRecording } from '../replay/open.ts'
import { PLANT_CELLS_MAX } from '../sim/plant.ts'
import { recordPlant } from '../sim/record.ts'
import type { Store } from '../store/port.ts'
import type { BankRun } from '../training/bank.ts'
import type { TrainingFrame } from '../training/collect.ts'
import { createTwin } from '../twin/catalog.ts'
import { say, usage } from './command.ts'

/** A run of training data, and the hash of what it read; complete once its frames are taken. */
export interface SourcedRun extends BankRun {
  digest(): { readonly from: string; readonly sha256: string }
}

const READ = { count_max: 256, bytes_max: 4 << 20 } as const

/**
 * Recordings, separated by commas, as runs with the alarms that the engine's rules raise; one
 * written `plant:SEED:CELLS:HOURS` is made by the simulated plant, the same each time.
 */
export async function recordedRuns(folders: string): Promise<SourcedRun[]> {
  const runs: SourcedRun[] = []
  for (const folder of folders.split(',')) {
    runs.push(await (folder.startsWith(PLANT) ? simulatedRun(folder) : recordedRun(folder)))
  }
  return runs
}

const PLANT = 'plant:'
/** As many feeders as `liquidus plant` has where nobody says another number. */
const FEEDERS = 5
/** Of a simulated plant; a longer one fills the disk before training has begun. */
const HOURS_MAX = 240

async function simulatedRun(named: string): Promise<SourcedRun> {
  const numbers = named.slice(PLANT.length).split(':').map(Number)
  const [seed, cells, hours] = numbers as [number, number, number]
  const isWhole = Number.isInteger(seed) && Number.isInteger(cells)
  const isWithin = cells >= 1 && cells <= PLANT_CELLS_MAX && hours > 0 && hours <= HOURS_MAX
  if (numbers.length !== 3 || !isWhole || !isWithin) {
    throw usage(
      `"${named}" is no plant: write plant:SEED:CELLS:HOURS, e.g. plant:401:40:10, with at most ` +
        `${PLANT_CELLS_MAX} cells and ${HOURS_MAX} hours`,
    )
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'liquidus-plant-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  say(`simulating ${named}`)
  await recordPlant({ seed, cells, hours, feeders: FEEDERS, faults: [], start_ms: 0 }, folder)
  const run = await recordedRun(folder)
  return {
    ...{ ...run, source: named },
    digest: () => ({ ...run.digest(), from: named }),
    frames: (async function* () {
      yield* run.frames
      process.off('exit', remove)
      remove()
    })(),
  }
}

async function recordedRun(folder: string): Promise<SourcedRun> {
  const { source, fingerprint } = await openRecording(folder, {
    line: 'training',
    tenant: 'local',
    ignore: [],
    units: new Map(),
  })
  const { definition } = source
  if (definition.kind !== 'potline') {
    throw usage(`${folder} is no potline recording: it has no cells.json and fast.csv`)
  }
  const twin = createTwin(definition)
  const stage = anomalyStage(definition, twin, {})
  return {
    ...{ definition, twin, source: path.basename(folder), faults: faultsOf(folder) },
    digest: () => ({ from: folder, sha256: fingerprint }),
    frames: (async function* () {
      for await (const frame of recordedFrames(source)) {
        const answer = twin.step(frame)
        tickNow(stage, frame, answer)
        yield observed(definition, stage, frame, answer)
      }
    })(),
  }
}

/** The faults that the simulated plant wrote beside its recording. */
function faultsOf(folder: string): BankRun['faults'] {
  const file = path.join(folder, 'truth', 'faults.json')
  if (!existsSync(file)) return []
  type Written = { kind: string; cell: number; start_s: number; duration_s: number | null }
  const { faults } = JSON.parse(readFileSync(file, 'utf8')) as { faults: readonly Written[] }
  return faults.map(fault => ({ ...fault, duration_s: fault.duration_s ?? Infinity }))
}

function observed(
  definition: LineDefinition,
  stage: Pick<AnomalyStage, 'alarms' | 'scores'>,
  frame: LineFrame,
  twin: TwinFrame,
): TrainingFrame {
  const alarmed = new Uint8Array(definition.cells.length)
  for (const { active, cell } of stage.alarms()) {
    const index = active ? definition.cells.indexOf(cell) : -1
    if (index >= 0) alarmed[index] = 1
  }
  const linear = stage.scores().find(({ name }) => name === 'dynamic')?.values
  return { frame, twin, alarmed, ...(linear ? { linear } : {}) }
}

/** A range of event time, written FROM..TO in ISO 8601; undefined where the text is none. */
export function parseRange(text: string): { from_ms: number; to_ms: number } | undefined {
  const [from, to, ...rest] = text.split('..')
  if (to === undefined || rest.length > 0 || !/^\d{4}-/.test(from!)) return undefined
  const from_ms = Date.parse(from!)
  const to_ms = Date.parse(to)
  if (from_ms < to_ms) return { from_ms, to_ms }
  throw usage(`"${text}" is no range: write it like 2026-01-01T00:00Z..2026-01-02T00:00Z`)
}

/** A range of a line's log as a run: the log is folded from its start, the range is given out. */
export async function loggedRun(
  store: Store,
  key: string,
  range: { readonly from_ms: number; readonly to_ms: number },
): Promise<SourcedRun> {
  const definitions = await store.definitions()
  const text = definitions.get(key)
  if (text === undefined) {
    const known = [...definitions.keys()].join(', ') || 'none'
    throw new LiquidusError('LINE_UNKNOWN', { line: key, known })
  }
  const definition = JSON.parse(text) as LineDefinition
  if (definition.kind !== 'potline') throw usage(`line ${key} is no potline`)
  const twin = createTwin(definition)
  const fold = lineFold(definition, {
    ...{ decoder: batchDecoder(definition), twin, anomaly: anomalyStage(definition, twin, {}) },
    advice: adviceStage(definition, twin, {}),
  })
  const { log_start, log_end } = await store.look(key)
  const hash = createHash('sha256')
  const span = `${new Date(range.from_ms).toISOString()}..${new Date(range.to_ms).toISOString()}`
  const named = `log of ${key} ${span}`
  return {
    ...{ definition, twin, source: named, faults: [] },
    digest: () => ({ from: named, sha256: hash.copy().digest('hex').slice(0, 12) }),
    frames: (async function* () {
      for (let position = log_start; position <= log_end; ) {
        const records = await store.read(key, position, READ)
        if (records.length === 0) return
        for (const { position: at, bytes } of records) {
          hash.update(bytes)
          const ready: TrainingFrame[] = []
          const item = { position: at, entry: decodeEntry(bytes), size_bytes: bytes.length }
          foldEntry(fold, item, step => {
            if (step.at !== 'tick' || !step.twin) return
            const { time_ms } = step.frame
            if (time_ms <= range.from_ms || time_ms > range.to_ms) return
            const { frame, twin: answer } = step
            ready.push(observed(definition, fold.anomaly, copied(frame), copied(answer)))
          })
          yield* ready
        }
        position = records.at(-1)!.position + 1
        if (fold.time_ms() > range.to_ms) return
      }
    })(),
  }
}

/** A frame whose arrays are its own. */
function copied<T extends object>(frame: T): T {
  const entries = Object.entries(frame).map(([key, value]) => [
    key,
    ArrayBuffer.isView(value) ? (value as Float64Array).slice() : value,
  ])
  return Object.fromEntries(entries) as T
}
