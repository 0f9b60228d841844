import { type LatencyResult, measureLatency } from '#bench/latency.ts'
import { appendResult, medianRun, surroundings, tableOf } from '#bench/results.ts'
import { benchScore } from '#bench/score.ts'
import { benchDay } from './bench-day.ts'
import { benchTwin } from './bench-twin.ts'
import { type Command, type OptionValues, printJson, say, usage } from './command.ts'

const DEFAULTS = { rate: 2500, seconds: 60, warmup: 5, alerts: 1200, lines: 4, runs: 1, seed: 1 }

export const benchCommand: Command = {
  summary: 'Measure latency, the speed of twin and detectors, or the alarms of a simulated day.',
  usage: 'latency | day | twin | score',
  details: `latency: starts an engine of its own on free ports with an empty store, sends at a fixed rate
whatever the engine does, and listens on its WebSocket. Every latency is counted from the time a
reading was due. Exit code 1: a reading was lost or an alert did not arrive.
day: runs a simulated potline through twin, anomaly and advice as fast as it can, without a door
or a store, and lists every alarm. Exit code 1: a quiet day raised more than one.
twin: times the full cell against the same work in C (gcc, clang) and in SciPy, FEniCS and SfePy,
as far as they are installed. Exit code 1: the C program or the clear form gave other numbers.
score: readings per second of each detector, and the tick of the shipped cell model.
See bench/README.md.`,
  options: {
    rate: { type: 'number', value: 'N', help: 'readings per second (default 2500)' },
    seconds: { type: 'number', value: 'N', help: 'measured time (default 60)' },
    warmup: { type: 'number', value: 'N', help: 'seconds sent before that (default 5)' },
    alerts: { type: 'number', value: 'N', help: 'limit crossings to inject (default 1200)' },
    lines: { type: 'number', value: 'N', help: 'lines the assets are spread over (default 4)' },
    runs: { type: 'number', value: 'N', help: 'repeat and report the median (default 1; twin 7)' },
    seed: { type: 'number', value: 'N', help: 'seed of the load or the plant (default 1)' },
    hours: { type: 'number', value: 'H', help: 'day: simulated hours (default 24)' },
    cells: { type: 'number', value: 'N', help: 'day, twin: cells (default 40, 240)' },
    faults: { type: 'string', value: 'LIST', help: 'day: as in plant --help (default none)' },
    models: { type: 'string', value: 'DIR', help: 'day: model registry (default ./models)' },
    json: { type: 'boolean', help: 'print the result as one JSON object' },
    save: { type: 'boolean', help: 'append it to bench/results.ndjson (--no-save: do not)' },
  },
  async run(options, positionals) {
    const [what = ''] = positionals
    const other = OTHERS[what]
    if (other && positionals.length === 1) return other(options)
    if (what !== 'latency' || positionals.length !== 1) {
      const known = ['latency', ...Object.keys(OTHERS)].join(', ')
      throw usage(`name what to measure after "bench": ${known}`)
    }
    const numbers = numbersOf(options)
    const { rate, seconds, warmup, runs, ...rest } = numbers
    const plan = { rate_per_s: rate, seconds_s: seconds, warmup_s: warmup, ...rest }
    const around = surroundings()
    const results: LatencyResult[] = []
    for (let run = 0; run < runs; run++) {
      if (runs > 1) say(`run ${run + 1} of ${runs}`)
      results.push(await measureLatency(plan, say))
    }
    const command = `bench latency ${Object.entries(numbers)
      .map(([name, value]) => `--${name} ${value}`)
      .join(' ')}`
    const result: LatencyResult = { ...medianRun(results), ...around, command }
    if (options.save !== false) appendResult(result)
    if (options.json) printJson(result)
    else process.stdout.write(`${tableOf(result)}\n`)
    for (const problem of result.problems) say(`failed: ${problem}`)
    return result.problems.length === 0 ? 0 : 1
  },
}

const OTHERS: Readonly<Record<string, (options: OptionValues) => Promise<number>>> = {
  day: benchDay,
  twin: async options => benchTwin(options),
  score: benchScore,
}

function numbersOf(options: OptionValues): typeof DEFAULTS {
  const numbers = { ...DEFAULTS }
  for (const name of Object.keys(DEFAULTS) as (keyof typeof DEFAULTS)[]) {
    const value = (options[name] as number | undefined) ?? DEFAULTS[name]
    const least = name === 'warmup' || name === 'alerts' ? 0 : name === 'seconds' ? 2 : 1
    if (!Number.isInteger(value) || value < least) {
      throw usage(`--${name} takes a whole number, ${least} or more`)
    }
    numbers[name] = value
  }
  return numbers
}
