import type { Connection } from './connection.ts'
import {
  type Caller,
  callersOf,
  emptyMemory,
  isFlooded,
  plan,
  type SoundMemory,
  type SoundState,
  silenced,
  soundState,
} from './sound-plan.ts'
import type { Speaker } from './speaker.ts'

/** How often repeats are looked for; a new alarm does not wait for it. */
const LOOK_EVERY_MS = 500

/** What the header shows of the sound. */
export interface SoundView {
  readonly state: SoundState
  /** Something calls that was not silenced. */
  readonly sounding: boolean
}

/** What the sound needs from a browser; a test hands in its own. */
export interface SoundSurroundings {
  readonly connection: Pick<Connection, 'state' | 'subscribe'>
  readonly speaker: Speaker
  /** The choice of this browser's user. */
  readonly choice: { load(): boolean; save(on: boolean): void }
  /** Other windows of this browser: what is pressed in one of them counts in all. */
  readonly others: {
    tell(said: SoundSaid): void
    hear(listener: (said: SoundSaid) => void): () => void
  }
  elapsed_ms(): number
  /** Runs again and again until the answer is called. */
  every(period_ms: number, run: () => void): () => void
}

/** What one window tells the others. */
export type SoundSaid =
  | { readonly type: 'choice'; readonly on: boolean }
  | { readonly type: 'silenced'; readonly keys: readonly string[] }

/** The audible alarm of this page. */
export interface AlarmSound {
  view(): SoundView
  subscribe(listener: () => void): () => void
  setOn(on: boolean): void
  /** Quietens what calls now, until something new does; acknowledges nothing. */
  silence(): void
  close(): void
}

/** Lets alarms be heard; works by itself, also in a tab that is not on screen. */
export function alarmSound(surroundings: SoundSurroundings): AlarmSound {
  const { connection, speaker, choice, others } = surroundings
  let on = choice.load()
  let memory: SoundMemory = emptyMemory
  let view: SoundView = { state: 'off', sounding: false }
  let callers: readonly Caller[] = []
  let reached_ms = surroundings.elapsed_ms()
  let checkWanted = false
  let stopLooking = () => {}
  const listeners = new Set<() => void>()

  const look = () => {
    const now_ms = surroundings.elapsed_ms()
    const state = connection.state()
    if (state.connection === 'open') reached_ms = now_ms
    const running = on && speaker.isRunning()
    callers = on ? callersOf(state.alarms.values(), now_ms - reached_ms) : []
    if (running) {
      const next = plan(memory, callers, isFlooded(state.summaries), now_ms)
      memory = next.memory
      if (next.tone !== undefined) speaker.play(next.tone)
      else if (checkWanted) speaker.play('check')
      checkWanted = false
    }
    show(soundState(memory, callers, { on, running }))
  }
  const show = (next: SoundView) => {
    if (next.state === view.state && next.sounding === view.sounding) return
    view = next
    for (const listener of listeners) listener()
  }
  const begin = () => {
    stopLooking = surroundings.every(LOOK_EVERY_MS, look)
    speaker.wake()
    look()
  }
  const end = () => {
    stopLooking()
    speaker.rest()
    memory = emptyMemory
    look()
  }

  const turn = (next: boolean) => {
    if (next === on) return
    on = next
    if (on) begin()
    else end()
  }
  const quieten = (keys: readonly string[]) => {
    memory = silenced(memory, keys)
    look()
  }

  speaker.onChange(look)
  const unhear = others.hear(said => {
    if (said.type === 'choice') turn(said.on)
    else quieten(said.keys)
  })
  const unsubscribe = connection.subscribe(look)
  if (on) begin()
  return {
    view: () => view,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    setOn(next) {
      if (next === on) return
      choice.save(next)
      checkWanted = next
      turn(next)
      others.tell({ type: 'choice', on: next })
    },
    silence() {
      const keys = callers.map(({ key }) => key)
      quieten(keys)
      others.tell({ type: 'silenced', keys })
    },
    close() {
      unsubscribe()
      unhear()
      end()
    },
  }
}
