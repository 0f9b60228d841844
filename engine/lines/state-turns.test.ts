import { expect, it } from 'vitest'
import { stateTurns } from './state-turns.ts'

const MIB = 1 << 20

/** Turns of lines `a` to `d`; `came` names those whose turn has come, in that order. */
function turnsOf() {
  let now_ms = 0
  const came: string[] = []
  const turns = stateTurns({ elapsed_ms: () => now_ms })
  const line = (name: string) => turns.line(() => came.push(name))
  const pass = (ms: number) => {
    now_ms += ms
  }
  return { came, pass, a: line('a'), b: line('b'), c: line('c'), d: line('d') }
}

it('lets lines store one after another, in the order in which they asked', () => {
  const { came, a, b, c } = turnsOf()
  for (const line of [b, a, c, b]) line.ask(3 * MIB)
  expect(came).toEqual(['b'])
  expect([a.take(), b.take(), b.take()]).toEqual([false, true, false])
  b.end()
  b.ask(3 * MIB)
  expect(came).toEqual(['b', 'a'])
  for (const line of [a, c, b]) line.end()
  expect(came).toEqual(['b', 'a', 'c', 'b'])
  expect(b.take()).toBe(false)
})

it('lets states go side by side that are small together, and one that is larger than that alone', () => {
  const { came, a, b, c, d } = turnsOf()
  a.ask(2 * MIB)
  b.ask(2 * MIB)
  c.ask(9 * MIB)
  d.ask(1)
  expect(came).toEqual(['a', 'b'])
  a.end()
  expect(came).toEqual(['a', 'b'])
  b.end()
  expect(came).toEqual(['a', 'b', 'c'])
  c.end()
  expect(came).toEqual(['a', 'b', 'c', 'd'])
})

it('forgets a line that no longer waits, and one that holds its turn for too long', () => {
  const { came, pass, a, b, c } = turnsOf()
  for (const line of [a, b, c]) line.ask(3 * MIB)
  b.end()
  pass(29_999)
  c.ask(3 * MIB)
  expect(came).toEqual(['a'])
  pass(1)
  c.ask(3 * MIB)
  expect(came).toEqual(['a', 'c'])
  a.end() // late, and c holds the turn
  b.ask(3 * MIB)
  expect(came).toEqual(['a', 'c'])
  c.end()
  expect(came).toEqual(['a', 'c', 'b'])
})

it('counts a state that is made without a turn, and lets its line ask again only when it is stored', () => {
  const { came, a, b, c } = turnsOf()
  a.hold(3 * MIB)
  for (const line of [a, b, c]) line.ask(3 * MIB)
  expect([came, a.take()]).toEqual([[], false])
  c.hold(3 * MIB) // it waits no longer
  a.end()
  expect(came).toEqual([])
  c.end()
  expect(came).toEqual(['b'])
  b.end()
  expect(came).toEqual(['b'])
})
