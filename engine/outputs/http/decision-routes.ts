import type { FastifyInstance } from 'fastify'
import type { Advice, AlarmRecord, Decision, Identity, LineView } from '../../flow.ts'
import type { GuardedAction } from '../guard.ts'
import { forbidden, HttpFailure } from './failure.ts'
import { type RouteContext, readableLines, routeSchema } from './read-routes.ts'
import { commentBodySchema, decidedSchema, shelveBodySchema } from './schema.ts'

/** Longest time an alarm may be shelved: one shift. */
export const SHELVE_MAX_ms = 12 * 3_600_000

interface Body {
  readonly comment: string
  readonly until_ms?: number
}

interface Found<T> {
  readonly view: LineView
  readonly record: T
}

const conflict = (code: string, message: string) => new HttpFailure(409, code, message)

/** Adds acknowledge, shelve, unshelve, approve and reject. */
export function addDecisionRoutes(app: FastifyInstance, context: RouteContext): void {
  const alarmAction = (action: 'acknowledge' | 'shelve' | 'unshelve', summary: string) => {
    const body = action === 'shelve' ? shelveBodySchema : commentBodySchema
    app.post<{ Params: { id: string }; Body: Body }>(
      `/api/alarms/:id/${action}`,
      routeSchema(summary, decidedSchema, { body, status: 202 }),
      async ({ identity, params, body: { comment, until_ms = 0 } }, reply) => {
        permit(context, identity, 'acknowledge', params.id)
        const found = find(context, identity, params.id, view => view.alarms(), 'ALARM_UNKNOWN')
        checkAlarm(found, action, until_ms)
        const target = params.id
        const decision: Decision =
          action === 'shelve'
            ? { on: 'alarm', action, target, until_ms }
            : { on: 'alarm', action, target }
        await found.view.decide(decision, identity, comment)
        return reply.status(202).send(decided(found.view, target, action))
      },
    )
  }
  alarmAction('acknowledge', 'Acknowledge an alarm')
  alarmAction('shelve', 'Hide an alarm for a time')
  alarmAction('unshelve', 'Show a shelved alarm again')

  for (const action of ['approve', 'reject'] as const) {
    app.post<{ Params: { id: string }; Body: Body }>(
      `/api/advice/:id/${action}`,
      routeSchema(`${action === 'approve' ? 'Approve' : 'Reject'} advice`, decidedSchema, {
        body: commentBodySchema,
        status: 202,
      }),
      async ({ identity, params, body }, reply) => {
        permit(context, identity, 'approve', params.id)
        const found = find(context, identity, params.id, view => view.advice(), 'ADVICE_UNKNOWN')
        checkAdvice(found)
        const decision: Decision = { on: 'advice', action, target: params.id }
        await found.view.decide(decision, identity, body.comment)
        return reply.status(202).send(decided(found.view, params.id, action))
      },
    )
  }
}

const decided = (view: LineView, id: string, action: string) => ({
  id,
  line: view.definition.line,
  action,
})

function permit(
  { guard }: RouteContext,
  identity: Identity,
  action: GuardedAction,
  target: string,
): void {
  if (!guard.check(identity, action, target)) throw forbidden(identity, action)
}

function find<T extends { readonly id: string }>(
  context: RouteContext,
  identity: Identity,
  id: string,
  records: (view: LineView) => readonly T[],
  unknown: string,
): Found<T> {
  for (const view of readableLines(context, identity)) {
    const record = records(view).find(candidate => candidate.id === id)
    if (record) return { view, record }
  }
  throw new HttpFailure(404, unknown, `Nothing here has the id "${id}".`)
}

function checkAlarm(
  { view, record }: Found<AlarmRecord>,
  action: 'acknowledge' | 'shelve' | 'unshelve',
  until_ms: number,
): void {
  const now_ms = view.status().time_ms
  const shelved = record.shelved_until_ms > 0
  if (action === 'unshelve') {
    if (!shelved) throw conflict('NOT_SHELVED', 'The alarm is not shelved.')
    return
  }
  if (shelved) throw conflict('SHELVED', 'The alarm is shelved; unshelve it first.')
  if (action === 'acknowledge') {
    if (record.acknowledged) {
      const by = record.acknowledged_by || 'the system'
      throw conflict('ALREADY_ACKNOWLEDGED', `The alarm was already acknowledged by ${by}.`)
    }
    return
  }
  if (until_ms > now_ms && until_ms <= now_ms + SHELVE_MAX_ms) return
  throw new HttpFailure(400, 'INVALID', 'until_ms must be within 12 h after the last tick.')
}

function checkAdvice({ view, record }: Found<Advice>): void {
  if (record.state !== 'PENDING_APPROVAL') {
    throw conflict('NOT_PENDING', `The advice is ${record.state} and can no longer be decided.`)
  }
  if (record.valid_until_ms <= view.status().time_ms) {
    throw conflict('EXPIRED', 'The advice has expired.')
  }
}
