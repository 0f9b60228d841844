import http from 'node:http'
import { connectProducer } from '#engine/client/producer.ts'
import { systemClock } from '#engine/core/clock.ts'
import { connectMqtt } from './mqtt.ts'
import {
  assetName,
  BATCH_READINGS,
  type Batch,
  type Form,
  stamped,
  TAGS,
  tagOf,
  templateOf,
  timeOf_ms,
} from './readings.ts'

/** Sends the readings to one peer, the next each time; several may be under way. */
export interface Writer {
  /** Resolves with the number of readings once the peer has answered for them. */
  write(): Promise<number>
  close(): Promise<void>
}

/** Time of the newest readings sent: nothing is ever sent for an earlier time. */
let newest_ms = 0

const beginAt_ms = (known_ms = 0): number =>
  1000 * (Math.floor(Math.max(Date.now(), newest_ms, known_ms) / 1000) + 1)

/** Liquidus through its own client: answered for means durable in the log. */
export async function columnsWriter(address: string, batches: readonly Batch[]): Promise<Writer> {
  const waiting: (() => void)[] = []
  const producer = await connectProducer({
    address,
    line: 'peers',
    producer: 'peers',
    clock: systemClock,
    onAck: () => waiting.shift()!(),
  })
  const start_ms = beginAt_ms(producer.welcome.newest_event_ms)
  let next = 0
  const columns = batches.map(batch => ({
    refs: Uint32Array.from({ length: BATCH_READINGS }, (_, i) => batch.first_asset * TAGS + i),
    values: batch.values,
  }))
  const named = new Set<number>()
  return {
    write() {
      const n = next++
      const { refs, values } = columns[n % columns.length]!
      const times_ms = new Float64Array(BATCH_READINGS).fill(timeOf_ms(start_ms, n))
      const first = refs[0]!
      const series = named.has(first) ? {} : { series: seriesOf(refs) }
      named.add(first)
      const answered = new Promise<number>(resolve => waiting.push(() => resolve(BATCH_READINGS)))
      return producer
        .send({ count: BATCH_READINGS, refs, times_ms, values, ...series })
        .then(() => answered)
    },
    async close() {
      await producer.drain()
      await producer.close()
    },
  }
}

const seriesOf = (refs: Uint32Array) =>
  [...refs].map(ref => ({
    ref,
    asset_path: assetName(Math.floor(ref / TAGS)),
    tag: tagOf(ref % TAGS),
    unit: '1',
  }))

/** The next body of a form, with its time. */
function bodies(form: Exclude<Form, 'columns'>, batches: readonly Batch[]) {
  const templates = batches.map(batch => templateOf(form, batch))
  const start_ms = beginAt_ms()
  let next = 0
  return () => {
    const n = next++
    const template = templates[n % templates.length]!
    newest_ms = timeOf_ms(start_ms, n)
    return { body: stamped(template, newest_ms), readings: template.readings }
  }
}

/** One POST per batch or reading over connections that are kept. */
export async function httpWriter(
  address: string,
  form: Exclude<Form, 'columns'>,
  batches: readonly Batch[],
  connections: number,
): Promise<Writer> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections })
  const url = new URL(address)
  const next = bodies(form, batches)
  const type = form.startsWith('json') ? 'application/json' : 'text/plain'
  return {
    write: () =>
      new Promise((resolve, reject) => {
        const { body, readings } = next()
        const headers = { 'content-type': type, 'content-length': body.length }
        const request = http.request(url, { method: 'POST', agent, headers }, response => {
          response.resume()
          response.on('end', () => {
            if (response.statusCode! < 300) resolve(readings)
            else reject(new Error(`${address} answers ${response.statusCode}`))
          })
        })
        request.on('error', reject)
        request.end(body)
      }),
    async close() {
      agent.destroy()
    },
  }
}

/** One publication per batch or reading, with an acknowledgement of each (QoS 1). */
export async function mqttWriter(
  address: string,
  form: Exclude<Form, 'columns'>,
  batches: readonly Batch[],
): Promise<Writer> {
  const { hostname, port } = new URL(address)
  const broker = await connectMqtt(hostname, Number(port), 'peers-client')
  const next = bodies(form, batches)
  return {
    async write() {
      const { body, readings } = next()
      await broker.publish('readings', body)
      return readings
    },
    close: () => broker.close(),
  }
}
