import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { eventually, getJson, scratch, startEngineProcess } from '#bench/engine-process.ts'
import { available } from '#engine/tools/require.ts'
import { startTestServer } from '#redis/test-server.ts'

const redis = available('redis')?.path
const GROWTH_MAX_bytes = 96 * 1024 * 1024
const LOOKS = 30

interface Engine {
  readonly ready: boolean
  readonly problems: readonly string[]
  readonly process: { readonly rss_bytes: number }
  readonly lines: readonly unknown[]
}

it.runIf(redis)(
  'while Redis stands still pages are served, memory stays, health says why; then all goes on',
  async () => {
    const data = scratch('stalled-redis')
    const server = await startTestServer(redis!)
    const flags = ['--data', data.path, '--http', '0', '--grpc', '0', '--opcua', '0']
    const engine = await startEngineProcess([...flags, '--log', 'error'], { REDIS_URL: server.url })
    const look = () => getJson<Engine>(`${engine.http}/api/engine`)
    const page = new WebSocket(`${engine.http.replace('http', 'ws')}/ws`)
    try {
      let frames = 0
      page.on('message', (_, binary) => {
        if (binary) frames++
      })
      await new Promise((resolve, reject) => page.once('open', resolve).once('error', reject))
      await eventually(look, ({ lines }) => lines.length > 0, 60_000)
      page.send('{"type":"subscribe","line":"potline-1"}')
      await eventually(
        async () => frames,
        count => count > 5,
        60_000,
      )
      // The demonstration sends its past at full speed: as much as the engine lets it.
      await server.kill('SIGSTOP')
      const said = new Set<string>()
      const rss_bytes: number[] = []
      for (let i = 0; i < LOOKS; i++) {
        const now = await look()
        rss_bytes.push(now.process.rss_bytes)
        for (const problem of now.problems) said.add(problem)
        await new Promise(resolve => setTimeout(resolve, 500))
      }
      expect([...said].join('\n')).toMatch(/line local\/potline-1: .*redis/)
      expect(page.readyState).toBe(WebSocket.OPEN)
      // What was under way may still arrive in the first second.
      const [first, ...rest] = rss_bytes.slice(2)
      expect(Math.max(...rest) - first!).toBeLessThan(GROWTH_MAX_bytes)

      await server.kill('SIGCONT')
      const { ready, problems } = await eventually(look, one => one.ready, 60_000)
      expect({ ready, problems }).toEqual({ ready: true, problems: [] })
      const before = frames
      await eventually(
        async () => frames,
        count => count > before + 3,
        60_000,
      )
    } finally {
      page.terminate()
      await engine.stop()
      await server.destroy()
      data.clean()
    }
  },
)
