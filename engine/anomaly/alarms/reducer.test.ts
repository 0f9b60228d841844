import { describe, expect, it } from 'vitest'
import {
  type AlarmEvent,
  type AlarmFacts,
  type AlarmState,
  alarmState,
  reduceAlarm,
} from './reducer.ts'

const facts: Record<Exclude<AlarmState, 'G'>, AlarmFacts> = {
  A: { active: false, acknowledged: true, latched: false, shelved_until_ms: 0 },
  B: { active: true, acknowledged: false, latched: false, shelved_until_ms: 0 },
  C: { active: true, acknowledged: true, latched: false, shelved_until_ms: 0 },
  D: { active: false, acknowledged: false, latched: false, shelved_until_ms: 0 },
  E: { active: false, acknowledged: false, latched: true, shelved_until_ms: 0 },
  F: { active: false, acknowledged: true, latched: true, shelved_until_ms: 0 },
}
const letters = ['A', 'B', 'C', 'D', 'E', 'F'] as const
const events: Record<string, AlarmEvent> = {
  condition: { on: 'condition' },
  'return, plain': { on: 'return', latching: false },
  'return, latching': { on: 'return', latching: true },
  acknowledge: { on: 'acknowledge' },
  reset: { on: 'reset' },
  realarm: { on: 'realarm' },
  shelve: { on: 'shelve', until_ms: 60_000 },
  unshelve: { on: 'unshelve' },
}

// One row per event: the state after it in A..F; "-" is refused, "+" a new occurrence.
const table: Record<string, readonly string[]> = {
  condition: ['B+', 'B', 'C', 'B+', 'B', 'B'],
  'return, plain': ['A', 'D', 'A', 'D', 'E', 'F'],
  'return, latching': ['A', 'E', 'F', 'D', 'E', 'F'],
  acknowledge: ['A', 'C', 'C', 'A', 'F', 'F'],
  reset: ['-', '-', '-', '-', '-', 'A'],
  realarm: ['-', 'B', 'B', '-', '-', '-'],
  shelve: ['G', 'G', 'G', 'G', 'G', 'G'],
  unshelve: ['-', '-', '-', '-', '-', '-'],
}

describe('alarm state table', () => {
  for (const [name, row] of Object.entries(table)) {
    letters.forEach((letter, i) => {
      it(`in ${letter}, "${name}" gives ${row[i]}`, () => {
        const step = reduceAlarm(facts[letter], events[name]!)
        if (row[i] === '-') {
          expect(step).toEqual({ facts: facts[letter], occurrence: false, refused: true })
          return
        }
        expect(step.refused).toBe(false)
        expect(alarmState(step.facts) + (step.occurrence ? '+' : '')).toBe(row[i])
      })
    })
  }

  // While shelved the inside moves on, nothing is announced and people can only unshelve.
  const shelvedAfter: Record<string, readonly string[]> = {
    condition: ['B', 'B', 'C', 'B', 'B', 'B'],
    'return, plain': ['A', 'D', 'A', 'D', 'E', 'F'],
    'return, latching': ['A', 'E', 'F', 'D', 'E', 'F'],
    acknowledge: ['-', '-', '-', '-', '-', '-'],
    reset: ['-', '-', '-', '-', '-', '-'],
    realarm: ['-', '-', '-', '-', '-', '-'],
    shelve: ['-', '-', '-', '-', '-', '-'],
  }
  for (const [name, row] of Object.entries(shelvedAfter)) {
    letters.forEach((letter, i) => {
      it(`shelved with ${letter} inside, "${name}" gives ${row[i]} inside`, () => {
        const shelved = { ...facts[letter], shelved_until_ms: 60_000 }
        const step = reduceAlarm(shelved, events[name]!)
        expect(step.refused).toBe(row[i] === '-')
        expect(alarmState(step.facts)).toBe('G')
        const inside = alarmState({ ...step.facts, shelved_until_ms: 0 })
        expect(inside).toBe(row[i] === '-' ? letter : row[i])
      })
    })
  }

  it.each([
    ['A', 'A'],
    ['B', 'B'],
    ['C', 'B'],
    ['D', 'D'],
    ['E', 'E'],
    ['F', 'F'],
  ] as const)(
    'unshelved with %s inside gives %s: what is active is announced again',
    (inside, to) => {
      const step = reduceAlarm({ ...facts[inside], shelved_until_ms: 60_000 }, { on: 'unshelve' })
      expect(alarmState(step.facts)).toBe(to)
    },
  )
})
