import { runFuzz } from '#bench/fuzz/run.ts'
import { wholeNumber } from './chaos.ts'
import { type Command, printJson, say } from './command.ts'

const DEFAULTS = { inputs: 1_000_000, seed: 1 }

export const fuzzCommand: Command = {
  summary: 'Send malformed input to an engine through real sockets, and to the CSV readers.',
  details: `Starts an engine of its own with an empty store. Six of ten inputs go over the wire:
batches with spoilt structure, lengths, columns, series, times and numbers; hellos and sequences out
of order; frames and HTTP/2 bytes that no client sends. The others are CSV files for the readers of
replay and score. Exit code 1: a process ended or hung, memory grew, an input was rejected without a
reason, or the engine is not well afterwards. The same seed gives the same inputs.`,
  options: {
    inputs: { type: 'number', value: 'N', help: 'inputs, all together (default 1000000)' },
    seed: { type: 'number', value: 'N', help: 'seed of the inputs (default 1)' },
    json: { type: 'boolean', help: 'print the result as one JSON object' },
  },
  async run(options) {
    const inputs = wholeNumber('inputs', options.inputs ?? DEFAULTS.inputs, 10)
    const seed = wholeNumber('seed', options.seed ?? DEFAULTS.seed, 0)
    const result = await runFuzz({ inputs, seed }, say)
    const { violations, reasons, ...rest } = result
    if (options.json) printJson(result)
    else {
      for (const [name, value] of Object.entries(rest)) {
        process.stdout.write(`${name.padEnd(26)}${value}\n`)
      }
      for (const [reason, times] of Object.entries(reasons)) {
        process.stdout.write(`${String(times).padStart(9)}  ${reason}\n`)
      }
    }
    for (const problem of violations) say(`violated: ${problem}`)
    return violations.length === 0 ? 0 : 1
  },
}
