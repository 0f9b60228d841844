import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { generateValidation } from '../engine/tools/generate-docs.ts'

const DOCS = path.resolve(import.meta.dirname, '../docs')

test('docs/validation.md and its plots are what the checks and the runs give', async () => {
  const files = await generateValidation()
  for (const [name, text] of files) {
    const stored = readFileSync(path.join(DOCS, name), 'utf8')
    expect(stored === text, `docs/${name} is stale: run "npm run generate"`).toBe(true)
  }
  const plots = [...files.keys()].filter(name => name.endsWith('.svg'))
  const stored = readdirSync(path.join(DOCS, 'validation')).map(name => `validation/${name}`)
  expect(stored.sort()).toEqual(plots.sort())
  expect(files.get('validation.md')).toContain(', 0 fail.')
})
