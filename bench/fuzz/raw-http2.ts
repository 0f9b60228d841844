import net from 'node:net'
import type { Random } from '#engine/core/random.ts'
import { mutateBytes, noise, oneOf } from './mutate.ts'

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const GOAWAY = 7
/** A server that has not refused by then waits for more; its keepalive ends that, not we. */
const CLOSED_WITHIN_MS = 300
const ERRORS = [
  ...['NO_ERROR', 'PROTOCOL_ERROR', 'INTERNAL_ERROR', 'FLOW_CONTROL_ERROR', 'SETTINGS_TIMEOUT'],
  ...['STREAM_CLOSED', 'FRAME_SIZE_ERROR', 'REFUSED_STREAM', 'CANCEL', 'COMPRESSION_ERROR'],
  ...['CONNECT_ERROR', 'ENHANCE_YOUR_CALM'],
]

function http2Frame(type: number, flags: number, stream: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(body.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream >>> 0, 5)
  return Buffer.concat([head, body])
}

/** Bytes that no HTTP/2 client would send. */
export function rawInput(random: Random): Buffer {
  if (random.uniform() < 0.2) return noise(random, 1 + random.integer(400))
  if (random.uniform() < 0.1) return Buffer.from('POST / HTTP/1.1\r\nhost: x\r\n\r\n{}')
  const frames = [PREFACE, http2Frame(4, 0, 0, Buffer.alloc(0))]
  for (let i = 0; i <= random.integer(6); i++) {
    const type = oneOf(random, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255])
    const size = oneOf(random, [0, 1, 4, 5, 6, 8, 17, 40])
    const stream = oneOf(random, [0, 1, 1, 3, 2, 2 ** 31 - 1, 2 ** 32 - 1])
    frames.push(http2Frame(type, random.integer(256), stream, noise(random, size)))
  }
  const bytes = Buffer.concat(frames)
  return random.uniform() < 0.3 ? mutateBytes(bytes, random) : bytes
}

/** Sends the bytes and tells how the server refused them; undefined: it waits for more. */
export function sendRaw(port: number, bytes: Uint8Array): Promise<string | undefined> {
  return new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1')
    const heard: Buffer[] = []
    const timer = setTimeout(() => {
      socket.destroy()
      resolve(undefined)
    }, CLOSED_WITHIN_MS)
    socket.on('data', (chunk: Buffer) => {
      if (heard.length < 64) heard.push(chunk)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(goawayIn(Buffer.concat(heard)))
    })
    socket.write(bytes)
  })
}

function goawayIn(bytes: Buffer): string {
  for (let at = 0; at + 17 <= bytes.length; ) {
    const size = bytes.readUIntBE(at, 3)
    if (bytes[at + 3] === GOAWAY) return `GOAWAY ${ERRORS[bytes.readUInt32BE(at + 13)]}`
    at += 9 + size
  }
  return bytes.toString('latin1', 0, 5) === 'HTTP/' ? bytes.toString('latin1', 0, 12) : 'closed'
}
