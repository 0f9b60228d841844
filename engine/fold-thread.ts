/** Entry of a worker thread that folds lines; composes there what main.ts composes for itself. */
import { parentPort, workerData } from 'node:worker_threads'
import { checkedFiles } from './anomaly/onnx/checked-files.ts'
import { assert } from './core/assert.ts'
import { systemClock } from './core/clock.ts'
import type { LineDefinition } from './flow.ts'
import { foldBuilder, foldParts } from './folding.ts'
import type { FoldThreadData, FromFolds } from './lines/worker/protocol.ts'
import { serveFolds } from './lines/worker/serve.ts'
import { checkHere } from './training/model-check.ts'
import { type ModelShelf, type NamedModels, openShelf } from './training/shelf.ts'
import { scoresModels } from './version.ts'

assert(parentPort, 'this file runs as a worker thread')
const port = parentPort
const { start, models, checked, trend_bytes_max } = workerData as FoldThreadData

let shelf: Promise<ModelShelf> | undefined
/** Opened with the first line that needs it; what is refused then the engine has told. */
const openModels = (): Promise<ModelShelf> => {
  shelf ??= (async () => {
    let opening = true
    const say = (text: string) => {
      if (!opening) port.postMessage({ is: 'said', text } satisfies FromFolds)
    }
    const opened = await openShelf(models, say, { files: checkedFiles(checked), check: checkHere })
    opening = false
    return opened
  })()
  return shelf
}
/** Makes ready what a log names, or what is in force. */
const holdModels = async (
  { tenant }: Pick<LineDefinition, 'tenant'>,
  named?: NamedModels,
): Promise<ModelShelf> => {
  const opened = await openModels()
  await opened.hold(tenant, named ?? opened.inForce(tenant))
  return opened
}
// What fails is told to the line that asks.
if (start.warm) holdModels({ tenant: '' }).catch(() => {})
const noModels = {
  inForce: () => ({ model: 'none' }),
  forLine: (): never => {
    throw new Error('this line has no models')
  },
}

serveFolds({
  port,
  start,
  clock: systemClock,
  async build(definition) {
    const from = scoresModels(definition) ? await holdModels(definition) : noModels
    return foldParts(foldBuilder(from), trend_bytes_max)(definition)
  },
  async prepare(definition, versions) {
    if (scoresModels(definition)) await holdModels(definition, versions)
  },
})
