import { MEASURED_S, MODEL_LEARN_S, measureTwinLoad } from '#bench/twin-load.ts'
import { commandOf, numbersOf, repeat, storeOf } from './bench-runs.ts'
import { type OptionValues, say } from './command.ts'

const DEFAULTS = { warmup: 5, learn: 0, alerts: 1200, outage: 60, runs: 5, seed: 1 }
const LEAST = { warmup: 0, alerts: 0, seconds: 2, learn: 0, outage: 0 }

/** `liquidus bench twin-load`: TWIN-444 alone, then a kill and what it takes to come back. */
export function benchTwinLoad(options: OptionValues): Promise<number> {
  const isLearnt = ((options.learn as number | undefined) ?? DEFAULTS.learn) >= MODEL_LEARN_S
  const measured_s = isLearnt ? MEASURED_S.learnt : MEASURED_S.young
  const numbers = numbersOf(options, { seconds: measured_s, ...DEFAULTS }, LEAST)
  const store = storeOf(options)
  const { seconds, warmup, learn, alerts, outage, runs, seed } = numbers
  const plan = {
    ...{ seconds_s: seconds, warmup_s: warmup, learn_s: learn, alerts, outage_s: outage },
    ...{ seed, store },
  }
  const facts = {
    ...{ seconds, warmup_s: warmup, learn_s: learn, outage_s: outage, seed, store },
    command: commandOf('twin-load', numbers, store === 'redis' ? ['--store redis'] : []),
  }
  return repeat(options, runs, facts, () => measureTwinLoad(plan, say))
}
