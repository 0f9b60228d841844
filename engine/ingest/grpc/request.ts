import { liquidus } from '#proto/gen/ingest.js'
import { problemOf } from '../../core/errors.ts'
import { readText, WireReader, WireType } from '../wire.ts'

const { LineProposal } = liquidus.ingest.v1
type LineMessage = liquidus.ingest.v1.LineProposal.$Properties

/** Who wants to write to which line. */
export interface Hello {
  readonly producer: string
  readonly line: string
  readonly proposal: LineMessage | undefined
}

/** One message of a stream; a batch stays the bytes that came. */
export type StreamRequest =
  | { readonly kind: 'hello'; readonly hello: Hello }
  | { readonly kind: 'batch'; readonly wire: Uint8Array }
  | { readonly kind: 'heartbeat' }
  | { readonly kind: 'problem'; readonly problem: string }

/** A unary request, or why it is none. */
export type WriteRequest =
  | { readonly hello: Hello; readonly wire: Uint8Array }
  | { readonly problem: string }

const NAME_BYTES_MAX = 512
const MessageField = { hello: 1, batch: 2, heartbeat: 3 } as const

/** Reads a StreamReadingsRequest. Never throws. */
export function readStreamRequest(bytes: Uint8Array): StreamRequest {
  const reader = new WireReader(bytes)
  let found = 0
  let start = 0
  let end = 0
  while (reader.next()) {
    if (reader.wireType !== WireType.bytes || reader.field > MessageField.heartbeat) {
      reader.skip()
      continue
    }
    if (found !== 0) reader.fail('a message holds one of hello, batch, heartbeat, not several')
    found = reader.field
    const size = reader.length()
    start = reader.position
    end = reader.position += size
  }
  if (reader.problem !== '') return { kind: 'problem', problem: reader.problem }
  if (found === MessageField.batch) return { kind: 'batch', wire: bytes.subarray(start, end) }
  if (found === MessageField.heartbeat) return { kind: 'heartbeat' }
  if (found !== MessageField.hello) {
    return { kind: 'problem', problem: 'a message holds one of hello, batch, heartbeat' }
  }
  const read = readHello(new WireReader(bytes, start, end), 4)
  return 'problem' in read
    ? { kind: 'problem', problem: read.problem }
    : { kind: 'hello', hello: read.hello }
}

/** Reads a WriteReadingsRequest. Never throws. */
export function readWriteRequest(bytes: Uint8Array): WriteRequest {
  return readHello(new WireReader(bytes), 4)
}

/** Both requests carry producer (1), line (2) and proposal (4); only the unary one a batch (3). */
function readHello(reader: WireReader, proposalField: number): WriteRequest {
  let producer = ''
  let line = ''
  let proposal: LineMessage | undefined
  let wire: Uint8Array = new Uint8Array(0)
  while (reader.next()) {
    if (reader.wireType !== WireType.bytes) reader.skip()
    else if (reader.field === 1) producer = readText(reader, NAME_BYTES_MAX, 'producer_id')
    else if (reader.field === 2) line = readText(reader, NAME_BYTES_MAX, 'line')
    else if (reader.field === 3 || reader.field === proposalField) {
      const size = reader.length()
      const span = reader.bytes.subarray(reader.position, reader.position + size)
      reader.position += size
      if (reader.field === 3) wire = span
      else proposal = readProposal(reader, span)
    } else reader.skip()
  }
  if (reader.problem !== '') return { problem: reader.problem }
  return { hello: { producer, line, proposal }, wire }
}

function readProposal(reader: WireReader, span: Uint8Array): LineMessage | undefined {
  try {
    return LineProposal.decode(span)
  } catch (error) {
    reader.fail(`proposal: ${problemOf(error)}`)
    return undefined
  }
}
