import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkedFiles } from './checked-files.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'liquidus-checked-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('files that were checked', () => {
  it('are found by the model they are of, also by who comes later', async () => {
    const files = checkedFiles(join(folder, 'made when needed'))
    expect(await files.find('a')).toBeUndefined()
    await files.keep('a', Uint8Array.of(1, 2, 3))
    await files.keep('b', Uint8Array.of(4))
    const later = checkedFiles(join(folder, 'made when needed'))
    expect(await later.find('a')).toEqual(Uint8Array.of(1, 2, 3))
    expect(await later.find('b')).toEqual(Uint8Array.of(4))
    expect(await later.find('c')).toBeUndefined()
  })

  it('are not taken where a byte of them changed or is missing', async () => {
    const files = checkedFiles(folder)
    await files.keep('a', Uint8Array.of(1, 2, 3))
    const [name] = await readdir(folder)
    const whole = await readFile(join(folder, name!))
    await writeFile(join(folder, name!), whole.subarray(0, -1))
    expect(await files.find('a')).toBeUndefined()
    whole[whole.length - 1]! ^= 1
    await writeFile(join(folder, name!), whole)
    expect(await files.find('a')).toBeUndefined()
    await files.keep('a', Uint8Array.of(1, 2, 3))
    expect(await files.find('a')).toEqual(Uint8Array.of(1, 2, 3))
  })

  it('are so many at most, and cost nothing where none can be written', async () => {
    const files = checkedFiles(folder)
    for (let i = 0; i < 70; i++) await files.keep(`model ${i}`, Uint8Array.of(i))
    expect((await readdir(folder)).length).toBe(64)
    expect(await files.find('model 69')).toEqual(Uint8Array.of(69))
    await writeFile(join(folder, 'a file'), '')
    const nowhere = checkedFiles(join(folder, 'a file'))
    await nowhere.keep('a', Uint8Array.of(1))
    expect(await nowhere.find('a')).toBeUndefined()
  })
})
