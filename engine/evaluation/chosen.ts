import type { RowPlan } from '../anomaly/rows/detector.ts'
import { LiquidusError } from '../core/errors.ts'
import {
  checkPlan,
  checkStreams,
  checks,
  configurationNames,
  type Fields,
  namedConfiguration,
  readJson,
} from './configuration.ts'
import type { NetworkConfiguration, NetworkPlan } from './network.ts'

/** A detector as options name it; with a network when it is to be trained. */
export interface ChosenDetector {
  readonly plan: RowPlan
  readonly network?: NetworkPlan
  readonly fit?: readonly string[]
  readonly parts?: number
}

/** The options that choose a detector, and what stands in for them. */
export interface Choice {
  readonly detector: string | undefined
  readonly config: string | undefined
  /** Name of the configuration when neither is given. */
  readonly standard: string
  /** What `network` means without a file; undefined: nothing. */
  readonly network: NetworkConfiguration | undefined
}

/** The name under which a network is asked for. */
export const NETWORK = 'network'

/**
 * A file gives the settings, a name says which detector of the file; of a file with one it is the
 * new name. Only a name that stands for another kind of detector is refused.
 */
export function chosenDetector(choice: Choice): ChosenDetector {
  const { detector, config, standard, network } = choice
  if (config !== undefined) return ofFile(config, detector)
  if (detector !== NETWORK) return { plan: namedConfiguration(detector ?? standard) }
  if (network === undefined) throw usage(`there is no committed network for ${standard}`)
  return network
}

function ofFile(config: string, detector: string | undefined): ChosenDetector {
  const held = readDetectors(config)
  const names = held.map(({ plan }) => plan.name).join(', ')
  if (detector === undefined) {
    if (held.length === 1) return held[0]!
    throw usage(`${config} holds ${names}; name one of them with --detector`)
  }
  const match = held.find(({ plan }) => plan.name === detector)
  if (match) return match
  const networks = held.filter(one => one.network !== undefined)
  if (detector === NETWORK) {
    if (networks.length === 1) return networks[0]!
    const problem = networks.length === 0 ? 'holds no network' : `holds several networks: ${names}`
    throw usage(`${config} ${problem}; leave out --detector ${NETWORK}, or name one of ${names}`)
  }
  const one = held[0]!
  if (held.length > 1) throw usage(`${config} holds no detector "${detector}", but ${names}`)
  if (configurationNames().includes(detector)) refuseOtherKind(config, detector, one)
  return { ...one, plan: { ...one.plan, name: detector } }
}

/** A shipped name over a file of another kind would give its scores the wrong name. */
function refuseOtherKind(config: string, detector: string, held: ChosenDetector): void {
  const wanted = kindsOf({ plan: namedConfiguration(detector) })
  const given = kindsOf(held)
  if (wanted === given) return
  throw usage(
    `--detector ${detector} is ${wanted}, but ${config} holds ${given}; leave out one of the two, ` +
      'or give it a name of its own',
  )
}

function kindsOf({ plan, network }: ChosenDetector): string {
  const kinds = new Set<string>(Object.values(plan.models).map(({ kind }) => kind))
  if (network !== undefined) kinds.add(NETWORK)
  return [...kinds].sort().join(' and ')
}

/** The detectors that a file holds: one, or a list of them; each a plan, or one with a network. */
export function readDetectors(path: string): readonly ChosenDetector[] {
  const value = readJson(path)
  if (!Array.isArray(value)) return [checkDetectorFields(value, path)]
  const held = value.map((one, i) => checkDetectorFields(one, `${path}, entry ${i + 1}`))
  const names = held.map(({ plan }) => plan.name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (held.length > 0 && twice === undefined) return held
  const problem = twice === undefined ? 'is an empty list' : `has the name "${twice}" twice`
  throw new LiquidusError('CONFIG_INVALID', { key: 'name', source: path, problem })
}

function checkDetectorFields(value: unknown, source: string): ChosenDetector {
  const { fail, fields } = checks(source)
  const given = fields('', value)
  if (given.network === undefined && given.plan === undefined) {
    return { plan: checkPlan(value, source) }
  }
  const network = fields('network', given.network)
  const kind = network.streams === undefined ? 'forecaster' : 'combiner'
  if (kind === 'combiner') checkStreams(network, `${source}, network`)
  checkNumbers(network, NETWORK_NUMBERS[kind], `${source}, network`)
  const plan = checkPlan(given.plan, `${source}, plan`, { [NETWORK]: { kind } })
  const { fit, parts } = given
  if (parts !== undefined) checkNumbers(given, { parts: [1, 1000] }, source)
  if (fit !== undefined && !(Array.isArray(fit) && fit.every(run => typeof run === 'string'))) {
    fail('fit', 'takes a list of runs')
  }
  return value as ChosenDetector & { plan: typeof plan }
}

type Range = readonly [least: number, most: number]

const LAYER: Readonly<Record<string, Range>> = { hidden: [1, 1000], epochs: [1, 10_000] }
const NETWORK_NUMBERS: Readonly<Record<'combiner' | 'forecaster', typeof LAYER>> = {
  combiner: { ...LAYER, faults: [1, 10_000], piece_rows: [62, 1e6], size_most: [0.3, 100] },
  forecaster: { ...LAYER, lags: [1, 1000], noise: [0, 10], decay: [0, 1], ridge: [0, 100] },
}

function checkNumbers(given: Fields, ranges: typeof LAYER, source: string): void {
  const { number } = checks(source)
  for (const [key, [least, most]] of Object.entries(ranges)) number(key, given[key], least, most)
}

function usage(problem: string): LiquidusError {
  return new LiquidusError('USAGE', { problem })
}
