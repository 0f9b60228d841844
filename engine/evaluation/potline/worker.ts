/** A thread that runs simulated lines, one after the other, as they are asked for. */
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../../core/assert.ts'
import { foldBuilder } from '../../folding.ts'
import { openShelf } from '../../training/shelf.ts'
import { runLine } from './line.ts'
import { drawFaults } from './plan.ts'
import type { LineJob, WorkerStart } from './pool.ts'
import { processRisk } from './risk.ts'

const port = parentPort
assert(port, 'this file runs in a thread')
const { models } = workerData as WorkerStart
const shelf = await openShelf(models, () => {})
const buildFold = foldBuilder(shelf)

port.on('message', ({ seed, faulted, cells, hours }: LineJob) => {
  const faults = faulted ? drawFaults(seed) : []
  port.postMessage(runLine({ seed, cells, hours, faults, buildFold, buildRisk: processRisk }))
})
