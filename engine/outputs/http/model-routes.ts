import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Identity } from '../../flow.ts'
import { HttpFailure } from './failure.ts'
import { type RouteContext, readableLines, routeSchema } from './read-routes.ts'

type Alias = 'champion' | 'challenger' | 'shadow'
type Aliases = Readonly<Record<Alias, string>>

interface Moved {
  readonly name: string
  readonly aliases: Aliases
}

/** What the routes ask of the models of one tenant. */
export interface ModelOffice {
  list(): Promise<
    readonly {
      readonly name: string
      readonly versions: readonly string[]
      readonly aliases: Aliases
    }[]
  >
  show(
    name: string,
    version: string,
  ): Promise<{
    readonly record: unknown
    readonly sha256: string
    readonly aliases: readonly Alias[]
    readonly moves: readonly unknown[]
  }>
  promote(name: string, version: string, alias: Alias, by: string, reason: string): Promise<Moved>
  rollback(name: string, by: string, reason: string): Promise<Moved>
}

/** The models of an engine, as the composition root hands them in. */
export interface ModelOffices {
  /** Those that the caller's tenant sees; only some callers may move what serves others too. */
  of(identity: Identity): ModelOffice
  /** Drift that the monitors saw, newest first. */
  proposals(tenant: string): readonly {
    readonly line: string
    readonly monitor: string
    readonly tag: string
    readonly time_ms: number
    readonly text: string
  }[]
  /** What scores now, as the log names it. */
  inForce(tenant: string): Readonly<Record<string, string>>
  mayMove(identity: Identity): boolean
}

const aliases = z.object({ champion: z.string(), challenger: z.string(), shadow: z.string() })
const listSchema = z.object({
  models: z.array(z.object({ name: z.string(), versions: z.array(z.string()), aliases })),
  in_force: z.record(z.string(), z.string()).describe('What scores now, as the log names it.'),
  proposals: z
    .array(
      z.object({
        line: z.string(),
        monitor: z.string(),
        tag: z.string(),
        time_ms: z.number(),
        text: z.string(),
      }),
    )
    .describe('What the drift monitors saw, newest first; nothing acts on it.'),
})
const showSchema = z.object({
  record: z.unknown().describe('record.json of the version, loss curve included.'),
  sha256: z.string(),
  aliases: z.array(z.string()),
  moves: z.array(z.unknown()).describe('Who pointed an alias here, when and why, with the gate.'),
})
const movedSchema = z.object({ name: z.string(), aliases })
const promoteBody = z.strictObject({
  alias: z.enum(['champion', 'challenger', 'shadow']).default('champion'),
  comment: z.string().max(500).default(''),
})
const commentBody = z.strictObject({ comment: z.string().max(500).default('') })

type Version = { Params: { name: string; version: string } }

/** Adds everything under /api/models. */
export function addModelRoutes(
  app: FastifyInstance,
  context: RouteContext,
  models: ModelOffices,
): void {
  const mayMove = (identity: Identity) => {
    if (models.mayMove(identity)) return
    const message = `Role "${identity.role}" may not move models.`
    throw new HttpFailure(403, 'FORBIDDEN', message)
  }

  app.get('/api/models', routeSchema('Models, aliases, drift', listSchema), async request => {
    const { identity } = request
    readableLines(context, identity)
    const proposals = models.proposals(identity.tenant)
    const in_force = models.inForce(identity.tenant)
    return { models: await models.of(identity).list(), in_force, proposals }
  })

  app.get<Version>(
    '/api/models/:name/:version',
    routeSchema('One version: record, loss curve, moves', showSchema),
    async ({ identity, params }) => {
      readableLines(context, identity)
      return models.of(identity).show(params.name, params.version)
    },
  )

  app.post<Version & { Body: { alias: Alias; comment: string } }>(
    '/api/models/:name/:version/promote',
    routeSchema('Point an alias at a version; a champion has to pass the gate', movedSchema, {
      body: promoteBody,
    }),
    async ({ identity, params: { name, version }, body }) => {
      mayMove(identity)
      const office = models.of(identity)
      return office.promote(name, version, body.alias, identity.subject, body.comment)
    },
  )

  app.post<{ Params: { name: string }; Body: { comment: string } }>(
    '/api/models/:name/rollback',
    routeSchema('Back to the champion before', movedSchema, { body: commentBody }),
    async ({ identity, params: { name }, body }) => {
      mayMove(identity)
      return models.of(identity).rollback(name, identity.subject, body.comment)
    },
  )
}
