import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import '@tensorflow/tfjs-backend-cpu'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import * as tf from '@tensorflow/tfjs-core'

let ready: Promise<string> | undefined

/** Starts TensorFlow.js once: WebAssembly from the installed package, else plain JavaScript. */
export function startTensorflow(): Promise<string> {
  ready ??= start()
  return ready
}

async function start(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')
  setWasmPaths(`${dirname(entry)}/`)
  const started = await tf.setBackend('wasm').catch(() => false)
  if (!started) await tf.setBackend('cpu')
  await tf.ready()
  return tf.getBackend()
}

/** Computes by another backend from now on, e.g. `cpu`; false where there is no such one. */
export async function switchBackend(name: string): Promise<boolean> {
  await startTensorflow()
  const known = await tf.setBackend(name).catch(() => false)
  await tf.ready()
  return known
}
