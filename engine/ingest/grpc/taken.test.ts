import * as grpc from '@grpc/grpc-js'
import { afterEach, expect, test } from 'vitest'
import { writeReadings } from '#engine/client/write-readings.ts'
import { systemClock } from '../../core/clock.ts'
import type { BatchTaken } from '../../load.ts'
import { clock, closeAll, good, open, RawStream, T0_MS, VOLTAGE } from './door-fixture.ts'

afterEach(closeAll)

const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

test('who follows batches hears of each that goes to the log, with its trace context', async () => {
  const taken: BatchTaken[] = []
  const { client, address } = await open({ onTaken: batch => taken.push(batch) })
  const metadata = new grpc.Metadata()
  metadata.set('traceparent', PARENT)
  const stream = new RawStream(client, metadata)
  stream.hello()
  stream.batch(1, good(3))
  stream.batch(1, good(3))
  stream.batch(2, good(4))
  await stream.until(() => stream.committed === 2)
  const common = { tenant: 'plant', line: 'line-1', producer: 'p', epoch: 1, alone: false }
  expect(taken).toMatchObject([
    { ...common, sequence: 1, readings: 3, traceparent: PARENT },
    { ...common, sequence: 2, readings: 4, traceparent: PARENT },
  ])
  for (const { bytes, received_ms } of taken) {
    expect(bytes).toBeGreaterThan(0)
    expect(received_ms).toBeLessThanOrEqual(clock.elapsed_ms())
  }
  await writeReadings(
    { address, producer: 'single', line: 'line-1', clock: systemClock },
    {
      ...{ series: VOLTAGE, count: 1, refs: Uint32Array.of(1) },
      ...{ times_ms: Float64Array.of(T0_MS), values: Float64Array.of(4.2) },
    },
  )
  const alone = { producer: 'single', readings: 1, alone: true, traceparent: undefined }
  expect(taken.at(-1)).toMatchObject(alone)
})
