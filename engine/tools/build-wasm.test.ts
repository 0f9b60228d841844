import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { compileCell, placesText } from './build-wasm.ts'

const ASSEMBLY = path.resolve(import.meta.dirname, '../../twin-models/assembly')

test('the compiled cell is that of its sources', async () => {
  const places = readFileSync(path.join(ASSEMBLY, 'places.ts'), 'utf8')
  expect(places === placesText(), 'places.ts is stale: run "npm run generate"').toBe(true)
  const stored = readFileSync(path.join(ASSEMBLY, 'cell.wasm'))
  const built = Buffer.from(await compileCell())
  expect(built.equals(stored), 'cell.wasm is stale: run "npm run generate"').toBe(true)
})
