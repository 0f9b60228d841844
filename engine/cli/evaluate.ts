import { fitRowDetector, type RowPlan } from '../anomaly/rows/detector.ts'
import { causesReport, evaluateCauses } from '../evaluation/causes.ts'
import { evaluateNab } from '../evaluation/nab.ts'
import {
  NETWORK_SKAB,
  NETWORK_TEP,
  type NetworkConfiguration,
  networkRows,
  networkScorer,
} from '../evaluation/network.ts'
import { operatingPointReport, pickOperatingPoint } from '../evaluation/operating-point.ts'
import { type BenchmarkResult, reportOf } from '../evaluation/report.ts'
import { overSeeds, seedsJson } from '../evaluation/seeds.ts'
import { seedsReport } from '../evaluation/seeds-report.ts'
import { evaluateSkab, planScorer } from '../evaluation/skab.ts'
import { evaluateTep } from '../evaluation/tep.ts'
import { evaluateThreeW } from '../evaluation/three-w.ts'
import { type Command, type OptionValues, printJson, say, usage } from './command.ts'
import { evaluatePotline } from './evaluate-potline.ts'
import { chosenOf, listOf } from './score.ts'

type Say = (text: string) => void

const BENCHMARKS: Readonly<
  Record<
    string,
    (
      folder: string,
      plan: RowPlan,
      progress: Say,
      fit?: readonly string[],
    ) => BenchmarkResult | Promise<BenchmarkResult>
  >
> = {
  tep: (folder, plan, progress, fit) =>
    evaluateTep(folder, plan.name, (...runs) => fitRowDetector(plan, ...runs), progress, fit),
  skab: (folder, plan, progress) => evaluateSkab(folder, plan.name, planScorer(plan), progress),
  nab: evaluateNab,
  three_w: evaluateThreeW,
}

export const evaluateCommand: Command = {
  summary: 'Hold a detector to a public benchmark, by its strict protocol.',
  usage: 'tep|skab|nab|three_w|causes|potline',
  details: `Every score is causal; no threshold is taken from rows that were fitted, and none from
labels (but for nab, whose own rules do so). Prints a table beside the records. The configuration
of each benchmark is in engine/evaluation/configurations; how it was chosen is in
docs/evaluation.md. "--detector network" (tep, skab) trains a TensorFlow.js network beside the
linear detector with several seeds and gives their mean and spread. A file of --config holds one
detector or a list of them: --detector says which, or renames the one. causes: how often the broken
sensor of a known fault is named first (folder of tep: made-up faults in normal runs; folder of
occupancy_30s: its injected faults). potline: faults of simulated potlines scored by event, and
false alarms on quiet simulated days; with --data the recorded days of another potline.`,
  options: {
    data: {
      type: 'string',
      value: 'DIR',
      help: 'folder of the benchmark (needed but for potline)',
    },
    detector: { type: 'string', value: 'NAME', help: 'detector (default: that of the benchmark)' },
    config: { type: 'string', value: 'FILE', help: 'a configuration of your own' },
    fit: { type: 'string', value: 'A,B', help: 'tep: runs to fit (default d00_train)' },
    'pick-alpha': {
      type: 'boolean',
      help: 'skab: pick the share of normal rows that may pass, from development data alone',
    },
    seeds: {
      type: 'string',
      value: 'N|A..B',
      help: 'network: seeds, from 1 on (default 5); potline: lines with faults (default 501..504)',
    },
    'cell-days': { type: 'number', value: 'N', help: 'potline: quiet cell-days (default 40)' },
    days: { type: 'number', value: 'N', help: 'potline: days of each quiet line (default 1)' },
    workers: { type: 'number', value: 'N', help: 'potline: threads (default 2)' },
    models: { type: 'string', value: 'DIR', help: 'potline: model registry (default models)' },
    json: { type: 'boolean', help: 'print the result as one JSON object' },
  },
  async run(options, positionals) {
    const name = positionals[0]
    const known = Object.keys(BENCHMARKS).join(', ')
    if (name === 'potline' && positionals.length === 1) return evaluatePotline(options)
    const isKnown = name === 'causes' || Object.hasOwn(BENCHMARKS, name ?? '')
    if (name === undefined || positionals.length > 1 || !isKnown) {
      throw usage(`name one benchmark: ${known}, causes, potline`)
    }
    const folder = options.data as string | undefined
    if (folder === undefined) throw usage('name the folder of the benchmark with --data DIR')
    if (name === 'causes') return rankCauses(folder, options)
    const fit = options.fit === undefined ? undefined : listOf(options.fit)
    if (fit && (name !== 'tep' || fit.length === 0)) throw usage('--fit A,B is for tep')
    const { network, ...rest } = chosenOf(options, name, NETWORKS[name])
    if (options['pick-alpha'] === true) {
      if (name !== 'skab' || network) throw usage('--pick-alpha is for skab and linear detectors')
      return pickAlpha(folder, rest.plan, options)
    }
    if (network) return evaluateNetworks(name, folder, { ...rest, network }, fit, options)
    if (options.seeds !== undefined) throw usage('--seeds is for networks and potline')
    const result = await BENCHMARKS[name]!(folder, rest.plan, say, fit ?? rest.fit)
    return print(options, result, reportOf(result))
  },
}

function print(options: OptionValues, result: object, report: string): number {
  if (options.json) printJson(result)
  else process.stdout.write(`${report}\n`)
  return 0
}

function pickAlpha(folder: string, plan: RowPlan, options: OptionValues): number {
  const result = pickOperatingPoint(folder, plan, say)
  return print(options, result, operatingPointReport(result))
}

function rankCauses(folder: string, options: OptionValues): number {
  if (options.detector !== undefined || options.config !== undefined) {
    throw usage('causes has a detector of its own')
  }
  const result = evaluateCauses(folder, say)
  return print(options, result, causesReport(result))
}

const SEEDS_MAX = 100
const NETWORKS: Readonly<Record<string, NetworkConfiguration>> = {
  tep: NETWORK_TEP,
  skab: NETWORK_SKAB,
}

/** One result per seed, then their mean and spread. */
async function evaluateNetworks(
  name: string,
  folder: string,
  configuration: NetworkConfiguration,
  fit: readonly string[] | undefined,
  options: OptionValues,
): Promise<number> {
  if (name !== 'skab' && name !== 'tep') throw usage('networks are for skab and tep')
  const count = Number((options.seeds as string | undefined) ?? 5)
  if (!Number.isInteger(count) || count < 1 || count > SEEDS_MAX) {
    throw usage(`--seeds takes a whole number from 1 to ${SEEDS_MAX}`)
  }
  const each = async <T>(one: (seed: number) => Promise<T>) => {
    const results: T[] = []
    for (let seed = 1; seed <= count; seed++) {
      say(`seed ${seed} of ${count}`)
      results.push(await one(seed))
    }
    return results
  }
  const { plan } = configuration
  const runs = fit ?? configuration.fit
  const summary =
    name === 'skab'
      ? overSeeds(
          await each(seed =>
            evaluateSkab(folder, plan.name, networkScorer(seed, configuration), say),
          ),
        )
      : overSeeds(
          await each(seed =>
            evaluateTep(folder, plan.name, networkRows(seed, configuration), say, runs),
          ),
        )
  return print(options, seedsJson(summary), seedsReport(summary))
}
