import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isLoopback, readTls, requireSafeBind } from './bind.ts'

const keys = [{ name: 'a', tenant: 't', role: 'operator', sha256: '0'.repeat(64) }] as const
const tls = { cert: 'c.pem', key: 'k.pem' }

test('loopback is known by all its names, and nothing else is', () => {
  for (const host of ['127.0.0.1', '127.8.9.1', 'localhost', '::1', '[::1]', '::ffff:127.0.0.1']) {
    expect(isLoopback(host), host).toBe(true)
  }
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.example.org', 'localhost.example.org']) {
    expect(isLoopback(host), host).toBe(false)
  }
})

test('an open bind needs both TLS and a key', () => {
  expect(() => requireSafeBind('127.0.0.1', undefined, [])).not.toThrow()
  expect(() => requireSafeBind('0.0.0.0', tls, keys)).not.toThrow()
  const refused = expect.objectContaining({ code: 'BIND_NEEDS_TLS' })
  expect(() => requireSafeBind('0.0.0.0', undefined, [])).toThrow(refused)
  expect(() => requireSafeBind('0.0.0.0', tls, [])).toThrow(refused)
  expect(() => requireSafeBind('::', undefined, keys)).toThrow(refused)
})

test('TLS files are read, and a missing or wrong one is named', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'))
  const cert = join(folder, 'cert.pem')
  writeFileSync(cert, '-----BEGIN CERTIFICATE-----\n')
  expect(readTls({ cert, key: cert }).minVersion).toBe('TLSv1.2')
  const wrong = join(folder, 'wrong.pem')
  writeFileSync(wrong, 'hello')
  for (const path of [wrong, join(folder, 'absent.pem')]) {
    expect(() => readTls({ cert, key: path })).toThrow(
      expect.objectContaining({ code: 'FILE_UNREADABLE', message: expect.stringContaining(path) }),
    )
  }
})
