import { expect, test } from 'vitest'
import type { Producer, ProducerOptions } from '../client/producer.ts'
import { manualClock, systemClock } from '../core/clock.ts'
import { LiquidusError } from '../core/errors.ts'
import { isAnodeCurrent, isShellTemperature, potlineTag } from '../lines/potline.ts'
import { parseFault } from './faults.ts'
import { parseSpeed, type RunPlantOptions, runPlant } from './run.ts'

interface Sent {
  readonly series: readonly { ref: number; asset_path: string; tag: string; unit: string }[]
  readonly refs: readonly number[]
  readonly times_ms: readonly number[]
  readonly values: readonly number[]
}

/** An engine that takes everything, or answers only while `open`. */
function recorder(onSend: (batches: readonly Sent[]) => Promise<void> | void = () => {}) {
  const batches: Sent[] = []
  const opened: ProducerOptions[] = []
  let closed = 0
  let drained = 0
  const counts = {
    sent_readings: 0,
    acknowledged_readings: 0,
    rejected_readings: 0,
    reasons: {},
    late_readings: 0,
    duplicates: 0,
    reconnects: 0,
  }
  const producer: Producer = {
    welcome: { epoch: 1, committed_sequence: 0, line_created: true } as Producer['welcome'],
    next_sequence: 1,
    counts,
    async send(batch) {
      batches.push({
        series: [...(batch.series ?? [])],
        refs: [...batch.refs.subarray(0, batch.count)],
        times_ms: [...batch.times_ms.subarray(0, batch.count)],
        values: [...batch.values.subarray(0, batch.count)],
      })
      counts.sent_readings += batch.count
      await onSend(batches)
    },
    async drain() {
      drained++
    },
    async close() {
      closed++
    },
  }
  const connect = async (options: ProducerOptions) => {
    opened.push(options)
    return producer
  }
  return { batches, opened, connect, state: () => ({ closed, drained }) }
}

const options = (more: Partial<RunPlantOptions>): RunPlantOptions => ({
  address: '127.0.0.1:1',
  line: 'potline-1',
  clock: systemClock,
  seed: 5,
  start_ms: 1_700_000_000_400,
  cells: 3,
  speed: Number.POSITIVE_INFINITY,
  ...more,
})

test('every reading goes out once, in wire units, under a series that was named before', async () => {
  const engine = recorder()
  const progress = await runPlant(options({ seconds: 95, connect: engine.connect }))
  const named = new Map<number, { tag: string; asset_path: string; unit: string }>()
  const tags = new Map<string, number>()
  let volts = 0
  for (const batch of engine.batches) {
    for (const one of batch.series) {
      expect(named.has(one.ref)).toBe(false)
      named.set(one.ref, one)
    }
    batch.refs.forEach((ref, row) => {
      const series = named.get(ref)!
      tags.set(series.tag, (tags.get(series.tag) ?? 0) + 1)
      if (series.tag === potlineTag.voltage) volts += batch.values[row]!
    })
  }
  expect(engine.batches.length).toBe(10)
  expect(progress.simulated_s).toBe(95)
  expect(tags.get(potlineTag.voltage)).toBe(95 * 3)
  expect(tags.get(potlineTag.beam)).toBe(95 * 3)
  expect(tags.get(potlineTag.current)).toBe(95)
  // Each cell has its second: of 95, cells 1 to 3 were read 10 times, their shells twice.
  expect(tags.get(potlineTag.anodeCurrent(1))).toBe(10 * 3)
  expect(tags.get(potlineTag.anodeCurrent(36))).toBe(10 * 3)
  expect(tags.get(potlineTag.shellTemperature(4))).toBe(2 * 3)
  expect(volts / (95 * 3)).toBeGreaterThan(4)
  expect(named.get(engine.batches[0]!.refs.at(-1)!)).toMatchObject({
    asset_path: 'cell-103',
    unit: 'mm',
  })
  expect(engine.batches[0]!.times_ms[0]! % 1000).toBe(0)
  expect(engine.state()).toEqual({ closed: 1, drained: 1 })
})

test('a line that was made without gauges is not sent any', async () => {
  const engine = recorder()
  const connect = async (to: ProducerOptions) => {
    const producer = await engine.connect(to)
    Object.assign(producer.counts, { reasons: { UNKNOWN_SERIES: 108 } })
    Object.assign(producer.welcome, { line_created: false })
    return producer
  }
  await runPlant(options({ seconds: 30, connect }))
  const gauges = new Set<number>()
  for (const { ref, tag } of engine.batches.flatMap(batch => batch.series))
    if (isAnodeCurrent(tag) || isShellTemperature(tag)) gauges.add(ref)
  const sent = engine.batches.map(batch => batch.refs.filter(ref => gauges.has(ref)).length)
  expect(sent[0]).toBeGreaterThan(0)
  expect(sent.slice(1)).toEqual([0, 0])
})

