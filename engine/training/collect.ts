import { cellFeatures } from '../anomaly/features.ts'
import type { Channel, LineDefinition, LineFrame, Quantity, TwinFrame } from '../flow.ts'

/** One tick of recorded running with the twin's answer; arrays may be reused by the source. */
export interface TrainingFrame {
  readonly frame: LineFrame
  readonly twin: TwinFrame
}

/** Feature rows of normal running, oldest first. */
export interface FeatureRows {
  readonly names: readonly string[]
  readonly values: Float32Array // [row][feature], NaN where not known
  readonly times_ms: Float64Array // [row]
  readonly cells: Uint16Array // [row], which of all cells seen
}

/** Where the running means have settled. */
const WARM_S = 2 * 3600
/** One row per cell and so many seconds: neighbours say the same. */
const EVERY_S = 60
const ROWS_MAX = 1_000_000

/** Gathers feature rows; a new recording starts with `begin`. */
export interface FeatureCollector {
  begin(
    definition: LineDefinition,
    twin: { readonly fields: readonly Quantity[]; readonly channels: readonly Channel[] },
  ): void
  add(tick: TrainingFrame): void
  rows(): FeatureRows
}

/** Rows of cells that run: trusted, not masked, warm. */
export function featureCollector(): FeatureCollector {
  let features: ReturnType<typeof cellFeatures> | undefined
  let trusted_s = new Float64Array(0)
  let dt_s = 1
  let ticks = 0
  let firstCell = 0
  let names: readonly string[] = []
  const chunks: Float32Array[] = []
  const times: number[] = []
  const cells: number[] = []
  return {
    begin(definition, twin) {
      firstCell += trusted_s.length
      features = cellFeatures(definition, twin)
      names = features.names
      trusted_s = new Float64Array(definition.cells.length)
      dt_s = definition.tick_ms / 1000
      ticks = 0
    },
    add({ frame, twin }) {
      if (!features) return
      features.update(frame, twin)
      const due = ++ticks % Math.max(1, Math.round(EVERY_S / dt_s)) === 0
      for (let cell = 0; cell < trusted_s.length; cell++) {
        trusted_s[cell] = twin.trusted[cell] === 1 ? trusted_s[cell]! + dt_s : 0
        if (!due || trusted_s[cell]! < WARM_S || twin.masked[cell] === 1) continue
        if (times.length >= ROWS_MAX) continue
        chunks.push(features.values.slice(cell * names.length, (cell + 1) * names.length))
        times.push(frame.time_ms)
        cells.push(firstCell + cell)
      }
    },
    rows() {
      const values = new Float32Array(chunks.length * names.length)
      for (let row = 0; row < chunks.length; row++) values.set(chunks[row]!, row * names.length)
      return {
        names,
        values,
        times_ms: Float64Array.from(times),
        cells: Uint16Array.from(cells),
      }
    },
  }
}
