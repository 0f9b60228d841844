import { describe, expect, it } from 'vitest'
import type { AlarmPriority, AlarmRecord, AlarmSummary } from '#engine/flow.ts'
import { fixtureAlarm } from './fixture.ts'
import {
  type Caller,
  callersOf,
  emptyMemory,
  GAP_MS,
  isFlooded,
  LOST_AFTER_MS,
  plan,
  REPEAT_MS,
  type SoundMemory,
  silenced,
  soundState,
  TONES,
  type Tone,
} from './sound-plan.ts'
import { lengthOf_s, PATTERNS } from './tone-patterns.ts'

const alarm = (id: string, priority: AlarmPriority, change: Partial<AlarmRecord> = {}) =>
  fixtureAlarm({ id, priority, ...change })
const callers = (...alarms: readonly AlarmRecord[]) => callersOf(alarms, 0)

const keys = (all: readonly Caller[]) => all.map(({ key }) => key)

/** Looks every half second from `from_s` to `to_s`, as the page does. */
function listen(
  alarms: readonly AlarmRecord[],
  [from_s, to_s]: readonly [number, number],
  options: { readonly memory?: SoundMemory; readonly flooded?: boolean } = {},
) {
  let memory = options.memory ?? emptyMemory
  const heard: (readonly [at_s: number, tone: Tone])[] = []
  for (let at_s = from_s; at_s < to_s; at_s += 0.5) {
    const next = plan(memory, callers(...alarms), options.flooded ?? false, at_s * 1000)
    memory = next.memory
    if (next.tone) heard.push([at_s, next.tone])
  }
  return { heard, memory, tones: heard.map(([, tone]) => tone) }
}

describe('what calls the operator', () => {
  it('is what stands or is latched and nobody acknowledged', () => {
    expect(callers(alarm('a', 'high')).length).toBe(1)
    expect(callers(alarm('a', 'high', { active: false, latched: true })).length).toBe(1)
    expect(callers(alarm('a', 'high', { acknowledged: true }))).toEqual([])
    expect(callers(alarm('a', 'high', { active: false }))).toEqual([])
  })

  it('is never what is shelved, suppressed or out of service', () => {
    expect(
      callers(
        alarm('a', 'critical', { shelved_until_ms: 1 }),
        alarm('b', 'critical', { suppressed: true }),
        alarm('c', 'critical', { out_of_service: true }),
      ),
    ).toEqual([])
  })

  it('is also an engine that cannot be reached for a while', () => {
    expect(callersOf([], LOST_AFTER_MS - 1)).toEqual([])
    expect(callersOf([], LOST_AFTER_MS).map(({ tone }) => tone)).toEqual(['lost'])
  })
})

describe('what sounds when', () => {
  it('sounds a new alarm at once and again at the interval of its priority', () => {
    for (const priority of ['critical', 'high', 'medium', 'low'] as const) {
      const repeat_s = REPEAT_MS[priority] / 1000
      const { heard } = listen([alarm('a', priority)], [5, 5 + 2 * repeat_s + 1])
      expect(heard).toEqual([0, 1, 2].map(i => [5 + i * repeat_s, priority]))
    }
  })

  it('sounds nothing while nothing calls', () => {
    expect(listen([alarm('a', 'high', { acknowledged: true })], [0, 120]).heard).toEqual([])
  })

  it('sounds one pattern at a time, the most urgent first', () => {
    const { heard } = listen([alarm('a', 'low'), alarm('b', 'critical')], [0, 9])
    expect(heard).toEqual([
      [0, 'critical'],
      [GAP_MS / 1000, 'low'],
    ])
  })

  it('sounds a second alarm of a priority without waiting for the interval', () => {
    const first = listen([alarm('a', 'low')], [0, 10])
    const then = listen([alarm('a', 'low'), alarm('b', 'low')], [10, 20], first)
    expect(then.heard).toEqual([[10, 'low']])
  })

  it('stops with the acknowledgement', () => {
    const first = listen([alarm('a', 'critical')], [0, 5])
    const { heard } = listen([alarm('a', 'critical', { acknowledged: true })], [5, 60], first)
    expect(heard).toEqual([])
  })

  it('sounds an alarm that comes again, or becomes more urgent, as a new one', () => {
    const first = listen([alarm('a', 'low')], [0, 5])
    const gone = listen([], [5, 6], first)
    expect(listen([alarm('a', 'low')], [6, 8], gone).heard).toEqual([[6, 'low']])
    expect(listen([alarm('a', 'high')], [5, 8], first).heard).toEqual([[5, 'high']])
  })
})

