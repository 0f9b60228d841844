import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { selfSigned } from '../certificate-fixture.ts'
import { dropHalfMade } from './certificates.ts'

let directory = ''
let certificate = ''
let key = ''
beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'liquidus-certificates-'))
  const made = await selfSigned(path.join(directory, 'server'))
  certificate = path.join(directory, 'server', 'own', 'certs', 'certificate.pem')
  key = path.join(directory, 'server', 'own', 'private', 'private_key.pem')
  mkdirSync(path.dirname(certificate), { recursive: true })
  writeFileSync(certificate, made.cert)
})
afterEach(() => rmSync(directory, { recursive: true }))

it('keeps a whole pair', () => {
  const before = readFileSync(certificate, 'utf8')
  expect(dropHalfMade(directory)).toEqual([])
  expect(readFileSync(certificate, 'utf8')).toBe(before)
})

it('removes the locks of an engine that was killed', () => {
  const lock = path.join(directory, 'server', 'mutex.lock')
  mkdirSync(lock)
  expect(dropHalfMade(directory)).toEqual([])
  expect(existsSync(lock)).toBe(false)
})

it('removes a certificate that was cut off, and its key, so that both are made anew', () => {
  writeFileSync(certificate, '')
  expect(dropHalfMade(directory)).toEqual([certificate, key])
  expect(existsSync(certificate) || existsSync(key)).toBe(false)
})

it('removes a key that is half written', () => {
  writeFileSync(key, readFileSync(key, 'utf8').slice(0, 200))
  expect(dropHalfMade(directory)).toEqual([certificate, key])
})

it('has nothing to remove before the first start', () => {
  rmSync(directory, { recursive: true })
  mkdirSync(directory)
  expect(dropHalfMade(directory)).toEqual([])
})
