/** JSON as bytes that keeps what JSON alone loses: NaN, infinities and minus zero. */
export function encodeJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value, keepNumber))
}

/** Reads what `encodeJson` wrote. */
export function decodeJson<T>(bytes: Uint8Array): T {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  return text.includes(MARK) ? JSON.parse(text, readNumber) : JSON.parse(text)
}

const MARK = '$number'

function keepNumber(_key: string, value: unknown): unknown {
  if (typeof value !== 'number') return value
  if (Number.isFinite(value) && !Object.is(value, -0)) return value
  return { [MARK]: Object.is(value, -0) ? '-0' : String(value) }
}

function readNumber(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !(MARK in value)) return value
  return Number(value[MARK])
}
