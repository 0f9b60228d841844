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

/** What each of them is called in the words of the process. */
export const CELL_FEATURE_TEXTS: Readonly<Record<(typeof CELL_FEATURES)[number], string>> = {
  residual_1min: 'cell voltage beside the expected value for a minute',
  residual_15min: 'cell voltage beside the expected value for 15 minutes',
  residual_log_power: 'cell voltage straying from the expected value',
  noise_log_V: 'voltage noise',
  noise_log_ratio: 'voltage noise beside its usual level',
  slope_2min: 'slope of the pseudo-resistance',
  resistance_deviation: 'pseudo-resistance beside its usual value',
  feed_efficiency: 'alumina delivered of commanded',
  feed_rate_deviation: 'feed rate beside its usual value',
  alumina: 'dissolved alumina',
  anode_effect_margin: 'alumina above the anode effect',
  superheat: 'superheat',
  undissolved: 'undissolved alumina',
  current_deviation: 'line current beside its usual value',
}

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

const ROWS = Object.fromEntries(MEAN_NAMES.map((name, row) => [name, row])) as Record<
  MeanName,
  number
>

interface Extractor {
  readonly cells: number
  readonly dt_s: number
  /** First index of each estimate the features use. */
  readonly at: ReturnType<typeof places>
  readonly shares: Readonly<Record<MeanName, number>>
  readonly means: Float64Array // [mean][cell]
  readonly fed_kg: Float64Array // [cell], in this tick
  readonly values: Float32Array // [cell][feature]
}

/** The feature extractor of a potline. */
export function cellFeatures(definition: LineDefinition, twinOf: TwinGives): CellFeatures {
  const cells = definition.cells.length
  const dt_s = definition.tick_ms / 1000
  const currentTag = definition.tags.findIndex(({ tag }) => tag === potlineTag.current)
  const feedTags = definition.tags.map(({ tag }) => isFeedShot(tag))
  const means = new Float64Array(MEAN_NAMES.length * cells).fill(Number.NaN)
  const fed_kg = new Float64Array(cells)
  const values = new Float32Array(cells * CELL_FEATURES.length).fill(Number.NaN)
  const shares = Object.fromEntries(
    MEAN_NAMES.map(name => [name, 1 - Math.exp(-dt_s / MEANS_S[name])]),
  ) as Record<MeanName, number>
  const at = places(twinOf, cells)
  const extractor: Extractor = { cells, dt_s, at, shares, means, fed_kg, values }
  return {
    names: CELL_FEATURES,
    values,
    update(frame, twin) {
      fed_kg.fill(0)
      for (const event of frame.events) {
        if (feedTags[event.tagIndex]) fed_kg[event.cell]! += event.value
      }
      const current_A = currentTag < 0 ? Number.NaN : frame.values[currentTag * cells]!
      for (let cell = 0; cell < cells; cell++) {
        followCell(extractor, twin, cell, current_A)
        writeCell(extractor, twin, cell)
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

interface TwinGives {
  readonly fields: readonly Quantity[]
  readonly channels: readonly Channel[]
}

function places(twinOf: TwinGives, cells: number) {
  const names = estimateNames(twinOf.fields, twinOf.channels, cells)
  return {
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
}

function follow(extractor: Extractor, name: MeanName, cell: number, value: number): void {
  if (!Number.isFinite(value)) return
  const { means, shares, cells } = extractor
  const i = ROWS[name] * cells + cell
  const before = means[i]!
  means[i] = Number.isNaN(before) ? value : before + (value - before) * shares[name]
}

function followCell(x: Extractor, twin: TwinFrame, cell: number, current_A: number): void {
  const { at } = x
  follow(x, 'current', cell, current_A)
  follow(x, 'currentUsual', cell, current_A)
  const rate = x.fed_kg[cell]! / x.dt_s
  follow(x, 'feed', cell, rate)
  follow(x, 'feedUsual', cell, rate)
  follow(x, 'efficiency', cell, estimateAt(twin, at.efficiency, cell))
  // A tap or an anode change moves the voltage by itself and says nothing of the cell.
  if (twin.masked[cell] === 1) return
  const residual = at.residual < 0 ? Number.NaN : twin.residual[at.residual + cell]!
  const bounded = Math.max(-20, Math.min(20, residual))
  follow(x, 'residual1', cell, bounded)
  follow(x, 'residual15', cell, bounded)
  follow(x, 'power', cell, bounded * bounded)
  const noise = estimateAt(twin, at.noise, cell)
  follow(x, 'noise', cell, noise)
  follow(x, 'noiseUsual', cell, noise)
  follow(x, 'slope', cell, estimateAt(twin, at.slope, cell))
  const resistance = estimateAt(twin, at.resistance, cell)
  follow(x, 'resistance', cell, resistance)
  follow(x, 'resistanceUsual', cell, resistance)
}

/** In the order of CELL_FEATURES. */
function writeCell({ at, means, cells, values }: Extractor, twin: TwinFrame, cell: number): void {
  const row = cell * CELL_FEATURES.length
  const of = (name: MeanName) => means[ROWS[name] * cells + cell]!
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
