import { cellFeatures } from '../anomaly/features.ts'
import { PATTERN_WARM_S } from '../anomaly/pattern-slot.ts'
import type { Channel, LineDefinition, LineFrame, Quantity, TwinFrame } from '../flow.ts'
import { type TagSpread, tagSpread } from './tag-spread.ts'

/** One tick of recorded running with the twin's answer; arrays may be reused by the source. */
export interface TrainingFrame {
  readonly frame: LineFrame
  readonly twin: TwinFrame
  /** Cells with an active alarm; rows of them are not learnt from. */
  readonly alarmed?: Uint8Array // [cell]
  /** Scores of the linear detector, 0..1, to compare with. */
  readonly linear?: Float64Array // [cell]
}

/** Feature rows of normal running, oldest first. */
export interface FeatureRows {
  readonly names: readonly string[]
  readonly values: Float32Array // [row][feature], NaN where not known
  readonly times_ms: Float64Array // [row]
  readonly cells: Uint16Array // [row], which of all cells seen
  readonly linear: Float32Array // [row], NaN where there is no such score
  /** Rows that an alarm on the cell or its guard band left out. */
  readonly alarmed_count: number
}

/** One row per cell and so many seconds: neighbours say the same. */
const EVERY_S = 60
const ROWS_MAX = 1_000_000
/** Rows this close to an alarm of their cell are not learnt from. */
const ALARM_GUARD_MS = 1800_000

/** Gathers feature rows; a new recording starts with `begin`. */
export interface FeatureCollector {
  begin(
    definition: LineDefinition,
    twin: { readonly fields: readonly Quantity[]; readonly channels: readonly Channel[] },
  ): void
  add(tick: TrainingFrame): void
  rows(): FeatureRows
  /** How the signals behind the features were spread. */
  spread(): TagSpread
}

interface Gathered {
  readonly chunks: (Float32Array | undefined)[] // undefined: an alarm came soon after
  readonly times: number[]
  readonly cells: number[]
  readonly linear: number[]
  alarmed: number
}

/** Rows of cells that run: trusted, not masked, warm, and with no alarm near. */
export function featureCollector(every_s = EVERY_S): FeatureCollector {
  let features: ReturnType<typeof cellFeatures> | undefined
  let trusted_s = new Float64Array(0)
  let alarm_ms = new Float64Array(0) // [cell], time of the last tick with an alarm
  let recent: number[][] = [] // [cell], rows that an alarm now would still leave out
  let dt_s = 1
  let ticks = 0
  let firstCell = 0
  let names: readonly string[] = []
  const gathered: Gathered = { chunks: [], times: [], cells: [], linear: [], alarmed: 0 }
  const spread = tagSpread()

  const dropRecent = (cell: number, time_ms: number) => {
    alarm_ms[cell] = time_ms
    for (const row of recent[cell]!) {
      const near = gathered.times[row]! > time_ms - ALARM_GUARD_MS
      if (!near || !gathered.chunks[row]) continue
      gathered.chunks[row] = undefined
      gathered.alarmed++
    }
    recent[cell]!.length = 0
  }
  const addRow = (cell: number, { frame, linear }: TrainingFrame) => {
    if (!features || gathered.times.length >= ROWS_MAX) return
    if (frame.time_ms - alarm_ms[cell]! < ALARM_GUARD_MS) {
      gathered.alarmed++
      return
    }
    const rows = recent[cell]!
    while (rows.length > 0 && gathered.times[rows[0]!]! <= frame.time_ms - ALARM_GUARD_MS) {
      rows.shift()
    }
    rows.push(gathered.times.length)
    gathered.chunks.push(features.values.slice(cell * names.length, (cell + 1) * names.length))
    gathered.times.push(frame.time_ms)
    gathered.cells.push(firstCell + cell)
    gathered.linear.push(linear?.[cell] ?? Number.NaN)
  }
  return {
    begin(definition, twin) {
      firstCell += trusted_s.length
      features = cellFeatures(definition, twin)
      names = features.names
      const count = definition.cells.length
      trusted_s = new Float64Array(count)
      alarm_ms = new Float64Array(count).fill(Number.NEGATIVE_INFINITY)
      recent = Array.from({ length: count }, () => [])
      dt_s = definition.tick_ms / 1000
      ticks = 0
      spread.begin(definition)
    },
    add(tick) {
      const { frame, twin, alarmed } = tick
      if (!features) return
      features.update(frame, twin)
      const due = ++ticks % Math.max(1, Math.round(every_s / dt_s)) === 0
      if (due) spread.add(frame)
      for (let cell = 0; cell < trusted_s.length; cell++) {
        trusted_s[cell] = twin.trusted[cell] === 1 ? trusted_s[cell]! + dt_s : 0
        if (alarmed?.[cell] === 1) dropRecent(cell, frame.time_ms)
        if (!due || trusted_s[cell]! < PATTERN_WARM_S || twin.masked[cell] === 1) continue
        addRow(cell, tick)
      }
    },
    rows: () => rowsOf(gathered, names),
    spread: () => spread,
  }
}

function rowsOf(gathered: Gathered, names: readonly string[]): FeatureRows {
  const kept = gathered.chunks.flatMap((chunk, row) => (chunk ? [row] : []))
  const values = new Float32Array(kept.length * names.length)
  kept.forEach((row, i) => {
    values.set(gathered.chunks[row]!, i * names.length)
  })
  return {
    names,
    values,
    times_ms: Float64Array.from(kept, row => gathered.times[row]!),
    cells: Uint16Array.from(kept, row => gathered.cells[row]!),
    linear: Float32Array.from(kept, row => gathered.linear[row]!),
    alarmed_count: gathered.alarmed,
  }
}
