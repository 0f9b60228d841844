import type { ChainableCommander, Redis } from 'ioredis'
import { problemOf } from '#engine/core/errors.ts'
import { storeLimits } from '#engine/store/limits.ts'
import { type RedisArgument, type RedisCommand, unavailable } from './command.ts'

/** How ioredis says that a command ended with its connection. */
const CONNECTION_GONE = /^(Connection is closed\.|Reached the max retries per request limit)/

/** The answer to one command; an Error is the server's refusal of it. */
export type Reply = unknown

/** Lets commands through while connected; else they wait, in order, bounded in number and time. */
export interface CommandGate {
  /** Sends commands in one piece, one after the other; rejects where their fate is not known. */
  run(commands: readonly RedisCommand[]): Promise<readonly Reply[]>
  open(): void
  /** True the first time after it was open. */
  shut(): boolean
  close(): void
}

interface Waiting {
  readonly commands: readonly RedisCommand[]
  timer?: NodeJS.Timeout
  resolve(replies: readonly Reply[]): void
  reject(error: unknown): void
}

/** `lastProblem` says why there is no connection. */
export function commandGate(
  client: Redis,
  answer_ms_max: number,
  lastProblem: () => string,
): CommandGate {
  const waiting = new Set<Waiting>()
  let isOpen = false
  let wasOpen = false
  let closed = false
  let unanswered = 0
  let unansweredBytes = 0

  const fail = (one: Waiting, error: unknown): void => {
    const text = problemOf(error)
    // The connection ended but has not said so yet: these commands never left, so they may wait.
    if (!closed && text.startsWith("Stream isn't writeable")) {
      isOpen = false
      wait(one)
      return
    }
    // After a time-out, only a new connection restores order.
    if (/timed out/.test(text)) client.disconnect(true)
    one.reject(unavailable(CONNECTION_GONE.test(text) ? lastProblem() : text, error))
  }

  /** Whether it waited or not, a command resolves as many turns after its reply: in call order. */
  const send = (one: Waiting): void => {
    const pipeline = client.pipeline()
    for (const command of one.commands) call(pipeline, command)
    pipeline.exec().then(
      results => {
        const lost = results?.find(([error]) => error && !isRefusal(error))
        if (lost) return fail(one, lost[0])
        const replies = (results ?? []).map(([error, reply]) => error ?? reply)
        // With scripts gone, only a new connection loads them again.
        if (replies.flat().some(isScriptGone)) client.disconnect(true)
        one.resolve(replies)
      },
      error => fail(one, error),
    )
  }

  const wait = (one: Waiting): void => {
    waiting.add(one)
    one.timer = setTimeout(() => {
      waiting.delete(one)
      one.reject(unavailable(`no connection for ${answer_ms_max} ms: ${lastProblem()}`))
    }, answer_ms_max)
  }

  return {
    shut() {
      isOpen = false
      const was = wasOpen
      wasOpen = false
      return was
    },
    open() {
      isOpen = true
      wasOpen = true
      for (const one of waiting) {
        clearTimeout(one.timer)
        waiting.delete(one)
        send(one)
      }
    },
    close() {
      closed = true
      for (const one of waiting) {
        clearTimeout(one.timer)
        one.reject(unavailable('it was closed'))
      }
      waiting.clear()
    },
    async run(commands) {
      if (closed) throw unavailable('it was closed')
      if (unanswered >= storeLimits.waitingWrites || unansweredBytes > storeLimits.waitingBytes) {
        throw unavailable(`${unanswered} commands wait for an answer`)
      }
      const size = commands.reduce((sum, command) => sum + sizeOf(command), 0)
      unanswered++
      unansweredBytes += size
      try {
        return await new Promise<readonly Reply[]>((resolve, reject) => {
          const one: Waiting = { commands, resolve, reject }
          if (isOpen) send(one)
          else wait(one)
        })
      } finally {
        unanswered--
        unansweredBytes -= size
      }
    },
  }
}

/** Bytes that the arguments take on the wire, about. */
export function sizeOf(command: readonly RedisArgument[]): number {
  return command.reduce<number>((sum, one) => sum + (typeof one === 'number' ? 8 : one.length), 0)
}

function call(pipeline: ChainableCommander, [name, ...args]: RedisCommand): void {
  pipeline.callBuffer(String(name), ...args.map(asSent))
}

/** The server answered, with an error: the connection is as good as before. */
const isRefusal = (error: Error): boolean => error.name === 'ReplyError'

const isScriptGone = (reply: unknown): boolean =>
  reply instanceof Error && reply.message.startsWith('NOSCRIPT')

const asSent = (one: RedisArgument): string | Buffer =>
  one instanceof Uint8Array ? Buffer.from(one.buffer, one.byteOffset, one.byteLength) : String(one)
