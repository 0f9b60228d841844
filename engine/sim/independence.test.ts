import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const folder = new URL('.', import.meta.url)
const sources = readdirSync(folder).filter(name => name.endsWith('.ts'))
const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"]+)['"]/g
const ALLOWED =
  /^(?:\.\/[\w.-]+\.ts|\.\.\/(?:core|lines|client)\/[\w.-]+\.ts|\.\.\/flow\.ts|node:[\w/]+|vitest)$/

const importsOf = (text: string) => [...text.matchAll(IMPORT)].map(match => match[1]!)

test('the plant imports neither a twin nor a twin model, so they share no parameter object', () => {
  const strange: string[] = []
  for (const name of sources) {
    for (const from of importsOf(readFileSync(new URL(name, folder), 'utf8'))) {
      if (!ALLOWED.test(from)) strange.push(`${name}: ${from}`)
    }
  }
  expect(sources.length).toBeGreaterThan(10)
  expect(strange).toEqual([])
})

test('what the plant imports from the engine holds no equations of a twin either', () => {
  const seen = new Set<string>()
  const visit = (file: URL) => {
    if (seen.has(file.href)) return
    seen.add(file.href)
    // Types vanish at run time and cannot carry a number.
    const code = readFileSync(file, 'utf8').replaceAll(/(?:import|export) type [^\n]*\n/g, '')
    for (const from of importsOf(code)) {
      expect(from, file.href).not.toMatch(/twin/)
      if (from.startsWith('.') && from.endsWith('.ts')) visit(new URL(from, file))
    }
  }
  for (const name of ['plant.ts', 'run.ts', 'record.ts']) visit(new URL(name, folder))
  expect(seen.size).toBeGreaterThan(12)
})
