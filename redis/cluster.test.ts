import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { available } from '#engine/tools/require.ts'
import { slotOf } from './slots.ts'
import { openRedisStore } from './store.ts'
import { startTestCluster, type TestCluster } from './test-cluster.ts'
import { describeRedisStore } from './test-contract.ts'
import { startTestServer } from './test-server.ts'

const tool = available('redis')
if (tool) describeCluster(tool.path)
else test('redis store in a cluster', ({ skip }) => skip('not run: no redis-server'))

function describeCluster(path: string): void {
  let cluster: TestCluster
  let number = 0
  beforeAll(async () => {
    cluster = await startTestCluster(path)
  }, 30_000)
  afterAll(() => cluster.destroy())
  const options = () => {
    const url = cluster.servers[0]!.url
    return { url, prefix: `test-${++number}`, durability: 'always' } as const
  }
  /** The first line of the test's that the server has. */
  const lineOn = (server: number): string => {
    const lines = Array.from({ length: 100 }, (_, index) => `a/line-${index}`)
    return lines.find(line => Math.floor(slotOf(line) / 5461) === server)!
  }

  describeRedisStore('redis store in a cluster', options)

  describe('with three servers', () => {
    test('each line is on the server that has its slot', async () => {
      const given = options()
      const store = await openRedisStore(given)
      for (const server of [0, 1, 2]) {
        const line = lineOn(server)
        const { fence } = await store.acquire(line)
        await store.append(line, fence, new Uint8Array(3))
        const keys = await cluster.ask(server, 'KEYS', `${given.prefix}:{${line}}:*`)
        expect(keys).toContain(`${given.prefix}:{${line}}:log`)
      }
      await store.close()
    })

    test('any of several addresses will do', async () => {
      const { url, ...given } = options()
      const store = await openRedisStore({ ...given, url: `redis://127.0.0.1:1,${url}` })
      const { fence } = await store.acquire(lineOn(2))
      expect(await store.append(lineOn(2), fence, new Uint8Array(3))).toBe(1)
      await store.close()
    })

    test('several servers that are no cluster are refused', async () => {
      const server = await startTestServer(path)
      const opening = openRedisStore({ url: `${server.url},${server.url}` })
      await expect(opening).rejects.toThrow(/are no cluster/)
      await server.destroy()
    })

    test('a line whose slot moves goes on where it was, on the other server', async () => {
      const store = await openRedisStore(options())
      const line = lineOn(1)
      const { fence } = await store.acquire(line)
      for (const value of [1, 2]) await store.append(line, fence, Uint8Array.of(value))
      await cluster.moveSlot(slotOf(line), 1, 2)
      const refused = store.append(line, fence, Uint8Array.of(3))
      await expect(refused).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retry: true })
      const again = () => store.append(line, fence, Uint8Array.of(4)).catch(() => 0)
      await expect.poll(again, { timeout: 10_000 }).toBe(3)
      const records = await store.read(line, 1, { count_max: 9, bytes_max: 99 })
      expect(records.map(({ bytes }) => bytes[0])).toEqual([1, 2, 4])
      await cluster.moveSlot(slotOf(line), 2, 1)
      await store.close()
    })

    test('a server that stops answering holds up its own lines only', async () => {
      const store = await openRedisStore({ ...options(), answer_ms_max: 500 })
      const [stalled, other] = [lineOn(2), lineOn(1)]
      const fences = await Promise.all([store.acquire(stalled), store.acquire(other)])
      await cluster.servers[2]!.kill('SIGSTOP')
      const lost = store.append(stalled, fences[0].fence, new Uint8Array(3))
      for (let at = 1; at <= 5; at++) {
        expect(await store.append(other, fences[1].fence, new Uint8Array(3))).toBe(at)
      }
      await expect(lost).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retry: true })
      await cluster.servers[2]!.kill('SIGCONT')
      const again = () =>
        store.append(stalled, fences[0].fence, new Uint8Array(3)).catch(() => undefined)
      await expect.poll(again, { timeout: 10_000 }).toBeGreaterThan(0)
      await store.close()
    }, 20_000)
  })
}
