import { createHash } from 'node:crypto'
import { CELL_FEATURES } from '../features.ts'
import type { InputSchema, ModelRecord } from './model-record.ts'
import { windowProblem } from './window.ts'

/** Units of the features, as engine/anomaly/features.ts makes them. */
export const FEATURE_UNITS: Readonly<Record<(typeof CELL_FEATURES)[number], string>> = {
  residual_1min: '1',
  residual_15min: '1',
  residual_log_power: 'ln 1',
  noise_log_V: 'ln V',
  noise_log_ratio: '1',
  slope_2min: 'nOhm/s',
  resistance_deviation: '1',
  feed_efficiency: '1',
  feed_rate_deviation: '1',
  alumina: '1',
  anode_effect_margin: '1',
  superheat: 'K',
  undissolved: 'kg',
  current_deviation: '1',
}

/** The input schema of this engine for the tags it was fed, with its hash. */
export function inputSchema(parts: Omit<InputSchema, 'sha256' | 'features'>): InputSchema {
  const features = CELL_FEATURES.map(name => ({ name, unit: FEATURE_UNITS[name] }))
  const { tick_ms, tags, window } = parts
  const schema = { features, tick_ms, tags, ...(window && { window }) }
  return { sha256: schemaHash(schema), ...schema }
}

/** The hash over an input schema; what is absent has no part in it. */
export function schemaHash({
  features,
  tick_ms,
  tags,
  window,
}: Omit<InputSchema, 'sha256'>): string {
  const { rows, step_ms, answer } = window ?? {}
  const windows = window && { rows, step_ms, answer } // in this order, whoever wrote it
  const text = JSON.stringify({ features, tick_ms, tags, window: windows })
  return createHash('sha256').update(text).digest('hex')
}

/** Why this engine can not feed the model, or ''. */
export function schemaProblem(record: ModelRecord): string {
  const wanted: readonly string[] = CELL_FEATURES
  if (record.features.join() !== wanted.join()) {
    const other = record.features.find((name, i) => name !== wanted[i]) ?? wanted.at(-1)!
    const at = record.features.indexOf(other) + 1
    return `takes other features than this engine makes: feature ${at} is "${other}"`
  }
  const { inputs } = record
  if (!inputs) return ''
  const unit = inputs.features.find(
    ({ name, unit }) => FEATURE_UNITS[name as (typeof CELL_FEATURES)[number]] !== unit,
  )
  if (unit) {
    const made = FEATURE_UNITS[unit.name as (typeof CELL_FEATURES)[number]] ?? 'none'
    return `takes ${unit.name} in ${unit.unit}, this engine makes it in ${made}`
  }
  if (inputs.sha256 !== schemaHash(inputs)) return 'input schema does not match its hash'
  return inputs.window ? windowProblem(inputs.window) : ''
}
