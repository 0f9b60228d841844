import type { Channel, LineDefinition, Quantity, TwinFrame } from '../../flow.ts'
import { potlineTag } from '../../lines/potline.ts'
import { estimateNames } from '../estimates.ts'

/** What the linear streams see of a line. */
export interface LineSignals {
  /** In the words of the process. */
  readonly texts: readonly string[] // [channel]
  /** The first so many are residuals of the twin; those after them tell of the state. */
  readonly residuals: number
  /** Channels that every cell has: those of the shared model. */
  readonly shared: readonly number[]
  /** This tick's values; NaN where nothing is known. Reused. */
  fill(twin: TwinFrame): Float64Array // [channel][cell]
}

/** Finds the signals that a line's twin gives. */
export function lineSignals(
  definition: LineDefinition,
  twinOf: { readonly fields: readonly Quantity[]; readonly channels: readonly Channel[] },
): LineSignals {
  return definition.kind === 'potline'
    ? potlineSignals(twinOf, definition.cells.length)
    : residualSignals(definition, twinOf.channels)
}

/** Each channel of the twin as it came: the twin's residuals are already white. */
function residualSignals(definition: LineDefinition, channels: readonly Channel[]): LineSignals {
  const ofLine = new Set(
    definition.tags.filter(({ scope }) => scope === 'line').map(({ tag }) => tag),
  )
  const single = definition.cells.length === 1
  return {
    texts: channels.map(({ text }) => text),
    residuals: channels.length,
    shared: channels.flatMap(({ tag }, c) => (single || !ofLine.has(tag) ? [c] : [])),
    fill: twin => twin.residual,
  }
}

/** The voltage beside the twin, and how restless and how steep it is. */
function potlineSignals(
  twinOf: { readonly fields: readonly Quantity[]; readonly channels: readonly Channel[] },
  cells: number,
): LineSignals {
  const find = estimateNames(twinOf.fields, twinOf.channels, cells)
  const voltage = find.channel(potlineTag.voltage)
  const noise = find.field('voltage_noise_V')
  const slope = find.field('resistance_slope_Ohmps')
  const sources = [
    { is: 'residual', at: voltage, text: 'cell voltage' },
    { is: 'noise', at: noise, text: 'voltage noise' },
    { is: 'slope', at: slope, text: 'resistance slope' },
  ].filter(({ at }) => at >= 0)
  const values = new Float64Array(sources.length * cells)
  return {
    texts: sources.map(({ text }) => text),
    residuals: voltage < 0 ? 0 : 1,
    shared: sources.map((_, c) => c),
    fill(twin) {
      sources.forEach(({ is, at }, c) => {
        for (let cell = 0, to = c * cells; cell < cells; cell++, to++) {
          if (is === 'residual') values[to] = twin.residual[at + cell]!
          else if (twin.observable[at + cell] === 0) values[to] = Number.NaN
          // Noise spreads over decades.
          else if (is === 'noise') values[to] = Math.log(twin.estimate[at + cell]! + NOISE_FLOOR_V)
          else values[to] = twin.estimate[at + cell]!
        }
      })
      return values
    },
  }
}

const NOISE_FLOOR_V = 1e-6
