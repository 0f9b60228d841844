/** A fold thread for tests: real stages, and values at which it breaks in a way of its own. */
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../core/clock.ts'
import { noTrend, realFold } from '../fixture-line.ts'
import type { ThreadStart } from './protocol.ts'
import { serveFolds } from './serve.ts'

/** Values that end the thread, throw in a stage, and throw where nobody catches. */
export const KILLS = 66
export const THROWS = 77
export const THROWS_LATER = 88

/** What the test hands over: memory that counts how often the thread may still be killed. */
export interface FixtureData {
  readonly start: ThreadStart
  readonly kills: Int32Array
}

if (parentPort) {
  const { start, kills } = workerData as FixtureData
  serveFolds({
    port: parentPort,
    start,
    clock: systemClock,
    async build(definition) {
      const fold = realFold(definition)
      return {
        trend: noTrend,
        fold: {
          ...fold,
          runTwin(frame) {
            const [value] = frame.values
            if (value === THROWS) throw new Error('no such state')
            if (value === KILLS && Atomics.sub(kills, 0, 1) > 0) process.exit(9)
            if (value === THROWS_LATER && Atomics.sub(kills, 0, 1) > 0) {
              queueMicrotask(() => {
                throw new Error('nobody catches this')
              })
            }
            return fold.runTwin(frame)
          },
        },
      }
    },
    async prepare() {},
  })
}
