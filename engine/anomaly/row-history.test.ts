import { describe, expect, it } from 'vitest'
import { rowHistory } from './row-history.ts'
import { stateReader, stateWriter } from './state.ts'

const CELLS = 3
const known = () => true
/** Rows of one number: the tick, and the cell behind the comma. */
const rowsAt = (tick: number) => Float32Array.from({ length: CELLS }, (_, cell) => tick + cell / 8)

function history(rows: number, tick_ms = 20_000) {
  const made = rowHistory(CELLS, 1, tick_ms)
  made.hold(rows)
  return made
}

describe('the rows of the last minutes', () => {
  it('are a minute apart, and cells take turns', () => {
    const rows = history(2)
    const turns: number[][] = []
    for (let tick = 1; tick <= 9; tick++) {
      rows.take(tick, rowsAt(tick), known)
      turns.push([...rows.fresh])
    }
    expect(turns.slice(0, 4)).toEqual([[2], [1], [0], [2]])
    expect([...rows.newest(0, 2)]).toEqual([6, 9])
    expect([...rows.newest(2, 2)]).toEqual([4.25, 7.25])
    expect(rows.filled(1)).toBe(2)
  })

  it('begin anew after a gap: a cell of which nothing is known, ticks that are missing', () => {
    const rows = history(3)
    for (let tick = 1; tick <= 9; tick++) rows.take(tick, rowsAt(tick), known)
    rows.take(12, rowsAt(12), () => false)
    expect(rows.filled(0)).toBe(0)
    rows.take(11, rowsAt(11), known)
    rows.take(17, rowsAt(17), known)
    expect([rows.filled(1), rows.filled(2)]).toEqual([1, 3])
  })

  it('stay when more or fewer of them are asked for', () => {
    const rows = history(4)
    for (let tick = 3; tick <= 12; tick++) rows.take(tick, rowsAt(tick), known)
    rows.hold(2)
    expect([...rows.newest(0, 2)]).toEqual([9, 12])
    rows.hold(3)
    expect(rows.filled(0)).toBe(2)
    expect([...rows.newest(0, 2)]).toEqual([9, 12])
    rows.hold(0)
    rows.take(13, rowsAt(13), known)
    expect([rows.filled(0), rows.fresh.length]).toEqual([0, 0])
  })

  it('are none on a line whose ticks are longer than a minute', () => {
    const rows = history(2, 90_000)
    for (let tick = 1; tick <= 9; tick++) rows.take(tick, rowsAt(tick), known)
    expect(rows.filled(0)).toBe(0)
  })

  it('are in the state, with as many as there were', () => {
    const rows = history(3)
    for (let tick = 1; tick <= 9; tick++) rows.take(tick, rowsAt(tick), known)
    const saved = (one: typeof rows) => {
      const out = stateWriter()
      one.save(out)
      return out.bytes()
    }
    const again = rowHistory(CELLS, 1, 20_000)
    again.load(stateReader(saved(rows)))
    rows.take(10, rowsAt(10), known)
    again.take(10, rowsAt(10), known)
    expect(saved(again)).toEqual(saved(rows))
    expect([...again.newest(2, 3)]).toEqual([4.25, 7.25, 10.25])
  })
})
