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
import { twinFrame } from '../frame.ts'
import { packState, type StateKind, unpackState } from '../snapshot.ts'
import { createPredictors } from './predictor.ts'

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
  const silent_s = new Float64Array(cells).fill(SILENT_S)
  const lineWarm = () => {
    for (let s = 0; s < signals.length; s++) {
      if (width[s] === 1 && predictors.warm(s * cells)) return true
    }
    return false
  }
  const frame = twinFrame(fields, channels, cells)
  const state = [predictors.state, silent_s]

  const stepSeries = (input: LineFrame, s: number, cell: number) => {
    const from = tagIndex[s]! * cells + cell
    const to = s * cells + cell
    const value = input.values[from]!
    const usable = Number.isFinite(value) && input.quality[from]! < Quality.bad
    const fresh = usable && input.age_ms[from]! <= definition.tick_ms
    predictors.step(to, fresh ? value : Number.NaN)
    if (fresh) silent_s[cell] = 0
    frame.observed[to] = usable ? value : Number.NaN
    frame.expected[to] = predictors.expected[to]!
    frame.expected_std[to] = predictors.expected_std[to]!
    frame.residual[to] = predictors.residual[to]!
    frame.estimate[to] = predictors.level(to)
    frame.std[to] = predictors.expected_std[to]!
    frame.observable[to] = predictors.warm(to) ? 1 : 0
  }

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
        for (let cell = 0; cell < width[s]!; cell++) stepSeries(input, s, cell)
      }
      const byLine = lineWarm() && silent_s[0]! < SILENT_S
      for (let cell = 0; cell < cells; cell++) {
        let warm = byLine
        for (let s = 0; s < signals.length && !warm; s++) {
          warm = silent_s[cell]! < SILENT_S && predictors.warm(s * cells + cell)
        }
        frame.trusted[cell] = warm ? 1 : 0
      }
      return frame
    },
    forecast: () => undefined,
    profiles: () => [],
    snapshot: () => packState(KIND, state),
    restore: bytes => unpackState(KIND, state, bytes),
  }
}
