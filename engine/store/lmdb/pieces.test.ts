import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PIECE_BYTES } from './pieces.ts'
import { openLmdbStore } from './store.ts'

const LINE = 'a/b'
let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'liquidus-pieces-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

const filled = (size: number, seed: number) =>
  Uint8Array.from({ length: size }, (_, i) => (i * 31 + seed) % 251)

test('states and blobs of every size come back as they were, the smaller after the larger', async () => {
  const sizes = [
    1,
    PIECE_BYTES - 1,
    PIECE_BYTES,
    PIECE_BYTES + 1,
    5 * PIECE_BYTES,
    10,
    3_000_000,
    1,
  ]
  for (const [i, size] of sizes.entries()) {
    const store = await openLmdbStore({ directory })
    const { fence } = await store.acquire(LINE)
    await store.append(LINE, fence, filled(10, i))
    const state = filled(size, i)
    await store.keep(LINE, fence, [{ number: 7, bytes: state }], [7])
    await store.commit(LINE, { fence, position: i + 1, state, events: [] })
    expect(Buffer.compare((await store.look(LINE)).commit!.state, state)).toBe(0)
    expect(Buffer.compare((await store.kept(LINE)).get(7)!, state)).toBe(0)
    await store.close()
  }
})

test('what an older data file holds whole is read, and replaced by what comes', async () => {
  const first = await openLmdbStore({ directory })
  const { fence } = await first.acquire(LINE)
  await first.append(LINE, fence, filled(10, 0))
  await first.commit(LINE, { fence, position: 1, state: filled(5, 1), events: [] })
  await first.close()
  const root = open({ path: join(directory, 'liquidus.mdb'), maxDbs: 16 })
  const states = root.openDB<Uint8Array, string>({ name: 'states', encoding: 'binary' })
  const pieces = root.openDB<Uint8Array, [string, number]>({
    name: 'state-pieces',
    encoding: 'binary',
  })
  const kept = root.openDB<Uint8Array, [string, number]>({ name: 'kept', encoding: 'binary' })
  await pieces.remove([LINE, 0])
  await states.put(LINE, filled(40_000, 2))
  await kept.put([LINE, 3], filled(70_000, 3))
  await root.close()

  const store = await openLmdbStore({ directory })
  const recovered = await store.acquire(LINE)
  expect(Buffer.compare(recovered.commit!.state, filled(40_000, 2))).toBe(0)
  expect(Buffer.compare((await store.kept(LINE)).get(3)!, filled(70_000, 3))).toBe(0)
  await store.append(LINE, recovered.fence, filled(10, 4))
  const next = { fence: recovered.fence, position: 2, state: filled(30, 5), events: [] }
  await store.keep(LINE, recovered.fence, [{ number: 4, bytes: filled(9, 6) }], [4])
  await store.commit(LINE, next)
  expect([...(await store.kept(LINE)).keys()]).toEqual([4])
  expect(Buffer.compare((await store.look(LINE)).commit!.state, filled(30, 5))).toBe(0)
  await store.close()
})
