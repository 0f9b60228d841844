import { findRate, type IngestPlan, ingestRun, measureIngest } from '#bench/ingest.ts'
import { commandOf, numbersOf, repeat, storeOf } from './bench-runs.ts'
import { type OptionValues, say, usage } from './command.ts'

const DEFAULTS = {
  ...{ rate: 1_000_000, seconds: 300, warmup: 10, learn: 420, alerts: 1200, assets: 1000 },
  ...{ delay: 0, runs: 5, seed: 1 },
}
/** Assets that a line of the configuration may have. */
const ASSETS_MAX = 3000
const LEAST = { warmup: 0, alerts: 0, seconds: 2, learn: 0, delay: 0 }

/** `liquidus bench ingest`: many generic lines at a high rate, beside TWIN-444. */
export async function benchIngest(options: OptionValues): Promise<number> {
  const numbers = numbersOf(options, DEFAULTS, LEAST)
  if (numbers.assets > ASSETS_MAX) throw usage(`--assets takes ${ASSETS_MAX} at most`)
  const find = options.find === true
  const opcua = options.opcua !== false
  const alone = options.twin === false
  const aligned = options.aligned === true
  const store = storeOf(options)
  const plan: IngestPlan = {
    ...{ rate_per_s: numbers.rate, seconds_s: numbers.seconds, warmup_s: numbers.warmup },
    ...{ learn_s: numbers.learn, alerts: numbers.alerts, assets_per_line: numbers.assets },
    ...{ delay_ms: numbers.delay, seed: numbers.seed, store, alone, opcua },
    aligned,
  }
  const more = [
    ...(store === 'redis' ? ['--store redis'] : []),
    ...(find ? ['--find'] : []),
    ...(opcua ? [] : ['--no-opcua']),
    ...(alone ? ['--no-twin'] : []),
    ...(aligned ? ['--aligned'] : []),
  ]
  const lines = ingestRun(plan).rate!.lines
  const facts = {
    ...{ rate: numbers.rate, seconds: numbers.seconds, warmup_s: numbers.warmup, lines, store },
    ...{ learn_s: numbers.learn, assets_per_line: numbers.assets, delay_ms: numbers.delay },
    ...{ twin_444: !alone, opcua, aligned, seed: numbers.seed },
    command: commandOf('ingest', numbers, more),
  }
  const at = (rate_per_s: number) => measureIngest({ ...plan, rate_per_s }, say)
  const measure = () => (find ? findRate(numbers.rate, at, say) : at(numbers.rate))
  return repeat(options, find ? 1 : numbers.runs, facts, measure)
}
