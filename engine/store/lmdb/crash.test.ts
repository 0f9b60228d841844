import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expectKept, startWriter } from '../crash-contract.ts'
import { openLmdbStore } from './store.ts'

test('what was acknowledged survives kill -9 at any moment, and the next engine takes over', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'liquidus-crash-'))
  try {
    for (const lines of [1, 97, 402]) {
      const writer = startWriter(new URL('store.ts', import.meta.url), 'openLmdbStore', {
        directory,
      })
      await writer.said(lines)
      await expect(openLmdbStore({ directory })).rejects.toMatchObject({
        code: 'STORE_LOCKED',
        values: { pid: writer.process.pid },
      })
      await writer.said(1)
      writer.process.kill('SIGKILL')
      await writer.ended
      expect(writer.claimed.appended).toBeGreaterThan(0)
      const store = await openLmdbStore({ directory })
      await expectKept(store, writer.claimed)
      await store.close()
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
})
