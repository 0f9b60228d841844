import { setTimeout as sleep } from 'node:timers/promises'
import { AssertionFailure } from '../../core/assert.ts'
import { LiquidusError, problemOf } from '../../core/errors.ts'
import { storeLimits } from '../limits.ts'
import { takeUpTo } from '../take-up-to.ts'

/**
 * Runs operations, many to a transaction, and one transaction at a time. Those of one pace run in
 * call order; `later` ones, which are large and which no producer waits for, take turns of a few.
 */
export interface GroupCommit {
  /**
   * Resolves with the operation's result once its transaction is on the disk. The operation must
   * refuse (throw LiquidusError or fail an assert) before its first write.
   */
  run<T>(size: number, operation: () => T, pace?: 'now' | 'later'): Promise<T>
  /** Refuses further operations; when those that wait are done, runs `last`, done or not. */
  close(last: () => void): Promise<void>
}

/** What surrounds the operations of one transaction; `begin` and `end` are called inside it. */
export interface GroupScope {
  /** `size_bytes` is what the operations write together. */
  begin(size_bytes: number): void
  end(): void
  /** The transaction is on the disk; comes before its operations resolve. */
  done?(): void
  /** The transaction failed: nothing of it is stored. */
  undone(): void
}

interface Waiting {
  readonly size: number
  readonly operation: () => unknown
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** How one operation ended. */
export interface Outcome {
  readonly value: unknown
  readonly error: unknown
}

const GROUP_OPERATIONS_MAX = 1024
const GROUP_BYTES_MAX = 16 * 1024 * 1024
/** Of the `later` operations: one at least, and no further one beyond this, so that none holds up. */
const LATER_BYTES_MAX = 1024 * 1024

/**
 * From the start of a transaction of this many operations to the next one: each costs the more the
 * more pages lie free, so a busy store makes fewer and larger ones.
 */
const BUSY_OPERATIONS = 8
const PACE_MS = 4

/** Makes everything its callback writes durable at once, or nothing if it throws. */
export type Transact = (body: () => Outcome[]) => Promise<Outcome[]>

/** Opens a group commit over the transactions of one file. */
export function groupCommit(transact: Transact, scope: GroupScope): GroupCommit {
  const now: Waiting[] = []
  const later: Waiting[] = []
  let waitingBytes = 0
  let closed = false
  let draining: Promise<void> | undefined
  let rested: Promise<unknown> | undefined

  const nextGroup = (): Waiting[] => {
    const group = takeUpTo(now, GROUP_OPERATIONS_MAX, GROUP_BYTES_MAX)
    return group.concat(takeUpTo(later, GROUP_OPERATIONS_MAX, LATER_BYTES_MAX))
  }

  const drain = async () => {
    await undefined // calls made in the same turn join the first group
    while (now.length + later.length > 0) {
      await rested
      const group = nextGroup()
      rested = group.length < BUSY_OPERATIONS ? undefined : sleep(PACE_MS)
      await commitGroup(group)
      for (const { size } of group) waitingBytes -= size
    }
    draining = undefined
  }

  const commitGroup = async (group: readonly Waiting[]) => {
    try {
      const outcomes = await transact(() => {
        scope.begin(group.reduce((sum, { size }) => sum + size, 0))
        const results = group.map(({ operation }) => attempt(operation))
        scope.end()
        return results
      })
      scope.done?.()
      group.forEach((one, index) => {
        const { value, error } = outcomes[index]!
        if (error === undefined) one.resolve(value)
        else one.reject(error)
      })
    } catch (error) {
      scope.undone()
      const failure = await reasonOf(error)
      for (const one of group) one.reject(failure)
    }
  }

  return {
    run<T>(size: number, operation: () => T, pace: 'now' | 'later' = 'now'): Promise<T> {
      const count = now.length + later.length
      const full = count >= storeLimits.waitingWrites || waitingBytes > storeLimits.waitingBytes
      if (closed || full) {
        const problem = closed ? 'it was closed' : `${count} writes wait for the disk`
        return Promise.reject(
          new LiquidusError('STORE_UNAVAILABLE', { store: 'lmdb', problem }, { retry: full }),
        )
      }
      waitingBytes += size
      const result = new Promise<T>((resolve, reject) => {
        const one = { size, operation, resolve: resolve as (value: unknown) => void, reject }
        if (pace === 'now') now.push(one)
        else later.push(one)
      })
      draining ??= drain()
      return result
    },
    async close(last) {
      closed = true
      await draining
      await commitGroup([{ size: 0, operation: last, resolve() {}, reject() {} }])
    },
  }
}

/** A refusal fails its own operation; anything else undoes the whole group. */
function attempt(operation: () => unknown): Outcome {
  try {
    return { value: operation(), error: undefined }
  } catch (error) {
    if (!(error instanceof LiquidusError || error instanceof AssertionFailure)) throw error
    return { value: undefined, error }
  }
}

/** lmdb hides why a commit failed in a second promise, which must not stay unhandled. */
async function reasonOf(error: unknown): Promise<LiquidusError> {
  if (error instanceof LiquidusError) return error
  let cause = error
  try {
    const { commitError } = error as { commitError?: Promise<unknown> }
    await Promise.race([commitError, new Promise(resolve => setTimeout(resolve, 1000))])
  } catch (hidden) {
    cause = hidden
  }
  return new LiquidusError(
    'STORE_UNAVAILABLE',
    { store: 'lmdb', problem: problemOf(cause) },
    { retry: true, cause },
  )
}
