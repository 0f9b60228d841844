import { afterEach, expect, test, vi } from 'vitest'
import type { Anomaly, OutputEvent, Sink } from '../flow.ts'
import {
  FIXTURE_START_ms,
  type FixtureEngine,
  fixtureAdvice,
  fixtureAlarm,
  fixtureDefinition,
  fixtureEngine,
} from './fixture.ts'

/** Somebody who listens at a sink as tenant "local". */
export interface SinkConsumer {
  /** Ids of the events received so far, in order. */
  received(): readonly string[]
  /** Resolves when the sink has ended the connection. */
  readonly ended: Promise<void>
  close(): Promise<void>
}

/** A sink and the way to listen at it. */
export interface SinkUnderTest {
  readonly sink: Sink
  connect(address: string): Promise<SinkConsumer>
  /** Ends what the test built around the sink. */
  dispose?(): Promise<void>
}

const anomaly: Anomaly = {
  id: 'line-1/cell-101/residual/7',
  line: 'line-1',
  cell: 'cell-101',
  tag: 'cell_voltage',
  kind: 'noisy-cell',
  detector: 'residual',
  time_ms: FIXTURE_START_ms,
  score: 0.9,
  text: 'noisy cell',
  causes: [],
}

/** One event of each channel, for the line and with a mark in its id. */
export function oneOfEach(line: string, mark: string): readonly OutputEvent[] {
  const id = (kind: string) => `${line}/${kind}/${mark}`
  return [
    { channel: 'anomaly', id: id('anomaly'), body: { ...anomaly, id: id('anomaly'), line } },
    { channel: 'alarm', id: id('alarm'), body: fixtureAlarm({ id: id('alarm'), line }) },
    { channel: 'advice', id: id('advice'), body: fixtureAdvice({ id: id('advice'), line }) },
  ]
}

/** What every sink must do; `channels` are the kinds of events it delivers. */
export function checkSink(
  name: string,
  channels: readonly OutputEvent['channel'][],
  build: (engine: FixtureEngine) => Promise<SinkUnderTest>,
): void {
  const open: (() => Promise<void> | undefined)[] = []
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close()
  })

  async function running() {
    const engine = fixtureEngine()
    const { sink, connect, dispose } = await build(engine)
    open.push(() => dispose?.())
    const { address } = await sink.start()
    open.push(() => sink.close())
    const listen = async () => {
      const consumer = await connect(address)
      open.push(() => consumer.close())
      return consumer
    }
    return { engine, sink, address, listen }
  }

  const expected = (events: readonly OutputEvent[]) =>
    events.filter(event => channels.includes(event.channel)).map(event => event.id)

  test(`${name}: events of its channels arrive once, in order, with their ids`, async () => {
    const { engine, address, listen } = await running()
    expect(address).not.toBe('')
    const consumers = [await listen(), await listen()]
    const events = [...oneOfEach('line-1', 'a'), ...oneOfEach('line-1', 'b')]
    for (const event of events) engine.at('local', 'line-1').emit(event)
    for (const consumer of consumers) {
      await vi.waitFor(() => expect(consumer.received()).toEqual(expected(events)), 5000)
    }
  })

  test(`${name}: nothing of another tenant comes out`, async () => {
    const { engine, listen } = await running()
    const foreign = engine.add(fixtureDefinition('other', 'line-2', 2))
    const twin = engine.add(fixtureDefinition('other', 'line-1', 2))
    const consumer = await listen()
    for (const event of oneOfEach('line-2', 'secret')) foreign.emit(event)
    for (const event of oneOfEach('line-1', 'secret')) twin.emit(event)
    const own = oneOfEach('line-1', 'own')
    for (const event of own) engine.at('local', 'line-1').emit(event)
    await vi.waitFor(() => expect(consumer.received()).toEqual(expected(own)), 5000)
  })

  test(`${name}: close ends every connection and the sink no longer listens to the engine`, async () => {
    const { engine, sink, listen } = await running()
    const consumer = await listen()
    await sink.close()
    await consumer.ended
    expect(() => engine.at('local', 'line-1').tick()).not.toThrow()
    const late = oneOfEach('line-1', 'late')
    for (const event of late) engine.at('local', 'line-1').emit(event)
    expect(consumer.received()).toEqual([])
  })
}
