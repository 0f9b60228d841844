import { type ChaosResult, runChaos } from '#bench/chaos/run.ts'
import { type Command, printJson, say, usage } from './command.ts'

const DEFAULTS = { kills: 200, seed: 1 }

export const chaosCommand: Command = {
  summary: 'Kill, pause and cut a running system at random and audit what is left.',
  details: `Starts an engine, six producers and a dashboard, each in a process or connection of its
own, with an empty store and a log that keeps little. Four lines are generic and one a potline. A seeded schedule kills (-9) the engine, producers and Redis, pauses them,
cuts connections, fills the disk (a small one of its own) and sets the engine's clock an hour wrong
(with libfaketime); what cannot be done here is said and left out. Meanwhile producers repeat and
reorder batches, and one has a clock that jumps as well. Afterwards:
every acknowledged reading is in the log once, no alarm or anomaly comes twice or is missed on the
WebSocket, and state and events equal those of the log run again and, where one producer alone
decides the log, those of a run without faults. Exit code 1: one of these does not hold; the
schedule is then printed. The same seed gives the same schedule and the same readings.`,
  options: {
    kills: { type: 'number', value: 'N', help: 'processes to kill (default 200)' },
    seed: { type: 'number', value: 'N', help: 'seed of schedule and readings (default 1)' },
    store: { type: 'string', value: 'NAME', help: 'lmdb or redis (default lmdb)' },
    json: { type: 'boolean', help: 'print the result as one JSON object' },
  },
  async run(options) {
    const kills = wholeNumber('kills', options.kills ?? DEFAULTS.kills, 1)
    const seed = wholeNumber('seed', options.seed ?? DEFAULTS.seed, 0)
    const store = options.store ?? 'lmdb'
    if (store !== 'lmdb' && store !== 'redis') throw usage('--store takes lmdb or redis')
    const result = await runChaos({ kills, seed, store }, say)
    if (options.json) printJson(result)
    else process.stdout.write(textOf(result))
    for (const step of result.schedule) say(`schedule: ${step}`)
    for (const problem of result.violations) say(`violated: ${problem}`)
    if (result.violations.length > 0) {
      say(`again: liquidus chaos --kills ${kills} --seed ${seed} --store ${store}`)
    }
    return result.violations.length === 0 ? 0 : 1
  },
}

/** A whole number from an option, or an error that names it. */
export function wholeNumber(name: string, value: unknown, least: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number
  throw usage(`--${name} takes a whole number, ${least} or more`)
}

function textOf(result: ChaosResult): string {
  const { violations: _, schedule: __, state_hashes, faults, ...rest } = result
  const rows = Object.entries({
    ...rest,
    faults: Object.entries(faults)
      .map(([kind, count]) => `${kind} ${count}`)
      .join(', '),
    ...Object.fromEntries(
      Object.entries(state_hashes).map(([line, hash]) => [`state of ${line}`, hash]),
    ),
  })
  return rows.map(([name, value]) => `${name.padEnd(20)}${String(value) || 'none'}\n`).join('')
}
