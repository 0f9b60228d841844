import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { openTracing } from './tracing.ts'

interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly { key: string; value: object }[] }
    readonly scopeSpans: readonly { readonly spans: readonly { readonly name: string }[] }[]
  }[]
}

test('spans reach a collector over HTTP, with the name and version of the service', async () => {
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
  const tracing = openTracing({ url: `http://127.0.0.1:${port}/v1/traces`, version: '1.2.3' })
  tracing.tracer.startSpan('batch').end()
  await tracing.close()
  collector.close()
  const [sent] = bodies.flatMap(body => body.resourceSpans)
  expect(sent!.scopeSpans[0]!.spans.map(span => span.name)).toEqual(['batch'])
  expect(sent!.resource.attributes).toContainEqual({
    key: 'service.version',
    value: { stringValue: '1.2.3' },
  })
})

test('a collector that is away stops nothing', async () => {
  const tracing = openTracing({ url: 'http://127.0.0.1:1/v1/traces', version: '1' })
  for (let i = 0; i < 5000; i++) tracing.tracer.startSpan('batch').end()
  await expect(tracing.close()).resolves.toBeUndefined()
})
