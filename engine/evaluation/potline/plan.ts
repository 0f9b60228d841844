import { seededRandom } from '../../core/random.ts'
import type { Fault, FaultKind } from '../../sim/faults.ts'
import { ANODES, WALLS } from '../../sim/parameters.ts'

/** Cells and hours of a line with faults; half of its cells stay without. */
export const FAULTED_LINE = { cells: 40, hours: 12 } as const
export const FEEDERS = 5

const HOUR_S = 3600
/** Until then twin and detectors only meet the cells: no fault begins, and no cell-day is counted. */
export const WARM_UP_S = 3 * HOUR_S
/** Cells of a line without faults; more cells share the cost of a line. */
export const QUIET_CELLS = 40
/** Hours of a line without faults that counts so many days after the warm-up. */
export const quietHours = (days: number) => 24 * days + WARM_UP_S / HOUR_S

interface Draw {
  readonly kind: FaultKind
  /** Faults of this kind in one line. */
  readonly count: number
  /** Smallest and largest size. */
  readonly size: readonly [low: number, high: number]
  readonly lasts_h: readonly [low: number, high: number]
}

/** What a line with faults has; 3 of its 8 anode effects are sudden or local. */
const DRAWS: readonly Draw[] = [
  { kind: 'blocked-feeder', count: 3, size: [0.8, 1], lasts_h: [3, 4] },
  { kind: 'overfeeding', count: 2, size: [0.8, 1.5], lasts_h: [3, 4] },
  { kind: 'depletion', count: 5, size: [0.6, 0.95], lasts_h: [2, 2.5] },
  { kind: 'sudden-effect', count: 2, size: [20, 40], lasts_h: [0.1, 0.1] },
  { kind: 'local-effect', count: 1, size: [0.08, 0.3], lasts_h: [0.5, 0.5] },
  { kind: 'anode-spike', count: 2, size: [0.4, 0.7], lasts_h: [3, 5] },
  { kind: 'sludge', count: 1, size: [0.25, 0.45], lasts_h: [4, 5] },
  { kind: 'ledge-loss', count: 1, size: [0.4, 1], lasts_h: [4, 6] },
  { kind: 'stuck-voltage', count: 1, size: [0, 0], lasts_h: [0.3, 1] },
  { kind: 'noisy-cell', count: 1, size: [0.04, 0.06], lasts_h: [1.5, 2.5] },
  { kind: 'thermocouple-bias', count: 1, size: [10, 16], lasts_h: [12, 12] },
  { kind: 'line-dip', count: 1, size: [0.08, 0.2], lasts_h: [0.25, 0.5] },
]

/** The faults of a line: which cells, when and how large follows from the seed alone. */
export function drawFaults(seed: number): readonly Fault[] {
  const { cells, hours } = FAULTED_LINE
  const random = seededRandom(seed).fork('faults of the evaluation')
  const between = ([low, high]: readonly [number, number]) => low + (high - low) * random.uniform()
  const free = Array.from({ length: cells }, (_, cell) => cell)
  return DRAWS.flatMap(({ kind, count, size, lasts_h }) =>
    Array.from({ length: count }, (): Fault => {
      const onLine = kind === 'line-dip'
      const cell = onLine ? 0 : free.splice(random.integer(free.length), 1)[0]!
      const duration_s = Math.round(between(lasts_h) * HOUR_S)
      // A biased thermocouple is seen only when a crew dips it, so that lasts the whole run.
      const whole = duration_s >= hours * HOUR_S
      const last_s = hours * HOUR_S - duration_s
      const start_s = whole ? 0 : Math.round(between([WARM_UP_S, Math.max(WARM_UP_S, last_s)]))
      const sign = kind === 'thermocouple-bias' && random.uniform() < 0.5 ? -1 : 1
      return {
        ...{ kind, start_s, duration_s, cell, magnitude: sign * between(size) },
        feeder: 1 + random.integer(FEEDERS),
        anode: 1 + random.integer(ANODES),
        wall: 1 + random.integer(WALLS),
      }
    }),
  )
}
