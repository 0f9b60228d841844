import { unitOf } from '../../core/units.ts'
import {
  type Channel,
  type LineDefinition,
  type LineFrame,
  Quality,
  type Quantity,
  type TagDefinition,
  type Twin,
} from '../../flow.ts'
import { twinFrame, type WritableTwinFrame } from '../frame.ts'
import { packState, type StateKind, statePieces, unpackState } from '../snapshot.ts'
import { createPredictors, isWarm, levelOf, type Predictors, stepSeries } from './predictor.ts'

/** Of this module alone: the compiler reads what is exported or imported anew in every turn. */
const BAD: number = Quality.bad

const KIND: StateKind = { name: 'generic', version: 1 }
/** A cell without a reading for this long is no longer trusted. */
const SILENT_S = 60

/** What the twin of any line shows of a tag: its smoothed value, in SI. */
function quantityOf(tag: TagDefinition): Quantity {
  const unit = unitOf(tag.unit) ?? { si: '1', scale: 1, offset: 0 }
  return {
    name: `${tag.tag}_${unit.si.replaceAll('/', 'p')}`,
    unit: unit.si,
    text: tag.tag.replaceAll('_', ' '),
    low: tag.low * unit.scale + unit.offset,
    high: tag.high * unit.scale + unit.offset,
    display: {
      unit: tag.unit,
      scale: 1 / unit.scale,
      offset: -unit.offset / unit.scale,
      digits: 3,
    },
  }
}

/**
 * Twin of any multivariate line: one self-tuning predictor per signal series. It knows no
 * physics, so it forecasts nothing. A line-scope tag fills cell 0 only.
 */
export function genericTwin(definition: LineDefinition): Twin {
  const cells = definition.cells.length
  const signals = definition.tags
    .map((tag, index) => ({ tag, index }))
    .filter(({ tag }) => tag.kind === 'signal')
  const fields = signals.map(({ tag }) => quantityOf(tag))
  const channels: Channel[] = signals.map(({ tag }, i) => ({ ...fields[i]!, tag: tag.tag }))
  const tagIndex = Uint32Array.from(signals, ({ index }) => index)
  const width = Uint32Array.from(signals, ({ tag }) => (tag.scope === 'line' ? 1 : cells))
  const predictors = createPredictors(signals.length * cells)
  const one = new Float64Array(1)
  const each = new Float64Array(cells)
  /** This tick's readings of a signal; all signals of a width share the memory. */
  const fresh = Array.from(width, count => (count === 1 ? one : each))
  const silent_s = new Float64Array(cells).fill(SILENT_S)
  const lineWarm = () => {
    for (let s = 0; s < signals.length; s++) {
      if (width[s] === 1 && isWarm(predictors, s * cells)) return true
    }
    return false
  }
  const { expected, expected_std, residual } = predictors
  // Shown where they are made: a copy of each would cost a line of many series its cache.
  const shown = { expected, expected_std, residual, std: expected_std }
  const frame = { ...twinFrame(fields, channels, cells), ...shown }
  const state = [predictors.state, silent_s]

  return {
    fields,
    channels,
    version: `generic-${KIND.version}`,
    step(input) {
      const dt_s = definition.tick_ms / 1000
      frame.tick = input.tick
      frame.time_ms = input.time_ms
      for (let cell = 0; cell < cells; cell++) {
        silent_s[cell] = Math.min(silent_s[cell]! + dt_s, 1e9)
      }
      for (let s = 0; s < signals.length; s++) {
        const series = { from: tagIndex[s]! * cells, to: s * cells, fresh: fresh[s]! }
        stepSignal(predictors, series, { input, tick_ms: definition.tick_ms }, frame, silent_s)
      }
      const byLine = lineWarm() && silent_s[0]! < SILENT_S
      for (let cell = 0; cell < cells; cell++) {
        let warm = byLine
        for (let s = 0; s < signals.length && !warm; s++) {
          warm = silent_s[cell]! < SILENT_S && isWarm(predictors, s * cells + cell)
        }
        frame.trusted[cell] = warm ? 1 : 0
      }
      return frame
    },
    forecast: () => undefined,
    profiles: () => [],
    snapshot: () => packState(KIND, state),
    pieces: () => statePieces(KIND, state),
    restore: bytes => unpackState(KIND, state, bytes),
  }
}

/** Steps one signal of all cells and shows it; a function of arrays, as the predictors are. */
function stepSignal(
  predictors: Predictors,
  series: { readonly from: number; readonly to: number; readonly fresh: Float64Array },
  { input, tick_ms }: { readonly input: LineFrame; readonly tick_ms: number },
  { observed, estimate, observable }: WritableTwinFrame,
  silent_s: Float64Array, // [cell]
): void {
  const { values, quality, age_ms } = input
  const { from, to, fresh } = series
  const count = fresh.length
  for (let cell = 0; cell < count; cell++) {
    const value = values[from + cell]!
    const usable = Number.isFinite(value) && quality[from + cell]! < BAD
    const isNew = usable && age_ms[from + cell]! <= tick_ms
    fresh[cell] = isNew ? value : Number.NaN
    observed[to + cell] = usable ? value : Number.NaN
    if (isNew) silent_s[cell] = 0
  }
  stepSeries(predictors, to, fresh)
  for (let i = to; i < to + count; i++) {
    estimate[i] = levelOf(predictors, i)
    observable[i] = isWarm(predictors, i) ? 1 : 0
  }
}
