import type { Channel, LineDefinition, Quantity, TwinFrame } from '../../flow.ts'
import { potlineTag } from '../../lines/potline.ts'
import { estimateAt, estimateNames, stdAt } from '../estimates.ts'
import type { Stateful } from '../state.ts'
import { quietTime } from './quiet.ts'

/** What the rules see of one cell at one tick; one object, refilled for each cell. */
export interface CellLook {
  voltage_V: number
  alumina: number
  /** Change of estimated alumina over the last minutes, share per second. */
  aluminaRate_ps: number
  margin: number
  margin_std: number
  /** Mean of two minutes; NaN soon after an event. */
  slope_Ohmps: number
  /** How far the resistance has climbed by that slope since it last stood still. */
  rise_Ohm: number
  /** Seconds for which the twin has been trusted. */
  trusted_s: number
  /** Seconds since the line current last moved. */
  lineCalm_s: number
  noise_V: number
  superheat_K: number
  superheat_std_K: number
  masked: boolean
  trusted: boolean
  /** How surely an anode effect is coming, 0..1; NaN when it can not be judged. */
  risk: number
  /** Seconds since work at the cell or an anode effect; short beam moves do not count. */
  quiet_s: number
}

/** Fills a look from the frames and keeps the running means it needs. */
export interface CellLooks extends Stateful {
  readonly look: CellLook
  /** Once per tick, before the cells. */
  line(current_A: number): void
  fill(twin: TwinFrame, cell: number, blind: boolean): CellLook
}

const SLOPE_S = 120
const NOISE_S = 90
const ALUMINA_FAST_S = 60
const ALUMINA_SLOW_S = 360
/** A slope below this is no climb: the drift of an anode-cathode distance is slower. */
const STILL_OHMPS = 0.003e-6 / 60
/** The line current moved when it is this far off its mean of minutes. */
const LINE_MOVED = 0.015
const LINE_MEAN_S = 300
const CALM_MAX_S = 1e6

/** Looks at the cells of a potline. */
export function cellLooks(
  definition: LineDefinition,
  names: { readonly fields: readonly Quantity[]; readonly channels: readonly Channel[] },
): CellLooks {
  const cells = definition.cells.length
  const dt_s = definition.tick_ms / 1000
  const find = estimateNames(names.fields, names.channels, cells)
  const at = {
    voltage: find.channel(potlineTag.voltage),
    alumina: find.field('alumina_share'),
    margin: find.field('anode_effect_margin_share'),
    slope: find.field('resistance_slope_Ohmps'),
    noise: find.field('voltage_noise_V'),
    superheat: find.field('superheat_K'),
  }
  const smooth = (seconds: number) => running(cells, 1 - Math.exp(-dt_s / seconds))
  const slope = smooth(SLOPE_S)
  const noise = smooth(NOISE_S)
  const aluminaFast = smooth(ALUMINA_FAST_S)
  const aluminaSlow = smooth(ALUMINA_SLOW_S)
  const quiet = quietTime(cells)
  const rise = new Float64Array(cells)
  const trusted_s = new Float64Array(cells)
  const line = Float64Array.of(Number.NaN, 0) // mean of the current, seconds it has been calm
  const means = [slope, noise, aluminaFast, aluminaSlow].map(({ values }) => values)
  const arrays = [...means, rise, trusted_s, line]
  const look = {} as CellLook

  return {
    look,
    line(current_A) {
      if (!(current_A > 0)) return
      const before_A = line[0]!
      line[0] = Number.isNaN(before_A)
        ? current_A
        : before_A + (current_A - before_A) * (dt_s / LINE_MEAN_S)
      const moved = Math.abs(current_A / line[0] - 1) > LINE_MOVED
      line[1] = moved ? 0 : Math.min(CALM_MAX_S, line[1]! + dt_s)
    },
    fill(twin, cell, blind) {
      const voltage_V = at.voltage < 0 ? Number.NaN : twin.observed[at.voltage + cell]!
      const masked = twin.masked[cell] === 1
      const hidden = !quiet.look(cell, masked || blind, voltage_V, dt_s)
      if (!hidden) {
        const slopeNow = estimateAt(twin, at.slope, cell)
        // The twin begins its slope anew after an event: what was before says nothing then.
        if (Number.isNaN(slopeNow)) slope.values[cell] = Number.NaN
        slope.add(cell, slopeNow)
        const climb = (slope.values[cell]! - STILL_OHMPS) * dt_s
        rise[cell] = Number.isNaN(climb) ? 0 : Math.max(0, rise[cell]! + climb)
        noise.add(cell, estimateAt(twin, at.noise, cell))
      }
      look.voltage_V = voltage_V
      look.masked = masked
      look.trusted = twin.trusted[cell] === 1
      look.quiet_s = quiet.since_s(cell)
      trusted_s[cell] = look.trusted ? Math.min(CALM_MAX_S, trusted_s[cell]! + dt_s) : 0
      look.trusted_s = trusted_s[cell]!
      look.lineCalm_s = line[1]!
      look.rise_Ohm = rise[cell]!
      look.alumina = estimateAt(twin, at.alumina, cell)
      aluminaFast.add(cell, look.alumina)
      aluminaSlow.add(cell, look.alumina)
      // A ramp is lagged by the time constant, so the lags differ by their difference.
      look.aluminaRate_ps =
        (aluminaFast.values[cell]! - aluminaSlow.values[cell]!) / (ALUMINA_SLOW_S - ALUMINA_FAST_S)
      look.margin = estimateAt(twin, at.margin, cell)
      look.margin_std = stdAt(twin, at.margin, cell)
      look.slope_Ohmps = hidden ? Number.NaN : slope.values[cell]!
      look.noise_V = hidden ? Number.NaN : noise.values[cell]!
      look.superheat_K = estimateAt(twin, at.superheat, cell)
      look.superheat_std_K = stdAt(twin, at.superheat, cell)
      return look
    },
    save(out) {
      for (const values of arrays) out.array(values)
      quiet.save(out)
    },
    load(from) {
      for (const values of arrays) from.array(values)
      quiet.load(from)
    },
  }
}

/** Running means, one per cell, that skip what is not known. */
function running(cells: number, share: number) {
  const values = new Float64Array(cells).fill(Number.NaN)
  return {
    values,
    add(cell: number, value: number) {
      if (!Number.isFinite(value)) return
      const before = values[cell]!
      values[cell] = Number.isNaN(before) ? value : before + (value - before) * share
    },
  }
}
