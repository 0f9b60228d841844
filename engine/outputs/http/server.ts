import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import fastifySwagger from '@fastify/swagger'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { Registry } from 'prom-client'
import { type Clock, systemClock } from '../../core/clock.ts'
import { LiquidusError, problemOf } from '../../core/errors.ts'
import { type Places, sharedPlaces } from '../../core/places.ts'
import type { EngineView, Sink } from '../../flow.ts'
import { type EngineWatch, engineWatch } from '../engine-figures.ts'
import {
  type Doorkeeper,
  doorkeeper,
  type Guard,
  KEY_COOKIE,
  type Refusal,
  unauthenticated,
} from '../guard.ts'
import type { Loads } from '../loads.ts'
import type { OutputLog } from '../log.ts'
import type { NormalRangesOf } from '../normal-ranges.ts'
import { addDecisionRoutes } from './decision-routes.ts'
import { addEngineRoute } from './engine-routes.ts'
import { failureHandler, forbidden, HttpFailure } from './failure.ts'
import { engineRegistry, processRegistry } from './metrics.ts'
import { addModelRoutes, type ModelOffices } from './model-routes.ts'
import { addReadRoutes, type ReadQuarantine, routeSchema } from './read-routes.ts'
import { healthSchema, sessionBodySchema, sessionSchema } from './schema.ts'

/** Largest request body. */
export const BODY_BYTES_MAX = 64 * 1024
/** Longest id in a path, percent-encoding undone. */
const PARAM_CHARS_MAX = 512
/** Time a request may take to arrive. */
const REQUEST_TIMEOUT_ms = 30_000
/** Requests that may be under way at once; a tenant alone may have half of them. */
const REQUESTS_MAX = 256

/** What the HTTP server is made of. */
export interface HttpOptions {
  readonly host: string
  /** 0: the system chooses. */
  readonly port: number
  readonly engine: EngineView
  readonly guard: Guard
  readonly log: OutputLog
  /** Folder of the built page; without it "/" says how to build it. */
  readonly ui_path?: string
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer; readonly minVersion: 'TLSv1.2' }
  /** Process metrics; made here when absent. */
  readonly registry?: Registry
  readonly quarantine?: ReadQuarantine
  /** Where quantities of a line normally lie; without it, between their alarm limits. */
  readonly normalRanges?: NormalRangesOf
  /** The models of the engine; without them there are no routes for models. */
  readonly models?: ModelOffices
  /** What surrounds the lines, for /metrics and /api/engine. */
  readonly loads?: Loads
  readonly clock?: Clock
  /** Requests that may be under way at once; REQUESTS_MAX unless told. */
  readonly requests_max?: number
}

/** The HTTP server as a sink; the WebSocket sink joins its `server`. */
export interface HttpSink extends Sink {
  readonly server: Server
  /** Makes the routes, which takes a while; `start` does it where nobody asked. */
  ready(): Promise<void>
}

const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; " +
    "form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const

/** Serves the page, REST, health and metrics. */
export function httpSink(options: HttpOptions): HttpSink {
  const { host, port, guard, log } = options
  const keeper = doorkeeper(guard, host)
  const app = createApp(options)
  app.setSerializerCompiler(() => data => JSON.stringify(data))
  app.setErrorHandler(failureHandler(log))
  app.setNotFoundHandler((request, reply) =>
    reply.status(404).send({
      error: { code: 'NOT_FOUND', message: `Nothing is at ${request.url}; see /api.` },
    }),
  )
  app.decorateRequest('identity', null as never)
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(SECURITY_HEADERS)
    turnAway(keeper.wrongHost(request.raw))
    if (request.method === 'GET' || request.method === 'HEAD') return
    turnAway(keeper.wrongOrigin(request.raw))
    if (request.method !== 'POST') return
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
      throw new HttpFailure(415, 'NOT_JSON', 'Send JSON with content-type: application/json.')
    }
  })
  app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Liquidus',
        version: options.engine.health().version,
        description: 'Times are ms since 1970-01-01 UTC; ids in a path are percent-encoded.',
      },
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer', description: 'API key, where keys are set up' },
        },
      },
      security: [{}, { key: [] }],
    },
  })
  app.register(async scope => addOpenRoutes(scope, options, keeper))
  const watch = watchOf(options)
  app.register(async scope => addGuardedRoutes(scope, options, keeper, watch))
  if (options.ui_path !== undefined) addPage(app, options.ui_path)
  return {
    name: 'http',
    server: app.server,
    async ready() {
      await app.ready()
    },
    async start() {
      try {
        const address = await app.listen({ host, port })
        watch.start()
        return { address }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
        const values = { what: 'HTTP', port, host, flag: '--http' }
        throw new LiquidusError('PORT_IN_USE', values, { cause: problemOf(error) })
      }
    },
    async close() {
      watch.close()
      app.server.closeAllConnections()
      await app.close()
    },
  }
}

function watchOf({ engine, loads = {}, clock = systemClock }: HttpOptions): EngineWatch {
  const cpu_s = () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  }
  return engineWatch({ engine, clock, cpu_s, ...loads })
}

function createApp({ tls }: HttpOptions): FastifyInstance {
  const options = {
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_ms,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: PARAM_CHARS_MAX },
    ajv: { customOptions: { removeAdditional: false as const } },
  }
  // The two kinds of server differ only in their socket; nothing here depends on which it is.
  const app = tls
    ? (fastify({ ...options, https: { ...tls } }) as unknown as FastifyInstance)
    : fastify(options)
  app.removeContentTypeParser('text/plain')
  return app
}

