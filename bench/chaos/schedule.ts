import { seededRandom } from '#engine/core/random.ts'
import { PRODUCERS } from './lines.ts'

/** One thing that happens to the running system. */
export type Fault =
  /** `again_ms`: killed once more, so long after it was started again. */
  | { readonly kind: 'kill-engine'; readonly again_ms?: number }
  | { readonly kind: 'kill-producer'; readonly producer: string }
  | { readonly kind: 'kill-redis'; readonly away_ms: number }
  | { readonly kind: 'pause-redis' | 'pause-engine'; readonly for_ms: number }
  | { readonly kind: 'cut-producers' | 'cut-redis' }
  /** `kill`: the engine is killed while the disk is full. */
  | { readonly kind: 'disk-full'; readonly for_ms: number; readonly kill: boolean }

/** A fault and how long the system runs undisturbed before it. */
export interface Step {
  readonly wait_ms: number
  readonly fault: Fault
}

/** What a schedule is drawn for. */
export interface ScheduleOptions {
  readonly seed: number
  readonly kills: number
  readonly store: 'lmdb' | 'redis'
  readonly disk: boolean
}

const WAIT_MS_MAX = 600
/** Most engines are serving after so long; a second kill falls before or after. */
const START_MS = 1600
const AGAIN = 0.15
/** Longer than the engine waits for an answer of Redis. */
const LONG_PAUSE_MS = 5500

/** How many processes a fault kills. */
export function killsOf(fault: Fault): number {
  if (fault.kind === 'kill-engine') return fault.again_ms === undefined ? 1 : 2
  if (fault.kind === 'disk-full') return fault.kill ? 1 : 0
  return fault.kind.startsWith('kill') ? 1 : 0
}

/** Draws faults until they kill often enough; equal options give equal schedules. */
export function scheduleOf(options: ScheduleOptions): readonly Step[] {
  const random = seededRandom(options.seed).fork(`schedule ${options.store}`)
  const { uniform, integer } = random
  const steps: Step[] = []
  let kills = 0
  while (kills < options.kills) {
    const fault = drawFault(options, options.kills - kills, uniform, integer)
    if (!fault) continue
    kills += killsOf(fault)
    steps.push({ wait_ms: integer(WAIT_MS_MAX), fault })
  }
  return steps
}

function drawFault(
  { store, disk }: ScheduleOptions,
  killsLeft: number,
  uniform: () => number,
  integer: (count: number) => number,
): Fault | undefined {
  const [chance, second] = [uniform(), uniform()]
  const redis = store === 'redis'
  if (chance < 0.42) {
    const twice = second < AGAIN && killsLeft > 1
    return twice ? { kind: 'kill-engine', again_ms: integer(START_MS) } : { kind: 'kill-engine' }
  }
  if (chance < 0.66) {
    return { kind: 'kill-producer', producer: PRODUCERS[integer(PRODUCERS.length)]!.producer }
  }
  if (chance < 0.78) return redis ? { kind: 'kill-redis', away_ms: integer(400) } : undefined
  if (chance < 0.86) return { kind: 'cut-producers' }
  if (chance < 0.9) return { kind: 'pause-engine', for_ms: 20 + integer(600) }
  if (chance < 0.93) return redis ? { kind: 'cut-redis' } : undefined
  if (chance < 0.96) {
    const for_ms = second < 0.1 ? LONG_PAUSE_MS : 20 + integer(1000)
    return redis ? { kind: 'pause-redis', for_ms } : undefined
  }
  return disk ? { kind: 'disk-full', for_ms: 100 + integer(900), kill: second < 0.4 } : undefined
}

/** A step as one line of text. */
export function stepText({ wait_ms, fault }: Step): string {
  const { kind, ...rest } = fault
  const facts = Object.entries(rest).map(([name, value]) => `${name}=${value}`)
  return [`+${wait_ms} ms`, kind, ...facts].join(' ')
}
