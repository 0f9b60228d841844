import { describe, expect, it } from 'vitest'
import type { Decision, DecisionEntry, LineDefinition } from '../../flow.ts'
import type { Finding } from '../finding.ts'
import { stateReader, stateWriter } from '../state.ts'
import { alarmCatalog } from './catalog.ts'
import { ALARMS_MAX, alarmList, SHELVE_MAX_MS } from './list.ts'

const line = (count = 4): LineDefinition => ({
  tenant: 't',
  line: 'line-1',
  kind: 'generic',
  clock: 'stream',
  origin: 'synthetic',
  tick_ms: 1000,
  cells: Array.from({ length: count }, (_, i) => `a${i}`),
  tags: [],
})
const finding = (kind: string, active: boolean, time_ms: number, cell = 1): Finding => ({
  ...{ kind, cell, tagIndex: -1, active, time_ms },
  ...{ score: 1, text: 'why', causes: [{ text: 'cause', weight: 1 }], detector: 'd' },
})
const decision = (made: Decision): DecisionEntry => ({
  ...{ kind: 'decision', decision: made, subject: 'ann', role: 'operator' },
  ...{ comment: 'seen', decided_ms: 0 },
})

describe('alarm list', () => {
  it('raises an alarm without delay at once, with its response and causes', () => {
    const list = alarmList(line())
    list.condition(finding('limit-high', true, 5000))
    const [record] = list.changes()
    expect(record).toMatchObject({
      id: 'line-1/a1/limit-high/5000',
      cell: 'a1',
      priority: 'high',
      active: true,
      acknowledged: false,
      raised_ms: 5000,
      revision: 1,
      response: alarmCatalog['limit-high']!.response,
      causes: [{ text: 'cause', weight: 1 }],
    })
    expect(list.changes()).toEqual([])
  })

  it('waits for the on-delay and forgets what did not last', () => {
    const list = alarmList(line())
    list.condition(finding('noisy-cell', true, 0))
    list.advance(59_000)
    expect(list.current()).toEqual([])
    list.condition(finding('noisy-cell', false, 59_500))
    list.advance(300_000)
    expect(list.current()).toEqual([])
    list.condition(finding('noisy-cell', true, 400_000))
    list.advance(460_000)
    expect(list.current()[0]).toMatchObject({ raised_ms: 460_000, active: true })
  })

  it('returns an alarm after its off-delay and keeps it until it is acknowledged', () => {
    const list = alarmList(line())
    list.condition(finding('limit-high', true, 1000))
    list.condition(finding('limit-high', false, 2000))
    list.advance(6000)
    expect(list.current()[0]!.active).toBe(true)
    list.advance(7000)
    expect(list.current()[0]).toMatchObject({ active: false, returned_ms: 7000 })
    const { id } = list.current()[0]!
    list.decide(decision({ on: 'alarm', action: 'acknowledge', target: id }), 8000)
    expect(list.current()).toEqual([])
    const last = list.changes().at(-1)
    expect(last).toMatchObject({ acknowledged: true, acknowledged_by: 'ann', comment: 'seen' })
  })

  it('closes an unacknowledged occurrence when the next one begins', () => {
    const list = alarmList(line())
    list.condition(finding('limit-high', true, 1000))
    list.condition(finding('limit-high', false, 2000))
    list.advance(10_000)
    list.changes()
    list.condition(finding('limit-high', true, 20_000))
    const [closed, raised] = list.changes()
    expect(closed).toMatchObject({ id: 'line-1/a1/limit-high/1000', acknowledged: true })
    expect(raised).toMatchObject({ id: 'line-1/a1/limit-high/20000', active: true, revision: 1 })
  })

  it('shelves for one shift at most and announces again what is still active', () => {
    const list = alarmList(line())
    list.condition(finding('limit-high', true, 0))
    const { id } = list.current()[0]!
    const until_ms = 10 * SHELVE_MAX_MS
    list.decide(decision({ on: 'alarm', action: 'shelve', target: id, until_ms }), 1000)
    expect(list.current()[0]!.shelved_until_ms).toBe(1000 + SHELVE_MAX_MS)
    list.decide(decision({ on: 'alarm', action: 'acknowledge', target: id }), 2000)
    expect(list.current()[0]!.acknowledged).toBe(false)
    list.advance(1000 + SHELVE_MAX_MS)
    expect(list.current()[0]).toMatchObject({ shelved_until_ms: 0, acknowledged: false })
  })

  it('refuses to shelve into the past and ignores alarms that are gone', () => {
    const list = alarmList(line())
    list.condition(finding('limit-high', true, 5000))
    const { id } = list.current()[0]!
    list.decide(decision({ on: 'alarm', action: 'shelve', target: id, until_ms: 4000 }), 5000)
    list.decide(decision({ on: 'alarm', action: 'acknowledge', target: 'other' }), 5000)
    expect(list.current()[0]).toMatchObject({ shelved_until_ms: 0, acknowledged: false })
  })

  it('raises no alarm that rests on a twin that is not trusted', () => {
    const list = alarmList(line())
    list.trust(1, false)
    list.condition(finding('superheat-low', true, 0))
    list.condition(finding('limit-high', true, 0))
    list.advance(3_600_000)
    expect(list.current().map(({ kind }) => kind)).toEqual(['limit-high'])
    list.trust(1, true)
    list.advance(3_601_000)
    expect(list.current().map(({ kind }) => kind)).toContain('superheat-low')
  })

  it('keeps a kind outside the catalogue as an event', () => {
    const list = alarmList(line())
    list.condition(finding('unusual-dynamics', true, 0))
    list.advance(1e7)
    expect(list.current()).toEqual([])
  })

  it('is bounded: the oldest returned alarm gives way, an active one never', () => {
    const list = alarmList(line(ALARMS_MAX + 2))
    for (let cell = 0; cell < ALARMS_MAX; cell++)
      list.condition(finding('limit-high', true, 0, cell))
    list.condition(finding('limit-high', true, 1, ALARMS_MAX))
    expect(list.current()).toHaveLength(ALARMS_MAX)
    list.condition(finding('limit-high', false, 1, 7))
    list.advance(10_000)
    list.changes()
    list.condition(finding('limit-high', true, 11_000, ALARMS_MAX + 1))
    expect(list.current()).toHaveLength(ALARMS_MAX)
    expect(list.changes().map(({ cell }) => cell)).toEqual(['a7', `a${ALARMS_MAX + 1}`])
  })

  it('goes on the same after snapshot and restore, bit for bit', () => {
    const bytes = (list: ReturnType<typeof alarmList>) => {
      const out = stateWriter()
      list.save(out)
      return out.bytes()
    }
    const whole = alarmList(line())
    whole.condition(finding('limit-high', true, 1000))
    whole.condition(finding('noisy-cell', true, 2000, 2))
    whole.changes()
    const restored = alarmList(line())
    restored.load(stateReader(bytes(whole)))
    for (const list of [whole, restored]) {
      list.advance(70_000)
      list.condition(finding('limit-high', false, 71_000))
      list.advance(90_000)
    }
    expect(restored.changes()).toEqual(whole.changes())
    expect(bytes(restored)).toEqual(bytes(whole))
  })
})

describe('alarm catalogue', () => {
  it('says for each alarm what to do, why and how soon', () => {
    for (const [kind, rule] of Object.entries(alarmCatalog)) {
      expect(rule.response.length, kind).toBeGreaterThan(10)
      expect(rule.cause.length, kind).toBeGreaterThan(10)
      expect(rule.consequence.length, kind).toBeGreaterThan(10)
      expect(rule.respond_within_ms, kind).toBeGreaterThan(rule.on_delay_ms)
    }
  })
})
