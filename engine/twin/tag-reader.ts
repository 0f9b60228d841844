import { unitOf } from '../core/units.ts'
import { type LineDefinition, type LineFrame, Quality } from '../flow.ts'

/** Reads one tag of a line by name from its frames. */
export interface TagReader {
  readonly tag: string
  /** True when the line has a signal of this name in this SI unit. */
  readonly present: boolean
  /** The fresh, usable, believable value of a cell in SI; NaN when there is none. */
  read(frame: LineFrame, cell: number): number
  /** The value shown as observed: like `read`, but it may be held. */
  held(frame: LineFrame, cell: number): number
}

/**
 * Finds the signal `tag` with the SI unit `si`; values outside `low` to `high` are not believed.
 * A tag of scope `line` gives the same value to every cell.
 */
export function tagReader(
  definition: LineDefinition,
  tag: string,
  si: string,
  low: number,
  high: number,
): TagReader {
  const index = definition.tags.findIndex(
    each => each.tag === tag && each.kind === 'signal' && unitOf(each.unit)?.si === si,
  )
  const present = index >= 0
  const cells = definition.cells.length
  const byLine = present && definition.tags[index]!.scope === 'line'
  const held = (frame: LineFrame, cell: number) => {
    if (!present) return Number.NaN
    const at = index * cells + (byLine ? 0 : cell)
    const value = frame.values[at]!
    const good = frame.quality[at]! < Quality.bad && value >= low && value <= high
    return good ? value : Number.NaN
  }
  return {
    tag,
    present,
    held,
    read(frame, cell) {
      const at = index * cells + (byLine ? 0 : cell)
      return present && frame.age_ms[at]! <= definition.tick_ms ? held(frame, cell) : Number.NaN
    },
  }
}
