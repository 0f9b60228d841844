import type { IncomingMessage } from 'node:http'
import type { Identity } from '../flow.ts'

/** What outputs let a caller do, as far as the access rules allow it. */
export type GuardedAction = 'read' | 'acknowledge' | 'approve' | 'maintain'

/** The access rules as outputs see them; the composition root hands them in. */
export interface Guard {
  identify(
    bearer: string | undefined,
    remoteIsLoopback: boolean,
    boundToLoopback: boolean,
  ): Identity | undefined
  /** Whether the identity may do it; leaves an audit row. */
  check(identity: Identity, action: GuardedAction, target: string): boolean
  actions(identity: Identity): readonly string[]
  isLoopback(host: string): boolean
}

/** Why a request is turned away. */
export interface Refusal {
  readonly status: 401 | 403
  readonly code: 'UNAUTHENTICATED' | 'HOST_NOT_ALLOWED' | 'ORIGIN_NOT_ALLOWED'
  readonly message: string
}

/** Cookie that carries the API key of a browser. */
export const KEY_COOKIE = 'liquidus_key'

/** Judges requests of one HTTP server; the same rules hold for pages, REST and WebSocket. */
export interface Doorkeeper {
  /** Refuses foreign host names on a loopback bind: they come from DNS rebinding. */
  wrongHost(request: IncomingMessage): Refusal | undefined
  /** Refuses what another site's page sends. */
  wrongOrigin(request: IncomingMessage): Refusal | undefined
  identify(request: IncomingMessage): Identity | undefined
  identifyKey(key: string, request: IncomingMessage): Identity | undefined
}

export const unauthenticated: Refusal = {
  status: 401,
  code: 'UNAUTHENTICATED',
  message: 'Send an API key: "Authorization: Bearer KEY".',
}

/** Judges requests to a server bound to `host`. */
export function doorkeeper(guard: Guard, host: string): Doorkeeper {
  const boundToLoopback = guard.isLoopback(host)
  const identifyKey = (key: string | undefined, request: IncomingMessage) =>
    guard.identify(key, guard.isLoopback(request.socket.remoteAddress ?? ''), boundToLoopback)
  return {
    wrongHost(request) {
      const name = hostName(`http://${request.headers.host ?? ''}`)
      if (!boundToLoopback || (name !== undefined && guard.isLoopback(name))) return undefined
      const message = `Open this server as 127.0.0.1 or localhost, not as "${name ?? ''}".`
      return { status: 403, code: 'HOST_NOT_ALLOWED', message }
    },
    wrongOrigin(request) {
      const { origin } = request.headers
      const site = request.headers['sec-fetch-site']
      const foreign = origin === undefined && (site === 'cross-site' || site === 'same-site')
      if (origin === undefined && !foreign) return undefined
      if (origin !== undefined) {
        if (origin.replace(/^https?:\/\//, '') === request.headers.host) return undefined
        const name = hostName(origin)
        if (boundToLoopback && name !== undefined && guard.isLoopback(name)) return undefined
      }
      const message = 'Requests from pages of other sites are refused.'
      return { status: 403, code: 'ORIGIN_NOT_ALLOWED', message }
    },
    identify: request => identifyKey(keyOf(request), request),
    identifyKey,
  }
}

function hostName(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).hostname : undefined
}

function keyOf(request: IncomingMessage): string | undefined {
  const { authorization, cookie } = request.headers
  if (authorization !== undefined) return /^Bearer +(\S+)$/i.exec(authorization)?.[1] ?? ''
  for (const pair of cookie?.split(';') ?? []) {
    const [name, value] = pair.trim().split('=', 2)
    if (name !== KEY_COOKIE || value === undefined) continue
    try {
      return decodeURIComponent(value)
    } catch {
      return ''
    }
  }
  return undefined
}
