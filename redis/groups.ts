import { problemOf } from '#engine/core/errors.ts'
import { storeLimits } from '#engine/store/limits.ts'
import { takeUpTo } from '#engine/store/take-up-to.ts'
import { unavailable } from './command.ts'
import { type Reply, sizeOf } from './gate.ts'
import type { ScriptCall } from './scripts.ts'

/** `later`: large, and no producer waits for it; those take turns of a few. */
export type Pace = 'now' | 'later'

/** Gathers script calls while others are under way, so that the server syncs once for many. */
export interface WriteGroups {
  /** Calls of one pace are made in call order. */
  run(call: ScriptCall, pace: Pace): Promise<Reply>
  close(): void
}

interface Waiting {
  readonly call: ScriptCall
  readonly size: number
  resolve(reply: Reply): void
  reject(error: unknown): void
}

/**
 * With one, the server would idle until this thread reads its answer, which takes a while when the
 * thread is busy; with more, each waits for those before it.
 */
const UNDER_WAY_MAX = 4
const GROUP_CALLS_MAX = 512
const GROUP_BYTES_MAX = 4 * 1024 * 1024
/** Of the `later` calls: one at least, and no further one beyond this, so that none holds up. */
const LATER_BYTES_MAX = 2 * 1024 * 1024
/** A call that is larger is a `later` one where its caller allows it. */
export const LARGE_BYTES = 64 * 1024

/** What waits in one or more groups together. */
export interface WriteBudget {
  calls: number
  bytes: number
}

/** One for all groups that share the limits of a store. */
export const writeBudget = (): WriteBudget => ({ calls: 0, bytes: 0 })

/** `send` gives one reply per call, or rejects when nobody knows what became of them. */
export function writeGroups(
  send: (calls: readonly ScriptCall[]) => Promise<readonly Reply[]>,
  waiting: WriteBudget = writeBudget(),
): WriteGroups {
  const now: Waiting[] = []
  const later: Waiting[] = []
  let underWay = 0
  let scheduled = false
  let closed = false

  const settle = (one: Waiting, error: unknown, reply?: Reply): void => {
    waiting.bytes -= one.size
    waiting.calls -= 1
    if (error === undefined) one.resolve(reply)
    else one.reject(error)
  }

  const sendGroup = async (group: readonly Waiting[]): Promise<void> => {
    try {
      const replies = await send(group.map(({ call }) => call))
      for (const [index, one] of group.entries()) {
        const reply = replies[index]
        const refused = reply instanceof Error
        settle(one, refused ? unavailable(problemOf(reply), reply) : undefined, reply)
      }
    } catch (error) {
      // What waits behind builds on it, and would only be refused later.
      for (const one of [...group, ...now.splice(0), ...later.splice(0)]) settle(one, error)
    }
  }

  const pump = (): void => {
    scheduled = false
    while (underWay < UNDER_WAY_MAX && now.length + later.length > 0) {
      const first = takeUpTo(now, GROUP_CALLS_MAX, GROUP_BYTES_MAX)
      const group = first.concat(takeUpTo(later, GROUP_CALLS_MAX, LATER_BYTES_MAX))
      underWay++
      void sendGroup(group).then(() => {
        underWay--
        schedule()
      })
    }
  }

  /** Calls made in one turn of the event loop go together. */
  const schedule = (): void => {
    if (scheduled || underWay >= UNDER_WAY_MAX) return
    scheduled = true
    setImmediate(pump)
  }

  return {
    run(call, pace) {
      const full =
        waiting.calls >= storeLimits.waitingWrites || waiting.bytes > storeLimits.waitingBytes
      if (closed || full) {
        const problem = closed ? 'it was closed' : `${waiting.calls} writes wait for an answer`
        return Promise.reject(unavailable(problem))
      }
      const size = sizeOf(call.args)
      waiting.bytes += size
      waiting.calls += 1
      const result = new Promise<Reply>((resolve, reject) => {
        const queue = pace === 'now' ? now : later
        queue.push({ call, size, resolve, reject })
      })
      schedule()
      return result
    },
    close() {
      closed = true
      for (const one of [...now.splice(0), ...later.splice(0)]) {
        settle(one, unavailable('it was closed'))
      }
    },
  }
}
