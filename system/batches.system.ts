import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { status } from '@grpc/grpc-js'
import { afterAll, describe, expect, it } from 'vitest'
import {
  type EngineProcess,
  eventually,
  getJson,
  scratch,
  startEngineProcess,
} from '#bench/engine-process.ts'
import type { ProducerSeries } from '#engine/client/encode-batch.ts'
import { connectProducer } from '#engine/client/producer.ts'
import { loadConfig } from '#engine/config.ts'
import { systemClock } from '#engine/core/clock.ts'
import { plantRun, type Row } from '#engine/lines/rewind-fixture.ts'
import { stateHash } from '#engine/lines/state-hash.ts'
import { openStore } from '#engine/main.ts'
import { RawStream } from './raw-stream.ts'

const READINGS = 20_000
const LARGEST = 10_000
const MIB = 1024 * 1024
const START_MS = Date.UTC(2026, 0, 1)

interface Load {
  readonly line: string
  readonly series: readonly ProducerSeries[]
  readonly rows: readonly Row[]
}

/** Ten pumps with ten signals each; one rises above its limit now and then. */
function pumps(): Load {
  const series = Array.from({ length: 100 }, (_, i) => ({
    ref: i,
    asset_path: `pump-${Math.floor(i / 10)}`,
    tag: `signal-${i % 10}`,
    unit: '1',
  }))
  const rows = Array.from({ length: READINGS }, (_, i) => {
    const [second, ref] = [Math.floor(i / 100), i % 100]
    const high = ref === 42 && second % 60 > 50 ? 80 : 0
    return { ref, time_ms: START_MS + 1000 * second + 5 * ref, value: Math.sin(i * 0.7) + high }
  })
  return { line: 'pumps', series, rows }
}

/** A simulated potline with a noisy cell; samples join when they arrive, so they are left out. */
function pots() {
  const plant = plantRun({ cells: 8, seconds: 600, faults: 'noisy-cell@2m:cell=2' })
  const measured = plant.rows.filter(row => !plant.isSample(row)).slice(0, READINGS)
  const rows = measured.map(row => ({ ...row, time_ms: START_MS + row.time_ms }))
  return { line: 'pots', series: plant.series, rows, definition: plant.definition }
}

const potline = pots()
const loads: readonly Load[] = [pumps(), potline]
const places: ReturnType<typeof scratch>[] = []
afterAll(() => {
  for (const place of places) place.clean()
})

async function withEngine<T>(
  use: (engine: EngineProcess) => Promise<T>,
): Promise<{ readonly found: T; readonly hashes: Readonly<Record<string, string>> }> {
  const place = scratch('batches')
  places.push(place)
  const file = path.join(place.path, 'config.json')
  const { clock, origin, cells } = potline.definition
  const config = {
    ...{ data: path.join(place.path, 'data'), models: path.join(place.path, 'models') },
    ...{ http_port: 0, grpc_port: 0, opcua: false, log_level: 'warn' },
    lines: [
      {
        ...{ line: 'pumps', kind: 'generic', clock: 'stream' },
        cells: Array.from({ length: 10 }, (_, i) => `pump-${i}`),
        tags: Array.from({ length: 10 }, (_, i) => ({
          ...{ tag: `signal-${i}`, unit: '1', low: -100, high: 100, alarm_high: 50 },
        })),
      },
      {
        ...{ line: 'pots', kind: 'potline', clock, origin, cells, feeders: 2 },
        ...{ anodes: countOf('anode_current_'), shell_temperatures: countOf('shell_temperature_') },
      },
    ],
  }
  writeFileSync(file, JSON.stringify(config))
  const engine = await startEngineProcess(['--config', file])
  let found: T
  try {
    found = await use(engine)
  } finally {
    await engine.stop()
  }
  const store = await openStore(loadConfig({ file, environment: {} }), () => {})
  const hashes: Record<string, string> = {}
  for (const { line } of loads) {
    const { commit, log_end } = await store.look(`local/${line}`)
    if (commit) expect(commit.position).toBe(log_end)
    hashes[line] = commit ? stateHash(commit.state) : ''
  }
  await store.close()
  return { found, hashes }
}

