import type { FastifyInstance } from 'fastify'
import type { z } from 'zod'
import type { Advice, AlarmRecord, Decision, Identity, LineView } from '../../flow.ts'
import type { GuardedAction } from '../guard.ts'
import { forbidden, HttpFailure } from './failure.ts'
import { type RouteContext, readableLines, routeSchema } from './read-routes.ts'
import { commentBodySchema, decidedSchema, reasonBodySchema, shelveBodySchema } from './schema.ts'

/** Longest time an alarm may be shelved: one shift. */
export const SHELVE_MAX_ms = 12 * 3_600_000

interface Body {
  readonly comment: string
  readonly until_ms?: number
  readonly once?: boolean
}

type AlarmAction = Extract<Decision, { on: 'alarm' }>['action']

interface Found<T> {
  readonly view: LineView
  readonly record: T
}

const conflict = (code: string, message: string) => new HttpFailure(409, code, message)

/** What may be done to an alarm: who may, and what is said with it. */
const ALARM_ACTIONS: readonly (readonly [AlarmAction, GuardedAction, z.ZodType, string])[] = [
  ['acknowledge', 'acknowledge', commentBodySchema, 'Acknowledge an alarm'],
  ['reset', 'acknowledge', commentBodySchema, 'Reset a latched alarm that was acknowledged'],
  ['shelve', 'acknowledge', shelveBodySchema, 'Hide an alarm for a time, with the reason'],
  ['unshelve', 'acknowledge', commentBodySchema, 'Show a shelved alarm again'],
  [
    ...(['remove-from-service', 'maintain'] as const),
    ...([reasonBodySchema, 'Take an alarm out of service, with the reason'] as const),
  ],
  ['return-to-service', 'maintain', commentBodySchema, 'Return an alarm to service'],
]

/** Adds what people decide about alarms and about advice. */
export function addDecisionRoutes(app: FastifyInstance, context: RouteContext): void {
  for (const [action, right, body, summary] of ALARM_ACTIONS) {
    app.post<{ Params: { id: string }; Body: Body }>(
      `/api/alarms/:id/${action}`,
      routeSchema(summary, decidedSchema, { body, status: 202 }),
      async ({ identity, params, body: { comment, until_ms = 0, once } }, reply) => {
        permit(context, identity, right, params.id)
        const found = find(context, identity, params.id, view => view.alarms(), 'ALARM_UNKNOWN')
        checkAlarm(found, action, until_ms, comment)
        const target = params.id
        const decision: Decision =
          action === 'shelve'
            ? { on: 'alarm', action, target, until_ms, ...(once ? { once } : {}) }
            : { on: 'alarm', action, target }
        await found.view.decide(decision, identity, comment)
        return reply.status(202).send(decided(found.view, target, action))
      },
    )
  }

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
  action: AlarmAction,
  until_ms: number,
  comment: string,
): void {
  switch (action) {
    case 'unshelve':
      if (record.shelved_until_ms > 0) return
      throw conflict('NOT_SHELVED', 'The alarm is not shelved.')
    case 'return-to-service':
      if (record.out_of_service) return
      throw conflict('IN_SERVICE', 'The alarm is in service.')
    case 'remove-from-service':
      if (record.out_of_service) throw conflict('OUT_OF_SERVICE', 'It is out of service already.')
      needReason(comment)
      return
    case 'acknowledge':
      checkInSight(record)
      if (!record.acknowledged) return
      throw conflict(
        'ALREADY_ACKNOWLEDGED',
        `The alarm was already acknowledged by ${record.acknowledged_by || 'the system'}.`,
      )
    case 'reset':
      checkInSight(record)
      if (!record.latched) throw conflict('NOT_LATCHED', 'The alarm is not latched.')
      if (record.acknowledged) return
      throw conflict('UNACKNOWLEDGED', 'Acknowledge the alarm first, then reset it.')
    case 'shelve':
      checkInSight(record)
      needReason(comment)
      checkUntil(view.status().time_ms, until_ms)
  }
}

/** The state table refuses it for what is hidden. */
function checkInSight({ shelved_until_ms, suppressed_by, ...record }: AlarmRecord): void {
  if (record.out_of_service) {
    throw conflict('OUT_OF_SERVICE', 'The alarm is out of service; return it to service first.')
  }
  if (record.suppressed) {
    throw conflict('SUPPRESSED', `The alarm is suppressed by design: ${suppressed_by}.`)
  }
  if (shelved_until_ms > 0) {
    throw conflict('SHELVED', 'The alarm is shelved; unshelve it first.')
  }
}

function needReason(comment: string): void {
  if (comment.trim() !== '') return
  throw new HttpFailure(400, 'INVALID', 'Say why: "comment" must hold the reason.')
}

function checkUntil(now_ms: number, until_ms: number): void {
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
