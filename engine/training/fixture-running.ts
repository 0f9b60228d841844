/** Made-up normal running of a small potline, a tick a minute, for tests of training. */
import { seededRandom } from '../core/random.ts'
import type { LineFrame, Quantity, TwinFrame } from '../flow.ts'
import { potlineDefinition } from '../lines/potline.ts'
import type { TrainingFrame } from './collect.ts'
import type { TrainingRun } from './train.ts'

const CELLS = 4
const definition = {
  ...potlineDefinition({
    ...{ tenant: 't', line: 'l', cells: ['c1', 'c2', 'c3', 'c4'], feeders: 1 },
    ...{ clock: 'stream', origin: 'synthetic' },
  }),
  tick_ms: 60_000,
}
const names = ['alumina_share', 'voltage_noise_V', 'feed_efficiency_1', 'superheat_K']
const fields = names.map(name => ({ name }) as Quantity)

/** Made-up normal running: alumina swings, efficiency follows it, noise wanders. */
function* frames(seed: number, ticks: number): Generator<TrainingFrame> {
  const random = seededRandom(seed)
  for (let tick = 1; tick <= ticks; tick++) {
    const estimate = new Float64Array(fields.length * CELLS)
    for (let cell = 0; cell < CELLS; cell++) {
      const swing = Math.sin(tick / 20 + cell)
      estimate[cell] = 0.026 + 0.003 * swing
      estimate[CELLS + cell] = 0.008 * Math.exp(0.1 * random.normal())
      estimate[2 * CELLS + cell] = 1 - 0.05 * swing + 0.01 * random.normal()
      estimate[3 * CELLS + cell] = 8 - 2 * swing + 0.1 * random.normal()
    }
    const time_ms = tick * 60_000
    const values = new Float64Array(definition.tags.length * CELLS).fill(350e3)
    const frame = { tick, time_ms, values, events: [], samples: [] } as unknown as LineFrame
    const twin = {
      ...{ tick, time_ms, estimate, observable: new Uint8Array(estimate.length).fill(1) },
      ...{ masked: new Uint8Array(CELLS), trusted: new Uint8Array(CELLS).fill(1) },
    } as unknown as TwinFrame
    yield { frame, twin }
  }
}

/** A run of as many ticks; equal seeds give equal runs. */
export function runningRun(seed: number, ticks: number): TrainingRun {
  return { definition, twin: { fields, channels: [] }, frames: frames(seed, ticks) }
}
