import type { LineInfo, Telemetry } from '#engine/outputs/websocket/protocol.ts'
import { type Display, displayOf } from './format.ts'
import { fieldIndex, type Role } from './telemetry.ts'

/** One thing the map can show. */
export interface MapVariable {
  readonly key: string
  readonly text: string
  /** How the deviation was measured, for the legend. */
  readonly against: string
  /** Unit and decimals of the value that stands in the cell. */
  readonly display: Display
  readonly source: 'residual' | 'field' | 'score'
  readonly index: number
}

/** Deviation and value of all cells for one variable. */
export interface MapColumn {
  readonly deviation: Float64Array // [cell], standard deviations, signed; NaN: not known
  readonly value: Float64Array // [cell], SI (sigma for a residual)
  readonly observable: Uint8Array // [cell]
}

const FIELD_ROLES: readonly Role[] = [
  'superheat',
  'alumina',
  'feed',
  'noise',
  'acd',
  'bath',
  'resistance',
]
const SCORE: Display = { text: '', unit: '', scale: 1, offset: 0, digits: 2 }
const SIGMA: Display = { text: '', unit: 'σ', scale: 1, offset: 0, digits: 1 }
/** Makes the median absolute deviation an estimate of the standard deviation. */
const MAD_TO_STD = 1.4826

/** The variables that a line's map offers; the first is shown at the start. */
export function mapVariables(
  info: LineInfo,
  detectors: readonly string[] = [],
): readonly MapVariable[] {
  const variables: MapVariable[] = info.channels.map((channel, index) => ({
    key: `residual:${channel.tag}`,
    text: `${channel.text}: measured against twin`,
    against: 'σ from the twin',
    display: SIGMA,
    source: 'residual',
    index,
  }))
  const roles = FIELD_ROLES.map(role => fieldIndex(info.fields, role)).filter(index => index >= 0)
  const indices =
    info.kind === 'potline' ? [...new Set(roles)] : info.fields.map((_, index) => index)
  for (const index of indices) {
    const field = info.fields[index]!
    variables.push({
      key: `field:${field.name}`,
      text: field.text,
      against: "σ from the line's median",
      display: displayOf(field),
      source: 'field',
      index,
    })
  }
  detectors.forEach((name, index) => {
    variables.push({
      key: `score:${name}`,
      text: `Anomaly score: ${name.replaceAll('-', ' ')}`,
      against: 'score',
      display: SCORE,
      source: 'score',
      index,
    })
  })
  return variables
}

/** Values and deviations of a variable over the cells of one frame. */
export function mapColumn(variable: MapVariable, telemetry: Telemetry): MapColumn {
  const { cells } = telemetry
  const from = variable.index * cells
  if (variable.source === 'residual') {
    const residual = Float64Array.from(telemetry.residual.subarray(from, from + cells))
    const seen = Uint8Array.from(residual, value => (Number.isFinite(value) ? 1 : 0))
    return { deviation: residual, value: residual, observable: seen }
  }
  if (variable.source === 'score') {
    const value = Float64Array.from(telemetry.scores.subarray(from, from + cells))
    const known = Uint8Array.from(value, score => (Number.isFinite(score) ? 1 : 0))
    return { deviation: value.map(score => score * RAMP_MAX_SIGMA), value, observable: known }
  }
  const value = Float64Array.from(telemetry.estimate.subarray(from, from + cells))
  const std = telemetry.std.subarray(from, from + cells)
  const observable = telemetry.observable.slice(from, from + cells)
  return { deviation: fromMedian(value, std), value, observable }
}

/** Distance from the median over the spread of the line or the estimate's own, if wider. */
function fromMedian(values: Float64Array, std: Float32Array): Float64Array {
  const middle = median(values)
  const spread = MAD_TO_STD * median(values.map(value => Math.abs(value - middle)))
  return values.map((value, cell) => {
    const own = std[cell] ?? Number.NaN
    const scale = Number.isFinite(own) ? Math.max(spread, own) : spread
    if (!Number.isFinite(value)) return Number.NaN
    return scale > 0 ? (value - middle) / scale : 0
  })
}

/** The median of the finite values; NaN when there is none. */
export function median(values: Float64Array): number {
  const finite = values.filter(Number.isFinite).sort()
  if (finite.length === 0) return Number.NaN
  const half = finite.length >> 1
  return finite.length % 2 === 1 ? finite[half]! : (finite[half - 1]! + finite[half]!) / 2
}

/** The mean of the finite values; NaN when there is none. */
export function mean(values: Float32Array | Float64Array): number {
  let sum = 0
  let count = 0
  for (const value of values) {
    if (!Number.isFinite(value)) continue
    sum += value
    count++
  }
  return count === 0 ? Number.NaN : sum / count
}

/** Where the ramp ends, in standard deviations. */
export const RAMP_MAX_SIGMA = 4

/** One hue from equipment grey to blue; lightness falls with the deviation. */
export function rampColour(deviation: number): string {
  const share = Math.min(1, Math.abs(deviation) / RAMP_MAX_SIGMA)
  const channel = (from: number, to: number) => Math.round(from + (to - from) * share)
  return `rgb(${channel(194, 38)} ${channel(197, 82)} ${channel(200, 138)})`
}

/** True where text on the ramp must be white to be read. */
export function isDark(deviation: number): boolean {
  return Math.abs(deviation) / RAMP_MAX_SIGMA > 0.62
}
