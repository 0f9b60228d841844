import { describe, expect, it } from 'vitest'
import { stateReader, stateWriter } from '../state.ts'
import { FLOOD_WINDOW_MS, floodWatch } from './flood.ts'

const MINUTE = 60_000
const START = 1_000_000_000

describe('flood watch', () => {
  it('begins with the tenth alarm within ten minutes, not with the ninth', () => {
    const flood = floodWatch(() => {})
    for (let i = 0; i < 9; i++) flood.announced(START + i)
    expect(flood.since_ms()).toBe(0)
    flood.announced(START + FLOOD_WINDOW_MS - 1)
    expect(flood.since_ms()).toBe(START + FLOOD_WINDOW_MS - 1)
  })

  it('does not begin when the first of the ten has left the window', () => {
    const flood = floodWatch(() => {})
    for (let i = 0; i < 9; i++) flood.announced(START + i)
    flood.announced(START + FLOOD_WINDOW_MS)
    expect(flood.since_ms()).toBe(0)
  })

  it('ends at the instant at which fewer than five are left, however late it is asked', () => {
    const told: number[][] = []
    const flood = floodWatch((from, to) => told.push([from - START, to - START]))
    for (let i = 0; i < 10; i++) flood.announced(START + i * MINUTE)
    flood.advance(START + 15 * MINUTE - 1)
    expect(flood.since_ms()).toBe(START + 9 * MINUTE)
    flood.advance(START + 100 * MINUTE)
    expect(flood.since_ms()).toBe(0)
    // The fifth last came at minute 5, so it left the window at minute 15.
    expect(told).toEqual([
      [9 * MINUTE, 15 * MINUTE - 1],
      [15 * MINUTE - 1, 15 * MINUTE],
    ])
  })

  it('goes on the same after save and load', () => {
    const first = floodWatch(() => {})
    for (let i = 0; i < 10; i++) first.announced(START + i)
    const out = stateWriter()
    first.save(out)
    const second = floodWatch(() => {})
    second.load(stateReader(out.bytes()))
    expect(second.since_ms()).toBe(START + 9)
    second.advance(START + FLOOD_WINDOW_MS + 5)
    expect(second.since_ms()).toBe(0)
  })
})
