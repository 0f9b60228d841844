import { expect, it } from 'vitest'
import { encodeEntry } from '../core/log-entry.ts'
import type { OutputEvent } from '../flow.ts'
import { tinyLine } from './fixture-line.ts'
import type { LineFold } from './fold.ts'
import { runFold } from './fold-run.ts'
import type { FoldPorts, Made, Pulled, SeatRequest } from './seat.ts'
import { stageTimes } from './stage-times.ts'
import type { Step } from './step.ts'

const clock = { now_ms: () => 0, elapsed_ms: () => 0 }

/** A tick of which each stage finds one thing, run to its commit. */
async function runTick(published: number): Promise<readonly string[]> {
  const log: string[] = []
  const finds = (id: string) => (step: Step) => {
    step.events.push({ channel: 'anomaly', id } as OutputEvent)
  }
  const call = { rows: 1 } as never
  const fold = {
    *frames() {
      yield { at: 'tick', frame: { tick: 1 }, twin: undefined, events: [] }
    },
    runTwin: () => ({ tick: 1 }),
    observe(step: Step) {
      finds('measured')(step)
      return [call]
    },
    runAnomaly: finds('scored'),
    runAdvice: finds('advised'),
    isRewindDue: () => false,
    snapshot: () => new Uint8Array(1),
    takeKept: () => ({ blobs: [], numbers: [] }),
  } as unknown as LineFold
  const bytes = encodeEntry({ kind: 'close', tick: 1, reason: 'grace' })
  const chunks = [{ records: [{ position: 1, bytes }], mayStore: false }]
  const request: SeatRequest = {
    ...{ definition: tinyLine, state: undefined, kept: new Set(), position: 0, published },
  }
  await new Promise<void>((resolve, reject) => {
    const ports = {
      pull: async () => chunks.shift() ?? new Promise<never>(() => {}),
      tell(events: readonly OutputEvent[]) {
        log.push(`told ${events.map(({ id }) => id)}`)
      },
      async commit({ events }: { readonly events: readonly OutputEvent[] }) {
        log.push(`committed ${events.map(({ id }) => id)}`)
        resolve()
      },
    } as unknown as FoldPorts
    const desk = {
      async score() {
        log.push('models')
        return 0
      },
    }
    const trend = { push() {}, amend() {}, read: () => undefined as never }
    const turn = (work: () => void) => work()
    const around = { ports, clock, times: stageTimes(), desk, turn }
    runFold({ fold, trend }, request, around).subscribe({ error: reject })
  })
  return log
}

it('tells what each stage found before the next begins, and commits all of it in that order', async () => {
  expect(await runTick(0)).toEqual([
    ...['told measured', 'models', 'told scored', 'told advised'],
    'committed measured,scored,advised',
  ])
})

it('tells and stores nothing of what was published before', async () => {
  expect(await runTick(1)).toEqual(['models', 'committed '])
})

it('stores a large state where it stands when its turn comes, and says until then that one is due', async () => {
  const close = encodeEntry({ kind: 'close', tick: 1, reason: 'grace' })
  const ticks = (position: number) => [{ position, bytes: close }]
  const chunks: Pulled[] = [
    { records: ticks(1), mayStore: false },
    { records: ticks(2), mayStore: false },
    { records: ticks(3), mayStore: false },
    { records: [], mayStore: true },
    { records: ticks(4), mayStore: false },
  ]
  const state = new Uint8Array(100_000)
  const fold = {
    *frames() {
      yield { at: 'tick', frame: { tick: 1 }, twin: undefined, events: [] }
    },
    runTwin: () => ({ tick: 1 }),
    observe: () => [],
    runAnomaly() {},
    runAdvice() {},
    isRewindDue: () => false,
    snapshot: () => state,
    takeKept: () => ({ blobs: [], numbers: [] }),
  } as unknown as LineFold
  let elapsed_ms = 0
  const made: (readonly [position: number, bytes: number, due_bytes: number])[] = []
  await new Promise<void>((resolve, reject) => {
    const ports = {
      pull: async () => chunks.shift() ?? new Promise<never>(() => {}),
      async commit({ position, state: stored, due_bytes }: Made) {
        made.push([position, stored?.length ?? 0, due_bytes])
        if (position === 2) elapsed_ms = 10_000
        if (position === 4) resolve()
      },
    } as unknown as FoldPorts
    const around = {
      ...{ ports, times: stageTimes(), turn: (work: () => void) => work() },
      clock: { now_ms: () => 0, elapsed_ms: () => elapsed_ms },
      desk: { score: async () => 0 },
    }
    const request = { definition: tinyLine, state: undefined, kept: new Set<number>() }
    const trend = { push() {}, amend() {}, read: () => undefined as never }
    const from = { ...request, position: 0, published: 0 }
    runFold({ fold, trend }, from, around).subscribe({ error: reject })
  })
  expect(made).toEqual([
    [1, 100_000, 0],
    [2, 0, 0],
    [3, 0, 100_000],
    [3, 100_000, 0],
    [4, 0, 0],
  ])
})
