import type { FastifyReply, FastifyRequest } from 'fastify'
import { LiquidusError } from '../../core/errors.ts'
import type { Identity, LineView } from '../../flow.ts'
import type { GuardedAction } from '../guard.ts'
import type { OutputLog } from '../log.ts'

/** An answer other than success, with what the caller should know. */
export class HttpFailure extends Error {
  override name = 'HttpFailure'
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** The answer when a line is not there. */
export function lineUnknown(line: string, known: readonly LineView[]): HttpFailure {
  const names = known.map(view => view.definition.line).join(', ') || 'none'
  return new HttpFailure(404, 'LINE_UNKNOWN', `Line "${line}" is not known; known lines: ${names}.`)
}

/** The answer when the role does not allow it. */
export function forbidden(identity: Identity, action: GuardedAction): HttpFailure {
  const message = `Role "${identity.role}" may not ${action}.`
  return new HttpFailure(403, 'FORBIDDEN', message)
}

/** Turns whatever was thrown into {error: {code, message}}; unknown failures stay inside. */
export function failureHandler(log: OutputLog) {
  return (error: Error, request: FastifyRequest, reply: FastifyReply) => {
    const { status, code, message } = describe(error)
    if (status >= 500) log.error({ error: error.message, url: request.url }, 'request failed')
    return reply.status(status).send({ error: { code, message } })
  }
}

function describe(error: Error): { status: number; code: string; message: string } {
  if (error instanceof HttpFailure) return error
  if (error instanceof LiquidusError) {
    const status = error.code.startsWith('STORE_') || error.retry ? 503 : 409
    return { status, code: error.code, message: error.message }
  }
  const { statusCode, code } = error as { statusCode?: number; code?: string }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    const named = code === 'FST_ERR_VALIDATION' ? 'INVALID' : (code ?? 'BAD_REQUEST')
    return {
      status: statusCode,
      code: named.replace(/^FST_ERR_(CTP_)?/, ''),
      message: error.message,
    }
  }
  return {
    status: 500,
    code: 'INTERNAL',
    message: 'The engine could not answer; its log says why.',
  }
}
