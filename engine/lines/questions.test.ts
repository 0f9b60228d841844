import { MessageChannel } from 'node:worker_threads'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../core/clock.ts'
import { LiquidusError } from '../core/errors.ts'
import { encodeEntry } from '../core/log-entry.ts'
import type { LineDefinition } from '../flow.ts'
import { noTrend, realFold } from './fixture-line.ts'
import { inlineFolds } from './inline-seat.ts'
import { lineQuestions, QUESTIONS_HELD_MAX } from './questions.ts'
import { entriesOf, plantRun } from './rewind-fixture.ts'
import type { FoldPorts, FoldSeat, SeatRequest } from './seat.ts'
import type { FromFolds } from './worker/protocol.ts'
import { remoteSeat } from './worker/remote-seat.ts'
import { serveFolds } from './worker/serve.ts'
import type { FoldThread } from './worker/thread.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
  vi.useRealTimers()
})

const build = (definition: LineDefinition) => ({ fold: realFold(definition), trend: noTrend })

/** A seat whose folds run at the other end of a port, as in a thread. */
async function seatOverPort(request: SeatRequest): Promise<FoldSeat> {
  const { port1, port2 } = new MessageChannel()
  const start = { name: 'fold-1', warm: false, folding: new Int32Array(1) }
  serveFolds({
    ...{ port: port2, start, clock: systemClock, build: async of => build(of) },
    async prepare() {},
  })
  let take: (message: FromFolds) => void = () => {}
  port1.on('message', (message: FromFolds) => take(message))
  const thread = {
    name: start.name,
    send: (message, moved = []) => port1.postMessage(message, moved),
    attach(_, ends) {
      take = ends.take
    },
    detach() {},
  } as Partial<FoldThread> as FoldThread
  closers.push(() => port1.close())
  return remoteSeat(thread, 0, request)
}

const seats = {
  'in this thread': (request: SeatRequest) => inlineFolds(build, systemClock).openSeat(request),
  'in another thread': seatOverPort,
}

/** A potline with a stuck gauge and one reading half a minute late; its log reads again only when it may. */
async function rewound(open: (request: SeatRequest) => Promise<FoldSeat>) {
  const { definition, series, rows, isSample } = plantRun({
    cells: 2,
    seconds: 120,
    faults: 'stuck-voltage@20s:cell=2',
  })
  const moved = rows.findIndex(row => row.time_ms > 40_000 && !isSample(row))
  const late = rows.toSpliced(moved, 1)
  late.splice(Math.floor(0.85 * rows.length), 0, rows[moved]!)
  const entries = entriesOf(series, late, () => 200)
  const log = entries.map((entry, i) => ({ position: i + 1, bytes: encodeEntry(entry) }))
  const published = { state: undefined, kept: new Set<number>(), position: 0, published: 0 }
  const seat = await open({ definition, ...published })
  let next = 0
  let first = 0 // position that a pass over the past begins with
  let passes = 0
  let before: ReturnType<typeof foundIn> | undefined
  let goOn = () => {}
  const gate = new Promise<void>(resolve => {
    goOn = resolve
  })
  let tellRewinding = () => {}
  const rewinding = new Promise<void>(resolve => {
    tellRewinding = resolve
  })
  let tellEnd = () => {}
  const ended = new Promise<void>(resolve => {
    tellEnd = resolve
  })
  const ports: FoldPorts = {
    async pull() {
      if (next < log.length && passes === 0) {
        return { records: [log[next++]!], mayStore: false }
      }
      if (passes > 0) tellEnd()
      return new Promise(() => {})
    },
    async read(from) {
      before ??= foundIn(seat)
      if (first === 0) first = from
      if (from === first) passes += 1
      // The first pass looks which ticks are wrong; the second folds them, here the half of them.
      if (passes === 2 && from - first >= (next - first) / 2) {
        tellRewinding()
        await gate
      }
      return log.slice(from - 1, Math.min(next, from + 1))
    },
    checkpoint: async () => undefined,
    tell: () => undefined,
    commit: async () => undefined,
  }
  const running = seat.run(ports).subscribe()
  closers.push(() => running.unsubscribe())
  return { seat, rewinding, goOn, ended, before: () => before }
}

const foundIn = ({ view }: FoldSeat) => ({
  scores: view.scores().map(({ name, values }) => [name, [...values]]),
  faults: [...view.sensorFaults()],
})

describe.each(Object.entries(seats))('a line that is folded %s', (_, open) => {
  it('answers what is asked during a rewind with what it holds after it', async () => {
    const { seat, rewinding, goOn, ended, before } = await rewound(open)
    await rewinding
    const during = foundIn(seat)
    const asked = seat.profiles(0)
    goOn()
    await ended
    const now = await seat.profiles(0)
    expect(now.length).toBeGreaterThan(0)
    expect(await asked).toEqual(now)
    expect(during.faults).toHaveLength(1)
    expect(during).toEqual(before())
  })
})

describe('questions during a rewind', () => {
  const endless = () => {
    let end = () => {}
    let rewinding: Promise<void> | undefined = new Promise<void>(resolve => {
      end = () => {
        rewinding = undefined
        resolve()
      }
    })
    return { ask: lineQuestions('l', () => rewinding), end: () => end() }
  }
  const refused = { code: 'LINE_REWINDS', retry: true }

  it('are refused after a while, so that nobody waits for ever', async () => {
    vi.useFakeTimers()
    const { ask } = endless()
    const asked = expect(ask(() => 1)).rejects.toMatchObject(refused)
    await vi.advanceTimersByTimeAsync(60_000)
    await asked
  })

  it('wait in a bounded number', async () => {
    const { ask, end } = endless()
    const held = Array.from({ length: QUESTIONS_HELD_MAX }, (_, i) => ask(() => i))
    await expect(ask(() => -1)).rejects.toBeInstanceOf(LiquidusError)
    end()
    expect(await Promise.all(held)).toEqual(held.map((_, i) => i))
    expect(await ask(() => 7)).toBe(7)
  })
})
