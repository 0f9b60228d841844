import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('the checked-in generated code is what the .proto files give', async () => {
  const { generateProto } = await import('../engine/tools/generate-proto.mjs' as string)
  const fresh = await mkdtemp(join(tmpdir(), 'liquidus-proto-'))
  try {
    const names: string[] = await generateProto(fresh)
    const checkedIn = join(import.meta.dirname, 'gen')
    expect((await readdir(checkedIn)).sort()).toEqual([...names].sort())
    for (const name of names) {
      const now = await readFile(join(checkedIn, name), 'utf8')
      const then = await readFile(join(fresh, name), 'utf8')
      expect(now === then, `${name} is stale: run "npm run generate"`).toBe(true)
      expect(now.split('\n')[0]).toContain('engine/tools/generate-proto.mjs')
    }
  } finally {
    await rm(fresh, { recursive: true })
  }
})
