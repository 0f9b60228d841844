import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  eventually,
  getJson,
  liquidus,
  scratch,
  startEngineProcess,
} from '#bench/engine-process.ts'

interface Verified {
  readonly equal: boolean
  readonly ticks: number
  readonly versions_in_log: readonly string[]
}
interface LineAnswer {
  readonly tick: number
  readonly behind_entries: number
  readonly ticks_closed: Readonly<Record<string, number>>
}
interface ModelsAnswer {
  readonly in_force: Readonly<Record<string, string>>
}

const recording = scratch('model-recording')
const registry = scratch('models')
const LOOSE = ['--budget', '1e6', '--p99', '1e6']

/** Runs a command on the registry and gives what it printed. */
async function run(...args: string[]): Promise<{ code: number | null; said: string }> {
  const done = await liquidus([...args, '--models', registry.path]).done
  return { code: done.code, said: done.stdout + done.stderr }
}

beforeAll(async () => {
  const faults = 'noisy-cell@2.5h:cell=1,magnitude=0.3,for=40m'
  const plant = ['plant', '--record', recording.path, '--hours', '3.4', '--cells', '4']
  await liquidus([...plant, '--seed', '3', '--faults', faults, '--quiet']).done
  const train = (...network: string[]) =>
    run('train', '--from', recording.path, '--epochs', '4', ...network)
  expect((await train()).code).toBe(0)
  expect((await train('--network', 'conv-patch', '--window', '6')).code).toBe(0)
  const bank = ['bank', 'potline-cells', '--normal', recording.path, '--faults', recording.path]
  expect((await run('models', ...bank)).code).toBe(0)
})
afterAll(() => {
  recording.clean()
  registry.clean()
})

it('takes a promoted model into a running line without losing a tick, and refuses a broken one', async () => {
  const data = scratch('swap-data')
  const flags = ['--no-demo', '--log', 'info', '--http', '0', '--opcua', '0', '--grpc', '0']
  const engine = await startEngineProcess([...flags, '--data', data.path], {
    LIQUIDUS_MODELS: registry.path,
  })
  const line = () => getJson<LineAnswer>(`${engine.http}/api/lines/pots`)
  const inForce = async () => (await getJson<ModelsAnswer>(`${engine.http}/api/models`)).in_force
  expect(await inForce()).toMatchObject({ model: 'potline-cells/2', model_role: 'shadow' })

  const port = engine.grpc.split(':').at(-1)!
  const to = ['--grpc', `127.0.0.1:${port}`, '--line', 'pots', '--cells', '20', '--speed', '60']
  const plant = liquidus(['plant', ...to, '--hours', '0.8', '--quiet'])
  const tick = () =>
    line().then(
      answer => answer.tick,
      () => 0, // there is no such line yet
    )
  await eventually(tick, at => at > 0, 60_000)

  const promoted = await run('models', 'promote', 'potline-cells/1', ...LOOSE, '--by', 'ann')
  expect(promoted.said).toContain('champion 1')
  await eventually(inForce, named => named.model === 'potline-cells/1', 20_000)
  expect(await inForce()).toMatchObject({ model_role: 'champion', shadow: 'potline-cells/2' })

  const weights = path.join(registry.path, 'potline-cells', '2', 'weights.bin')
  const whole = readFileSync(weights)
  writeFileSync(weights, whole.subarray(1))
  const broken = await run('models', 'promote', 'potline-cells/2', ...LOOSE)
  expect(broken.code).not.toBe(0)
  expect(broken.said).toContain('weights do not match record')
  expect(await inForce()).toMatchObject({ model: 'potline-cells/1', model_role: 'champion' })

  writeFileSync(weights, whole)

  // From one row to windows of rows and back, while readings come in.
  const windows = await run('models', 'promote', 'potline-cells/2', ...LOOSE)
  expect(windows.said).toContain('champion 2')
  await eventually(inForce, named => named.model === 'potline-cells/2', 20_000)
  const rollback = async () => {
    const answer = await fetch(`${engine.http}/api/models/potline-cells/rollback`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ comment: 'test' }),
    })
    expect(answer.status).toBe(200)
    return inForce()
  }
  expect(await rollback()).toMatchObject({ model: 'potline-cells/1', model_role: 'champion' })
  expect((await rollback()).model_role).toBe('shadow')

  const { code, stderr } = await plant.done
  expect(code, stderr).toBe(0)
  const end = await eventually(line, ({ behind_entries }) => behind_entries === 0, 60_000)
  expect(await engine.stop(), engine.output()).toBe(0)
  const check = ['verify', '--data', data.path, '--line', 'pots', '--json']
  const verified = await liquidus(check, { LIQUIDUS_MODELS: registry.path }).done
  const result = JSON.parse(verified.stdout) as Verified
  expect(result, verified.stderr).toMatchObject({ equal: true })
  const closed = Object.values(end.ticks_closed).reduce((sum, count) => sum + count, 0)
  expect(result.ticks).toBe(closed)
  // From the plant's first second on, no tick is missing.
  expect(result.ticks).toBe(end.tick - Date.UTC(2026, 0, 1) / 1000 + 1)
  const roles = result.versions_in_log.map(text => /model_role (\w+)/.exec(text)?.[1])
  expect(roles).toEqual(['shadow', 'champion', 'champion', 'champion', 'shadow'])
  data.clean()
})
