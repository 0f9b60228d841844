import http2 from 'node:http2'

/** How a call ended, as the wire tells it. */
export interface CallEnd {
  readonly http: number
  /** NaN: the server said nothing. */
  readonly code: number
  readonly details: string
  /** Bodies of the messages that came back. */
  readonly answers: readonly Buffer[]
  readonly timed_out: boolean
}

const SERVICE = '/liquidus.ingest.v1.TelemetryIngestService'
const ANSWER_WITHIN_MS = 20_000
/** A session is thrown away after so many calls, and sooner when the server closes it. */
const CALLS_A_SESSION = 2000

/** Calls over bare HTTP/2, with any bytes. */
export interface Caller {
  call(method: 'WriteReadings' | 'StreamReadings', parts: readonly Uint8Array[]): Promise<CallEnd>
  close(): void
}

/** A gRPC frame around a message; `claim` and `flag` may lie. */
export function frame(body: Uint8Array, flag = 0, claim = body.length): Buffer {
  const head = Buffer.alloc(5)
  head[0] = flag
  head.writeUInt32BE(claim >>> 0, 1)
  return Buffer.concat([head, body])
}

/** Opens sessions to the port as they are needed. */
export function caller(port: number): Caller {
  let session: http2.ClientHttp2Session | undefined
  let calls = 0
  const open = (): http2.ClientHttp2Session => {
    const usable = session && !session.closed && !session.destroyed && calls < CALLS_A_SESSION
    calls += 1
    if (usable) return session!
    session?.close()
    calls = 0
    session = http2.connect(`http://127.0.0.1:${port}`)
    session.on('error', () => {})
    return session
  }
  return {
    call: (method, parts) => one(open(), method, parts),
    close: () => session?.destroy(),
  }
}

function one(
  session: http2.ClientHttp2Session,
  method: string,
  parts: readonly Uint8Array[],
): Promise<CallEnd> {
  return new Promise(resolve => {
    const request = session.request({
      ...{ ':method': 'POST', ':path': `${SERVICE}/${method}` },
      ...{ 'content-type': 'application/grpc', te: 'trailers' },
    })
    let http = 0
    let code = Number.NaN
    let details = ''
    let timed_out = false
    const chunks: Buffer[] = []
    const take = (part: http2.IncomingHttpHeaders) => {
      if (part[':status']) http = Number(part[':status'])
      if (part['grpc-status'] !== undefined) code = Number(part['grpc-status'])
      details ||= decoded(String(part['grpc-message'] ?? ''))
    }
    const timer = setTimeout(() => {
      timed_out = true
      request.close(http2.constants.NGHTTP2_CANCEL)
    }, ANSWER_WITHIN_MS)
    request.on('response', take).on('trailers', take)
    request.on('error', error => {
      details ||= error.message
    })
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('close', () => {
      clearTimeout(timer)
      resolve({ http, code, details, answers: messagesIn(Buffer.concat(chunks)), timed_out })
    })
    for (const part of parts) request.write(part)
    request.end()
  })
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function messagesIn(bytes: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let at = 0; at + 5 <= bytes.length; ) {
    const size = bytes.readUInt32BE(at + 1)
    found.push(bytes.subarray(at + 5, at + 5 + size))
    at += 5 + size
  }
  return found
}
