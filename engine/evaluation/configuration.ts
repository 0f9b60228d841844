import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { RowPlan } from '../anomaly/rows/detector.ts'
import { LiquidusError, problemOf } from '../core/errors.ts'

const FOLDER = join(import.meta.dirname, 'configurations')
const STATISTICS: Readonly<Record<string, readonly string[]>> = {
  pca: ['T2', 'Q'],
  cva: ['Tr2', 'Ts2'],
  mewma: ['T2'],
  forecaster: ['E2'],
  combiner: ['odds'],
}
const NUMBERS: Readonly<Record<string, readonly string[]>> = {
  pca: ['lags', 'components'],
  cva: ['lags', 'states', 'ridge'],
  mewma: ['share', 'ridge'],
}
const METHODS = ['quantile', 'conformal', 'pot']

/** Names of the configurations that come with the engine. */
export function configurationNames(): string[] {
  return readdirSync(FOLDER).map(file => basename(file, '.json'))
}

/** A configuration that comes with the engine. */
export function namedConfiguration(name: string): RowPlan {
  const names = configurationNames()
  if (!names.includes(name)) {
    const problem = `there is no detector "${name}"; there are: ${names.join(', ')}`
    throw new LiquidusError('USAGE', { problem })
  }
  return readConfiguration(join(FOLDER, `${name}.json`))
}

/** A configuration from a file. */
export function readConfiguration(path: string): RowPlan {
  return checkPlan(readJson(path), path)
}

/** What a file of JSON holds. */
export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new LiquidusError('CONFIG_UNREADABLE', { path, problem: problemOf(error) })
  }
}

/** An object whose fields are not known yet. */
export type Fields = Readonly<Record<string, unknown>>

/** The plan that a parsed file holds, or an error that names what is wrong. */
export function checkPlan(value: unknown, source: string, trained: Fields = {}): RowPlan {
  const { fail, fields, number } = checks(source)
  const plan = fields('', value)
  if (typeof plan.name !== 'string' || plan.name === '') fail('name', 'takes a name')
  checkStreams(plan, source, trained)
  const threshold = fields('threshold', plan.threshold)
  if (!METHODS.includes(String(threshold.method))) {
    fail('threshold.method', `takes ${METHODS.join(', ')}`)
  }
  number('threshold.alpha', threshold.alpha, 1e-9, 0.5)
  number('threshold.block', threshold.block, 1, 1e6)
  if (threshold.follow !== undefined) number('threshold.follow', threshold.follow, 0, 1)
  if (threshold.budget !== undefined) {
    const budget = fields('threshold.budget', threshold.budget)
    number('threshold.budget.events_per_day', budget.events_per_day, 1e-6, 1e6)
    number('threshold.budget.rows_per_day', budget.rows_per_day, 1, 1e9)
    if (budget.streams !== undefined) number('threshold.budget.streams', budget.streams, 1, 1e6)
  }
  const persistence = fields('persistence', plan.persistence)
  number('persistence.of', persistence.of, 1, 1000)
  number('persistence.need', persistence.need, 1, persistence.of as number)
  if (plan.split !== undefined) {
    const { folds, fit_share } = fields('split', plan.split)
    if (folds === undefined) number('split.fit_share', fit_share, 0.1, 0.9)
    else number('split.folds', folds, 2, 100)
  }
  return value as RowPlan
}

/** Holds `models` and the `streams` that read them, or one of those `trained`, to the rules. */
export function checkStreams(plan: Fields, source: string, trained: Fields = {}): void {
  const { fail, fields } = checks(source)
  const models = fields('models', plan.models)
  for (const [name, given] of Object.entries(models)) {
    checkModel(`models.${name}`, fields(`models.${name}`, given), source)
  }
  const streams = Array.isArray(plan.streams) ? (plan.streams as unknown[]) : []
  if (streams.length === 0) fail('streams', 'takes a list of at least one stream')
  for (const [i, given] of streams.entries()) {
    const stream = fields(`streams[${i}]`, given)
    checkStream(`streams[${i}]`, stream, { ...models, ...trained }, source)
  }
}

function checkModel(at: string, model: Fields, source: string): void {
  const { fail, number, adapt } = checks(source)
  const kind = String(model.kind)
  if (!Object.hasOwn(NUMBERS, kind)) fail(`${at}.kind`, 'takes pca, cva or mewma')
  for (const key of NUMBERS[kind]!) number(`${at}.${key}`, model[key], 0, 1000)
  adapt(`${at}.adapt`, model.adapt)
}

function checkStream(at: string, stream: Fields, models: Fields, source: string): void {
  const { fail, number, adapt } = checks(source)
  const name = String(stream.model)
  if (!Object.hasOwn(models, name)) fail(`${at}.model`, 'takes the name of a model')
  const known = STATISTICS[(models[name] as { kind: string }).kind]!
  if (!known.includes(String(stream.statistic))) {
    fail(`${at}.statistic`, `takes ${known.join(' or ')}`)
  }
  number(`${at}.memory`, stream.memory, 1e-6, 1)
  if (stream.smooth !== undefined) number(`${at}.smooth`, stream.smooth, 1e-6, 1)
  adapt(`${at}.level`, stream.level)
}

/** Checks that name the key and the source of what is wrong. */
export function checks(source: string) {
  const fail = (key: string, problem: string): never => {
    throw new LiquidusError('CONFIG_INVALID', { key, source, problem })
  }
  const fields = (key: string, given: unknown): Fields =>
    typeof given === 'object' && given !== null ? (given as Fields) : fail(key, 'is not an object')
  const number = (key: string, given: unknown, least: number, most: number): void => {
    if (typeof given !== 'number' || !(given >= least && given <= most)) {
      fail(key, `takes a number from ${least} to ${most}`)
    }
  }
  const adapt = (key: string, given: unknown): void => {
    if (given === undefined) return
    const { share, alarm } = fields(key, given)
    number(`${key}.share`, share, 0, 1)
    number(`${key}.alarm`, alarm, 0, 1)
  }
  return { fail, fields, number, adapt }
}
