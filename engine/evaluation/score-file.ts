import {
  fitOneRun,
  fitRowDetector,
  type RowDetector,
  type RowPlan,
} from '../anomaly/rows/detector.ts'
import { type Run, rowOf } from '../anomaly/rows/run.ts'
import { LiquidusError } from '../core/errors.ts'
import { NETWORK_TEP, type NetworkConfiguration, networkOneRun, networkRows } from './network.ts'
import { channelsOf, readTable, runOf } from './table.ts'

/** What to fit on, what to calibrate on, and which columns are labels. */
export interface FitFiles {
  readonly fit: readonly string[]
  /** None: the rows of the one file to fit serve for both, by folds. */
  readonly calibrate: readonly string[]
  readonly ignore: readonly string[]
}

/** A detector and the columns it reads, in order. */
export interface FittedFiles {
  readonly detector: RowDetector
  readonly channels: readonly string[]
}

const ROWS_MIN = 50
const CAUSES = 3

/** The runs of the files; the first one says which columns are channels. */
export function readFitFiles({ fit, calibrate, ignore }: FitFiles) {
  const first = readTable(fit[0]!)
  const channels = channelsOf(first, ignore)
  const read = (path: string) => enough(path, runOf(readTable(path), channels))
  return { channels, fit: fit.map(read), calibrate: calibrate.map(read) }
}

/** Fits on files. */
export function fitFiles(plan: RowPlan, files: FitFiles): FittedFiles {
  const { channels, fit, calibrate } = readFitFiles(files)
  const detector =
    calibrate.length > 0 ? fitRowDetector(plan, fit, calibrate) : fitOneRun(plan, fit[0]!)
  return { detector, channels }
}

/** Trains the network of a configuration on files, beside its linear detectors. */
export async function fitNetworkFiles(
  seed: number,
  files: FitFiles,
  configuration: NetworkConfiguration = NETWORK_TEP,
): Promise<FittedFiles> {
  const { channels, fit, calibrate } = readFitFiles(files)
  const detector =
    calibrate.length > 0
      ? await networkRows(seed, configuration)(fit, calibrate)
      : await networkOneRun(seed, fit[0]!, configuration)
  return { detector, channels }
}

/** A file to be scored, as rows of the channels; other columns are not read. */
export function inputRun(path: string, channels: readonly string[]): Run {
  return runOf(readTable(path), channels)
}

/** CSV lines of the scores of a run, the header first; a line depends on no later row. */
export function* scoreLines({ detector, channels }: FittedFiles, run: Run): Generator<string> {
  const names = channels.map(name => (/[",|]/.test(name) ? name.replace(/[",|]/g, ' ') : name))
  const scorer = detector.start()
  yield 'row,score,alarm,p_value,causes'
  for (let row = 0; row < run.count; row++) {
    const score = scorer.take(rowOf(run, row))
    const alarm = scorer.alarm()
    const causes = alarm ? scorer.causes(CAUSES).map(c => names[c]!) : []
    yield `${row},${score},${Number(alarm)},${scorer.pValue()},${causes.join('|')}`
  }
}

function enough(path: string, run: Run): Run {
  if (run.count >= ROWS_MIN) return run
  throw new LiquidusError('CSV_MALFORMED', {
    ...{ path, row: run.count + 1 },
    problem: `${run.count} rows; a fit or a calibration needs at least ${ROWS_MIN}`,
  })
}
