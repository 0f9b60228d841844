import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { available } from './require.ts'

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'liquidus-require-'))
  writeFileSync(join(directory, 'redis-server'), '#!/bin/sh\n')
  writeFileSync(join(directory, 'google-chrome'), 'not executable')
  chmodSync(join(directory, 'redis-server'), 0o755)
  chmodSync(join(directory, 'google-chrome'), 0o644)
})
afterAll(() => rmSync(directory, { recursive: true }))

test('a tool on the PATH is found, whether required or not', () => {
  const path = join(directory, 'redis-server')
  expect(available('redis', { PATH: `/nowhere:${directory}` })).toEqual({ path })
  expect(available('redis', { PATH: directory, LIQUIDUS_REQUIRE: 'redis' })).toEqual({ path })
})

test('a missing tool is undefined, unless it is required', () => {
  expect(available('chromium', { PATH: directory })).toBeUndefined()
  expect(available('chromium', { PATH: directory, LIQUIDUS_REQUIRE: 'redis' })).toBeUndefined()
  const required = { PATH: directory, LIQUIDUS_REQUIRE: 'redis, chromium' }
  expect(() => available('chromium', required)).toThrow(/lists chromium/)
  expect(() => available('redis', { LIQUIDUS_REQUIRE: 'redis' })).toThrow(/redis-server/)
})

test('a Redis server that the environment names is used, and must be there', () => {
  const named = { PATH: directory, LIQUIDUS_REDIS_SERVER: join(directory, 'other-server') }
  expect(() => available('redis', named)).toThrow(/LIQUIDUS_REDIS_SERVER names no program/)
  writeFileSync(named.LIQUIDUS_REDIS_SERVER, '', { mode: 0o755 })
  expect(available('redis', named)).toEqual({ path: named.LIQUIDUS_REDIS_SERVER })
  expect(available('chromium', named)).toBeUndefined()
})
