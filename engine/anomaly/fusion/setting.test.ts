import { describe, expect, it } from 'vitest'
import { budgetInForce, budgetOf, budgetVersions } from './setting.ts'

describe('the event budget among the versions of a log', () => {
  it('is not named where it is the default', () => {
    expect(budgetVersions({ events_per_line_day: 1, lines: {} })).toEqual({})
    expect(budgetOf({}, 'pots')).toBe(1)
  })

  it('is that of the line, else that of all', () => {
    const versions = budgetVersions({ events_per_line_day: 2, lines: { pots: 0.5, other: 1 } })
    expect(budgetOf(versions, 'pots')).toBe(0.5)
    expect(budgetOf(versions, 'other')).toBe(1)
    expect(budgetOf(versions, 'third')).toBe(2)
  })

  it('is in force from where the log names it', () => {
    const budget = budgetInForce('pots')
    expect(budget.events_per_line_day).toBe(1)
    budget.put(budgetVersions({ events_per_line_day: 3, lines: {} }))
    expect(budget.events_per_line_day).toBe(3)
    budget.put({ engine: '1.0.0' })
    expect(budget.events_per_line_day).toBe(1)
  })
})
