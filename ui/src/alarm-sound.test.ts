import { describe, expect, it } from 'vitest'
import { alarmSound, type SoundSaid } from './alarm-sound.ts'
import { fixtureAlarm } from './fixture.ts'
import type { Speaker } from './speaker.ts'
import { type ClientState, emptyState } from './store.ts'

/** A page with a hand-driven clock, connection and speaker. */
function rig(options: { readonly remembered?: boolean; readonly permits?: boolean } = {}) {
  let now_ms = 1000
  let state: ClientState = { ...emptyState, connection: 'open' }
  let permitted = options.permits ?? true
  let awake = false
  let remembered = options.remembered ?? false
  const timers = new Set<() => void>()
  const listeners = new Set<() => void>()
  const played: string[] = []
  const told: SoundSaid[] = []
  let hear = (_: SoundSaid) => {}
  let changed = () => {}
  const speaker: Speaker = {
    wake() {
      awake = true
    },
    rest() {
      awake = false
    },
    isRunning: () => awake && permitted,
    play: tone => void played.push(tone),
    onChange(listener) {
      changed = listener
    },
  }
  const sound = alarmSound({
    connection: {
      state: () => state,
      subscribe(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    speaker,
    choice: {
      load: () => remembered,
      save(on) {
        remembered = on
      },
    },
    others: {
      tell: said => void told.push(said),
      hear(listener) {
        hear = listener
        return () => {}
      },
    },
    elapsed_ms: () => now_ms,
    every(_, run) {
      timers.add(run)
      return () => timers.delete(run)
    },
  })
  return {
    sound,
    played,
    told,
    hear: (said: SoundSaid) => hear(said),
    timers,
    listeners,
    remembered: () => remembered,
    set(change: Partial<ClientState>) {
      state = { ...state, ...change }
      for (const listener of listeners) listener()
    },
    pass(span_s: number) {
      for (let i = 0; i < span_s * 2; i++) {
        now_ms += 500
        for (const run of timers) run()
      }
    },
    permit() {
      permitted = true
      changed()
    },
  }
}

const standing = new Map([['alarm-1', fixtureAlarm()]])

describe('the audible alarm', () => {
  it('is off until somebody turns it on, which is heard and remembered', () => {
    const page = rig()
    page.set({ alarms: standing })
    page.pass(60)
    expect(page.played).toEqual([])
    expect(page.timers.size).toBe(0)
    expect(page.sound.view()).toEqual({ state: 'off', sounding: false })
    page.set({ alarms: new Map() })
    page.sound.setOn(true)
    expect(page.played).toEqual(['check'])
    expect(page.remembered()).toBe(true)
    page.sound.setOn(false)
    expect(page.remembered()).toBe(false)
  })

  it('sounds a new alarm when it comes, not when it next looks', () => {
    const page = rig({ remembered: true })
    page.set({ alarms: standing })
    expect(page.played).toEqual(['high'])
    expect(page.sound.view()).toEqual({ state: 'on', sounding: true })
  })

  it('is silenced until a new alarm comes', () => {
    const page = rig({ remembered: true })
    page.set({ alarms: standing })
    page.sound.silence()
    expect(page.sound.view()).toEqual({ state: 'silenced', sounding: false })
    page.pass(120)
    expect(page.played).toEqual(['high'])
    const low = fixtureAlarm({ id: 'alarm-2', priority: 'low' })
    page.set({ alarms: new Map([...standing, ['alarm-2', low]]) })
    expect(page.played).toEqual(['high', 'low'])
    expect(page.sound.view()).toEqual({ state: 'on', sounding: true })
  })

  it('says that the browser blocks it, and sounds what stands once it may', () => {
    const page = rig({ remembered: true, permits: false })
    page.set({ alarms: standing })
    page.pass(30)
    expect(page.sound.view().state).toBe('blocked')
    expect(page.played).toEqual([])
    page.permit()
    expect(page.played).toEqual(['high'])
    expect(page.sound.view().state).toBe('on')
  })

  it('sounds that the engine is lost, after a while and only while it is', () => {
    const page = rig({ remembered: true })
    page.set({ connection: 'lost' })
    page.pass(8)
    page.set({ connection: 'connecting' })
    expect(page.played).toEqual([])
    page.pass(4)
    expect(page.played).toEqual(['lost'])
    page.set({ connection: 'open' })
    page.pass(60)
    expect(page.played).toEqual(['lost'])
  })

  it('does in all windows of the browser what was pressed in one', () => {
    const [here, there] = [rig(), rig()]
    for (const page of [here, there]) page.set({ alarms: standing })
    here.sound.setOn(true)
    for (const said of here.told.splice(0)) there.hear(said)
    expect(there.sound.view()).toEqual({ state: 'on', sounding: true })
    there.sound.silence()
    for (const said of there.told) here.hear(said)
    expect(here.sound.view()).toEqual({ state: 'silenced', sounding: false })
    expect(here.told).toEqual([])
  })

  it('leaves nothing behind when it is closed', () => {
    const page = rig({ remembered: true })
    page.sound.close()
    expect([page.timers.size, page.listeners.size]).toEqual([0, 0])
  })
})
