import { describe, expect, it } from 'vitest'
import type { AlarmRecord, LineDefinition } from '../../flow.ts'
import type { Finding } from '../finding.ts'
import { alarmCatalog } from './catalog.ts'
import { newEntry, newRecord } from './entry.ts'
import { CAUSES_MAX, INCIDENTS_MAX, incidentGroups } from './incidents.ts'
import { alarmList } from './list.ts'

const line = (count: number): LineDefinition => ({
  ...{ tenant: 't', line: 'line-1', kind: 'generic', clock: 'stream', origin: 'synthetic' },
  ...{ tick_ms: 1000, cells: Array.from({ length: count }, (_, i) => `a${i}`), tags: [] },
})
const finding = (kind: string, time_ms: number, cell: number, cause = kind): Finding => ({
  ...{ kind, cell, tagIndex: -1, active: true, time_ms, score: 1, text: `${kind} here` },
  ...{ causes: [{ text: cause, weight: 1 }], detector: 'd' },
})
const ended = (found: Finding, time_ms: number): Finding => ({ ...found, active: false, time_ms })
const START = 1_000_000

describe('incidents', () => {
  it('shows nothing below a flood, and from its start also the alarms that led to it', () => {
    const list = alarmList(line(20))
    for (let i = 0; i < 9; i++) list.condition(finding('limit-high', START + 1000 * i, i))
    list.advance(START + 9000)
    expect(list.summary()).toMatchObject({ flood_since_ms: 0, incidents: [] })
    list.condition(finding('limit-high', START + 9000, 9))
    list.advance(START + 10_000)
    const { flood_since_ms, incidents } = list.summary()
    expect(flood_since_ms).toBe(START + 9000)
    expect(incidents).toHaveLength(1)
    expect(incidents[0]).toMatchObject({
      ...{ id: `line-1/a0/limit-high/${START}`, cell: 'a0', kind: 'limit-high' },
      ...{ alarms: 10, cells: 10, standing: 10, unacknowledged: 10, started_ms: START },
    })
    expect(list.current().every(({ incident }) => incident === incidents[0]!.id)).toBe(true)
  })

  it('keeps what follows on one cell with its first-out, apart from the rest', () => {
    const list = alarmList(line(30))
    const blocked = finding('feed-below-demand', START, 5, 'blocked feeder')
    list.condition(blocked)
    list.condition(finding('limit-low', START + 120_000, 5, 'pressure lost'))
    for (let i = 10; i < 25; i++) list.condition(finding('sensor-bad', START + 200_000 + i, i))
    list.condition(finding('limit-high', START + 201_000, 5, 'blocked feeder'))
    list.advance(START + 202_000)
    const { incidents } = list.summary()
    expect(incidents.map(({ cell, kind, alarms }) => [cell, kind, alarms])).toEqual([
      ['a5', 'feed-below-demand', 3],
      ['a10', 'sensor-bad', 15],
    ])
    expect(incidents[0]!.causes.map(({ text }) => text)).toEqual([
      'blocked feeder',
      'pressure lost',
    ])
    expect(incidents[0]!.causes[0]!.weight).toBeCloseTo(2 / 3)
    expect(incidents[0]!.priority).toBe('high')
  })

  it('takes an alarm of the whole line for the first-out of what follows within a minute', () => {
    const list = alarmList(line(30))
    list.condition(finding('line-silent', START, -1))
    list.advance(START + 30_000)
    for (let i = 0; i < 12; i++) list.condition(finding('sensor-bad', START + 40_000, i))
    for (let i = 12; i < 15; i++) list.condition(finding('limit-low', START + 300_000, i))
    list.advance(START + 301_000)
    const firsts = list.summary().incidents.map(({ kind, alarms }) => [kind, alarms])
    expect(firsts).toEqual([
      ['line-silent', 13],
      ['limit-low', 3],
    ])
  })

  it('stays after the flood until its last member is over, and is then gone', () => {
    const list = alarmList(line(20))
    const all = Array.from({ length: 12 }, (_, i) => finding('limit-high', START + i, i))
    for (const each of all) list.condition(each)
    list.advance(START + 1000)
    list.advance(START + 700_000)
    expect(list.summary().flood_since_ms).toBe(0)
    expect(list.summary().incidents).toHaveLength(1)
    for (const each of all) list.condition(ended(each, START + 800_000))
    list.advance(START + 900_000)
    expect(list.summary().incidents[0]).toMatchObject({ standing: 12, alarms: 12 })
    for (const { id: target } of list.current()) {
      const decision = { on: 'alarm', action: 'acknowledge', target } as const
      const said = { kind: 'decision', decision, subject: 'ann', role: 'operator' } as const
      list.decide({ ...said, comment: '', decided_ms: 0 }, START + 950_000)
    }
    list.advance(START + 951_000)
    expect(list.summary().incidents).toEqual([])
  })

  it('is bounded: an alarm without a place stands by itself, and only so many causes are kept', () => {
    const definition = line(INCIDENTS_MAX + 1)
    const groups = incidentGroups(definition)
    const rule = alarmCatalog['limit-high']!
    const record = (cell: number, cause: string): AlarmRecord => {
      const place = { kind: `kind-${cell}`, cell, tagIndex: -1 }
      const causes = [{ text: cause, weight: 1 }]
      const entry = { ...newEntry('', place), id: `id-${cell}-${cause}`, causes }
      return newRecord(definition, rule, entry, START)
    }
    for (let cell = 0; cell < INCIDENTS_MAX; cell++) {
      expect(groups.join(record(cell, 'x'), cell)).toBe(`id-${cell}-x`)
    }
    expect(groups.join(record(INCIDENTS_MAX, 'x'), INCIDENTS_MAX)).toBe('')
    for (let i = 0; i < 2 * CAUSES_MAX; i++) groups.join(record(0, `cause-${i}`), 0)
    groups.settle(START, true, new Map())
    const [first] = groups.shown(new Map())
    expect(first).toMatchObject({ alarms: 1 + 2 * CAUSES_MAX })
    expect(first!.causes).toHaveLength(CAUSES_MAX)
  })
})
