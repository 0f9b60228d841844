import type { RunResult } from '#bench/measure.ts'
import { appendResult, medianRun, surroundings, tableOf } from '#bench/results.ts'
import { environment } from '../config.ts'
import { type OptionValues, printJson, say, usage } from './command.ts'

/** Whole numbers of a bench by option name, with what holds when one is not given. */
export function numbersOf<T extends Readonly<Record<string, number>>>(
  options: OptionValues,
  defaults: T,
  least: Readonly<Record<string, number>> = {},
): T {
  const numbers: Record<string, number> = { ...defaults }
  for (const name of Object.keys(defaults)) {
    const value = (options[name] as number | undefined) ?? defaults[name]!
    const low = least[name] ?? 1
    if (!Number.isInteger(value) || value < low) {
      throw usage(`--${name} takes a whole number, ${low} or more`)
    }
    numbers[name] = value
  }
  return numbers as T
}

/** The store a bench is asked to use: with REDIS_URL set that Redis, unless the option says. */
export function storeOf(options: OptionValues): 'lmdb' | 'redis' {
  const store = (options.store as string | undefined) ?? (environment.REDIS_URL ? 'redis' : 'lmdb')
  if (store !== 'lmdb' && store !== 'redis') throw usage('--store takes lmdb or redis')
  return store
}

/** The command line that repeats a bench, for its record. */
export function commandOf(
  what: string,
  numbers: Readonly<Record<string, number>>,
  more: readonly string[] = [],
): string {
  const named = Object.entries(numbers).map(([name, value]) => `--${name} ${value}`)
  return ['bench', what, ...named, ...more].join(' ')
}

/** Measures so many times, and tells and keeps the median; the exit code is 1 on any problem. */
export async function repeat(
  options: OptionValues,
  runs: number,
  facts: { readonly command: string } & Readonly<Record<string, unknown>>,
  measure: () => Promise<RunResult>,
): Promise<number> {
  const around = surroundings()
  const results: RunResult[] = []
  for (let run = 0; run < runs; run++) {
    if (runs > 1) say(`run ${run + 1} of ${runs}`)
    results.push(await measure())
  }
  const result: RunResult = { ...medianRun(results), ...around, ...facts }
  if (options.save !== false) appendResult(result)
  if (options.json) printJson(result)
  else process.stdout.write(`${tableOf(result)}\n`)
  for (const problem of result.problems) say(`failed: ${problem}`)
  return result.problems.length === 0 ? 0 : 1
}
