import { expect, test } from 'vitest'
import type { Role } from '../flow.ts'
import { type Action, type AuditRow, access, keyHash, roles } from './access.ts'

const key = (name: string, role: Role, tenant = 'plant') => ({
  name,
  tenant,
  role,
  sha256: keyHash(`secret of ${name}`),
})

test('without keys a caller of this machine is the developer of tenant local', () => {
  const door = access({ keys: [], loopbackDeveloper: true })
  expect(door.identify(undefined, true, true)).toEqual({
    subject: 'developer',
    tenant: 'local',
    role: 'developer',
  })
})

test('nobody is the developer from outside, on an open bind, or when it is switched off', () => {
  const door = access({ keys: [], loopbackDeveloper: true })
  expect(door.identify(undefined, false, true)).toBeUndefined()
  expect(door.identify(undefined, true, false)).toBeUndefined()
  const strict = access({ keys: [], loopbackDeveloper: false })
  expect(strict.identify(undefined, true, true)).toBeUndefined()
})

test('once there are keys everybody needs one, and a wrong one never falls back', () => {
  const door = access({ keys: [key('ann', 'operator')], loopbackDeveloper: true })
  expect(door.identify(undefined, true, true)).toBeUndefined()
  expect(door.identify('wrong', true, true)).toBeUndefined()
  expect(door.identify('secret of ann', false, false)).toEqual({
    subject: 'ann',
    tenant: 'plant',
    role: 'operator',
  })
  expect(access({ keys: [], loopbackDeveloper: true }).identify('x', true, true)).toBeUndefined()
})

test('the hash of a key is not a key', () => {
  const door = access({ keys: [key('ann', 'operator')], loopbackDeveloper: true })
  expect(door.identify(keyHash('secret of ann'), true, true)).toBeUndefined()
})

test('a malformed hash is refused when it is read, not when it is used', () => {
  const bad = { ...key('ann', 'operator'), sha256: 'secret' }
  expect(() => access({ keys: [bad], loopbackDeveloper: false })).toThrow(/ann/)
})

test('the role table is what the plant agreed to', () => {
  const door = access({ keys: [], loopbackDeveloper: true })
  const all: readonly Action[] = [
    'read',
    'acknowledge',
    'approve',
    'createLine',
    'writeReadings',
    'administer',
    'promote',
    'maintain',
  ]
  const table = Object.fromEntries(
    roles.map(role => [
      role,
      all
        .map(action => (door.may({ subject: 's', tenant: 't', role }, action) ? action[0] : '-'))
        .join(''),
    ]),
  )
  expect(table).toEqual({
    operator: 'raa-----',
    engineer: 'raacw-pm',
    manager: 'r-------',
    scientist: 'r-----p-',
    auditor: 'r-------',
    administrator: 'ra-cwap-',
    device: '----w---',
    developer: 'raacwapm',
  })
})

test('check tells the audit trail who asked for what and the answer', () => {
  const rows: AuditRow[] = []
  const door = access({
    keys: [],
    loopbackDeveloper: true,
    now_ms: () => 42,
    audit: row => rows.push(row),
  })
  const manager = { subject: 'max', tenant: 'plant', role: 'manager' } as const
  expect(door.check(manager, 'approve', 'advice/1')).toBe(false)
  expect(door.check(manager, 'read', 'line-1')).toBe(true)
  expect(rows).toEqual([
    { ...manager, time_ms: 42, action: 'approve', target: 'advice/1', allowed: false },
    { ...manager, time_ms: 42, action: 'read', target: 'line-1', allowed: true },
  ])
})
