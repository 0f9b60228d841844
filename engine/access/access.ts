import { createHash, timingSafeEqual } from 'node:crypto'
import type { Identity, Role } from '../flow.ts'
import { isLoopback } from './bind.ts'

/** What a caller may want to do. */
export type Action =
  | 'read'
  | 'acknowledge'
  | 'approve'
  | 'createLine'
  | 'writeReadings'
  | 'administer'
  | 'promote'
  /** Take alarms out of service and return them. */
  | 'maintain'

/** An API key as the configuration holds it; the key itself is nowhere stored. */
export interface AccessKey {
  readonly name: string
  readonly tenant: string
  readonly role: Role
  /** SHA-256 of the key, hex. */
  readonly sha256: string
}

/** One answered question, for the audit trail. */
export interface AuditRow {
  readonly time_ms: number
  readonly subject: string
  readonly tenant: string
  readonly role: Role
  readonly action: Action
  readonly target: string
  readonly allowed: boolean
}

/** Who a caller is and what it may do; one per engine, asked at every door. */
export interface Access {
  /** The caller's identity, or undefined when it has none here. */
  identify(
    bearer: string | undefined,
    remoteIsLoopback: boolean,
    boundToLoopback: boolean,
  ): Identity | undefined
  /** Whether the role allows the action; writes no audit row. */
  may(identity: Identity, action: Action): boolean
  /** Like `may`, and tells the audit trail what was asked and answered. */
  check(identity: Identity, action: Action, target: string): boolean
  /** Everything the identity may do. */
  actions(identity: Identity): readonly Action[]
  /** True for a host name or address that only this machine can reach. */
  isLoopback(host: string): boolean
}

const MAY: Readonly<Record<Role, readonly Action[]>> = {
  operator: ['read', 'acknowledge', 'approve'],
  engineer: [
    ...(['read', 'acknowledge', 'approve', 'createLine'] as const),
    ...(['writeReadings', 'promote', 'maintain'] as const),
  ],
  manager: ['read'],
  scientist: ['read', 'promote'],
  auditor: ['read'],
  administrator: ['read', 'acknowledge', 'createLine', 'writeReadings', 'administer', 'promote'],
  device: ['writeReadings'],
  developer: [
    ...(['read', 'acknowledge', 'approve', 'createLine', 'writeReadings'] as const),
    ...(['administer', 'promote', 'maintain'] as const),
  ],
}

/** All roles that a key may name. */
export const roles = Object.keys(MAY) as readonly Role[]

/** SHA-256 of a key, hex, as a configuration entry holds it. */
export function keyHash(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

const HASH = /^[0-9a-f]{64}$/i

/**
 * Access by API keys. With `loopbackDeveloper` and no keys, a caller from this machine on a
 * loopback bind is the developer of tenant "local"; with keys, every caller needs one.
 */
export function access(options: {
  readonly keys: readonly AccessKey[]
  readonly loopbackDeveloper: boolean
  readonly now_ms?: () => number
  readonly audit?: (row: AuditRow) => void
}): Access {
  const { keys, audit } = options
  for (const key of keys) {
    if (!HASH.test(key.sha256))
      throw new RangeError(`key "${key.name}": sha256 is not 64 hex digits`)
  }
  const entries = keys.map(key => ({
    hash: Buffer.from(key.sha256, 'hex'),
    identity: { subject: key.name, tenant: key.tenant, role: key.role } satisfies Identity,
  }))
  const may = (identity: Identity, action: Action) => MAY[identity.role].includes(action)
  return {
    may,
    isLoopback,
    actions: identity => MAY[identity.role],
    identify(bearer, remoteIsLoopback, boundToLoopback) {
      if (bearer !== undefined) return byKey(entries, bearer)
      const local = options.loopbackDeveloper && remoteIsLoopback && boundToLoopback
      if (!local || entries.length > 0) return undefined
      return { subject: 'developer', tenant: 'local', role: 'developer' }
    },
    check(identity, action, target) {
      const allowed = may(identity, action)
      audit?.({ ...identity, time_ms: options.now_ms?.() ?? 0, action, target, allowed })
      return allowed
    },
  }
}

/** Compares with every entry in constant time, so that the time tells nothing of the keys. */
function byKey(
  entries: readonly { readonly hash: Buffer; readonly identity: Identity }[],
  bearer: string,
): Identity | undefined {
  const offered = createHash('sha256').update(bearer).digest()
  let found: Identity | undefined
  for (const entry of entries) {
    if (timingSafeEqual(entry.hash, offered)) found = entry.identity
  }
  return found
}
