import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import { encodeJson } from '../codec.ts'
import { describeStore } from '../contract.ts'
import { PAGE_BYTES } from './data-file.ts'
import { openLmdbStore } from './store.ts'

const newDirectory = () => mkdtempSync(join(tmpdir(), 'liquidus-lmdb-'))

describeStore('lmdb store', async () => {
  const directory = newDirectory()
  let store = await openLmdbStore({ directory })
  return {
    store,
    async reopen() {
      await store.close()
      store = await openLmdbStore({ directory })
      return store
    },
    async destroy() {
      await store.close()
      rmSync(directory, { recursive: true })
    },
  }
})

let directory = ''
beforeEach(() => {
  directory = newDirectory()
})
afterEach(() => rmSync(directory, { recursive: true }))

test('a second engine on the same directory is refused, and the first goes on', async () => {
  const first = await openLmdbStore({ directory })
  const { fence } = await first.acquire('a/b')
  const writing = first.append('a/b', fence, new Uint8Array(10))
  await expect(openLmdbStore({ directory })).rejects.toMatchObject({
    code: 'STORE_LOCKED',
    values: { path: directory, pid: process.pid },
  })
  expect(await writing).toBe(1)
  expect(await first.append('a/b', fence, new Uint8Array(10))).toBe(2)
  await first.close()
  const second = await openLmdbStore({ directory })
  expect((await second.acquire('a/b')).log_end).toBe(2)
  await second.close()
})

const setOwner = async (owner: object) => {
  const root = open<Uint8Array, string>({ path: join(directory, 'liquidus.mdb'), maxDbs: 16 })
  const meta = root.openDB<Uint8Array, string>({ name: 'meta', encoding: 'binary' })
  await meta.put('owner', encodeJson(owner))
  await root.close()
}

test('what a dead process holds is taken over, also when its process id is in use again', async () => {
  for (const owner of [
    { token: 'x', pid: 2 ** 22 + 1, started: 'long ago' }, // beyond the largest process id
    { token: 'x', pid: process.pid, started: 'long ago' },
  ]) {
    await (await openLmdbStore({ directory })).close()
    await setOwner(owner)
    const store = await openLmdbStore({ directory })
    expect((await store.acquire('a/b')).fence).toBeGreaterThan(0)
    await store.close()
  }
})

test('an engine that lost its directory to another stops writing', async () => {
  const store = await openLmdbStore({ directory })
  const { fence } = await store.acquire('a/b')
  await setOwner({ token: 'the other', pid: 77, started: '' })
  await expect(store.append('a/b', fence, new Uint8Array(10))).rejects.toMatchObject({
    code: 'STORE_LOCKED',
    values: { pid: 77 },
  })
  expect(await store.read('a/b', 1, { count_max: 1, bytes_max: 1 })).toEqual([])
  await store.close()
})

test('a directory that cannot be created or written is named', async () => {
  const file = join(directory, 'file')
  writeFileSync(file, '')
  for (const path of [file, join(file, 'below'), '/proc/liquidus']) {
    await expect(openLmdbStore({ directory: path })).rejects.toMatchObject({
      code: 'STORE_UNWRITABLE',
      values: { path },
    })
  }
})

test('a data file that is no data file is named, not overwritten', async () => {
  mkdirSync(join(directory, 'bad'))
  writeFileSync(join(directory, 'bad', 'liquidus.mdb'), 'x'.repeat(100_000))
  await expect(openLmdbStore({ directory: join(directory, 'bad') })).rejects.toMatchObject({
    code: 'STORE_UNWRITABLE',
  })
})

test('equal seeds give equal epochs, and without a seed no two stores share one', async () => {
  const epochs = []
  for (const random of [seededRandom(1), seededRandom(1), undefined, undefined]) {
    const store = await openLmdbStore({ directory, ...(random ? { random } : {}) })
    epochs.push(store.epoch)
    await store.close()
    rmSync(directory, { recursive: true })
    mkdirSync(directory)
  }
  expect(epochs[0]).toBe(epochs[1])
  expect(new Set(epochs).size).toBe(3)
})

test('a full store refuses appends, still commits, and takes appends again once trimmed', async () => {
  const store = await openLmdbStore({ directory, mapSize: 8 * 1024 ** 2 })
  const { fence } = await store.acquire('a/b')
  const entry = new Uint8Array(64 * 1024).fill(7)
  const fill = async () => {
    for (let position = 0; ; ) {
      try {
        position = await store.append('a/b', fence, entry)
      } catch (error) {
        expect(error).toMatchObject({ code: 'STORE_FULL' })
        return position
      }
    }
  }
  // Over and over: freed pages must be used again, or the file would grow for ever.
  let end = await fill()
  expect(end).toBeGreaterThan(80)
  for (let round = 0; round < 3; round++) {
    await store.commit('a/b', { fence, position: end, state: entry, events: [] })
    await store.trimLog('a/b', end)
    const next = await fill()
    expect(next - end).toBeGreaterThan(80)
    end = next
  }
  await store.close()
})

test('a data file that is none, or is cut off, is refused by name instead of ending the process', async () => {
  const file = join(directory, 'liquidus.mdb')
  const first = await openLmdbStore({ directory })
  await first.define('plant/line-1', '{}')
  await first.close()
  const whole = readFileSync(file)
  const refused = (words: string) =>
    expect(openLmdbStore({ directory })).rejects.toMatchObject({
      code: 'STORE_UNWRITABLE',
      message: expect.stringContaining(words),
    })
  for (const pages of [2, 4]) {
    writeFileSync(file, whole.subarray(0, pages * PAGE_BYTES.main))
    await refused(`${file} is cut off`)
  }
  writeFileSync(file, Buffer.alloc(whole.length, 0x5a))
  await refused(`${file} is not a data file of this engine`)
  writeFileSync(file, whole)
  const again = await openLmdbStore({ directory })
  expect([...(await again.definitions()).keys()]).toEqual(['plant/line-1'])
  await again.close()
})
