import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { LiquidusError, problemOf } from '../core/errors.ts'
import { namedConfiguration, readConfiguration } from '../evaluation/configuration.ts'
import {
  type FitFiles,
  type FittedFiles,
  fitFiles,
  fitNetworkFiles,
  inputRun,
  scoreLines,
} from '../evaluation/score-file.ts'
import { type Command, type OptionValues, say, usage } from './command.ts'

const DEFAULT_DETECTOR = 'cva-fused'
const NETWORK = 'network'

export const scoreCommand: Command = {
  summary: 'Score the rows of a CSV or CSV.gz file with a detector fitted on others.',
  details: `Writes one row per row: row (from 0), score (0: as normal running is in the middle, 1: at
its upper end), alarm (0 or 1), p_value (chance that normal running scores as much) and, on an alarm,
the columns it comes from. A score uses the rows up to its own only. The columns are those of the
first file to fit, but for a time column and those to ignore, which are never read.
"--detector network" trains a TensorFlow.js network beside the linear detector on two files or more.`,
  options: {
    fit: { type: 'string', value: 'A,B', help: 'files of normal running to fit on (needed)' },
    calibrate: {
      type: 'string',
      value: 'C,D',
      help: 'files of normal running for the threshold (default: the one to fit, by folds)',
    },
    input: { type: 'string', value: 'FILE', help: 'file to score (needed)' },
    out: { type: 'string', value: 'FILE', help: 'where to write (default standard output)' },
    detector: { type: 'string', value: 'NAME', help: `detector (default ${DEFAULT_DETECTOR})` },
    config: { type: 'string', value: 'FILE', help: 'a configuration of your own instead' },
    seed: { type: 'number', value: 'N', help: 'network: seed of its training (default 1)' },
    ignore: { type: 'string', value: 'A,B', help: 'columns that are not read, e.g. labels' },
  },
  async run(options) {
    const input = options.input as string | undefined
    const fit = listOf(options.fit)
    const calibrate = listOf(options.calibrate)
    if (fit.length === 0) throw usage('name files of normal running with --fit A.csv,B.csv')
    if (input === undefined) throw usage('name the file to score with --input FILE')
    if (calibrate.length === 0 && fit.length > 1) {
      throw usage('name other files of normal running for the threshold with --calibrate C.csv')
    }
    const both = calibrate.find(path => fit.includes(path))
    if (both !== undefined) {
      throw usage(`${both} is fitted: a threshold from it would be too low; name another file`)
    }
    const files = { fit, calibrate, ignore: listOf(options.ignore) }
    const fitted = await fittedOn(files, options)
    const run = inputRun(input, fitted.channels)
    const out = options.out as string | undefined
    const lines = Readable.from(withBreaks(scoreLines(fitted, run)))
    try {
      await pipeline(lines, out === undefined ? process.stdout : createWriteStream(out), {
        end: out !== undefined,
      })
    } catch (error) {
      throw new LiquidusError('FILE_UNWRITABLE', { path: out ?? '-', problem: problemOf(error) })
    }
    say(
      `scored ${run.count} rows of ${fitted.channels.length} columns with ${fitted.detector.plan.name}`,
    )
    return 0
  },
}

async function fittedOn(files: FitFiles, options: OptionValues): Promise<FittedFiles> {
  if (options.detector !== NETWORK || options.config !== undefined) {
    if (options.seed !== undefined) throw usage(`--seed is for --detector ${NETWORK}`)
    return fitFiles(planOf(options, DEFAULT_DETECTOR), files)
  }
  if (files.fit.length < 2 || files.calibrate.length === 0) {
    throw usage('a network is fitted on two files or more, with others for --calibrate')
  }
  const seed = (options.seed as number | undefined) ?? 1
  if (!Number.isInteger(seed) || seed < 0) throw usage('--seed takes a whole number, 0 or more')
  return fitNetworkFiles(seed, files)
}

/** The configuration that the options name. */
export function planOf(options: OptionValues, detector: string) {
  if (options.config !== undefined && options.detector !== undefined) {
    throw usage('take either --detector or --config')
  }
  if (options.config !== undefined) return readConfiguration(options.config as string)
  return namedConfiguration((options.detector as string | undefined) ?? detector)
}

/** The parts of an option that lists. */
export function listOf(value: unknown): string[] {
  return typeof value === 'string' ? value.split(',').filter(part => part !== '') : []
}

const LINES_AT_ONCE = 500

function* withBreaks(lines: Iterable<string>): Generator<string> {
  let text = ''
  let count = 0
  for (const line of lines) {
    text += `${line}\n`
    if (++count % LINES_AT_ONCE > 0) continue
    yield text
    text = ''
  }
  yield text
}
