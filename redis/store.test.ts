import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectKept, startWriter } from '#engine/store/crash-contract.ts'
import { available } from '#engine/tools/require.ts'
import { openRedisStore } from './store.ts'
import { describeRedisStore } from './test-contract.ts'
import { startDelay } from './test-delay.ts'
import { startTestServer, type TestServer } from './test-server.ts'

/** Calls may wait so long for a server that a busy machine starts slowly. */
const SLOW_START_MS = 20_000

const tool = available('redis')
if (tool) describeRedis(tool.path)
else test('redis store', ({ skip }) => skip('not run: no redis-server'))

function describeRedis(path: string): void {
  let server: TestServer
  let number = 0
  const newPrefix = () => `test-${++number}`
  const patient = () => {
    return { url: server.url, prefix: newPrefix(), answer_ms_max: SLOW_START_MS }
  }

  describe('with a server', () => {
    beforeAll(async () => {
      server = await startTestServer(path)
    })
    afterAll(() => server.destroy())

    describeRedisStore('redis store', () => {
      return { url: server.url, prefix: newPrefix(), durability: 'always' }
    })

    test('a second engine that takes the line over fences the first one', async () => {
      const options = { url: server.url, prefix: newPrefix() }
      const [first, second] = [await openRedisStore(options), await openRedisStore(options)]
      expect(second.epoch).toBe(first.epoch)
      const { fence } = await first.acquire('a/b')
      await first.append('a/b', fence, new Uint8Array(3))
      expect(await second.acquire('a/b')).toMatchObject({ fence: fence + 1, log_end: 1 })
      await expect(first.append('a/b', fence, new Uint8Array(3))).rejects.toMatchObject({
        code: 'STORE_FENCED',
      })
      await Promise.all([first.close(), second.close()])
    })

    test('a take-over that the server meets late fences nobody, be its engine dead or slow', async () => {
      const prefix = newPrefix()
      const next = await openRedisStore({ url: server.url, prefix })
      for (const isDead of [true, false]) {
        const delay = await startDelay(server.url)
        const late = await openRedisStore({ url: delay.url, prefix })
        delay.hold('EVALSHA')
        const taken = late.acquire('a/b')
        const told = expect(taken).rejects.toMatchObject({
          code: isDead ? 'STORE_UNAVAILABLE' : 'STORE_FENCED',
        })
        await delay.holds
        if (isDead) await late.close()
        const { fence, log_end } = await next.acquire('a/b')
        const before = await server.calls('evalsha')
        delay.release()
        await expect.poll(() => server.calls('evalsha'), { timeout: 10_000 }).toBe(before + 1)
        expect(await next.append('a/b', fence, new Uint8Array(3))).toBe(log_end + 1)
        await told
        await late.close()
        await delay.close()
      }
      await next.close()
    })

    test('a server that stops answering fails calls in time, and its return is noticed', async () => {
      const logged: string[] = []
      const store = await openRedisStore({
        url: server.url,
        prefix: newPrefix(),
        answer_ms_max: 300,
        log: text => logged.push(text),
      })
      const { fence } = await store.acquire('a/b')
      await server.kill('SIGSTOP')
      const lost = [1, 2].map(size => store.append('a/b', fence, new Uint8Array(size)))
      for (const one of await Promise.allSettled(lost)) {
        expect(one).toMatchObject({ reason: { code: 'STORE_UNAVAILABLE', retry: true } })
      }
      await server.kill('SIGCONT')
      await expect
        .poll(() => store.acquire('a/b').catch(() => undefined), { timeout: 10_000 })
        .toBeTruthy()
      const again = await store.acquire('a/b')
      expect(await store.append('a/b', again.fence, new Uint8Array(1))).toBe(again.log_end + 1)
      expect(logged.join()).toMatch(/connection lost/)
      await store.close()
    })

    test('calls made while the server restarts wait, keep their order and are made once', async () => {
      const logged: string[] = []
      const store = await openRedisStore({ ...patient(), log: text => logged.push(text) })
      const { fence } = await store.acquire('a/b')
      await store.append('a/b', fence, Uint8Array.of(9))
      await server.kill('SIGKILL')
      await expect.poll(() => logged.length, { timeout: 10_000 }).toBeGreaterThan(0)
      const waiting = [0, 1, 2, 3].map(value => store.append('a/b', fence, Uint8Array.of(value)))
      await server.start()
      expect(await Promise.all(waiting)).toEqual([2, 3, 4, 5])
      const records = await store.read('a/b', 1, { count_max: 10, bytes_max: 100 })
      expect(records.map(({ bytes }) => bytes[0])).toEqual([9, 0, 1, 2, 3])
      await store.close()
    })

    test('a call that was under way when the server died fails and is not made again', async () => {
      const store = await openRedisStore(patient())
      const { fence } = await store.acquire('a/b')
      await server.kill('SIGSTOP')
      const lost = store.append('a/b', fence, Uint8Array.of(9))
      const refused = expect(lost).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retry: true })
      await server.kill('SIGKILL')
      await server.start()
      await refused
      expect(await store.append('a/b', fence, Uint8Array.of(1))).toBe(1)
      await store.close()
    })

    test('what was under way fails before anything that came later is done', async () => {
      const store = await openRedisStore(patient())
      const { fence } = await store.acquire('a/b')
      const { epoch } = await store.openProducer('a/b', fence, 'p')
      const told: string[] = []
      const append = (sequence: number) =>
        store.append('a/b', fence, new Uint8Array(3), { producer: 'p', epoch, sequence }).then(
          () => told.push(`${sequence} stored`),
          error => told.push(`${sequence} ${(error as { code: string }).code}`),
        )
      await server.kill('SIGSTOP')
      const first = append(1)
      await server.kill('SIGKILL')
      await expect.poll(() => told.length, { timeout: 10_000 }).toBe(1)
      const second = append(2)
      await server.start()
      await Promise.all([first, second])
      expect(told).toEqual(['1 STORE_UNAVAILABLE', '2 SEQUENCE_GAP'])
      await store.close()
    })

    test('calls that waited for the server and calls after them resolve in call order', async () => {
      const store = await openRedisStore(patient())
      const { fence } = await store.acquire('a/b')
      await server.kill('SIGKILL')
      const positions: number[] = []
      const appends: Promise<unknown>[] = []
      const append = () => {
        const done = store.append('a/b', fence, new Uint8Array(3)).then(at => positions.push(at))
        appends.push(done.catch(() => {}))
      }
      append()
      let isUp = false
      const started = server.start().then(() => {
        isUp = true
      })
      // Few while nothing can happen, then one right after the other, across the reconnection.
      while (positions.length < 50) {
        append()
        await new Promise(resolve => (isUp ? setImmediate(resolve) : setTimeout(resolve, 1)))
      }
      await started
      await Promise.all(appends)
      expect(positions).toEqual(positions.map((_, index) => positions[0]! + index))
      await store.close()
    })

    test('what was acknowledged survives kill -9 of the engine', async () => {
      const options = { url: server.url, prefix: newPrefix() }
      const module = new URL('store.ts', import.meta.url)
      for (const lines of [1, 203]) {
        const writer = startWriter(module, 'openRedisStore', options)
        await writer.said(lines)
        writer.process.kill('SIGKILL')
        await writer.ended
        const store = await openRedisStore(options)
        await expectKept(store, writer.claimed)
        await store.close()
      }
    })

    test('what was acknowledged survives kill -9 of the server that syncs each write', async () => {
      const options = { url: server.url, prefix: newPrefix(), durability: 'always' } as const
      const module = new URL('store.ts', import.meta.url)
      const writer = startWriter(module, 'openRedisStore', options)
      await writer.said(150)
      await server.kill('SIGKILL')
      writer.process.kill('SIGKILL')
      await writer.ended
      await server.start()
      const store = await openRedisStore(options)
      await expectKept(store, writer.claimed)
      await store.close()
    })
  })

  test('a server that is not there is named in time', async () => {
    const opening = openRedisStore({ url: 'redis://127.0.0.1:1', answer_ms_max: 300 })
    await expect(opening).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retry: true })
    await expect(opening).rejects.toThrow(/ECONNREFUSED/)
  })
}
