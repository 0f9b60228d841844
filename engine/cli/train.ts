import path from 'node:path'
import { recordedFrames } from '../replay/offline.ts'
import { openRecording } from '../replay/open.ts'
import { modelRegistry } from '../training/registry.ts'
import { type TrainingRun, trainFromFrames } from '../training/train.ts'
import { createTwin } from '../twin/catalog.ts'
import { VERSION } from '../version.ts'
import { type Command, printJson, say, usage } from './command.ts'

const EPOCHS = 40

export const trainCommand: Command = {
  summary: 'Train an autoencoder on recorded normal running and add it to the model registry.',
  details: `DIR is a potline recording, e.g. made by "liquidus plant --record DIR --hours 24"; several
are separated by commas. The first two hours of each are for warming up. The new version scores at once as shadow; it alarms after
"liquidus models promote". Equal recordings and seeds give equal weights on one machine.`,
  options: {
    from: { type: 'string', value: 'DIR,...', help: 'recordings of normal running (needed)' },
    model: { type: 'string', value: 'NAME', help: 'name in the registry (default potline-cells)' },
    models: { type: 'string', value: 'DIR', help: 'the registry (default ./models)' },
    seed: { type: 'number', value: 'N', help: 'seed of the weights (default 1)' },
    epochs: { type: 'number', value: 'N', help: `passes over the data (default ${EPOCHS})` },
    json: { type: 'boolean', help: 'print the record of the new version as one JSON object' },
  },
  async run(options) {
    if (options.from === undefined) throw usage('name the recordings with --from DIR')
    const runs: TrainingRun[] = []
    for (const folder of (options.from as string).split(',')) {
      const { source } = await openRecording(folder, {
        line: 'training',
        tenant: 'local',
        ignore: [],
        units: new Map(),
      })
      if (source.definition.kind !== 'potline') {
        throw usage(`${folder} is no potline recording: it has no cells.json and fast.csv`)
      }
      const twin = createTwin(source.definition)
      runs.push({
        definition: source.definition,
        twin,
        frames: (async function* () {
          for await (const frame of recordedFrames(source)) yield { frame, twin: twin.step(frame) }
        })(),
      })
    }
    const record = await trainFromFrames({
      runs,
      registry: modelRegistry(path.resolve((options.models as string | undefined) ?? 'models')),
      name: (options.model as string | undefined) ?? 'potline-cells',
      seed: (options.seed as number | undefined) ?? 1,
      epochs: (options.epochs as number | undefined) ?? EPOCHS,
      data: (options.from as string)
        .split(',')
        .map(folder => path.basename(folder))
        .join(', '),
      code: VERSION,
      onProgress: done =>
        say(
          done.stage === 'collect'
            ? `run ${done.run + 1} of ${runs.length}: ${done.rows} rows`
            : `epoch ${done.epoch}: loss ${done.loss.toPrecision(4)}`,
        ),
    })
    if (options.json) printJson(record)
    else {
      say(
        `${record.name}/${record.version}: ${record.training.rows} rows, threshold ` +
          `${record.threshold.toPrecision(4)}, weights ${record.weights_sha256.slice(0, 12)}`,
      )
    }
    return 0
  },
}
