import { expect, it } from 'vitest'
import type { AlarmIncident, AlarmSummary } from '#engine/flow.ts'
import { fixtureKpis } from '#engine/outputs/fixture-kpis.ts'
import { groupAlarms } from './alarm-groups.ts'
import { fixtureAlarm } from './fixture.ts'

const incident = (id: string): AlarmIncident => ({
  ...{ id, line: 'line-1', cell: 'cell-101', tag: '', kind: 'limit-high', text: 'high' },
  ...{ priority: 'high', causes: [], kinds: [], alarms: 3, standing: 3, unacknowledged: 3 },
  ...{ cells: 3, started_ms: 1, last_ms: 2 },
})
const summary = (...ids: string[]): AlarmSummary => ({
  flood_since_ms: 1,
  incidents: ids.map(incident),
  kpis: fixtureKpis,
})
const alarm = (id: string, group: string, raised_ms = 1) =>
  fixtureAlarm({ id, incident: group, raised_ms })
const shape = (places: ReturnType<typeof groupAlarms>) =>
  places.map(place =>
    place.incident ? [place.incident.id, ...place.members.map(({ id }) => id)] : place.alarm.id,
  )

it('folds the members of an incident into one place, at the first of them, and loses none', () => {
  const alarms = [alarm('x', 'x'), alarm('b', 'a', 9), alarm('y', ''), alarm('a', 'a', 5)]
  expect(shape(groupAlarms(alarms, [summary('a')]))).toEqual(['x', ['a', 'a', 'b'], 'y'])
})

it('shows alarms by themselves without an incident, and where one is left of it', () => {
  const alarms = [alarm('a', 'a'), alarm('b', 'b'), alarm('c', 'b')]
  expect(shape(groupAlarms(alarms, []))).toEqual(['a', 'b', 'c'])
  expect(shape(groupAlarms(alarms, [summary('a', 'b')]))).toEqual(['a', ['b', 'b', 'c']])
})
