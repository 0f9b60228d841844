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
  /** The engine's clock is wrong for a while; `kill`: the engine is killed in the middle of it. */
  | {
      readonly kind: 'jump-clock'
      readonly by_ms: number
      readonly for_ms: number
      readonly kill: boolean
    }

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
  readonly clock: boolean
}

const WAIT_MS_MAX = 600
/** Most engines are serving after so long; a second kill falls before or after. */
const START_MS = 1600
const AGAIN = 0.15
/** Longer than the engine waits for an answer of Redis. */
const LONG_PAUSE_MS = 5500
/** Long enough, now and then, for a line to fall silent meanwhile. */
const WRONG_MS_MAX = 5000
const HOUR_MS = 3600_000

/** How many processes a fault kills. */
export function killsOf(fault: Fault): number {
  if (fault.kind === 'kill-engine') return fault.again_ms === undefined ? 1 : 2
  if (fault.kind === 'disk-full' || fault.kind === 'jump-clock') return fault.kill ? 1 : 0
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

/** Kinds of faults, each with the chance below which it is drawn. */
const KINDS: readonly (readonly [kind: Fault['kind'], below: number])[] = [
  ['kill-engine', 0.38],
  ['kill-producer', 0.6],
  ['kill-redis', 0.71],
  ['cut-producers', 0.78],
  ['pause-engine', 0.82],
  ['cut-redis', 0.85],
  ['pause-redis', 0.88],
  ['jump-clock', 0.96],
  ['disk-full', 1],
]

/** Whether there is what the fault is done to. */
function isPossible(kind: Fault['kind'], { store, disk, clock }: ScheduleOptions): boolean {
  if (kind === 'disk-full') return disk
  if (kind === 'jump-clock') return clock
  return store === 'redis' || !kind.endsWith('redis')
}

function drawFault(
  options: ScheduleOptions,
  killsLeft: number,
  uniform: () => number,
  integer: (count: number) => number,
): Fault | undefined {
  const [chance, second] = [uniform(), uniform()]
  const [kind] = KINDS.find(([, below]) => chance < below)!
  if (!isPossible(kind, options)) return undefined
  switch (kind) {
    case 'kill-engine':
      return second < AGAIN && killsLeft > 1 ? { kind, again_ms: integer(START_MS) } : { kind }
    case 'kill-producer':
      return { kind, producer: PRODUCERS[integer(PRODUCERS.length)]!.producer }
    case 'kill-redis':
      return { kind, away_ms: integer(400) }
    case 'cut-producers':
    case 'cut-redis':
      return { kind }
    case 'pause-engine':
      return { kind, for_ms: 20 + integer(600) }
    case 'pause-redis':
      return { kind, for_ms: second < 0.1 ? LONG_PAUSE_MS : 20 + integer(1000) }
    case 'jump-clock': {
      const by_ms = second < 0.5 ? HOUR_MS : -HOUR_MS
      return { kind, by_ms, for_ms: 100 + integer(WRONG_MS_MAX), kill: uniform() < 0.5 }
    }
    case 'disk-full':
      return { kind, for_ms: 100 + integer(900), kill: second < 0.4 }
  }
}

/** A step as one line of text. */
export function stepText({ wait_ms, fault }: Step): string {
  const { kind, ...rest } = fault
  const facts = Object.entries(rest).map(([name, value]) => `${name}=${value}`)
  return [`+${wait_ms} ms`, kind, ...facts].join(' ')
}