describe('silencing', () => {
  const standing = [alarm('a', 'critical'), alarm('b', 'low')]
  const quiet = silenced(listen(standing, [0, 5]).memory, keys(callers(...standing)))

  it('keeps what stands quiet for good', () => {
    expect(listen(standing, [5, 300], { memory: quiet }).heard).toEqual([])
  })

  it('ends for a new alarm alone: only that one sounds', () => {
    const more = [...standing, alarm('c', 'low')]
    expect(listen(more, [10, 75], { memory: quiet }).heard).toEqual([
      [10, 'low'],
      [10 + REPEAT_MS.low / 1000, 'low'],
    ])
  })

  it('does not hold for an alarm that returned to normal and came again', () => {
    const { memory } = listen([], [5, 6], { memory: quiet })
    expect(listen([alarm('a', 'critical')], [6, 8], { memory }).tones).toEqual(['critical'])
  })
})

describe('a flood', () => {
  it('sounds the highest priority alone, however many come', () => {
    let memory = emptyMemory
    const heard: Tone[] = []
    const alarms: AlarmRecord[] = []
    for (let at_s = 0; at_s < 30; at_s += 0.5) {
      for (const priority of ['low', 'medium', 'high'] as const)
        for (let i = 0; i < 5; i++) alarms.push(alarm(`${priority}${at_s}${i}`, priority))
      const next = plan(memory, callers(...alarms), true, at_s * 1000)
      memory = next.memory
      if (next.tone) heard.push(next.tone)
    }
    expect(heard).toEqual(['high', 'high'])
  })

  it('lets a higher priority through at once', () => {
    const first = listen([alarm('a', 'high')], [0, 5], { flooded: true })
    const more = [alarm('a', 'high'), alarm('b', 'critical')]
    const then = listen(more, [5, 14], { memory: first.memory, flooded: true })
    expect(then.heard).toEqual([[5, 'critical']])
  })

  it('does not tell one by one afterwards what came in it', () => {
    const alarms = [alarm('a', 'high'), alarm('b', 'medium'), alarm('c', 'medium')]
    const { memory } = listen(alarms, [0, 5], { flooded: true })
    expect(listen(alarms.slice(0, 2), [5, 8], { memory: { ...memory } }).tones).toEqual(['medium'])
    const after = {
      ...memory,
      played_ms: new Map([...memory.played_ms, ['medium', 4000] as const]),
    }
    expect(listen(alarms, [5, 8], { memory: after }).tones).toEqual([])
  })

  it('is one on any line', () => {
    const summary = (flood_since_ms: number) => ({ flood_since_ms }) as AlarmSummary
    expect(isFlooded(new Map([['a', summary(0)]]))).toBe(false)
    expect(
      isFlooded(
        new Map([
          ['a', summary(0)],
          ['b', summary(7)],
        ]),
      ),
    ).toBe(true)
  })
})

describe('what the header says', () => {
  const some = callers(alarm('a', 'high'))
  const quiet = silenced(emptyMemory, keys(some))

  it('tells off, blocked, on and silenced apart', () => {
    const stateOf = (memory: SoundMemory, on: boolean, running: boolean) =>
      soundState(memory, some, { on, running })
    expect(stateOf(quiet, false, true)).toEqual({ state: 'off', sounding: false })
    expect(stateOf(quiet, true, false)).toEqual({ state: 'blocked', sounding: false })
    expect(stateOf(emptyMemory, true, true)).toEqual({ state: 'on', sounding: true })
    expect(stateOf(quiet, true, true)).toEqual({ state: 'silenced', sounding: false })
  })

  it('is on, with nothing to silence, while nothing calls', () => {
    const view = soundState(quiet, [], { on: true, running: true })
    expect(view).toEqual({ state: 'on', sounding: false })
  })
})

describe('the patterns', () => {
  it('differ in the number of notes, more of them the more urgent', () => {
    const counts = (['critical', 'high', 'medium', 'low'] as const).map(t => PATTERNS[t].length)
    expect(counts).toEqual([6, 3, 2, 1])
    expect(new Set(TONES.map(tone => PATTERNS[tone].length)).size).toBe(TONES.length)
  })

  it('are over half a second before the next may begin', () => {
    for (const pattern of Object.values(PATTERNS))
      expect(1000 * lengthOf_s(pattern)).toBeLessThanOrEqual(GAP_MS - 500)
  })
})
