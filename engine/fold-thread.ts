/** Entry of a worker thread that folds lines; composes there what main.ts composes for itself. */
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from './core/assert.ts'
import { systemClock } from './core/clock.ts'
import { foldBuilder, foldParts, scoresModels } from './folding.ts'
import type { FoldThreadData, FromFolds } from './lines/worker/protocol.ts'
import { serveFolds } from './lines/worker/serve.ts'
import type { ModelShelf } from './training/shelf.ts'

assert(parentPort, 'this file runs as a worker thread')
const port = parentPort
const { start, models } = workerData as FoldThreadData

let shelf: Promise<ModelShelf> | undefined
/** TensorFlow.js is loaded with the first line that needs it; what is refused the engine told. */
const openModels = (): Promise<ModelShelf> => {
  shelf ??= (async () => {
    const { openShelf } = await import('./training/shelf.ts')
    let opening = true
    const opened = await openShelf(models, text => {
      if (!opening) port.postMessage({ is: 'said', text } satisfies FromFolds)
    })
    opening = false
    return opened
  })()
  return shelf
}
// What fails is told to the line that asks.
if (start.warm) openModels().catch(() => {})
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
    const from = scoresModels(definition) ? await openModels() : noModels
    return foldParts(foldBuilder(from))(definition)
  },
  async prepare(definition, versions) {
    if (scoresModels(definition)) await (await openModels()).hold(definition.tenant, versions)
  },
})
