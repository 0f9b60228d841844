import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test, vi } from 'vitest'
import { manualClock } from '../core/clock.ts'
import { openTraces } from './open-traces.ts'
import { openTracing } from './tracing.ts'

interface SentSpan {
  readonly name: string
  readonly status: { readonly message?: string }
}
interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: object }[] }
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[]
  }[]
}

/** A collector that keeps what it is sent. */
async function collect() {
  const bodies: Sent[] = []
  const collector = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => {
      bodies.push(JSON.parse(Buffer.concat(chunks).toString()) as Sent)
      response.setHeader('content-type', 'application/json')
      response.end('{}')
    })
  })
  await new Promise<void>(resolve => collector.listen(0, '127.0.0.1', resolve))
  const { port } = collector.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1/traces`,
    close: () => collector.close(),
    sent: () => bodies.flatMap(body => body.resourceSpans),
    spans: () => bodies.flatMap(body => body.resourceSpans).flatMap(spansOf),
  }
}
const spansOf = ({ scopeSpans }: Sent['resourceSpans'][number]) =>
  scopeSpans.flatMap(({ spans }) => spans)

test('spans reach a collector over HTTP, with the name and version of the service', async () => {
  const { url, close, sent, spans } = await collect()
  const tracing = openTracing({ url, version: '1.2.3' })
  tracing.tracer.startSpan('batch').end()
  await tracing.close()
  close()
  expect(spans().map(({ name }) => name)).toEqual(['batch'])
  expect(sent()[0]!.resource.attributes).toContainEqual({
    key: 'service.version',
    value: { stringValue: '1.2.3' },
  })
})

test('a batch that is lost from sight is sent without another to come, and no timer stays', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  const { url, close, spans } = await collect()
  const clock = manualClock(1_000_000)
  const traces = (await openTraces({ share: 1, otlp_url: url }, clock, '1'))!
  const batch = { tenant: 't', line: 'l', producer: 'p', epoch: 1, readings: 1, bytes: 1 }
  const facts = { ...batch, received_ms: 1_000_000, traceparent: undefined, alone: false }
  traces.taken({ ...facts, sequence: 1 })
  clock.advance(61_000)
  vi.advanceTimersByTime(1000)
  traces.taken({ ...facts, sequence: 2 })
  await traces.close()
  close()
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
  const told = spans().filter(({ name }) => name === 'batch')
  expect(told.map(({ status }) => status.message)).toEqual([
    ...['not durable in time', 'not durable when the engine stopped'],
  ])
})

test('a collector that is away stops nothing', async () => {
  const tracing = openTracing({ url: 'http://127.0.0.1:1/v1/traces', version: '1' })
  for (let i = 0; i < 5000; i++) tracing.tracer.startSpan('batch').end()
  await expect(tracing.close()).resolves.toBeUndefined()
})
