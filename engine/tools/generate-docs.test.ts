import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from '../config.ts'
import { EXAMPLE, generateDocs } from './generate-docs.ts'

const DOCS = path.resolve(import.meta.dirname, '../../docs')

test('the generated documents are what the code says', async () => {
  for (const [name, text] of await generateDocs()) {
    const stored = readFileSync(path.join(DOCS, name), 'utf8')
    expect(stored === text, `docs/${name} is stale: run "npm run generate"`).toBe(true)
    expect(stored.split('\n')[0]).toContain('engine/tools/generate-docs.ts')
  }
})

test('every key of the configuration says in a sentence what it means', async () => {
  const text = (await generateDocs()).get('configuration.md')!
  const rows = text.split('\n').filter(row => row.startsWith('| `'))
  expect(rows.length).toBeGreaterThan(40)
  for (const row of rows) expect(row).toMatch(/ [A-Z][^|]*\. \|$/)
  expect(text).toMatch(/^\| `http_port` .*`8080` \| `LIQUIDUS_HTTP_PORT` \| `--http` \| Page/m)
  expect(text).toMatch(/^\| `lines\[\]\.tags\[\]\.low` \| number \| \(needed\) \|/m)
  expect(text).toMatch(/^\| `access\.keys\[\]\.role` \| `operator`, /m)
})

test('the example configuration is one', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'liquidus-docs-'))
  try {
    const file = path.join(folder, 'example.json')
    writeFileSync(file, JSON.stringify(EXAMPLE))
    const { lines } = loadConfig({ file, environment: {} })
    expect(lines.map(line => line.line)).toEqual(['pumps', 'potline-a'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
