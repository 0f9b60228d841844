import type { MessagePort } from 'node:worker_threads'
import type { Subscription } from 'rxjs'
import { assert } from '../../core/assert.ts'
import type { Clock } from '../../core/clock.ts'
import { LiquidusError, problemOf } from '../../core/errors.ts'
import { eventLoopGauge } from '../../core/event-loop.ts'
import type { LineDefinition, VersionEntry } from '../../flow.ts'
import type { Past } from '../checkpoints.ts'
import { versionsIn } from '../fold.ts'
import { type FoldParts, itemOf, runFold } from '../fold-run.ts'
import { lineQuestions } from '../questions.ts'
import { type ScoreDesk, scoreDesk } from '../score-desk.ts'
import type { FoldPorts, Made, Pulled } from '../seat.ts'
import { stageTimes } from '../stage-times.ts'
import { type TickTurns, tickTurns } from '../tick-turns.ts'
import { type FrameShape, frameSlots } from './frame-slots.ts'
import type { FromFolds, LineNumber, PastLook, Question, ThreadStart, ToFolds } from './protocol.ts'
import { type PackedRecords, unpackRecords } from './records.ts'
import { lineShowing, memoryOf } from './showing.ts'
import { standSlots } from './stand-slots.ts'

/** What a thread of folds is made of. */
export interface FoldThreadParts {
  readonly port: MessagePort
  readonly start: ThreadStart
  readonly clock: Clock
  build(definition: LineDefinition): Promise<FoldParts>
  /** Makes ready what a log names, before the entry or the state that names it is taken. */
  prepare(definition: LineDefinition, versions: VersionEntry['versions']): Promise<void>
}

interface ServedLine {
  take(message: ToFolds): void
  close(): void
}

type Send = (message: FromFolds, moved?: readonly ArrayBuffer[]) => void

/** Folds lines for the I/O thread at the other end of the port until the thread is ended. */
export function serveFolds(parts: FoldThreadParts): void {
  const { port, start } = parts
  const lines = new Map<LineNumber, ServedLine>()
  const send: Send = (message, moved = []) => port.postMessage(message, moved)
  const shared = { desk: scoreDesk(parts.clock), turn: tickTurns(parts.clock) }
  eventLoopGauge(start.name, load => send({ is: 'load', load }))
  Atomics.store(start.folding, 0, -1)

  const open = async (message: Extract<ToFolds, { do: 'open' }>): Promise<void> => {
    const { line } = message
    try {
      lines.set(line, await serveLine(message, parts, shared, send))
    } catch (error) {
      send({ is: 'refused', line, problem: problemOf(error) })
    }
  }
  port.on('message', (message: ToFolds) => {
    shared.desk.hurry()
    if (message.do === 'open') void open(message)
    else if (message.do === 'close') {
      lines.get(message.line)?.close()
      lines.delete(message.line)
    } else lines.get(message.line)?.take(message)
  })
}