/** Counts the request while it is under way; turns it away where its tenant has too many. */
function takePlace(
  places: Places,
  tenant: string,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  if (!places.take(tenant)) {
    reply.header('retry-after', '1')
    const message = `${places.held(tenant)} requests of your tenant are under way; try again.`
    throw new HttpFailure(429, 'TOO_MANY_REQUESTS', message)
  }
  // An answer that waits behind another one of its connection does not hear of the connection's end.
  const ends = [reply.raw, request.raw.socket]
  const leave = () => {
    for (const end of ends) end.off('close', leave)
    places.leave(tenant)
  }
  for (const end of ends) end.once('close', leave)
}

function turnAway(refusal: Refusal | undefined): void {
  if (refusal) throw new HttpFailure(refusal.status, refusal.code, refusal.message)
}

/** Routes for which nobody needs an identity. */
function addOpenRoutes(app: FastifyInstance, options: HttpOptions, keeper: Doorkeeper): void {
  const { engine, guard } = options
  app.get(
    '/health',
    routeSchema('Whether the engine is ready, and what is not as it should be', healthSchema),
    (request, reply) => {
      const tenant = keeper.identify(request.raw)?.tenant ?? ''
      const { ready, problems, version, uptime_s, store } = engine.health(tenant)
      const status = !ready ? 'unavailable' : problems.length > 0 ? 'degraded' : 'ok'
      reply.status(ready ? 200 : 503)
      return reply.send({ status, problems, version, uptime_s, store })
    },
  )
  app.post<{ Body: { key: string } }>(
    '/api/session',
    routeSchema('Sign a browser in with an API key', sessionSchema, { body: sessionBodySchema }),
    (request, reply) => {
      const identity = keeper.identifyKey(request.body.key, request.raw)
      if (!identity) throw new HttpFailure(401, 'KEY_UNKNOWN', 'This API key is not known here.')
      setKeyCookie(reply, options, encodeURIComponent(request.body.key))
      return reply.send({ ...identity, actions: guard.actions(identity) })
    },
  )
  app.delete('/api/session', { schema: { summary: 'Sign out' } }, (_, reply) => {
    setKeyCookie(reply, options, '')
    return reply.status(204).send()
  })
  app.get('/api/openapi.json', { schema: { hide: true } }, () => app.swagger())
  app.get('/api', { schema: { hide: true } }, (_, reply) =>
    reply.type('text/plain; charset=utf-8').send(apiIndex(app)),
  )
}

function setKeyCookie(reply: FastifyReply, { tls }: HttpOptions, value: string): void {
  const life = value === '' ? '; Max-Age=0' : ''
  const secure = tls ? '; Secure' : ''
  const cookie = `${KEY_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict${secure}${life}`
  reply.header('set-cookie', cookie)
}

function apiIndex(app: FastifyInstance): string {
  const rows: string[] = []
  for (const [path, methods] of Object.entries(app.swagger().paths ?? {})) {
    for (const [method, operation] of Object.entries(methods ?? {})) {
      const { summary } = operation as { summary?: string }
      rows.push(`${method.toUpperCase().padEnd(6)} ${path.padEnd(44)} ${summary ?? ''}`)
    }
  }
  return `Liquidus REST surface; described in /api/openapi.json\n\n${rows.join('\n')}\n`
}

/** Routes that need an identity, and the hook that demands one. */
function addGuardedRoutes(
  app: FastifyInstance,
  options: HttpOptions,
  keeper: Doorkeeper,
  watch: EngineWatch,
): void {
  const { engine, guard } = options
  const registry = options.registry ?? processRegistry()
  const places = sharedPlaces(options.requests_max ?? REQUESTS_MAX, () => undefined)
  app.addHook('onRequest', async (request: FastifyRequest, reply) => {
    const identity = keeper.identify(request.raw)
    if (!identity) {
      reply.header('www-authenticate', 'Bearer')
      turnAway(unauthenticated)
      return
    }
    request.identity = identity
    takePlace(places, identity.tenant, request, reply)
    reply.header('cache-control', 'no-store')
  })
  app.get('/metrics', { schema: { summary: 'Prometheus metrics' } }, async (request, reply) => {
    const { identity } = request
    if (!guard.check(identity, 'read', 'metrics')) throw forbidden(identity, 'read')
    const lines = await engineRegistry(engine, identity.tenant, options.loads ?? {})
    const merged = Registry.merge([registry, lines])
    return reply.type(merged.contentType).send(await merged.metrics())
  })
  app.get('/api/session', routeSchema('Who you are here', sessionSchema), ({ identity }) => ({
    ...identity,
    actions: guard.actions(identity),
  }))
  const { quarantine, normalRanges } = options
  const context = { engine, guard, quarantine, normalRanges }
  addReadRoutes(app, context)
  addDecisionRoutes(app, context)
  const { loads = {}, clock = systemClock } = options
  addEngineRoute(app, context, watch, loads, clock.now_ms)
  if (options.models) addModelRoutes(app, context, options.models)
}

/** Serves the built page; its hashed assets may be cached for good, the page itself not. */
function addPage(app: FastifyInstance, ui_path: string): void {
  if (!existsSync(join(ui_path, 'index.html'))) {
    app.get('/', { schema: { hide: true } }, (_, reply) =>
      reply
        .type('text/plain; charset=utf-8')
        .send('The page is not built: run "npm run build:ui". The REST surface is at /api.\n'),
    )
    return
  }
  app.register(fastifyStatic, {
    root: ui_path,
    cacheControl: false,
    schemaHide: true,
    setHeaders: (reply, path) => {
      const hashed = path.includes('/assets/')
      const life = hashed ? 'public, max-age=31536000, immutable' : 'no-cache'
      reply.setHeader('cache-control', life)
    },
  })
}
