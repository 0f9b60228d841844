/** Entry of a thread that checks one version of a model and ends. */
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../core/assert.ts'
import { type CheckTask, checkHere } from './model-check.ts'

assert(parentPort, 'this file runs as a worker thread')
parentPort.postMessage(await checkHere(workerData as CheckTask))
