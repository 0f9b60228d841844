import type { Identity, Role } from '../flow.ts'
import type { Guard } from './guard.ts'

/** Access rules for tests: "developer" without a key, or the identities of the keys given. */
export function fixtureGuard(keys?: Readonly<Record<string, Identity>>): Guard {
  const may: Partial<Record<Role, readonly string[]>> = {
    developer: ['read', 'acknowledge', 'approve'],
    operator: ['read', 'acknowledge', 'approve'],
    manager: ['read'],
    device: [],
  }
  const actions = (identity: Identity) => may[identity.role] ?? []
  return {
    actions,
    check: (identity, action) => actions(identity).includes(action),
    isLoopback: host => /^(\[?::1\]?|localhost|(::ffff:)?127\.[\d.]+)$/.test(host),
    identify(bearer, remoteIsLoopback) {
      if (keys) return bearer === undefined ? undefined : keys[bearer]
      if (bearer !== undefined || !remoteIsLoopback) return undefined
      return { subject: 'developer', tenant: 'local', role: 'developer' }
    },
  }
}

/** One identity of each kind, by key. */
export const fixtureKeys: Readonly<Record<string, Identity>> = {
  'key-olga': { subject: 'olga', tenant: 'local', role: 'operator' },
  'key-max': { subject: 'max', tenant: 'local', role: 'manager' },
  'key-dev': { subject: 'dev', tenant: 'local', role: 'device' },
  'key-foreign': { subject: 'zoe', tenant: 'other', role: 'operator' },
}
