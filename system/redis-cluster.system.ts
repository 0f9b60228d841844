import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import {
  eventually,
  getJson,
  liquidus,
  scratch,
  startEngineProcess,
} from '#bench/engine-process.ts'
import { available } from '#engine/tools/require.ts'
import { slotOf } from '#redis/slots.ts'
import { startTestCluster } from '#redis/test-cluster.ts'

const redis = available('redis')?.path
const LINE = 'potline-1'
const SLOTS_A_SERVER = 16_384 / 3
/** What is acknowledged reaches the replica at about the same time. */
const REPLICATED_MS = 500

it.runIf(redis)(
  'with its store in a Redis Cluster the engine goes on after a fail-over and has lost nothing',
  async () => {
    const cluster = await startTestCluster(redis!)
    const data = scratch('cluster')
    const owner = Math.floor(slotOf(`local/${LINE}`) / SLOTS_A_SERVER)
    await cluster.addReplica(owner)
    const seeds = cluster.servers.slice(0, 3).map(({ url }) => url)
    const environment = { REDIS_URL: seeds.join() }
    const flags = ['--log', 'warn', '--http', '0', '--grpc', '0', '--opcua', '0', '--cells', '3']
    const engine = await startEngineProcess(
      [...flags, '--data', data.path, '--speed', '60', '--preroll', '0'],
      environment,
    )
    const time_ms = async () => {
      const { time_ms: at } = await getJson<{ time_ms: number }>(`${engine.http}/api/lines/${LINE}`)
      return at
    }
    const health = async () => (await fetch(`${engine.http}/health`)).status
    try {
      await eventually(health, status => status === 200, 30_000)
      await eventually(
        () => time_ms().catch(() => 0),
        at => at > 0,
        30_000,
      )
      process.kill(engine.pid, 'SIGSTOP')
      await sleep(REPLICATED_MS)
      await cluster.servers[owner]!.kill('SIGKILL')
      process.kill(engine.pid, 'SIGCONT')
      const before_ms = await time_ms()
      await eventually(time_ms, at => at > before_ms + 60_000, 60_000)
      await eventually(health, status => status === 200, 30_000)
      expect(await engine.stop()).toBe(0)
      expect(engine.output()).not.toContain('bug')
      const check = ['verify', '--data', data.path, '--line', LINE, '--json']
      const { stdout } = await liquidus(check, environment).done
      expect(JSON.parse(stdout)).toMatchObject({
        ...{ equal: true, batches_repeated: 0, sequence_gaps: 0 },
      })
    } finally {
      await engine.kill9()
      await cluster.destroy()
      data.clean()
    }
  },
)
