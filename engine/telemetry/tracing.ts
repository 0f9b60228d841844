import type { Tracer } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  BatchSpanProcessor,
  type SpanExporter,
} from '@opentelemetry/sdk-trace-base'

/** Spans that wait to be sent; more are dropped. */
const SPANS_WAITING_MAX = 2048
const SEND_EVERY_ms = 2000
const SEND_TIMEOUT_ms = 5000

/** Where spans go. */
export interface Tracing {
  readonly tracer: Tracer
  /** Sends what waits, and ends. */
  close(): Promise<void>
}

/** Sends spans to a collector over OTLP/HTTP; a collector that is away costs a bounded queue. */
export function openTracing(options: { readonly url: string; readonly version: string }): Tracing {
  return tracingTo(
    new OTLPTraceExporter({ url: options.url, timeoutMillis: SEND_TIMEOUT_ms }),
    options.version,
  )
}

/** Sends spans to an exporter. */
export function tracingTo(exporter: SpanExporter, version: string): Tracing {
  const processor = new BatchSpanProcessor(exporter, {
    maxQueueSize: SPANS_WAITING_MAX,
    scheduledDelayMillis: SEND_EVERY_ms,
    exportTimeoutMillis: SEND_TIMEOUT_ms,
  })
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'liquidus', 'service.version': version }),
    // Which batches are followed is decided before there is a span.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [processor],
  })
  return {
    tracer: provider.getTracer('liquidus', version),
    async close() {
      await provider.shutdown().catch(() => {}) // a collector that is away loses the last spans
    },
  }
}
