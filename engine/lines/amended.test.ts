import { expect, it } from 'vitest'
import { encodeEntry } from '../core/log-entry.ts'
import type { LogEntry, TwinFrame } from '../flow.ts'
import { realFold, tinyLine, tinySecond } from './fixture-line.ts'
import { foldEntry } from './fold.ts'
import { entriesOf, type Row } from './rewind-fixture.ts'
import type { Step } from './step.ts'

const FROM = 1000
const SECONDS = 160

const rows: readonly Row[] = Array.from({ length: SECONDS }, (_, second) => {
  const { refs, times_ms, values } = tinySecond(FROM + second, ref => 20 + Math.sin(second * ref))
  return Array.from(refs, (ref, r) => ({ ref, time_ms: times_ms[r]!, value: values[r]! }))
}).flat()
const { series } = tinySecond(0, () => 0)

/** What the outputs know of each tick at the end, by its time; and the times that were amended. */
async function seenOf(entries: readonly LogEntry[]) {
  const log = entries.map((entry, i) => ({ position: i + 1, bytes: encodeEntry(entry) }))
  const fold = realFold(tinyLine)
  const seen = new Map<number, readonly number[]>()
  const amended: number[] = []
  const see = (twin: TwinFrame) =>
    seen.set(twin.time_ms, [...twin.observed, ...twin.estimate, ...twin.std, ...twin.expected])
  const onStep = (step: Step) => {
    if (step.at === 'tick' && step.twin) see(step.twin)
  }
  const past = {
    read: async (from: number) => log.slice(from - 1, from + 1),
    checkpoint: async () => undefined,
  }
  for (const [i, entry] of entries.entries()) {
    foldEntry(fold, { position: i + 1, entry, size_bytes: log[i]!.bytes.length }, onStep)
    if (!fold.isRewindDue()) continue
    await fold.rewind(past, onStep, twin => {
      amended.push(twin.time_ms)
      expect(seen.has(twin.time_ms)).toBe(true)
      see(twin)
    })
  }
  return { seen, amended }
}

it('after a rewind the ticks that changed are told again, each as a run in order has it', async () => {
  const straight = await seenOf(entriesOf(series, rows, () => 4))
  expect(straight.amended).toEqual([])
  const late = [...rows]
  const [moved] = late.splice(240, 1)
  late.splice(400, 0, moved!)
  const other = await seenOf(entriesOf(series, late, () => 4))
  const first_ms = 1000 * (Math.floor(moved!.time_ms / 1000) + 1)
  expect(other.amended[0]).toBe(first_ms)
  expect(new Set(other.amended).size).toBe(other.amended.length)
  expect(straight.seen.size).toBeGreaterThan(SECONDS - 5)
  expect([...other.seen].sort()).toEqual([...straight.seen].sort())
})