test('the line is proposed as simulated, by wall time only at speed 1', async () => {
  const engine = recorder()
  await runPlant(options({ seconds: 1, connect: engine.connect }))
  await runPlant(options({ seconds: 1, speed: 1, connect: engine.connect }))
  expect(engine.opened.map(({ proposal }) => [proposal!.origin, proposal!.clock])).toEqual([
    ['simulated', 'stream'],
    ['simulated', 'wall'],
  ])
  expect(engine.opened[0]!.proposal!.cells).toEqual(['cell-101', 'cell-102', 'cell-103'])
})

test('the pace follows the clock that is handed in', async () => {
  const clock = manualClock(0)
  const engine = recorder()
  const abort = new AbortController()
  const running = runPlant(
    options({ speed: 10, clock, connect: engine.connect, signal: abort.signal }),
  )
  const settle = () => new Promise(resolve => setTimeout(resolve, 10))
  await expect.poll(() => engine.batches.length, { timeout: 10_000 }).toBe(1)
  await settle()
  expect(engine.batches.length).toBe(1)
  abort.abort()
  await running
  expect(engine.batches.length).toBeLessThanOrEqual(2)
})

test('a preroll goes out at full speed, and faults count from its end', async () => {
  const clock = manualClock(0)
  const engine = recorder()
  const abort = new AbortController()
  const fault = parseFault('stuck-voltage@0s:cell=1,for=1h')
  const running = runPlant(
    options({
      speed: 10,
      clock,
      preroll_s: 200,
      faults: [fault],
      connect: engine.connect,
      signal: abort.signal,
    }),
  )
  const seconds = () => new Set(engine.batches.flatMap(batch => batch.times_ms)).size
  await expect.poll(seconds, { timeout: 10_000 }).toBeGreaterThanOrEqual(200)
  await new Promise(resolve => setTimeout(resolve, 20)) // more would come meanwhile
  abort.abort()
  await running
  const times = engine.batches.flatMap(batch => batch.times_ms)
  expect(new Set(times).size).toBeGreaterThanOrEqual(200)
  expect(new Set(times).size).toBeLessThanOrEqual(203)
  const ref = engine.batches[0]!.series.find(
    one => one.tag === potlineTag.voltage && one.asset_path === 'cell-101',
  )!.ref
  const volts = engine.batches.flatMap(batch =>
    batch.values.filter((_, i) => batch.refs[i] === ref),
  )
  expect(new Set(volts.slice(0, 200)).size).toBeGreaterThan(10)
})

test('a plant that goes on with a line sends at once, however long the line has been running', async () => {
  const engine = recorder()
  const abort = new AbortController()
  const start_ms = 1_700_000_000_000
  const connect = async (to: ProducerOptions) => {
    const producer = await engine.connect(to)
    Object.assign(producer.welcome, { newest_event_ms: start_ms + 900_000 })
    return producer
  }
  const running = runPlant(
    options({
      ...{ start_ms, speed: 10, clock: manualClock(0), preroll_s: 100 },
      ...{ connect, signal: abort.signal },
    }),
  )
  await expect.poll(() => engine.batches.length, { timeout: 10_000 }).toBe(1)
  expect(Math.min(...engine.batches[0]!.times_ms)).toBeGreaterThan(start_ms + 900_000)
  abort.abort()
  await running
})

test('an abort ends the run and closes the connection, even while the engine is away', async () => {
  const abort = new AbortController()
  const engine = recorder(batches => {
    if (batches.length === 3) abort.abort()
  })
  const progress = await runPlant(options({ connect: engine.connect, signal: abort.signal }))
  expect(progress.simulated_s).toBe(30)
  expect(engine.state()).toEqual({ closed: 1, drained: 1 })
  const none = await runPlant(options({ connect: engine.connect, signal: abort.signal }))
  expect(none.simulated_s).toBe(0)
})

test('an engine that starts later is waited for, and a stop ends the waiting', async () => {
  const engine = recorder()
  let attempts = 0
  const connect = async (to: ProducerOptions) => {
    if (++attempts === 1)
      throw new LiquidusError('CONNECTION_REFUSED', { address: to.address }, { retry: true })
    return engine.connect(to)
  }
  expect((await runPlant(options({ seconds: 5, connect }))).simulated_s).toBe(5)
  expect(attempts).toBe(2)
  const away = async (): Promise<Producer> => {
    throw new LiquidusError('CONNECTION_REFUSED', {}, { retry: true })
  }
  const stopped = await runPlant(options({ connect: away, signal: AbortSignal.timeout(20) }))
  expect(stopped.simulated_s).toBe(0)
  await expect(runPlant(options({ connect: away, connect_patience_ms: 0 }))).rejects.toThrow(
    'no engine answers',
  )
})

test('a refusal by the engine reaches the caller and closes the connection', async () => {
  const engine = recorder(() => {
    throw new Error('no such line')
  })
  await expect(runPlant(options({ connect: engine.connect }))).rejects.toThrow('no such line')
  expect(engine.state().closed).toBe(1)
})

test('a speed is a number above zero or "max"', () => {
  expect(parseSpeed('60')).toBe(60)
  expect(parseSpeed('max')).toBe(Number.POSITIVE_INFINITY)
  for (const text of ['', '0', '-1', 'fast']) expect(() => parseSpeed(text)).toThrow('use a number')
})
