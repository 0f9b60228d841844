import { userInfo } from 'node:os'
import path from 'node:path'
import { loadConfig } from '../config.ts'
import { openStore } from '../main.ts'
import { NETWORKS, type NetworkKind, WINDOW_ROWS } from '../training/networks.ts'
import { type ModelRegistry, modelRegistry } from '../training/registry.ts'
import { type TrainingOptions, type TrainingProgress, trainFromFrames } from '../training/train.ts'
import { VERSION } from '../version.ts'
import { type Command, type OptionValues, printJson, say, usage } from './command.ts'
import { loggedRun, parseRange, recordedRuns, type SourcedRun } from './training-runs.ts'

const EPOCHS = 40

export const trainCommand: Command = {
  summary: 'Train a network on normal running and add it to the model registry.',
  details: `--from names potline recordings, e.g. made by "liquidus plant --record DIR --hours 24", separated
by commas, or a range of event time of a stored line, FROM..TO in ISO 8601 with --line (stop an
engine with an embedded store first); plant:SEED:CELLS:HOURS in the list is simulated for the
training, so that anybody can repeat it. The first two hours of each are for warming up; rows within
half an hour of an alarm of their cell are left out.

--network says what learns: dense takes one row of features of a cell, the others a window of
--window rows a minute apart: temporal (convolutions over time, rebuilds the window), conv-patch (the
same, but its decoder sees a memory of normal patches alone), forecast (tells the next row).

The new version scores at once as shadow; it
alarms after "liquidus models promote". Equal data and seeds give equal weights on one machine:
--repeat trains a version again from its record and compares.`,
  options: {
    from: { type: 'string', value: 'DIR,...|RANGE', help: 'normal running (needed)' },
    line: { type: 'string', value: 'NAME', help: 'stored line that a RANGE is of' },
    data: { type: 'string', value: 'DIR', help: 'where the embedded store lives (default ./data)' },
    config: { type: 'string', value: 'FILE', help: 'configuration of the engine' },
    model: { type: 'string', value: 'NAME', help: 'name in the registry (default potline-cells)' },
    models: { type: 'string', value: 'DIR', help: 'the registry (default ./models)' },
    tenant: { type: 'string', value: 'NAME', help: 'namespace of a tenant (default: shared)' },
    network: {
      type: 'string',
      value: 'NAME',
      help: `${Object.keys(NETWORKS).join(', ')} (default dense)`,
    },
    window: {
      type: 'number',
      value: 'ROWS',
      help: `rows of a window, 2 to 64 (default ${WINDOW_ROWS})`,
    },
    seed: { type: 'number', value: 'N', help: 'seed of the weights (default 1)' },
    epochs: { type: 'number', value: 'N', help: `passes over the data (default ${EPOCHS})` },
    repeat: {
      type: 'string',
      value: 'NAME/VERSION',
      help: 'train it again, compare, keep nothing',
    },
    by: { type: 'string', value: 'NAME', help: 'author in the record (default: you)' },
    json: { type: 'boolean', help: 'print the record of the new version as one JSON object' },
  },
  async run(options) {
    if (options.repeat !== undefined) return repeat(options)
    if (options.from === undefined) throw usage('name the data with --from DIR or a RANGE')
    const record = await train(options, options.from as string, {
      name: (options.model as string | undefined) ?? 'potline-cells',
      ...networkOf(options),
      seed: (options.seed as number | undefined) ?? 1,
      epochs: (options.epochs as number | undefined) ?? EPOCHS,
    })
    if (options.json) printJson(record)
    else {
      say(
        `${record.name}/${record.version}: ${record.training.rows} rows, threshold ` +
          `${record.threshold.toPrecision(4)}, weights ${record.weights_sha256.slice(0, 12)}`,
      )
      tellNext(record)
    }
    return 0
  },
}

