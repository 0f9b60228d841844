import { type Context, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api'

const TRACE_PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** The caller's span as W3C "traceparent" names it; undefined where it names none. */
export function parentOf(traceparent: string | undefined): SpanContext | undefined {
  const [, version, traceId, spanId, flags, more] = TRACE_PARENT.exec(traceparent ?? '') ?? []
  if (!version || !traceId || !spanId || !flags) return undefined
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true }
}

/** The context in which a batch is a child of its caller's span, or a trace of its own. */
export function contextOf(traceparent: string | undefined): Context {
  const parent = parentOf(traceparent)
  return parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT
}
