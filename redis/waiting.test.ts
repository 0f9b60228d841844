import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { available } from '#engine/tools/require.ts'
import { openRedisStore } from './store.ts'
import { startTestCluster } from './test-cluster.ts'
import { describeRedisStore } from './test-contract.ts'
import { startTestServer, type TestServer } from './test-server.ts'

const path = available('redis')?.path
if (path === undefined) test('waiting for the file', ({ skip }) => skip('not run: no redis-server'))
else if (hasWaitAof(path)) describeWaiting(path)
else describeOlder(path)

/** From Redis 7.2 on, and in every Valkey. */
function hasWaitAof(server: string): boolean {
  const said = execFileSync(server, ['--version'], { encoding: 'utf8' })
  const [, major, minor] = /v=(\d+)\.(\d+)/.exec(said) ?? []
  return Number(major) > 7 || (Number(major) === 7 && Number(minor) >= 2)
}

const syncsEachSecond = { flags: ['--appendfsync', 'everysec'] }

function describeOlder(server: string): void {
  test('a server that syncs each second and has no WAITAOF cannot be always durable', async () => {
    const { url, destroy } = await startTestServer(server, syncsEachSecond)
    try {
      const opening = openRedisStore({ url, durability: 'always' })
      await expect(opening).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
      await expect(opening).rejects.toThrow(/set appendfsync always/)
    } finally {
      await destroy()
    }
  })
}

function describeWaiting(path: string): void {
  describe('with a server that syncs each second', () => {
    let server: TestServer
    let number = 0
    const newPrefix = () => `test-${++number}`
    beforeAll(async () => {
      server = await startTestServer(path, syncsEachSecond)
    })
    afterAll(() => server.destroy())
    const open = (answer_ms_max?: number) =>
      openRedisStore({
        ...{ url: server.url, prefix: newPrefix(), durability: 'always' },
        ...(answer_ms_max === undefined ? {} : { answer_ms_max }),
      })

    describeRedisStore('redis store that waits for the file', () => {
      return { url: server.url, prefix: newPrefix(), durability: 'always' }
    })

    test('a write is answered only once the file is synced, and a read meanwhile', async () => {
      const store = await open(1500)
      const { fence } = await store.acquire('a/b')
      await server.configure('appendfsync', 'no')
      let written = false
      const append = store.append('a/b', fence, new Uint8Array(3)).finally(() => {
        written = true
      })
      const refused = expect(append).rejects.toThrow(/not synced in time/)
      await expect
        .poll(() => store.read('a/b', 1, { count_max: 1, bytes_max: 9 }), { timeout: 10_000 })
        .toHaveLength(1)
      expect(written).toBe(false)
      await refused
      await server.configure('appendfsync', 'everysec')
      expect(await store.append('a/b', fence, new Uint8Array(3))).toBe(2)
      await store.close()
    })

    test('many writes share few waits', async () => {
      const store = await open()
      const { fence } = await store.acquire('a/b')
      const before = await server.calls('waitaof')
      await Promise.all(
        Array.from({ length: 2000 }, () => store.append('a/b', fence, new Uint8Array(30))),
      )
      expect((await server.calls('waitaof')) - before).toBeLessThan(50)
      await store.close()
    })

    test('in a cluster the server that has the line is waited for', async () => {
      const cluster = await startTestCluster(path, syncsEachSecond.flags)
      const url = cluster.servers[0]!.url
      const store = await openRedisStore({ url, durability: 'always' })
      const waits = () => Promise.all(cluster.servers.map(one => one.calls('waitaof')))
      const before = await waits()
      const lines = ['a/0', 'a/1', 'a/2', 'a/3', 'a/4', 'a/5', 'a/6', 'a/7']
      for (const line of lines) {
        const { fence } = await store.acquire(line)
        expect(await store.append(line, fence, new Uint8Array(3))).toBe(1)
      }
      const after = await waits()
      expect(after.map((count, index) => count > before[index]!)).toEqual([true, true, true])
      await store.close()
      await cluster.destroy()
    }, 30_000)
  })
}
