import type { Channel, LineDefinition, LineFrame, Quantity, TwinFrame } from '../flow.ts'
import { isFeedShot, potlineTag } from '../lines/potline.ts'
import { estimateAt, estimateNames } from './estimates.ts'
import type { Stateful } from './state.ts'

/** What models see of a potline cell; a model record lists these names in this order. */
export const CELL_FEATURES = [
  'residual_1min',
  'residual_15min',
  'residual_log_power',
  'noise_log_V',
  'noise_log_ratio',
  'slope_2min',
  'resistance_deviation',
  'feed_efficiency',
  'feed_rate_deviation',
  'alumina',
  'anode_effect_margin',
  'superheat',
  'undissolved',
  'current_deviation',
] as const

/** Turns frames into one row of features per cell; keeps a few running means per cell. */
export interface CellFeatures extends Stateful {
  readonly names: readonly string[]
  /** Latest features; NaN where a value is not known. Reused: copy to keep. */
  readonly values: Float32Array // [cell][feature]
  update(frame: LineFrame, twin: TwinFrame): void
}

// Time constants of the running means, in seconds.
const MEANS_S = {
  residual1: 60,
  residual15: 900,
  power: 120,
  noise: 60,
  noiseUsual: 3600,
  slope: 120,
  resistance: 60,
  resistanceUsual: 3600,
  efficiency: 300,
  feed: 1800,
  feedUsual: 6 * 3600,
  current: 30,
  currentUsual: 3600,
} as const
type MeanName = keyof typeof MEANS_S
const MEAN_NAMES = Object.keys(MEANS_S) as MeanName[]

const LOG_FLOOR = 1e-9

/** The feature extractor of a potline. */
export function cellFeatures(
  definition: LineDefinition,
  twinOf: { readonly fields: readonly Quantity[]; readonly channels: readonly Channel[] },
): CellFeatures {
  const cells = definition.cells.length
  const names = estimateNames(twinOf.fields, twinOf.channels, cells)
  const at = {
    residual: names.channel(potlineTag.voltage),
    noise: names.field('voltage_noise_V'),
    slope: names.field('resistance_slope_Ohmps'),
    resistance: names.field('pseudo_resistance_Ohm'),
    efficiency: names.field('feed_efficiency_1'),
    alumina: names.field('alumina_share'),
    margin: names.field('anode_effect_margin_share'),
    superheat: names.field('superheat_K'),
    undissolved: names.field('undissolved_kg'),
  }
  const currentTag = definition.tags.findIndex(tag => tag.tag === potlineTag.current)
  const feedTags = new Set(definition.tags.flatMap(({ tag }, i) => (isFeedShot(tag) ? [i] : [])))
  const dt_s = definition.tick_ms / 1000
  const means = new Float64Array(MEAN_NAMES.length * cells).fill(Number.NaN) // [mean][cell]
  const fed_kg = new Float64Array(cells)
  const values = new Float32Array(cells * CELL_FEATURES.length).fill(Number.NaN)

  const mean = (name: MeanName, cell: number): number => means[rows[name] * cells + cell]!
  const follow = (name: MeanName, cell: number, value: number): void => {
    if (!Number.isFinite(value)) return
    const i = rows[name] * cells + cell
    const before = means[i]!
    means[i] = Number.isNaN(before) ? value : before + (value - before) * shares[name]
  }
  const shares = Object.fromEntries(
    MEAN_NAMES.map(name => [name, 1 - Math.exp(-dt_s / MEANS_S[name])]),
  ) as Record<MeanName, number>

  const followCell = (frame: LineFrame, twin: TwinFrame, cell: number) => {
    const current = currentTag < 0 ? Number.NaN : frame.values[currentTag * cells]!
    follow('current', cell, current)
    follow('currentUsual', cell, current)
    const rate = fed_kg[cell]! / dt_s
    follow('feed', cell, rate)
    follow('feedUsual', cell, rate)
    follow('efficiency', cell, estimateAt(twin, at.efficiency, cell))
    // A tap or an anode change moves the voltage by itself and says nothing of the cell.
    if (twin.masked[cell] === 1) return
    const residual = at.residual < 0 ? Number.NaN : twin.residual[at.residual + cell]!
    const bounded = Math.max(-20, Math.min(20, residual))
    follow('residual1', cell, bounded)
    follow('residual15', cell, bounded)
    follow('power', cell, bounded * bounded)
    const noise = estimateAt(twin, at.noise, cell)
    follow('noise', cell, noise)
    follow('noiseUsual', cell, noise)
    follow('slope', cell, estimateAt(twin, at.slope, cell))
    const resistance = estimateAt(twin, at.resistance, cell)
    follow('resistance', cell, resistance)
    follow('resistanceUsual', cell, resistance)
  }

  const write = (twin: TwinFrame, cell: number) => {
    const row = cell * CELL_FEATURES.length
    const of = (name: MeanName) => mean(name, cell)
    values[row] = of('residual1')
    values[row + 1] = of('residual15')
    values[row + 2] = Math.log(of('power') + 0.01)
    values[row + 3] = Math.log(of('noise') + LOG_FLOOR)
    values[row + 4] = Math.log((of('noise') + LOG_FLOOR) / (of('noiseUsual') + LOG_FLOOR))
    values[row + 5] = of('slope') * 1e9
    values[row + 6] = of('resistance') / of('resistanceUsual') - 1
    values[row + 7] = of('efficiency')
    values[row + 8] = (of('feed') + 1e-4) / (of('feedUsual') + 1e-4) - 1
    values[row + 9] = estimateAt(twin, at.alumina, cell)
    values[row + 10] = estimateAt(twin, at.margin, cell)
    values[row + 11] = estimateAt(twin, at.superheat, cell)
    values[row + 12] = estimateAt(twin, at.undissolved, cell)
    values[row + 13] = of('current') / of('currentUsual') - 1
  }

  return {
    names: CELL_FEATURES,
    values,
    update(frame, twin) {
      fed_kg.fill(0)
      for (const event of frame.events) {
        if (feedTags.has(event.tagIndex)) fed_kg[event.cell]! += event.value
      }
      for (let cell = 0; cell < cells; cell++) {
        followCell(frame, twin, cell)
        write(twin, cell)
      }
    },
    save(out) {
      out.array(means)
    },
    load(from) {
      from.array(means)
    },
  }
}

const rows = Object.fromEntries(MEAN_NAMES.map((name, row) => [name, row])) as Record<
  MeanName,
  number
>
