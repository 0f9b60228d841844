import { LiquidusError } from '#engine/core/errors.ts'

/** One word of a command as it is sent. */
export type RedisArgument = string | number | Uint8Array

/** The name of a command and its arguments. */
export type RedisCommand = readonly [name: string, ...args: RedisArgument[]]

/** The error for a server that does not answer or answers with an error. */
export function unavailable(problem: string, cause?: unknown): LiquidusError {
  return new LiquidusError(
    'STORE_UNAVAILABLE',
    { store: 'redis', problem },
    { retry: true, ...(cause === undefined ? {} : { cause }) },
  )
}
