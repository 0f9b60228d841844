import { describe, expect, it } from 'vitest'
import { manualClock } from '../core/clock.ts'
import { tickTurns } from './tick-turns.ts'

/** Turns that begin when the test says so; each piece of work takes as long as it is given. */
function rig() {
  const clock = manualClock()
  const begun: (() => void)[] = []
  const turns = tickTurns(clock, work => begun.push(work))
  const done: string[] = []
  const work = (name: string, takes_ms: number) => () => {
    clock.advance(takes_ms)
    done.push(name)
  }
  return {
    ...{ turns, done, work },
    pending: () => begun.length,
    next(): string[] {
      const before = done.length
      begun.shift()!()
      return done.slice(before)
    },
  }
}

describe('tickTurns', () => {
  it('gives long ticks a turn each, in their order, so that others come between', () => {
    const { turns, work, next, pending } = rig()
    for (const line of ['a', 'b', 'c']) turns(work(line, 4))
    expect(pending()).toBe(1)
    expect([next(), next(), next()]).toEqual([['a'], ['b'], ['c']])
    expect(pending()).toBe(0)
  })

  it('does short ticks together, so that models score them in one call', () => {
    const { turns, work, next, pending } = rig()
    for (let line = 0; line < 5; line++) turns(work(String(line), 0.5))
    expect(next()).toEqual(['0', '1', '2', '3'])
    expect(next()).toEqual(['4'])
    expect(pending()).toBe(0)
  })

  it('takes what a tick asks for while it is done behind what waits', () => {
    const { turns, work, next } = rig()
    turns(() => {
      work('first', 0)()
      turns(work('first again', 0))
    })
    turns(work('second', 0))
    expect(next()).toEqual(['first', 'second', 'first again'])
  })
})
