import { type LineDefinition, type LineFrame, Quality, seriesIndex } from '../../flow.ts'
import { potlineTag } from '../../lines/potline.ts'
import type { Stateful } from '../state.ts'

/** When alarms are no news: the operator knows the reason, or caused it. */
export interface SuppressionRule {
  /** Shown with every alarm that it hides. */
  readonly name: string
  readonly kinds: readonly string[]
  /** An event of the cell, or a value of the whole line below a limit (SI). */
  readonly when: { readonly event: string } | { readonly tag: string; readonly below: number }
  /** It goes on this long after the last time that it was so. */
  readonly hold_ms: number
}

const MINUTE_MS = 60_000

/**
 * The declared rules of a potline. What may hurt somebody or end in an anode effect is in none of
 * them; when a rule ends, what still stands is announced.
 */
export const potlineSuppression: readonly SuppressionRule[] = [
  {
    name: 'line down',
    kinds: [
      ...['voltage-sensor-stuck', 'sensor-stuck', 'noisy-cell', 'unusual-pattern'],
      ...['feed-below-demand', 'feed-above-demand', 'superheat-low', 'superheat-high'],
    ],
    when: { tag: potlineTag.current, below: 20_000 },
    hold_ms: 10 * MINUTE_MS,
  },
  {
    name: 'anode change',
    kinds: ['noisy-cell', 'unusual-pattern'],
    when: { event: potlineTag.anodeChange },
    hold_ms: 30 * MINUTE_MS,
  },
  {
    name: 'metal tapping',
    kinds: ['noisy-cell', 'unusual-pattern'],
    when: { event: potlineTag.tap },
    hold_ms: 10 * MINUTE_MS,
  },
]

/** The rules that apply to one line, and since when. */
export interface Suppression extends Stateful {
  tick(frame: LineFrame): void
  /** Name of the first rule that hides this kind at this cell now, or ''. */
  rule(kind: string, cell: number, time_ms: number): string
}

/** Watches the declared rules; a rule whose tag the line lacks never applies. */
export function suppression(
  definition: LineDefinition,
  rules: readonly SuppressionRule[],
): Suppression {
  const cells = definition.cells.length
  const until_ms = new Float64Array(rules.length * cells) // [rule][cell]
  const watched = rules.map(({ when, kinds, hold_ms }) => {
    const name = 'event' in when ? when.event : when.tag
    const tagIndex = definition.tags.findIndex(({ tag }) => tag === name)
    const below = 'below' in when ? when.below : Number.NaN
    return { tagIndex, below, kinds: new Set(kinds), hold_ms }
  })
  const tick = (frame: LineFrame) => {
    watched.forEach(({ tagIndex, below, hold_ms }, rule) => {
      if (tagIndex < 0) return
      if (Number.isNaN(below)) {
        for (const event of frame.events) {
          if (event.tagIndex !== tagIndex || event.cell < 0) continue
          const at = rule * cells + event.cell
          until_ms[at] = Math.max(until_ms[at]!, event.time_ms + hold_ms)
        }
        return
      }
      const at = seriesIndex(definition, tagIndex, 0)
      if (frame.quality[at]! > Quality.uncertain || !(frame.values[at]! < below)) return
      until_ms.fill(frame.time_ms + hold_ms, rule * cells, (rule + 1) * cells)
    })
  }
  return {
    tick,
    rule(kind, cell, time_ms) {
      for (let rule = 0; rule < rules.length; rule++) {
        const { kinds, below } = watched[rule]!
        // What one cell does explains nothing that is said of the whole line.
        if (!kinds.has(kind) || (cell < 0 && Number.isNaN(below))) continue
        if (time_ms < until_ms[rule * cells + Math.max(0, cell)]!) return rules[rule]!.name
      }
      return ''
    },
    save: out => out.array(until_ms),
    load: from => from.array(until_ms),
  }
}
