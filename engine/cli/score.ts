import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { LiquidusError, problemOf } from '../core/errors.ts'
import { type ChosenDetector, chosenDetector, NETWORK } from '../evaluation/chosen.ts'
import { nearestName } from '../evaluation/nearest-name.ts'
import { isCombiner, NETWORK_TEP, type NetworkConfiguration } from '../evaluation/network.ts'
import {
  type FitFiles,
  type FittedFiles,
  fitFiles,
  fitNetworkFiles,
  inputRun,
  scoreLines,
} from '../evaluation/score-file.ts'
import { columnsOf } from '../evaluation/table.ts'
import { type Command, type OptionValues, say, usage } from './command.ts'

const DEFAULT_DETECTOR = 'cva-fused'

export const scoreCommand: Command = {
  summary: 'Score the rows of a CSV or CSV.gz file with a detector fitted on others.',
  details: `Writes one row per row: row (from 0), score (0: as normal running is in the middle, 1: at
its upper end), alarm (0 or 1), p_value (chance that normal running scores as much) and, on an alarm,
the columns it comes from. A score uses the rows up to its own only. The columns are those of the
first file to fit, but for a time column and those to ignore, which are never read.
"--detector network" trains a TensorFlow.js network beside the linear detector on two files or more.
A file of --config holds one detector or a list of them: --detector says which, or renames the one.`,
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
    config: { type: 'string', value: 'FILE', help: 'a configuration of your own' },
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
    const ignore = listOf(options.ignore)
    checkIgnored(ignore, [...fit, ...calibrate, input])
    const fitted = await fittedOn({ fit, calibrate, ignore }, options)
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
  const { network, ...rest } = chosenOf(options, DEFAULT_DETECTOR, NETWORK_TEP)
  if (network === undefined) {
    if (options.seed !== undefined) throw usage(`--seed is for --detector ${NETWORK}`)
    return fitFiles(rest.plan, files)
  }
  const runs = files.fit.length * (rest.parts ?? 1)
  if (isCombiner(network) && (runs < 2 || files.calibrate.length === 0)) {
    throw usage('this network is fitted on two files or more, with others for --calibrate')
  }
  const seed = (options.seed as number | undefined) ?? 1
  if (!Number.isInteger(seed) || seed < 0) throw usage('--seed takes a whole number, 0 or more')
  return fitNetworkFiles(seed, files, { ...rest, network })
}

/** The detector that the options name. */
export function chosenOf(
  options: OptionValues,
  standard: string,
  network: NetworkConfiguration | undefined,
): ChosenDetector {
  const detector = options.detector as string | undefined
  return chosenDetector({
    ...{ detector, config: options.config as string | undefined },
    ...{ standard, network },
  })
}

/** A name that no file has is a slip of the pen: its label would be read as a channel. */
function checkIgnored(ignore: readonly string[], paths: readonly string[]): void {
  if (ignore.length === 0) return
  const columns = [...new Set(paths.flatMap(columnsOf))]
  const unknown = ignore.find(name => !columns.includes(name))
  if (unknown === undefined) return
  const near = nearestName(unknown, columns)
  throw usage(
    `--ignore names "${unknown}", which is no column of these files` +
      `${near === undefined ? '' : `; did you mean "${near}"?`} (columns: ${columns.join(', ')})`,
  )
}

/** The parts of an option that lists. */
export function listOf(value: unknown): string[] {
  return typeof value === 'string'
    ? value
        .split(',')
        .map(part => part.trim())
        .filter(part => part !== '')
    : []
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
