import net from 'node:net'

/** The few words of MQTT 3.1.1 that a bench needs. */
export interface MqttClient {
  /** Resolves when the broker acknowledged it (QoS 1). */
  publish(topic: string, payload: Buffer): Promise<void>
  /** Asks for a topic (QoS 0); what comes is counted and dropped. */
  subscribe(topic: string): Promise<void>
  received(): number
  close(): Promise<void>
}

const PACKET = { connect: 1, connack: 2, publish: 3, puback: 4, subscribe: 8, suback: 9 } as const
const IDS = 0xffff

/** Connects with a clean session. */
export async function connectMqtt(host: string, port: number, name: string): Promise<MqttClient> {
  const socket = net.connect({ host, port, noDelay: true })
  const waiting = new Map<number, () => void>()
  let welcomed: () => void = () => {}
  let received = 0
  let id = 0
  let rest: Buffer = Buffer.alloc(0)
  const take = (type: number, body: Buffer) => {
    if (type === PACKET.connack) welcomed()
    else if (type === PACKET.publish) received++
    else if (type === PACKET.puback || type === PACKET.suback) {
      const answered = body.readUInt16BE(0)
      waiting.get(answered)?.()
      waiting.delete(answered)
    }
  }
  socket.on('data', chunk => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (;;) {
      const packet = firstPacket(rest)
      if (!packet) return
      take(packet.type, rest.subarray(packet.from, packet.to))
      rest = rest.subarray(packet.to)
    }
  })
  const failed = new Promise<never>((_, reject) => socket.on('error', reject))
  failed.catch(() => {})
  const answered = (write: (id: number) => void): Promise<void> => {
    id = (id % IDS) + 1
    const mine = id
    const answer = new Promise<void>(resolve => waiting.set(mine, resolve))
    write(mine)
    return Promise.race([answer, failed])
  }
  const ready = new Promise<void>(resolve => {
    welcomed = resolve
  })
  const keepAlive_s = Buffer.from([0, 0])
  const head = Buffer.concat([text('MQTT'), Buffer.from([4, 2]), keepAlive_s])
  socket.write(packetOf(PACKET.connect << 4, [head, text(name)]))
  await Promise.race([ready, failed])
  return {
    publish: (topic, payload) =>
      answered(mine => {
        socket.write(packetOf((PACKET.publish << 4) | 2, [text(topic), word(mine), payload]))
      }),
    subscribe: topic =>
      answered(mine => {
        const wish = [word(mine), text(topic), Buffer.from([0])]
        socket.write(packetOf((PACKET.subscribe << 4) | 2, wish))
      }),
    received: () => received,
    async close() {
      socket.end(Buffer.from([0xe0, 0]))
      await new Promise(resolve => socket.once('close', resolve))
    },
  }
}

/** Type and extent of the packet at the front, once all of it is there. */
function firstPacket(bytes: Buffer): { type: number; from: number; to: number } | undefined {
  let size = 0
  for (let i = 1; i < Math.min(5, bytes.length); i++) {
    size += (bytes[i]! & 0x7f) << (7 * (i - 1))
    if ((bytes[i]! & 0x80) !== 0) continue
    const to = i + 1 + size
    return bytes.length >= to ? { type: bytes[0]! >> 4, from: i + 1, to } : undefined
  }
  return undefined
}

/** A control packet: first byte, remaining length, parts. */
export function packetOf(first: number, parts: readonly Buffer[]): Buffer {
  const size: number[] = []
  let left = parts.reduce((sum, part) => sum + part.length, 0)
  do {
    size.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0))
    left >>>= 7
  } while (left > 0)
  return Buffer.concat([Buffer.from([first, ...size]), ...parts])
}

const word = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff])
const text = (value: string): Buffer => Buffer.concat([word(value.length), Buffer.from(value)])
