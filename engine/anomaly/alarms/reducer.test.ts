import { describe, expect, it } from 'vitest'
import {
  type AlarmEvent,
  type AlarmFacts,
  alarmState,
  type InnerState,
  innerState,
  NORMAL,
  reduceAlarm,
} from './reducer.ts'

const letters = ['A', 'B', 'C', 'D', 'E', 'F'] as const
const facts: Record<InnerState, AlarmFacts> = {
  A: NORMAL,
  B: { ...NORMAL, active: true, acknowledged: false },
  C: { ...NORMAL, active: true },
  D: { ...NORMAL, acknowledged: false },
  E: { ...NORMAL, acknowledged: false, latched: true },
  F: { ...NORMAL, latched: true },
}
const hiding: Record<'G' | 'H' | 'I', Partial<AlarmFacts>> = {
  G: { shelved_until_ms: 60_000 },
  H: { suppressed: true },
  I: { out_of_service: true },
}
const events: Record<string, AlarmEvent> = {
  condition: { on: 'condition' },
  'return, plain': { on: 'return', latching: false },
  'return, latching': { on: 'return', latching: true },
  acknowledge: { on: 'acknowledge' },
  reset: { on: 'reset' },
  realarm: { on: 'realarm' },
  shelve: { on: 'shelve', until_ms: 60_000, once: false },
  unshelve: { on: 'unshelve' },
  suppress: { on: 'suppress' },
  unsuppress: { on: 'unsuppress' },
  remove: { on: 'remove' },
  restore: { on: 'restore' },
}

// One row per event: the state after it in A..F; "-" is refused, "+" a new occurrence,
// "!" calls the operator.
const table: Record<string, readonly string[]> = {
  condition: ['B+!', 'B', 'C', 'B+!', 'B!', 'B!'],
  'return, plain': ['A', 'D', 'A', 'D', 'E', 'F'],
  'return, latching': ['A', 'E', 'F', 'D', 'E', 'F'],
  acknowledge: ['A', 'C', 'C', 'A', 'F', 'F'],
  reset: ['-', '-', '-', '-', '-', 'A'],
  realarm: ['-', 'B!', 'B!', '-', '-', '-'],
  shelve: ['G', 'G', 'G', 'G', 'G', 'G'],
  unshelve: ['-', '-', '-', '-', '-', '-'],
  suppress: ['H', 'H', 'H', 'H', 'H', 'H'],
  unsuppress: ['-', '-', '-', '-', '-', '-'],
  remove: ['I', 'I', 'I', 'I', 'I', 'I'],
  restore: ['-', '-', '-', '-', '-', '-'],
}

describe('alarm state table', () => {
  for (const [name, row] of Object.entries(table)) {
    letters.forEach((letter, i) => {
      it(`in ${letter}, "${name}" gives ${row[i]}`, () => {
        const step = reduceAlarm(facts[letter], events[name]!)
        expect(step.refused).toBe(row[i] === '-')
        if (step.refused) expect(step.facts).toBe(facts[letter])
        else {
          const marks = (step.occurrence ? '+' : '') + (step.announced ? '!' : '')
          expect(alarmState(step.facts) + marks).toBe(row[i])
        }
      })
    })
  }

  // While hidden the inside moves on, nothing is announced, and people can only take the cover off.
  const inside: Record<string, readonly string[]> = {
    condition: ['B', 'B', 'C', 'B', 'B', 'B'],
    'return, plain': ['A', 'D', 'A', 'D', 'E', 'F'],
    'return, latching': ['A', 'E', 'F', 'D', 'E', 'F'],
    acknowledge: ['-', '-', '-', '-', '-', '-'],
    reset: ['-', '-', '-', '-', '-', '-'],
    realarm: ['-', '-', '-', '-', '-', '-'],
    shelve: ['-', '-', '-', '-', '-', '-'],
  }
  for (const cover of ['G', 'H', 'I'] as const) {
    for (const [name, row] of Object.entries(inside)) {
      letters.forEach((letter, i) => {
        it(`in ${cover} over ${letter}, "${name}" gives ${row[i]} inside`, () => {
          const step = reduceAlarm({ ...facts[letter], ...hiding[cover] }, events[name]!)
          expect(step.refused).toBe(row[i] === '-')
          expect(step.announced).toBe(false)
          expect(alarmState(step.facts)).toBe(cover)
          expect(innerState(step.facts)).toBe(row[i] === '-' ? letter : row[i])
        })
      })
    }
  }

  const lift = { G: 'unshelve', H: 'unsuppress', I: 'restore' } as const
  for (const cover of ['G', 'H', 'I'] as const) {
    for (const [from, to] of ['AA', 'BB!', 'CB!', 'DD', 'EE', 'FF'].map(p => [p[0]!, p.slice(1)])) {
      it(`"${lift[cover]}" in ${cover} over ${from} gives ${to}: what is active is announced again`, () => {
        const covered = { ...facts[from as InnerState], ...hiding[cover] }
        const step = reduceAlarm(covered, events[lift[cover]]!)
        expect(alarmState(step.facts) + (step.announced ? '!' : '')).toBe(to)
      })
    }
  }

  it('shows out of service before suppressed before shelved, and lifts each by itself', () => {
    let now = facts.B
    for (const [name, letter] of [
      ['shelve', 'G'],
      ['suppress', 'H'],
      ['remove', 'I'],
      ['unshelve', 'I'],
      ['unsuppress', 'I'],
      ['restore', 'B'],
    ] as const) {
      const step = reduceAlarm(now, events[name]!)
      expect(step.refused, name).toBe(false)
      expect(step.announced, name).toBe(letter === 'B')
      now = step.facts
      expect(alarmState(now), name).toBe(letter)
    }
  })

  it.each([
    ['H', 'unshelve', '-'],
    ['I', 'unshelve', '-'],
    ['G', 'unsuppress', '-'],
    ['I', 'unsuppress', '-'],
    ['G', 'restore', '-'],
    ['H', 'restore', '-'],
    ['H', 'suppress', '-'],
    ['I', 'remove', '-'],
    ['G', 'suppress', 'H'],
    ['I', 'suppress', 'I'],
    ['G', 'remove', 'I'],
    ['H', 'remove', 'I'],
  ] as const)('in %s, "%s" gives %s', (cover, name, to) => {
    const step = reduceAlarm({ ...facts.B, ...hiding[cover] }, events[name]!)
    expect(step.refused ? '-' : alarmState(step.facts)).toBe(to)
  })

  it('ends a one-shot shelf at the return to normal, and only then or at its time', () => {
    const shelved = reduceAlarm(facts.B, { on: 'shelve', until_ms: 60_000, once: true }).facts
    const held = reduceAlarm(shelved, { on: 'condition' }).facts
    expect(alarmState(held)).toBe('G')
    expect(alarmState(reduceAlarm(held, { on: 'return', latching: false }).facts)).toBe('D')
    expect(alarmState(reduceAlarm(held, { on: 'return', latching: true }).facts)).toBe('E')
    expect(alarmState(reduceAlarm(held, { on: 'unshelve' }).facts)).toBe('B')
  })
})
