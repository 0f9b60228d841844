import { assert } from '../core/assert.ts'
import type { Stateful } from './state.ts'
import { WINDOW_ROWS_MAX, windowStep } from './tensorflow/window.ts'

/** The newest rows of features of each cell, a minute apart, for models that take windows. */
export interface RowHistory extends Stateful {
  /** Keeps so many rows of each cell from now on, 0: none; what is there already stays. */
  hold(rows: number): void
  /**
   * Takes the rows of the cells whose turn this tick is; cells take turns, so that no tick has to
   * score them all. A cell of which nothing is known, or that missed its turn, begins anew.
   */
  take(tick: number, values: Float32Array, known: (cell: number) => boolean): void
  /** Cells that got a row with the last `take`, in order. */
  readonly fresh: readonly number[]
  /** Rows of a cell without a gap, up to those held. */
  filled(cell: number): number
  /** The newest rows of a cell, oldest first; copy to keep. */
  newest(cell: number, rows: number): Float32Array // [time][feature]
}

/** Histories without a row yet, of a line with this tick. */
export function rowHistory(cells: number, width: number, tick_ms: number): RowHistory {
  const step = windowStep(tick_ms)
  const filled = new Uint8Array(cells)
  const last = new Float64Array(cells).fill(Number.NEGATIVE_INFINITY) // [cell], tick
  const fresh: number[] = []
  let held = 0
  let rows = new Float32Array(0) // [cell][time][feature], the newest last

  const hold = (wanted: number) => {
    if (wanted === held) return
    assert(wanted <= WINDOW_ROWS_MAX + 1, 'a window is no longer than a model may ask for')
    const next = new Float32Array(cells * wanted * width)
    const kept = Math.min(held, wanted)
    for (let cell = 0; cell < cells; cell++) {
      const end = (cell + 1) * held * width
      next.set(rows.subarray(end - kept * width, end), ((cell + 1) * wanted - kept) * width)
      filled[cell] = Math.min(filled[cell]!, kept)
    }
    rows = next
    held = wanted
  }

  const push = (cell: number, values: Float32Array) => {
    const from = cell * held * width
    const end = from + held * width
    rows.copyWithin(from, from + width, end)
    rows.set(values.subarray(cell * width, (cell + 1) * width), end - width)
    filled[cell] = Math.min(held, filled[cell]! + 1)
  }

  return {
    hold,
    fresh,
    take(tick, values, known) {
      fresh.length = 0
      // Ticks of more than a minute make no rows a minute apart.
      if (held === 0 || step === 0) return
      for (let cell = (step - (tick % step)) % step; cell < cells; cell += step) {
        if (!known(cell)) {
          filled[cell] = 0
          continue
        }
        if (tick - last[cell]! !== step) filled[cell] = 0
        last[cell] = tick
        push(cell, values)
        fresh.push(cell)
      }
    },
    filled: cell => filled[cell]!,
    newest: (cell, count) => {
      const end = (cell + 1) * held * width
      return rows.subarray(end - count * width, end)
    },
    save(out) {
      out.text(String(held))
      out.array(rows)
      out.array(filled)
      out.array(last)
    },
    load(from) {
      held = Number(from.text())
      rows = new Float32Array(cells * held * width)
      from.array(rows)
      from.array(filled)
      from.array(last)
      fresh.length = 0
    },
  }
}
