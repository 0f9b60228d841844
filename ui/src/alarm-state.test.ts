import { describe, expect, it } from 'vitest'
import { countInScope, filterAlarms, openFilter } from './alarm-filter.ts'
import {
  alarmParts,
  alarmText,
  countByPriority,
  isSaid,
  mostUrgent,
  stateText,
  worstByCell,
} from './alarm-state.ts'
import { fixtureAlarm } from './fixture.ts'

const alarms = [
  fixtureAlarm({ id: 'old-low', priority: 'low', raised_ms: 1, cell: 'cell-101' }),
  fixtureAlarm({ id: 'seen-critical', priority: 'critical', acknowledged: true }),
  fixtureAlarm({ id: 'new-high', raised_ms: 9, cell: 'cell-101' }),
  fixtureAlarm({ id: 'old-high', raised_ms: 2 }),
  fixtureAlarm({ id: 'shelved', priority: 'critical', shelved_until_ms: 5 }),
  fixtureAlarm({ id: 'over', active: false, acknowledged: true }),
]

describe('alarm state', () => {
  it('counts what stands and what waits for an acknowledgement, by priority', () => {
    expect(countByPriority(alarms).map(count => [count.listed, count.unacknowledged])).toEqual([
      [1, 0],
      [2, 2],
      [0, 0],
      [1, 1],
    ])
  })

  it('puts the newest unacknowledged alarm of the highest priority first', () => {
    expect(mostUrgent(alarms)?.id).toBe('new-high')
    expect(filterAlarms(alarms, openFilter).map(alarm => alarm.id)).toEqual([
      'new-high',
      'old-high',
      'old-low',
      'seen-critical',
    ])
  })

  it('shows the most urgent alarm of a cell on the map', () => {
    const worst = worstByCell(alarms, 'line-1')
    expect(worst.get('cell-101')?.id).toBe('new-high')
    expect(worstByCell(alarms, 'line-2').size).toBe(0)
  })

  it('filters by state, priority and words', () => {
    const ids = (change: Partial<typeof openFilter>) =>
      filterAlarms(alarms, { ...openFilter, ...change }).map(alarm => alarm.id)
    expect(ids({ scope: 'shelved' })).toEqual(['shelved'])
    expect(ids({ priorities: new Set(['low']) })).toEqual(['old-low'])
    expect(ids({ search: 'CELL-101' })).toEqual(['new-high', 'old-low'])
    expect(ids({ line: 'line-9' })).toEqual([])
  })

  it('names the ISA-18.2 states', () => {
    expect(stateText(fixtureAlarm())).toBe('Active, unacknowledged')
    expect(stateText(fixtureAlarm({ active: false }))).toBe('Returned, unacknowledged')
    const latched = fixtureAlarm({ active: false, latched: true, acknowledged: true })
    expect(stateText(latched)).toBe('Latched, acknowledged')
  })

  it('writes an alarm as a sentence, and a tag as it is named', () => {
    const rising = fixtureAlarm({ text: 'anode effect coming: rises 0.04 uOhm/min' })
    expect(alarmParts(rising)).toEqual(['Anode effect coming', 'rises 0.04 µΩ/min'])
    expect(alarmParts(fixtureAlarm({ text: 'noisy' }))).toEqual(['Noisy', ''])
    expect(alarmText(fixtureAlarm({ tag: 'p_in', text: 'p_in is bad' }))).toBe('p_in is bad')
    expect(isSaid(rising, 'Anode effect')).toBe(true)
    expect(isSaid(rising, 'blocked feeder')).toBe(false)
  })

  it('counts what each scope of the list holds', () => {
    expect(countInScope(alarms, 'shelved')).toBe(1)
    expect(countInScope(alarms, 'listed')).toBe(4)
    expect(countInScope(alarms, 'all')).toBe(6)
  })
})
