import { POTLINE, potlineRange, potlineSeries } from './potline.ts'

/** Generic: pumps with alarm limits. Potline: cells with anode effects, feeding and samples. */
export type ChaosKind = 'generic' | 'potline'

/** A line of the run and who sends to it. */
export interface ChaosLine {
  readonly line: string
  readonly kind: ChaosKind
  /** Its one producer decides the log alone, so a run without faults must give the same state. */
  readonly repeatable: boolean
  readonly clock: 'stream' | 'wall'
  readonly producers: readonly ProducerPlan[]
}

/** One producer process. */
export interface ProducerPlan {
  readonly producer: string
  readonly line: string
  readonly kind: ChaosKind
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
): ProducerPlan => ({ producer: name, line, manner, assets, clock, kind: 'generic' })

/** Lines with one producer, two that share a line, a wall clock, and a potline. */
export const CHAOS_LINES: readonly ChaosLine[] = [
  {
    line: 'steady',
    kind: 'generic',
    repeatable: true,
    clock: 'stream',
    producers: [producer('gateway-1', 'steady', 'client')],
  },
  {
    line: 'rough',
    kind: 'generic',
    repeatable: true,
    clock: 'stream',
    producers: [producer('gateway-2', 'rough', 'rough')],
  },
  {
    line: 'shared',
    kind: 'generic',
    repeatable: false,
    clock: 'stream',
    producers: [
      producer('gateway-3', 'shared', 'client', ASSETS.slice(0, 2)),
      producer('gateway-4', 'shared', 'rough', ASSETS.slice(2)),
    ],
  },
  {
    line: 'wall',
    kind: 'generic',
    repeatable: false,
    clock: 'wall',
    producers: [producer('gateway-5', 'wall', 'client', ASSETS, 'wall')],
  },
  {
    line: 'pots',
    kind: 'potline',
    repeatable: true,
    clock: 'stream',
    producers: [{ ...producer('gateway-6', 'pots', 'client', POTLINE.cells), kind: 'potline' }],
  },
]

/** All producers of the run. */
export const PRODUCERS: readonly ProducerPlan[] = CHAOS_LINES.flatMap(line => line.producers)

/** The lines as the engine's configuration file has them. */
export function configuredLines(): readonly object[] {
  return CHAOS_LINES.map(({ line, clock, kind }) =>
    kind === 'potline'
      ? { line, clock, kind, origin: 'synthetic', ...POTLINE }
      : {
          ...{ line, clock, kind, cells: [...ASSETS] },
          tags: TAGS.map(tag => ({ tag, unit: '1', ...RANGE })),
        },
  )
}

/** A series as its producer names it. */
export interface ChaosSeries {
  readonly ref: number
  /** Empty: of the whole line. */
  readonly asset_path: string
  readonly tag: string
  readonly unit: string
}

/** Series of a producer, in the order of its refs from 1. */
export function seriesOf(plan: ProducerPlan): readonly ChaosSeries[] {
  if (plan.kind === 'potline') return potlineSeries()
  return plan.assets.flatMap((asset_path, at) =>
    TAGS.map((tag, tagAt) => ({
      ref: 1 + at * TAGS.length + tagAt,
      ...{ asset_path, tag, unit: '' },
    })),
  )
}

/** Whether the engine takes a value of the series, in its unit. */
export function isInRange(plan: ProducerPlan, { tag }: ChaosSeries, value: number): boolean {
  const { low, high } = plan.kind === 'potline' ? potlineRange(tag) : RANGE
  return !(value < low) && !(value > high)
}
