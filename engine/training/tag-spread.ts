import type { InputSchema, TagReference } from '../anomaly/tensorflow/model-record.ts'
import type { LineDefinition, LineFrame, TagDefinition } from '../flow.ts'
import { spreadOf } from './stability.ts'

/** Values kept of a tag. */
const VALUES_MAX = 50_000
/** A step counts when this share of the values are multiples of it. */
const MULTIPLES_MIN = 0.95
const TOLERANCE = 1e-4

/** How the signals of recordings are spread, and how finely they are resolved. */
export interface TagSpread {
  begin(definition: LineDefinition): void
  add(frame: LineFrame): void
  tick_ms(): number
  tags(): InputSchema['tags']
  reference(): readonly TagReference[]
}

/** Spread of the signals that each come at least once a tick or two. */
export function tagSpread(): TagSpread {
  const known = new Map<string, { tag: TagDefinition; values: number[] }>()
  let definition: LineDefinition | undefined
  return {
    begin(next) {
      definition = next
      for (const tag of next.tags) {
        if (!isFast(tag, next.tick_ms) || known.has(tag.tag)) continue
        known.set(tag.tag, { tag, values: [] })
      }
    },
    add(frame) {
      if (!definition) return
      const cells = definition.cells.length
      for (const [index, { tag, scope }] of definition.tags.entries()) {
        const values = known.get(tag)?.values
        if (!values) continue
        const count = scope === 'line' ? 1 : cells
        for (let cell = 0; cell < count && values.length < VALUES_MAX; cell++) {
          const value = frame.values[index * cells + cell]!
          if (Number.isFinite(value)) values.push(value)
        }
      }
    },
    tick_ms: () => definition?.tick_ms ?? 0,
    tags: () =>
      [...known.values()].map(({ tag, values }) => ({
        ...{ tag: tag.tag, unit: tag.unit, period_ms: tag.period_ms },
        resolution: resolutionOf(values),
      })),
    reference: () =>
      [...known.values()]
        .filter(({ values }) => values.length > 0)
        .map(({ tag, values }) => ({ tag: tag.tag, ...spreadOf(values) })),
  }
}

/** True for a signal that is there in every tick or two. */
export function isFast(tag: TagDefinition, tick_ms: number): boolean {
  return tag.kind === 'signal' && tag.period_ms <= 2 * tick_ms
}

/** Steps of 1, 2 or 5 times a power of ten that signals are resolved in, coarsest first. */
export const STEPS: readonly number[] = Array.from({ length: 16 }, (_, i) => 6 - i).flatMap(
  exponent => [5, 2, 1].map(digit => Number(`${digit}e${exponent}`)),
)

/** True for a value that is a step or several. */
export function isMultiple(value: number, step: number): boolean {
  const steps = value / step
  return Math.abs(value) >= step / 2 && Math.abs(steps - Math.round(steps)) < TOLERANCE
}

/** The coarsest step that nearly all values are multiples of; 0: none. */
export function coarsestStep(multiples: ArrayLike<number>, values: number): number {
  if (values === 0) return 0
  return STEPS.find((_, s) => multiples[s]! >= MULTIPLES_MIN * values) ?? 0
}

/** The coarsest step that nearly all values are multiples of; zeros say nothing. */
export function resolutionOf(values: readonly number[]): number {
  const known = values.filter(value => value !== 0)
  if (known.length === 0) return 0
  const isStep = (step: number) =>
    known.filter(value => isMultiple(value, step)).length >= MULTIPLES_MIN * known.length
  return STEPS.find(isStep) ?? 0
}
