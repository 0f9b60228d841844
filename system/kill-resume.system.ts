import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  eventually,
  getJson,
  liquidus,
  scratch,
  startEngineProcess,
} from '#bench/engine-process.ts'

interface LineAnswer {
  readonly tick: number
  readonly state_hash: string
  readonly behind_entries: number
}
interface Verified {
  readonly equal: boolean
  readonly state_hash_stored: string
  readonly batches: number
  readonly batches_repeated: number
  readonly sequence_gaps: number
  readonly readings: number
  readonly ticks: number
  readonly events_stored: number
  readonly events_different: number
}

const recording = scratch('recording')
const QUIET = ['--no-demo', '--log', 'warn', '--http', '0', '--opcua', '0']

beforeAll(async () => {
  const made = await liquidus([
    'plant',
    ...['--record', recording.path, '--hours', '1.5', '--cells', '6', '--seed', '5'],
    ...['--faults', 'noisy-cell@20m:cell=2;stuck-voltage@40m:cell=4;depletion@30m:cell=5'],
  ]).done
  expect(made.stderr + made.stdout).toContain('rows')
  expect(made.code).toBe(0)
})
afterAll(() => recording.clean())

async function settled(http: string): Promise<LineAnswer> {
  return eventually(
    () => getJson<LineAnswer>(`${http}/api/lines/pots`),
    line => line.tick > 0 && line.behind_entries === 0,
    60_000,
  )
}

/** Replays the recording; kills and restarts the engine `kills` times while it runs. */
async function run(kills: number): Promise<Verified> {
  const data = scratch('data')
  try {
    let engine = await startEngineProcess([...QUIET, '--data', data.path, '--grpc', '0'])
    const port = engine.grpc.split(':').at(-1)!
    const replay = liquidus([
      'replay',
      recording.path,
      ...['--line', 'pots', '--grpc', `127.0.0.1:${port}`, '--speed', 'max', '--json'],
    ])
    await eventually(
      async () => replay.said(),
      said => said.includes('line "pots"'),
      30_000,
    )
    for (let kill = 0; kill < kills; kill++) {
      await new Promise(resolve => setTimeout(resolve, 500 + 700 * kill))
      await engine.kill9()
      engine = await startEngineProcess([...QUIET, '--data', data.path, '--grpc', port])
    }
    const { code, stdout, stderr } = await replay.done
    expect(stderr).not.toContain('bug')
    expect(code).toBe(0)
    const summary = JSON.parse(stdout) as Record<string, number>
    expect(summary.sent).toBeGreaterThan(50_000)
    expect(summary.acknowledged! + summary.rejected!).toBe(summary.sent)
    if (kills > 0) expect(summary.reconnects).toBeGreaterThan(0)
    await settled(engine.http)
    expect(await engine.stop()).toBe(0)
    const verified = await liquidus(['verify', '--data', data.path, '--line', 'pots', '--json'])
      .done
    expect(verified.stderr).not.toContain('bug')
    return JSON.parse(verified.stdout) as Verified
  } finally {
    data.clean()
  }
}

describe('an engine that is killed during a replay', () => {
  it('has every reading once and the state, alarms and advice of an uninterrupted run', async () => {
    const calm = await run(0)
    expect(calm).toMatchObject({ equal: true, batches_repeated: 0, sequence_gaps: 0 })
    expect(calm.ticks).toBeGreaterThan(5000)
    expect(calm.events_stored).toBeGreaterThan(0)
    const killed = await run(3)
    expect(killed).toMatchObject({ equal: true, batches_repeated: 0, sequence_gaps: 0 })
    expect(killed.batches).toBe(calm.batches)
    expect(killed.readings).toBe(calm.readings)
    expect(killed.events_stored).toBe(calm.events_stored)
    expect(killed.state_hash_stored).toBe(calm.state_hash_stored)
  })
})
