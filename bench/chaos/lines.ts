/** A line of the run and who sends to it. */
export interface ChaosLine {
  readonly line: string
  /** Its one producer decides the log alone, so a run without faults must give the same state. */
  readonly repeatable: boolean
  readonly clock: 'stream' | 'wall'
  readonly producers: readonly ProducerPlan[]
}

/** One producer process. */
export interface ProducerPlan {
  readonly producer: string
  readonly line: string
  readonly clock: 'stream' | 'wall'
  /** `client`: the engine's own client; `rough`: repeats and reorders batches, doubles streams. */
  readonly manner: 'client' | 'rough'
  /** Assets that this producer measures. */
  readonly assets: readonly string[]
}

const ASSETS = ['pump-1', 'pump-2', 'pump-3', 'pump-4'] as const
const TAGS = ['pressure', 'flow', 'current'] as const
/** Readings outside go to quarantine. */
export const RANGE = { low: -100, high: 100, alarm_high: 60 } as const

const producer = (
  name: string,
  line: string,
  manner: ProducerPlan['manner'],
  assets: readonly string[] = ASSETS,
  clock: 'stream' | 'wall' = 'stream',
): ProducerPlan => ({ producer: name, line, manner, assets, clock })

/** Lines with one producer, a line that two share, and one that lives by the wall clock. */
export const CHAOS_LINES: readonly ChaosLine[] = [
  {
    line: 'steady',
    repeatable: true,
    clock: 'stream',
    producers: [producer('gateway-1', 'steady', 'client')],
  },
  {
    line: 'rough',
    repeatable: true,
    clock: 'stream',
    producers: [producer('gateway-2', 'rough', 'rough')],
  },
  {
    line: 'shared',
    repeatable: false,
    clock: 'stream',
    producers: [
      producer('gateway-3', 'shared', 'client', ASSETS.slice(0, 2)),
      producer('gateway-4', 'shared', 'rough', ASSETS.slice(2)),
    ],
  },
  {
    line: 'wall',
    repeatable: false,
    clock: 'wall',
    producers: [producer('gateway-5', 'wall', 'client', ASSETS, 'wall')],
  },
]

/** All producers of the run. */
export const PRODUCERS: readonly ProducerPlan[] = CHAOS_LINES.flatMap(line => line.producers)

/** The lines as the engine's configuration file has them. */
export function configuredLines(): readonly object[] {
  return CHAOS_LINES.map(({ line, clock }) => ({
    ...{ line, clock, kind: 'generic', cells: [...ASSETS] },
    tags: TAGS.map(tag => ({ tag, unit: '1', ...RANGE })),
  }))
}

/** Series of a producer, in the order of its refs from 1. */
export function seriesOf(plan: ProducerPlan) {
  return plan.assets.flatMap((asset_path, at) =>
    TAGS.map((tag, tagAt) => ({
      ref: 1 + at * TAGS.length + tagAt,
      ...{ asset_path, tag, unit: '' },
    })),
  )
}
