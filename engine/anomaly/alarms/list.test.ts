import { describe, expect, it } from 'vitest'
import type { AlarmRecord, Decision, DecisionEntry, LineDefinition, Role } from '../../flow.ts'
import type { Finding } from '../finding.ts'
import { stateReader, stateWriter } from '../state.ts'
import { alarmCatalog } from './catalog.ts'
import { ALARMS_MAX, alarmList, STALE_MS, UNTRUSTED } from './list.ts'
import { SHELVE_MAX_MS } from './said.ts'

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
const decision = (made: Decision, role: Role = 'operator', comment = 'seen'): DecisionEntry => ({
  ...{ kind: 'decision', decision: made, subject: 'ann', role, comment, decided_ms: 0 },
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

  it('says on a standing alarm what was found out since, once and without announcing it again', () => {
    const list = alarmList(line())
    list.condition(finding('limit-high', true, 5000))
    const [first] = list.changes()
    const more = { text: 'more is known', causes: [{ text: 'feeder 3', weight: 1 }] }
    list.condition({ ...finding('limit-high', true, 65_000), ...more })
    expect(list.changes()).toEqual([{ ...first, ...more, revision: 2 }])
    list.condition({ ...finding('limit-high', true, 70_000), ...more })
    expect(list.changes()).toEqual([])
    expect(list.summary().kpis.announced).toBe(1)
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

  it.each([
    ['shelve', false],
    ['remove-from-service', false],
    ['shelve', true],
    ['remove-from-service', true],
  ] as const)(
    'closes what was hidden by "%s" when the next one begins, suppressed: %s',
    (action, isBlind) => {
      const list = alarmList(line())
      const seen = new Map<string, AlarmRecord>()
      const pull = () => list.changes().forEach(record => void seen.set(record.id, record))
      const kind = 'superheat-low'
      list.condition(finding(kind, true, 0))
      list.advance(600_000)
      const target = list.current()[0]!.id
      list.decide(decision({ on: 'alarm', action: 'acknowledge', target }), 600_000)
      const until_ms = 9_000_000
      list.decide(decision({ on: 'alarm', action, target, until_ms }, 'engineer'), 600_000)
      list.condition(finding(kind, false, 700_000))
      list.advance(1_900_000)
      pull()
      expect(list.current()[0]).toMatchObject({ id: target, active: false })
      list.trust(1, !isBlind)
      list.condition(finding(kind, true, 2_000_000))
      list.advance(2_600_000)
      pull()
      const [next] = list.current()
      expect(next).toMatchObject({
        active: true,
        suppressed: isBlind,
        suppressed_by: isBlind ? UNTRUSTED : '',
      })
      expect(next!.shelved_until_ms > 0 || next!.out_of_service).toBe(true)
      const open = { shelved_until_ms: 0, suppressed: false, suppressed_by: '' }
      expect(seen.get(target)).toMatchObject({
        ...{ active: false, acknowledged: true, latched: false, ...open },
        ...{
          out_of_service: false,
          out_of_service_by: '',
          comment: 'followed by a new occurrence',
        },
      })
      expect([...seen.keys()]).toEqual([target, next!.id])
    },
  )

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

  it('suppresses what rests on a twin that is not trusted, and announces it once it is', () => {
    const list = alarmList(line())
    list.trust(1, false)
    list.condition(finding('superheat-low', true, 1000))
    list.condition(finding('limit-high', true, 1000))
    list.advance(3_600_000)
    const of = (kind: string) => list.current().find(alarm => alarm.kind === kind)
    expect(of('superheat-low')).toMatchObject({ suppressed: true, suppressed_by: UNTRUSTED })
    expect(of('limit-high')).toMatchObject({ suppressed: false, acknowledged: false })
    expect(list.summary().kpis).toMatchObject({ announced: 1, suppressed: 1 })
    list.trust(1, true)
    list.advance(3_601_000)
    expect(of('superheat-low')).toMatchObject({ suppressed: false, acknowledged: false })
    expect(list.summary().kpis).toMatchObject({ announced: 2, suppressed: 0 })
  })

  it('holds back what a trained model and the residuals say of a twin that is not trusted', () => {
    const list = alarmList(line())
    list.trust(1, false)
    const kinds = ['unusual-pattern', 'unusual-running', 'unusual-dynamics']
    for (const kind of kinds) list.condition(finding(kind, true, 1000))
    list.advance(2000)
    const said = list.current().map(({ kind, suppressed_by }) => [kind, suppressed_by])
    expect(said).toEqual([
      ['unusual-pattern', UNTRUSTED],
      ['unusual-running', UNTRUSTED],
      // Measured signals alone speak here.
      ['unusual-dynamics', ''],
    ])
  })

  it('never silences what was announced while the twin was trusted', () => {
    const list = alarmList(line())
    list.condition(finding('superheat-low', true, 0))
    list.advance(600_000)
    list.trust(1, false)
    list.advance(700_000)
    expect(list.current()[0]).toMatchObject({ active: true, suppressed: false })
  })

  it('lets go of a suppressed alarm whose condition ends before it is announced', () => {
    const list = alarmList(line())
    list.trust(1, false)
    list.condition(finding('superheat-low', true, 1000))
    list.advance(700_000)
    expect(list.current()).toHaveLength(1)
    list.condition(finding('superheat-low', false, 800_000))
    list.advance(2_000_000)
    list.trust(1, true)
    list.advance(2_001_000)
    const { id } = list.current()[0]!
    list.decide(decision({ on: 'alarm', action: 'acknowledge', target: id }), 2_002_000)
    expect(list.current()).toEqual([])
    expect(list.summary().kpis.announced).toBe(0)
  })

  it('takes an alarm out of service for an engineer who says why, and counts who may not', () => {
    const list = alarmList(line())
    list.condition(finding('limit-high', true, 1000))
    const { id } = list.current()[0]!
    const remove = { on: 'alarm', action: 'remove-from-service', target: id } as const
    list.decide(decision(remove), 2000)
    list.decide(decision(remove, 'engineer', ' '), 2000)
    expect(list.current()[0]).toMatchObject({ out_of_service: false, out_of_service_by: '' })
    list.decide(decision(remove, 'engineer', 'gauge is replaced'), 3000)
    const removed = { out_of_service: true, out_of_service_by: 'ann', comment: 'gauge is replaced' }
    expect(list.current()[0]).toMatchObject(removed)
    expect(list.summary().kpis).toMatchObject({ unauthorised: 2, out_of_service: 1, announced: 1 })
    list.condition(finding('limit-high', false, 4000))
    list.advance(20_000)
    list.condition(finding('limit-high', true, 30_000))
    expect(list.current()).toHaveLength(1)
    expect(list.summary().kpis.announced).toBe(1)
    const again = list.current()[0]!.id
    const back = { on: 'alarm', action: 'return-to-service', target: again } as const
    list.decide(decision(back), 40_000)
    expect(list.current()[0]!.out_of_service).toBe(true)
    list.decide(decision(back, 'engineer'), 40_000)
    expect(list.current()[0]).toMatchObject({ out_of_service: false, acknowledged: false })
    expect(list.summary().kpis.announced).toBe(2)
  })

  it('keeps a place out of service over a normal state until it is returned', () => {
    const list = alarmList(line())
    list.condition(finding('limit-high', true, 1000))
    const { id } = list.current()[0]!
    list.decide(decision({ on: 'alarm', action: 'acknowledge', target: id }), 2000)
    const remove = { on: 'alarm', action: 'remove-from-service', target: id } as const
    list.decide(decision(remove, 'engineer', 'gauge is replaced'), 3000)
    list.condition(finding('limit-high', false, 4000))
    list.advance(90_000)
    expect(list.current()[0]).toMatchObject({ active: false, out_of_service: true })
    const back = { on: 'alarm', action: 'return-to-service', target: id } as const
    list.decide(decision(back, 'engineer'), 95_000)
    expect(list.current()).toEqual([])
    expect(list.changes().at(-1)).toMatchObject({ id, out_of_service: false })
  })

  it('ends a one-shot shelf when the alarm returns to normal', () => {
    const list = alarmList(line())
    list.condition(finding('limit-high', true, 1000))
    const target = list.current()[0]!.id
    const shelve = { on: 'alarm', action: 'shelve', target, until_ms: 1e6, once: true } as const
    list.decide(decision(shelve), 2000)
    list.condition(finding('limit-high', false, 3000))
    list.advance(9000)
    expect(list.current()[0]).toMatchObject({ shelved_until_ms: 0, active: false })
    expect(list.summary().kpis).toMatchObject({ shelved: 0, shelved_p50_ms: 7000 })
  })

  it('announces again what was acknowledged and still stands after its re-alarm time', () => {
    const list = alarmList(line())
    list.condition(finding('anode-effect', true, 1000))
    list.advance(3000)
    const target = list.current()[0]!.id
    list.decide(decision({ on: 'alarm', action: 'acknowledge', target }), 4000)
    list.advance(302_999)
    expect(list.current()[0]!.acknowledged).toBe(true)
    list.advance(303_000)
    expect(list.current()[0]).toMatchObject({ acknowledged: false, active: true })
    expect(list.summary().kpis.announced).toBe(2)
  })

  it('keeps a latched alarm through its acknowledgement until somebody resets it', () => {
    const rule = alarmCatalog['limit-high']!
    const list = alarmList(line(), { 'limit-high': { ...rule, latching: true } })
    list.condition(finding('limit-high', true, 1000))
    list.condition(finding('limit-high', false, 2000))
    list.advance(10_000)
    const target = list.current()[0]!.id
    const say = (action: 'acknowledge' | 'reset', time_ms: number) =>
      list.decide(decision({ on: 'alarm', action, target }), time_ms)
    say('reset', 11_000)
    expect(list.current()[0]).toMatchObject({ latched: true, acknowledged: false })
    for (const time_ms of [12_000, 13_000]) {
      say('acknowledge', time_ms)
      const kept = { latched: true, acknowledged: true, acknowledged_ms: 12_000 }
      expect(list.current()[0]).toMatchObject(kept)
    }
    say('reset', 14_000)
    expect(list.current()).toEqual([])
    expect(list.changes().at(-1)).toMatchObject({ latched: false, acknowledged_ms: 12_000 })
  })

  it('counts an alarm that stands for more than a day as stale', () => {
    const list = alarmList(line())
    list.condition(finding('limit-high', true, 1000))
    list.advance(1000 + STALE_MS)
    expect(list.summary().kpis.stale).toBe(0)
    list.advance(1001 + STALE_MS)
    expect(list.summary().kpis.stale).toBe(1)
  })

  it('raises nothing for a kind whose rationalisation record is not complete', () => {
    const rule = alarmCatalog['limit-high']!
    const list = alarmList(line(), {
      'limit-high': { ...rule, consequence: '' },
      'limit-low': rule,
    })
    list.condition(finding('limit-high', true, 1000))
    list.condition(finding('limit-low', true, 1000))
    expect(list.current().map(({ kind }) => kind)).toEqual(['limit-low'])
  })

  it('keeps a kind outside the catalogue as an event', () => {
    const list = alarmList(line())
    list.condition(finding('of-no-catalogue', true, 0))
    list.advance(1e7)
    expect(list.current()).toEqual([])
  })

  it('is bounded: the oldest returned alarm gives way, an active one never', () => {
    const list = alarmList(line(ALARMS_MAX + 2))
    for (let cell = 0; cell < ALARMS_MAX; cell++)
      list.condition(finding('limit-high', true, 0, cell))
    list.condition(finding('limit-high', true, 1, ALARMS_MAX))
    expect(list.current()).toHaveLength(ALARMS_MAX)
    expect(list.summary().kpis.not_kept).toBe(1)
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
    whole.trust(3, false)
    for (let i = 0; i < 14; i++) {
      whole.condition(finding('limit-low', true, 2000 + 20_000 * i, i % 4))
      whole.condition(finding('limit-low', false, 3000 + 20_000 * i, i % 4))
      whole.advance(9000 + 20_000 * i)
    }
    whole.condition(finding('superheat-low', true, 290_000, 3))
    whole.advance(900_000)
    expect(whole.summary().incidents.length).toBeGreaterThan(0)
    whole.changes()
    const restored = alarmList(line())
    restored.load(stateReader(bytes(whole)))
    for (const list of [whole, restored]) {
      list.condition(finding('limit-high', false, 971_000))
      list.condition(finding('limit-low', true, 980_000, 2))
      list.advance(990_000)
    }
    expect(restored.summary()).toEqual(whole.summary())
    expect(restored.changes()).toEqual(whole.changes())
    expect(bytes(restored)).toEqual(bytes(whole))
  })
})
