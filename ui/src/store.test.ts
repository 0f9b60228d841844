import { describe, expect, it } from 'vitest'
import type { OutputEvent } from '#engine/flow.ts'
import type { ServerMessage } from '#engine/outputs/websocket/protocol.ts'
import { silenceOf } from './client.ts'
import { fixtureAdvice, fixtureAlarm, fixtureTelemetry, fixtureWelcome } from './fixture.ts'
import { type ClientState, emptyState, FINISHED_COUNT_MAX, reduce } from './store.ts'

const message = (state: ClientState, said: ServerMessage) =>
  reduce(state, { type: 'message', message: said })
const welcomed = message(emptyState, fixtureWelcome)

function event(state: ClientState, offset: number, said: OutputEvent, epoch = 'epoch-1') {
  return message(state, { type: 'event', line: 'line-1', epoch, offset, event: said })
}
const alarmEvent = (change: Parameters<typeof fixtureAlarm>[0]): OutputEvent => {
  const body = fixtureAlarm(change)
  return { channel: 'alarm', id: `${body.id}:${body.revision}`, body }
}
const adviceEvent = (change: Parameters<typeof fixtureAdvice>[0]): OutputEvent => {
  const body = fixtureAdvice(change)
  return { channel: 'advice', id: `${body.id}:${body.revision}`, body }
}
const snapshot = (offset: number, alarms = [fixtureAlarm()], epoch = 'epoch-1'): ServerMessage => ({
  type: 'snapshot',
  line: 'line-1',
  epoch,
  offset,
  alarms,
  advice: [],
})

