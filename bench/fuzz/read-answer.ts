/** A rejection as an acknowledgement tells it. */
export interface ToldRejection {
  readonly count: number
  readonly reason: string
  readonly detail: string
}

const REASONS = [
  ...['UNSPECIFIED', 'UNKNOWN_SERIES', 'VALUE_OUT_OF_RANGE', 'IN_FUTURE', 'UNIT', 'TYPE'],
  ...['UNAUTHORIZED', 'SCHEMA'],
]
const ACK_REJECTIONS = 3

interface Read {
  readonly field: number
  readonly value: number
  readonly body: Buffer
}

/** Rejections of the acknowledgement in an answer; `ackField` is where the answer keeps it. */
export function rejectionsIn(answer: Buffer, ackField: number): ToldRejection[] {
  return fieldsOf(answer)
    .filter(({ field }) => field === ackField)
    .flatMap(({ body }) => fieldsOf(body))
    .filter(({ field }) => field === ACK_REJECTIONS)
    .map(({ body }) => {
      const fields = fieldsOf(body)
      const value = (field: number) => fields.find(one => one.field === field)?.value ?? 0
      const detail = fields.find(one => one.field === 5)?.body.toString() ?? ''
      return { count: value(3), reason: REASONS[value(4)] ?? 'UNSPECIFIED', detail }
    })
}

/** Fields of a message that the engine wrote: varints and length-delimited ones. */
function fieldsOf(bytes: Buffer): Read[] {
  const found: Read[] = []
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 1; ; shift *= 128) {
      const byte = bytes[at++] ?? 0
      value += (byte & 0x7f) * shift
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const value = varint()
    const isBytes = tag % 8 === 2
    const body = isBytes ? bytes.subarray(at, at + value) : Buffer.alloc(0)
    if (isBytes) at += value
    found.push({ field: Math.floor(tag / 8), value, body })
  }
  return found
}