/** The network that the options name. */
function networkOf({ network = 'dense', window }: OptionValues) {
  const kinds = Object.keys(NETWORKS).join(', ')
  if (!Object.hasOwn(NETWORKS, network as string)) {
    throw usage(`unknown network "${network}": ${kinds}`)
  }
  const kind = network as NetworkKind
  if (window === undefined) return { network: kind }
  if (!NETWORKS[kind].answer)
    throw usage(`--window is for networks of windows; ${kind} takes a row`)
  return { network: kind, window_rows: window as number }
}

function registryOf(options: OptionValues): ModelRegistry {
  const { models } = loadConfig({ file: options.config as string | undefined })
  const folder = path.resolve((options.models as string | undefined) ?? models)
  return modelRegistry(folder, options.tenant as string | undefined)
}

async function train(
  options: OptionValues,
  from: string,
  settings: Pick<TrainingOptions, 'name' | 'network' | 'window_rows' | 'seed' | 'epochs' | 'keep'>,
) {
  const { runs, close } = await openRuns(options, from)
  try {
    return await trainFromFrames({
      ...settings,
      runs,
      registry: registryOf(options),
      data: runs.map(run => run.source).join(', '),
      sources: () => runs.map(run => run.digest()),
      code: VERSION,
      author: (options.by as string | undefined) ?? userInfo().username,
      onProgress: tellProgress(runs.length),
    })
  } finally {
    await close()
  }
}

async function openRuns(
  options: OptionValues,
  from: string,
): Promise<{ runs: readonly SourcedRun[]; close: () => Promise<void> }> {
  const range = parseRange(from)
  if (!range) return { runs: await recordedRuns(from), close: async () => {} }
  const line = options.line as string | undefined
  if (line === undefined) throw usage('name the line that the range is of with --line NAME')
  const config = loadConfig({
    file: options.config as string | undefined,
    flags: options.data === undefined ? {} : { data: options.data },
  })
  const store = await openStore(config, say)
  const key = `${(options.tenant as string | undefined) ?? 'local'}/${line}`
  return { runs: [await loggedRun(store, key, range)], close: () => store.close() }
}

/** Says how far it is. */
export function tellProgress(runs: number): (done: TrainingProgress) => void {
  return done =>
    say(
      done.stage === 'collect'
        ? `run ${done.run + 1} of ${runs}: ${done.rows} rows`
        : `epoch ${done.epoch}: loss ${done.loss.toPrecision(4)}`,
    )
}

/** Says what a new version may become. */
export function tellNext({ name, version }: { name: string; version: string }): void {
  say(`it scores, but does not alarm; to let it: liquidus models promote ${name}/${version}`)
}

/** Trains a version again from what its record says. */
async function repeat(options: OptionValues): Promise<number> {
  const [name, version] = (options.repeat as string).split('/') as [string, string | undefined]
  if (version === undefined) throw usage(`name the version, e.g. ${name}/1`)
  const { record } = await registryOf(options).load(name, version)
  const { seed, epochs, sources = [], data_sha256 } = record.training
  const logged = /^log of \S+\/(\S+) (\S+)$/.exec(sources[0]?.from ?? '')
  const recorded = logged ? logged[2]! : sources.map(one => one.from).join(',')
  const from = (options.from as string | undefined) ?? recorded
  if (from === '') throw usage('its record names no data: name it with --from')
  const where = logged ? { line: logged[1]!, ...options } : options
  const { network = 'dense', inputs } = record
  const again = await train(where, from, {
    ...{ name, seed, epochs, keep: false },
    ...networkOf({ network, window: inputs?.window?.rows }),
  })
  const equal = {
    data: again.training.data_sha256 === data_sha256,
    code: again.training.code_sha256 === record.training.code_sha256,
    weights: again.weights_sha256 === record.weights_sha256,
    threshold: again.threshold === record.threshold,
  }
  if (options.json) printJson({ name, version, equal })
  else {
    for (const [what, same] of Object.entries(equal))
      say(`${what.padEnd(10)} ${same ? 'equal' : 'DIFFERENT'}`)
  }
  return equal.weights && equal.threshold ? 0 : 1
}
