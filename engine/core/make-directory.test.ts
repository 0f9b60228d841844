import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeDirectory } from './make-directory.ts'

test('parents are made, and making a directory again is no error', () => {
  const root = mkdtempSync(join(tmpdir(), 'liquidus-make-'))
  try {
    const deep = join(root, 'a', 'b', 'c')
    makeDirectory(deep)
    makeDirectory(deep)
    expect(statSync(deep).isDirectory()).toBe(true)
  } finally {
    rmSync(root, { recursive: true })
  }
})

test('a path below a file throws and names the path', () => {
  const root = mkdtempSync(join(tmpdir(), 'liquidus-make-'))
  try {
    const file = join(root, 'file')
    writeFileSync(file, '')
    expect(() => makeDirectory(join(file, 'a', 'b'))).toThrow(/ENOTDIR.*file/)
  } finally {
    rmSync(root, { recursive: true })
  }
})

test.runIf(process.platform === 'linux')('a path below /proc throws instead of hanging', () => {
  expect(() => makeDirectory('/proc/liquidus/a/b')).toThrow(/ENOENT/)
})
