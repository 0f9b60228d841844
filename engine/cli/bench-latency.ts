import { measureLatency } from '#bench/latency.ts'
import { commandOf, numbersOf, repeat, storeOf } from './bench-runs.ts'
import { type OptionValues, say } from './command.ts'

const DEFAULTS = { rate: 2500, seconds: 60, warmup: 5, alerts: 1200, lines: 4, runs: 5, seed: 1 }
const LEAST = { warmup: 0, alerts: 0, seconds: 2 }

/** `liquidus bench latency`: a small load whose readings have times of their own. */
export function benchLatency(options: OptionValues): Promise<number> {
  const numbers = numbersOf(options, DEFAULTS, LEAST)
  const { rate, seconds, warmup, runs, ...rest } = numbers
  const store = storeOf(options)
  const plan = { rate_per_s: rate, seconds_s: seconds, warmup_s: warmup, ...rest }
  const facts = {
    ...{ rate, seconds, warmup_s: warmup, lines: rest.lines, seed: rest.seed, store },
    command: commandOf('latency', numbers, store === 'redis' ? ['--store redis'] : []),
  }
  return repeat(options, runs, facts, () => measureLatency(plan, store, say))
}
