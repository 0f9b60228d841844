import { Observable } from 'rxjs'
import { assert } from '../../core/assert.ts'
import { LiquidusError, problemOf } from '../../core/errors.ts'
import type { OutputEvent, Profile, Trend } from '../../flow.ts'
import type { FoldPorts, FoldSeat, Pulled, SeatRequest, StoredFold, ThreadLost } from '../seat.ts'
import { stageTimes } from '../stage-times.ts'
import { frameSlots } from './frame-slots.ts'
import { type LineMirror, lineMirror } from './mirror.ts'
import type { FromFolds, LineNumber, MadeMessage, Opened, Question } from './protocol.ts'
import { buffersOf, packRecords } from './records.ts'
import { standSlots } from './stand-slots.ts'
import type { FoldThread } from './thread.ts'

const RETRY = { retry: true } as const

interface Answer<T> {
  readonly resolve: (value: T) => void
  readonly reject: (error: Error) => void
}

/** Opens a line in a thread of folds; rejects where its state does not fit. */
export async function remoteSeat(
  thread: FoldThread,
  line: LineNumber,
  request: SeatRequest,
): Promise<FoldSeat> {
  const questions = new Map<number, Answer<unknown>>()
  let asked = 0
  let opening: Answer<Opened> | undefined
  let folding: Answer<MadeMessage> | undefined
  let lost: ThreadLost | undefined
  let onLost: (error: ThreadLost) => void = () => {}
  let ports: FoldPorts | undefined
  let told: OutputEvent[] = [] // of the chunk in the making
  let onTold: (events: readonly OutputEvent[], position: number) => void = () => {}

  const lookBack = async ({ id, look }: Extract<FromFolds, { is: 'look' }>) => {
    const base = { do: 'found', line, id, problem: '' } as const
    try {
      assert(ports, 'only a line that runs reads its past')
      if (look.at === 'records') {
        const found = packRecords(await ports.read(look.from, look.limit))
        thread.send({ ...base, found }, buffersOf(found))
      } else thread.send({ ...base, found: await ports.checkpoint(look.number) })
    } catch (error) {
      thread.send({ ...base, found: undefined, problem: problemOf(error) })
    }
  }
  const answered = ({ id, answer, problem, again }: Extract<FromFolds, { is: 'answer' }>) => {
    const values = { line: request.definition.line }
    if (problem === '') questions.get(id)?.resolve(answer)
    else if (again) questions.get(id)?.reject(new LiquidusError('LINE_REWINDS', values, RETRY))
    else questions.get(id)?.reject(new Error(problem))
    questions.delete(id)
  }
  const take = (message: FromFolds): void => {
    switch (message.is) {
      case 'opened':
        opening?.resolve(message.opened)
        break
      case 'refused':
        opening?.reject(new Error(message.problem))
        break
      case 'told':
        told.push(...message.events)
        onTold(message.events, message.position)
        break
      case 'made':
        folding?.resolve(message)
        break
      case 'failed':
        folding?.reject(new Error(message.problem))
        break
      case 'look':
        void lookBack(message)
        break
      case 'answer':
        answered(message)
        break
    }
  }
  const loseAll = (error: ThreadLost): void => {
    lost = error
    opening?.reject(error)
    folding?.reject(error)
    for (const question of questions.values()) question.reject(error)
    questions.clear()
    onLost(error)
  }
  const opened = await new Promise<Opened>((resolve, reject) => {
    opening = { resolve, reject }
    thread.attach(line, { take, lost: loseAll })
    const { definition, state, kept, position, published } = request
    thread.send({ do: 'open', line, definition, state, kept, position, published })
  }).catch((error: unknown) => {
    thread.detach(line)
    throw error
  })

  const stands = standSlots(opened.stands)
  const mirror = lineMirror(frameSlots(opened.shape, opened.frames), stands, opened.shown)
  const times = stageTimes(stands.times)
  const ask = <T>(question: Question): Promise<T> =>
    new Promise<unknown>((resolve, reject) => {
      if (lost) {
        reject(lost)
        return
      }
      asked += 1
      questions.set(asked, { resolve, reject })
      thread.send({ do: 'ask', line, id: asked, question })
    }) as Promise<T>
  const fold = ({ records, mayStore }: Pulled): Promise<MadeMessage> =>
    new Promise((resolve, reject) => {
      folding = { resolve, reject }
      const chunk = packRecords(records)
      thread.send({ do: 'fold', line, chunk, mayStore }, buffersOf(chunk))
    })

  return {
    thread: thread.name,
    fields: opened.fields,
    channels: opened.channels,
    view: mirror.view,
    times,
    run: given =>
      new Observable(subscriber => {
        if (lost) {
          subscriber.error(lost)
          return undefined
        }
        ports = given
        onTold = (events, position) => {
          const change = given.tell(events, position)
          if (change) subscriber.next(change)
        }
        let committing: Promise<unknown> = Promise.resolve()
        // What is being committed is told first: its events are not made a second time.
        onLost = error => {
          void committing.catch(() => {}).then(() => subscriber.error(error))
        }
        const commit = async (made: MadeMessage): Promise<void> => {
          const { position, ticks, events, state, kept, due_bytes, arrived } = made
          const all = [...told, ...events]
          told = []
          const change = await given.commit({
            ...{ position, ticks, events: all, state, kept, due_bytes, arrived },
          })
          mirror.take(made.shown)
          if (change) subscriber.next(change)
        }
        const takeOver = (made: MadeMessage): Promise<unknown> => {
          committing = commit(made)
          return committing
        }
        relay({ ports: given, fold, mirror, takeOver }, subscriber).catch((error: unknown) =>
          subscriber.error(error),
        )
        return () => {
          onLost = () => {}
          onTold = () => {}
        }
      }),
    trend: (cell, from_ms, points_max) => ask<Trend>({ of: 'trend', cell, from_ms, points_max }),
    profiles: cell => ask<readonly Profile[]>({ of: 'profiles', cell }),
    snapshot: () => ask<StoredFold>({ of: 'snapshot' }),
    close() {
      thread.detach(line)
      if (!lost) thread.send({ do: 'close', line })
    },
  }
}

/** Chunk there, result back, commit, and only then the next chunk. */
async function relay(
  between: {
    readonly ports: FoldPorts
    readonly fold: (pulled: Pulled) => Promise<MadeMessage>
    readonly mirror: LineMirror
    readonly takeOver: (made: MadeMessage) => Promise<unknown>
  },
  subscriber: { readonly closed: boolean },
): Promise<void> {
  const { ports, fold, mirror, takeOver } = between
  while (!subscriber.closed) {
    const pulled = await ports.pull()
    if (subscriber.closed) return
    const made = await fold(pulled)
    if (subscriber.closed) return
    mirror.stands(made.shown)
    await takeOver(made)
  }
}
