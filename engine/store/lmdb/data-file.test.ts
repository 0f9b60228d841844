import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { openDataFile } from './data-file.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'liquidus-data-file-'))
afterEach(() => rmSync(directory, { recursive: true }))

it('has all blocks of its lock file, so that none is asked of a disk that is full by then', async () => {
  const file = path.join(directory, 'a.mdb')
  for (let round = 0; round < 2; round++) {
    const { root } = openDataFile(directory, file, 1 << 20, 4096)
    await root.put('a', Uint8Array.of(round))
    expect(root.getBinary('a')).toEqual(Buffer.of(round))
    const { size, blocks } = statSync(`${file}-lock`)
    expect(size).toBeGreaterThanOrEqual(8272) // of LMDB with its 126 readers
    expect(512 * blocks).toBeGreaterThanOrEqual(size)
    await root.close()
  }
})