async function serveLine(
  request: Extract<ToFolds, { do: 'open' }>,
  { build, prepare, clock, start }: FoldThreadParts,
  shared: { readonly desk: ScoreDesk; readonly turn: TickTurns },
  send: Send,
): Promise<ServedLine> {
  const { line, definition } = request
  const built = await build(definition)
  const { fold } = built
  if (request.state) {
    await prepare(definition, versionsIn(request.state))
    fold.restore(request.state, request.kept)
  }
  const shape = shapeOf(definition, built)
  const slots = frameSlots(shape)
  const stands = standSlots()
  const showing = lineShowing(definition, fold, slots, stands, clock)
  const times = stageTimes(stands.times)
  const past = pastAtTheOtherEnd(line, send)
  let give: (pulled: Pulled) => void = () => {}
  let told = 0 // events of the chunk in the making

  const ports: FoldPorts = {
    pull: () =>
      new Promise(resolve => {
        give = resolve
      }),
    read: past.read,
    checkpoint: past.checkpoint,
    tell(events, position) {
      told += events.length
      send({ is: 'told', line, events, position })
      return undefined
    },
    async commit(made) {
      Atomics.store(start.folding, 0, -1)
      sendMade({ ...made, events: made.events.slice(told) })
      told = 0
      // The next chunk comes when this is committed: that is the answer.
      return undefined
    },
  }
  const sendMade = ({ state, kept, ticks, ...made }: Made): void => {
    const shown = showing.show(ticks > 0)
    const blobs = kept?.blobs.map(({ bytes }) => bytes) ?? []
    const states = [...(state ? [state] : []), ...blobs].map(one => one.buffer as ArrayBuffer)
    const moved = [...states, ...memoryOf(shown)]
    send({ is: 'made', line, ticks, state, kept, ...made, shown }, moved)
  }
  const take = async (pulled: Pulled): Promise<void> => {
    for (const record of pulled.records) {
      const { entry } = itemOf(record)
      if (entry.kind === 'version') await prepare(definition, entry.versions)
    }
    Atomics.store(start.folding, 0, line)
    give(pulled)
  }
  const failed = (error: unknown): void => {
    Atomics.store(start.folding, 0, -1)
    send({ is: 'failed', line, problem: problemOf(error) })
  }
  // Others are folded while this line waits for its turn or its scores.
  const waits = () => Atomics.store(start.folding, 0, -1)
  const goesOn = () => Atomics.store(start.folding, 0, line)
  const desk: Pick<ScoreDesk, 'score'> = {
    async score(calls) {
      waits()
      const share_ms = await shared.desk.score(calls)
      goesOn()
      return share_ms
    },
  }
  const turn: TickTurns = work => {
    waits()
    shared.turn(() => {
      goesOn()
      work()
    })
  }
  const around = { ports, clock, times, desk, turn }
  const running: Subscription = runFold(built, request, around).subscribe({ error: failed })
  const { fields, channels } = fold.twin
  const memory = { frames: slots.memory, stands: stands.memory }
  const opened = { fields, channels, shape, ...memory, shown: showing.show(false) }
  send({ is: 'opened', line, opened })

  const ask = lineQuestions(definition.line, fold.rewinding)
  const answer = async ({ id, question }: Extract<ToFolds, { do: 'ask' }>): Promise<void> => {
    const base = { is: 'answer', line, id, again: false } as const
    try {
      send({ ...base, answer: await answerOf(built, question, ask), problem: '' })
    } catch (error) {
      const again = error instanceof LiquidusError && error.code === 'LINE_REWINDS'
      send({ ...base, answer: undefined, problem: problemOf(error), again })
    }
  }
  return {
    take(message) {
      if (message.do === 'fold') {
        const { chunk, mayStore } = message
        take({ records: unpackRecords(chunk), mayStore }).catch(failed)
      } else if (message.do === 'ask') void answer(message)
      else if (message.do === 'found') past.take(message)
    },
    close: () => running.unsubscribe(),
  }
}

function answerOf(
  { fold, trend }: FoldParts,
  question: Question,
  ask: ReturnType<typeof lineQuestions>,
): unknown {
  switch (question.of) {
    case 'trend':
      return trend.read(question.cell, question.from_ms, question.points_max)
    case 'profiles':
      return ask(() => fold.twin.profiles(question.cell))
    case 'snapshot':
      return ask(() => ({ state: fold.snapshot(), kept: fold.takeKept() }))
  }
}

/** Reads a line's past through the I/O thread, which has the store. */
function pastAtTheOtherEnd(line: LineNumber, send: Send) {
  type Found = Extract<ToFolds, { do: 'found' }>
  const waiting = new Map<number, PromiseParts<Found['found']>>()
  let last = 0
  const ask = (look: PastLook): Promise<Found['found']> =>
    new Promise((resolve, reject) => {
      last += 1
      waiting.set(last, { resolve, reject })
      send({ is: 'look', line, id: last, look })
    })
  const past: Past = {
    async read(from, limit) {
      return unpackRecords((await ask({ at: 'records', from, limit })) as PackedRecords)
    },
    async checkpoint(number) {
      return (await ask({ at: 'checkpoint', number })) as Uint8Array | undefined
    },
  }
  return {
    ...past,
    take({ id, found, problem }: Found) {
      const one = waiting.get(id)
      assert(one, 'what is found answers a question')
      waiting.delete(id)
      if (problem === '') one.resolve(found)
      else one.reject(new Error(problem))
    },
  }
}

interface PromiseParts<T> {
  readonly resolve: (value: T) => void
  readonly reject: (error: Error) => void
}

function shapeOf({ cells, tags }: LineDefinition, { fold }: FoldParts): FrameShape {
  const count = cells.length
  return {
    series: tags.length * count,
    fields: fold.twin.fields.length * count,
    channels: fold.twin.channels.length * count,
    cells: count,
  }
}
