import { expect, it } from 'vitest'
import type { AlarmRecord, StoredEvent } from '../flow.ts'
import { alarmsWithTold } from './told-records.ts'

const alarm = (id: string, revision: number, more: Partial<AlarmRecord> = {}) =>
  ({
    ...{ id, revision, active: true, acknowledged: false, latched: false, shelved_until_ms: 0 },
    ...{ suppressed: false, out_of_service: false, ...more },
  }) as AlarmRecord
const told = (...records: AlarmRecord[]): StoredEvent[] =>
  records.map((body, i) => ({
    offset: i + 1,
    event: { channel: 'alarm', id: `${body.id}#${body.revision}`, body },
  }))
const shown = (records: readonly AlarmRecord[]) => records.map(one => `${one.id}#${one.revision}`)

it('lists an alarm that was told and that the view does not hold yet', () => {
  expect(shown(alarmsWithTold([alarm('a', 1)], told(alarm('b', 1))))).toEqual(['a#1', 'b#1'])
})

it('shows the newest of what was told and what is held', () => {
  const held = [alarm('a', 2), alarm('b', 5)]
  const early = told(alarm('a', 2), alarm('a', 3), alarm('b', 4))
  expect(shown(alarmsWithTold(held, early))).toEqual(['b#5', 'a#3'])
})

it('leaves out one that has returned and was acknowledged', () => {
  const over = alarm('a', 3, { active: false, acknowledged: true })
  expect(alarmsWithTold([alarm('a', 2)], told(over))).toEqual([])
  const latched = { ...over, latched: true }
  expect(shown(alarmsWithTold([alarm('a', 2)], told(latched)))).toEqual(['a#3'])
})

it('gives the same list where nothing was told', () => {
  const held = [alarm('a', 1)]
  expect(alarmsWithTold(held, [])).toBe(held)
  expect(alarmsWithTold(held, told(alarm('a', 1)))).toBe(held)
})
