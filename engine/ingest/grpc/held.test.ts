import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as grpc from '@grpc/grpc-js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { connectProducer } from '#engine/client/producer.ts'
import { inlineFolds } from '#engine/lines/inline-seat.ts'
import { openLmdbStore } from '#engine/store/lmdb/store.ts'
import { liquidus } from '#proto/gen/ingest.js'
import { systemClock } from '../../core/clock.ts'
import { lineDirectory } from '../../lines/directory.ts'
import { calmGauge, noTrend, realFold, tinyLine, tinySecond } from '../../lines/fixture-line.ts'
import type { FoldPlaces, FoldPorts } from '../../lines/seat.ts'
import { CREDIT_MAX_BYTES } from '../../lines/writer.ts'
import { closeAll, good, open, RawStream, T0_MS, VOLTAGE } from './door-fixture.ts'
import { grpcSource } from './source.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  await closeAll()
  for (const close of closers.splice(0).reverse()) await close()
})

const ROWS = 10_000
const START_S = T0_MS / 1000

/** Many readings of one second of the tiny line: 160 kB. */
function manyOf(second: number) {
  const { series } = tinySecond(second, () => 1)
  return {
    series,
    count: ROWS,
    refs: Uint32Array.from({ length: ROWS }, (_, i) => i % series.length),
    times_ms: Float64Array.from({ length: ROWS }, (_, i) => 1000 * second + (i % 1000)),
    values: new Float64Array(ROWS).fill(1),
  }
}

describe('a line whose fold is slower than its producers', () => {
  it('holds them at a bounded backlog, loses nothing, and goes on when it catches up', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'liquidus-held-'))
    closers.push(() => rmSync(directory, { recursive: true }))
    const store = await openLmdbStore({ directory })
    let open: () => void = () => {}
    const gate = new Promise<void>(resolve => {
      open = resolve
    })
    const folds = inlineFolds(of => ({ fold: realFold(of), trend: noTrend }), systemClock)
    const openSeat: FoldPlaces['openSeat'] = async request => {
      const seat = await folds.openSeat(request)
      const pull = (ports: FoldPorts) => gate.then(() => ports.pull())
      return { ...seat, run: ports => seat.run({ ...ports, pull: () => pull(ports) }) }
    }
    const engine = lineDirectory({
      ...{ store, clock: systemClock, version: '1', versions: {}, log_entries_max: 5000 },
      folds: { ...folds, openSeat },
      ...{ gauge: calmGauge, mayCreate: () => true, report: () => {} },
    })
    closers.push(() => engine.close())
    await engine.open([tinyLine])
    const source = grpcSource({
      ...{ intake: engine, clock: systemClock, host: '127.0.0.1', port: 0 },
      authenticate: () => ({ subject: 's', tenant: 'local', role: 'device' }),
      mayWrite: () => true,
      log: { info: () => {}, warn: () => {} },
    })
    const { address } = await source.start()
    closers.push(() => source.close())
    const names = ['p', 'q', 'r']
    const producers = await Promise.all(
      names.map(producer =>
        connectProducer({ address, line: 'tiny', producer, clock: systemClock }),
      ),
    )
    closers.push(() => Promise.all(producers.map(producer => producer.close())))
    const BATCHES = 30 // of each, 14 MB together
    const sending = producers.map(async producer => {
      for (let i = 0; i < BATCHES; i++) await producer.send(manyOf(START_S + i))
      await producer.drain()
    })
    const load = () => engine.load().lines[0]!
    let most_bytes = 0
    const watch = setInterval(() => {
      most_bytes = Math.max(most_bytes, load().behind_bytes)
    }, 2)
    closers.push(() => clearInterval(watch))
    await vi.waitFor(() => expect(load().behind_bytes).toBeGreaterThan(CREDIT_MAX_BYTES), 8000)
    await new Promise(resolve => setTimeout(resolve, 300)) // more would come meanwhile
    const held_bytes = load().behind_bytes
    expect(held_bytes).toBeLessThan(CREDIT_MAX_BYTES + 200_000)
    open()
    await Promise.all(sending)
    expect(most_bytes).toBeLessThan(CREDIT_MAX_BYTES + 200_000)
    const { status } = engine.line('local', 'tiny')!
    const all = names.length * BATCHES * ROWS
    await vi.waitFor(() => expect(status().readings_accepted).toBe(all), 5000)
    for (const { counts } of producers) {
      expect(counts).toMatchObject({ acknowledged_readings: BATCHES * ROWS, reconnects: 0 })
    }
  })
})

describe('a door whose line holds', () => {
  it('takes nothing from a stream until the line lets go', async () => {
    let held = true
    const { client, line } = await open({ held: () => held })
    const stream = new RawStream(client)
    stream.hello()
    for (let sequence = 1; sequence <= 5; sequence++) stream.batch(sequence, good())
    await stream.until(heard => heard.length > 0)
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(line.entries).toEqual([])
    held = false
    await stream.until(() => stream.committed === 5)
    expect(line.entries.length).toBe(5)
  })

  it('lets a single call wait, and refuses it when that lasts', async () => {
    let held = true
    const { client, line } = await open({ held: () => held, limits: { write_held_ms: 60 } })
    const refused = await write(client)
    expect(refused).toMatchObject({ code: grpc.status.UNAVAILABLE })
    expect(refused?.details).toContain('line "line-1" is behind')
    expect(line.entries).toEqual([])
    const later = write(client)
    held = false
    expect(await later).toBeNull()
    expect(line.entries.length).toBe(1)
  })
})

/** One unary call with a reading; resolves with what went wrong, or null. */
function write(client: grpc.Client): Promise<grpc.ServiceError | null> {
  const { WriteReadingsRequest, WriteReadingsResponse } = liquidus.ingest.v1
  const series = VOLTAGE.map(({ asset_path, ...one }) => ({ ...one, assetPath: asset_path }))
  const batch = { series, seriesRefs: [1], values: [4.2], baseTimeMs: T0_MS, timeOffsetsMs: [0] }
  const request = WriteReadingsRequest.encode({ producerId: 'one', line: 'line-1', batch }).finish()
  return new Promise(resolve => {
    client.makeUnaryRequest(
      '/liquidus.ingest.v1.TelemetryIngestService/WriteReadings',
      (bytes: Buffer) => bytes,
      bytes => WriteReadingsResponse.decode(bytes),
      Buffer.from(request),
      error => resolve(error),
    )
  })
}