const countOf = (prefix: string): number =>
  potline.definition.tags.filter(({ tag }) => tag.startsWith(prefix)).length

const addressOf = ({ grpc }: EngineProcess, line: string) => ({
  ...{ address: grpc, line, producer: `gateway-${line}`, clock: systemClock },
})

function batchOf({ series, rows }: Load, first: number, count: number) {
  const part = rows.slice(first, first + count)
  return {
    ...(first === 0 ? { series } : {}),
    count: part.length,
    refs: Uint32Array.from(part, row => row.ref),
    times_ms: Float64Array.from(part, row => row.time_ms),
    values: Float64Array.from(part, row => row.value),
  }
}

/** Sends both lines at once, in batches of the sizes given over and over. */
async function send(engine: EngineProcess, sizes: readonly number[]) {
  interface Answer {
    readonly behind_entries: number
    readonly readings_accepted: number
  }
  const lines = loads.map(async load => {
    const producer = await connectProducer(addressOf(engine, load.line))
    for (let first = 0, batch = 0; first < load.rows.length; batch++) {
      const size = sizes[batch % sizes.length]!
      await producer.send(batchOf(load, first, size))
      first += size
    }
    await producer.drain()
    const { acknowledged_readings, rejected_readings } = producer.counts
    const sequence = producer.next_sequence - 1
    await producer.close()
    const at = `${engine.http}/api/lines/${load.line}`
    const isDone = (answer: Answer) => answer.behind_entries === 0
    const { readings_accepted } = await eventually(() => getJson<Answer>(at), isDone, 60_000)
    return { acknowledged_readings, rejected_readings, readings_accepted, sequence }
  })
  return Promise.all(lines)
}

describe('batches of any size', () => {
  it('give the same state: of 10,000 readings, of one, and mixed', async () => {
    const all = { acknowledged_readings: READINGS, rejected_readings: 0 }
    const whole = { ...all, readings_accepted: READINGS }
    const large = await withEngine(engine => send(engine, [LARGEST]))
    expect(large.found).toMatchObject([whole, whole])
    expect(large.found.map(({ sequence }) => sequence)).toEqual([2, 2])
    expect(Object.values(large.hashes)).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}$/),
      expect.stringMatching(/^[0-9a-f]{64}$/),
    ])
    const single = await withEngine(engine => send(engine, [1]))
    expect(single.found).toMatchObject([whole, whole])
    expect(single.found.map(({ sequence }) => sequence)).toEqual([READINGS, READINGS])
    expect(single.hashes).toEqual(large.hashes)
    const mixed = await withEngine(engine => send(engine, [1, 9999, 3, 250, 1, 1, 4000, 17]))
    expect(mixed.found).toMatchObject([whole, whole])
    expect(mixed.hashes).toEqual(large.hashes)
  })

  it('end at 1 MiB, not at a count: what is larger is refused with its size and the limit', async () => {
    const { series, rows } = loads[0]!
    const rowOf = (i: number) => {
      const { ref, time_ms, value } = rows[i % READINGS]!
      return [ref, time_ms, value] as const
    }
    const many = (count: number) => Array.from({ length: count }, (_, i) => rowOf(i))
    await withEngine(async engine => {
      const to = addressOf(engine, 'pumps')
      const stream = new RawStream(to).hello().batch(1, many(LARGEST + 1), series)
      await stream.committed(1)
      const { code, details } = await stream.batch(2, many(Math.ceil(MIB / 16))).end
      expect(code).toBe(status.RESOURCE_EXHAUSTED)
      expect(details).toMatch(/^batch of 104\d{4} bytes: the limit is 1048576 bytes; send smaller/)
      // What was refused can be sent again in smaller batches.
      const again = new RawStream(to).hello().batch(2, many(LARGEST), series)
      await again.committed(2)
      again.close()
    })
  })
})
