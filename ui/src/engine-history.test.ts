import { expect, test } from 'vitest'
import type { EngineBody } from './engine-api.ts'
import { emptyHistory, remember } from './engine-history.ts'

const body = (rates: readonly number[], lags: readonly number[], p99_ms: number | null) =>
  ({
    lines: rates.map(readings_per_s => ({ readings_per_s })),
    threads: lags.map(event_loop_lag_ms_p99 => ({ event_loop_lag_ms_p99 })),
    store: { operations: [{ name: 'append', p99_ms }] },
  }) as unknown as EngineBody

test('a look adds the sum of the rates, the worst lag, and a gap where nothing was appended', () => {
  const history = remember(remember(emptyHistory, body([2, 3], [1, 9], 4)), body([], [], null))
  expect(history).toEqual({ readings_per_s: [5, 0], lag_ms: [9, 0], append_ms: [4, Number.NaN] })
})

test('the page remembers five minutes and no more', () => {
  let history = emptyHistory
  for (let i = 0; i < 1000; i++) history = remember(history, body([i], [i], i))
  expect(history.lag_ms.length).toBe(300)
  expect(history.lag_ms.at(0)).toBe(700)
  expect(history.append_ms.at(-1)).toBe(999)
})