describe('client store', () => {
  it('keeps one record per alarm however often it is delivered', () => {
    const first = event(welcomed, 1, alarmEvent({}))
    const again = event(first, 1, alarmEvent({}))
    expect(again).toBe(first)
    expect([...again.alarms.keys()]).toEqual(['alarm-1'])
  })

  it('never lets an older revision replace a newer one', () => {
    let state = event(welcomed, 2, alarmEvent({ revision: 2, acknowledged: true }))
    state = event(state, 3, alarmEvent({ revision: 1 }))
    expect(state.alarms.get('alarm-1')).toMatchObject({ revision: 2, acknowledged: true })
    expect(state.positions.get('line-1')?.offset).toBe(3)
  })

  it('resumes after a drop without losing or repeating an alarm', () => {
    let state = message(welcomed, snapshot(4))
    state = event(state, 5, alarmEvent({ id: 'alarm-2' }))
    state = reduce(state, { type: 'lost', problem: 'gone' })
    expect(state.alarms.size).toBe(2)
    state = message(state, fixtureWelcome)
    const resume = state.positions.get('line-1')!
    expect(resume).toEqual({ epoch: 'epoch-1', offset: 5 })
    state = message(state, { type: 'resumed', line: 'line-1', ...resume })
    state = event(state, 5, alarmEvent({ id: 'alarm-2' }))
    state = event(state, 6, alarmEvent({ id: 'alarm-3' }))
    expect([...state.alarms.keys()].sort()).toEqual(['alarm-1', 'alarm-2', 'alarm-3'])
  })

  it('knows since when no reading came, though the clock closes ticks', () => {
    let state = welcomed
    const since = () => state.lines.get('line-1')?.silent_since_ms
    const tick = (time_ms: number, closed: 'complete' | 'silent') => {
      const telemetry = fixtureTelemetry({ time_ms, closed })
      state = reduce(state, { type: 'telemetry', telemetry, arrived_ms: 0 })
      return silenceOf(state.lines.get('line-1'))
    }
    expect([tick(1000, 'complete'), since()]).toEqual([0, 0])
    expect([tick(2000, 'silent'), since()]).toEqual([0, 1000])
    expect(tick(9000, 'silent')).toBe(8000)
    expect([tick(10_000, 'complete'), since()]).toEqual([0, 0])
  })

  it('keeps what was missed of a line until somebody has noted it', () => {
    let state = message(welcomed, snapshot(4))
    expect(state.lines.get('line-1')?.missed).toBeUndefined()
    const telemetry = fixtureTelemetry({ time_ms: 7000 })
    state = reduce(state, { type: 'telemetry', telemetry, arrived_ms: 0 })
    state = message(state, { ...snapshot(90), not_resumed: 'too-many' } as ServerMessage)
    expect(state.lines.get('line-1')?.missed).toEqual({ why: 'too-many', since_ms: 7000 })
    const later = fixtureTelemetry({ time_ms: 9000 })
    state = reduce(state, { type: 'telemetry', telemetry: later, arrived_ms: 0 })
    state = message(state, fixtureWelcome)
    state = message(state, { ...snapshot(3), not_resumed: 'ahead' } as ServerMessage)
    expect(state.lines.get('line-1')?.missed).toEqual({ why: 'ahead', since_ms: 7000 })
    state = reduce(state, { type: 'noted', line: 'line-1' })
    expect(state.lines.get('line-1')?.missed).toBeUndefined()
    expect(state.alarms.size).toBe(1)
  })

  it('takes events of a new epoch whose offsets start again', () => {
    let state = message(welcomed, snapshot(900))
    state = message(state, snapshot(0, [], 'epoch-2'))
    expect(state.alarms.size).toBe(0)
    state = event(state, 1, alarmEvent({ id: 'new' }), 'epoch-2')
    expect([...state.alarms.keys()]).toEqual(['new'])
  })

  it('replaces with a snapshot only what belongs to its line', () => {
    const other = { ...fixtureWelcome.lines[0]!, line: 'line-2', number: 4 }
    let state = message(welcomed, { ...fixtureWelcome, lines: [...fixtureWelcome.lines, other] })
    state = message(state, { ...snapshot(1), line: 'line-2' } as ServerMessage)
    state = message(state, {
      ...snapshot(1, [fixtureAlarm({ id: 'of-2', line: 'line-2' })]),
      line: 'line-2',
    } as ServerMessage)
    state = message(state, snapshot(7, [fixtureAlarm({ id: 'of-1' })]))
    expect([...state.alarms.keys()].sort()).toEqual(['of-1', 'of-2'])
    expect(state.positions.get('line-2')?.offset).toBe(1)
  })

  it('announces a new critical or high alarm once, and nothing from a snapshot', () => {
    let state = message(welcomed, snapshot(1, [fixtureAlarm({ priority: 'critical' })]))
    expect(state.announced).toBeUndefined()
    state = event(state, 2, alarmEvent({ id: 'low', priority: 'low' }))
    expect(state.announced).toBeUndefined()
    state = event(state, 3, alarmEvent({ id: 'high' }))
    const announced = state.announced
    expect(announced?.id).toBe('high')
    state = event(state, 4, alarmEvent({ id: 'high', revision: 2, text: 'changed' }))
    expect(state.announced).toBe(announced)
  })

  it('drops a line with its alarms when the engine no longer has it', () => {
    let state = message(welcomed, snapshot(3))
    state = message(state, { ...fixtureWelcome, lines: [] })
    expect(state.alarms.size).toBe(0)
    expect(state.positions.size).toBe(0)
  })

  it('takes telemetry of known lines only, and only in the shape the line has', () => {
    const take = (state: ClientState, change: Parameters<typeof fixtureTelemetry>[0]) =>
      reduce(state, { type: 'telemetry', telemetry: fixtureTelemetry(change), arrived_ms: 42 })
    expect(take(welcomed, { lineNumber: 9 })).toBe(welcomed)
    expect(take(welcomed, { cells: 5 })).toBe(welcomed)
    const line = take(welcomed, {}).lines.get('line-1')!
    expect(line.arrived_ms).toBe(42)
    expect(line.telemetry?.tick).toBe(1)
  })

  it('forgets the oldest finished alarms but never a standing one', () => {
    let state = event(welcomed, 1, alarmEvent({ id: 'standing', raised_ms: 0 }))
    for (let i = 0; i < FINISHED_COUNT_MAX + 20; i++) {
      const over = { active: false, acknowledged: true, raised_ms: 10 + i }
      state = event(state, 2 + i, alarmEvent({ id: `over-${i}`, ...over }))
    }
    expect(state.alarms.size).toBeLessThanOrEqual(FINISHED_COUNT_MAX + 1)
    expect(state.alarms.has('standing')).toBe(true)
    expect(state.alarms.has('over-0')).toBe(false)
    expect(state.alarms.has(`over-${FINISHED_COUNT_MAX + 19}`)).toBe(true)
  })

  it('follows a recommendation through its decision', () => {
    let state = event(welcomed, 1, adviceEvent({}))
    state = event(state, 2, adviceEvent({ revision: 2, state: 'APPROVED' }))
    expect(state.advice.get('advice-1')?.state).toBe('APPROVED')
  })
})
