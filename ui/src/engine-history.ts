import type { EngineBody } from './engine-api.ts'

/** Looks at the engine that the page remembers: five minutes of them. */
const LOOKS_MAX = 300

/** One figure over time, oldest first; NaN where nothing was known. */
export interface History {
  readonly readings_per_s: readonly number[]
  readonly lag_ms: readonly number[]
  readonly append_ms: readonly number[]
}

export const emptyHistory: History = { readings_per_s: [], lag_ms: [], append_ms: [] }

/** The worst lag of any thread, 99 of 100 times. */
export const worstLag_ms = ({ threads }: EngineBody): number =>
  threads.reduce((worst, thread) => Math.max(worst, thread.event_loop_lag_ms_p99), 0)

/** Readings of all lines. */
export const readingsOf = ({ lines }: EngineBody): number =>
  lines.reduce((sum, line) => sum + line.readings_per_s, 0)

/** 99 of 100 appends were durable after this. */
export const appendP99_ms = ({ store }: EngineBody): number =>
  store.operations.find(({ name }) => name === 'append')?.p99_ms ?? Number.NaN

/** The history with one more look at its end. */
export function remember(history: History, body: EngineBody): History {
  const add = (values: readonly number[], value: number) => [
    ...values.slice(values.length >= LOOKS_MAX ? 1 : 0),
    value,
  ]
  return {
    readings_per_s: add(history.readings_per_s, readingsOf(body)),
    lag_ms: add(history.lag_ms, worstLag_ms(body)),
    append_ms: add(history.append_ms, appendP99_ms(body)),
  }
}
