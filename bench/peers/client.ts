/** The one client process of all peers: it keeps so many requests under way, and times each. */
import { problemOf } from '#engine/core/errors.ts'
import { latencyHistogram } from '../histogram.ts'
import { batchesOf, type Form } from './readings.ts'
import { columnsWriter, httpWriter, mqttWriter, type Writer } from './writers.ts'

/** What the client is to do with one peer. */
export interface ClientOrders {
  readonly form: Form
  /** `http://...`, `mqtt://HOST:PORT`, or HOST:PORT of a gRPC door. */
  readonly address: string
  readonly seconds_s: number
  /** Requests that are under way at any time. */
  readonly in_flight: number
  readonly seed: number
}

/** What the client saw; every reading counted was answered for. */
export interface ClientReport {
  readonly readings: number
  readonly seconds_s: number
  readonly ack_ms_p50: number | null
  readonly ack_ms_p99: number | null
  readonly client_cpu_s: number
  readonly problem?: string
}

function writerOf(orders: ClientOrders): Promise<Writer> {
  const { address, form, seed, in_flight } = orders
  const batches = batchesOf(seed)
  if (form === 'columns') return columnsWriter(address, batches)
  if (address.startsWith('mqtt:')) return mqttWriter(address, form, batches)
  return httpWriter(address, form, batches, in_flight)
}

async function send(orders: ClientOrders): Promise<ClientReport> {
  const writer = await writerOf(orders)
  const histogram = latencyHistogram()
  const cpu = process.cpuUsage()
  const began_ms = performance.now()
  const over_ms = began_ms + 1000 * orders.seconds_s
  let readings = 0
  const keepSending = async () => {
    while (performance.now() < over_ms) {
      const sent_ms = performance.now()
      const answered = await writer.write()
      readings += answered
      histogram.add(performance.now() - sent_ms)
    }
  }
  await Promise.all(Array.from({ length: orders.in_flight }, keepSending))
  const seconds_s = (performance.now() - began_ms) / 1000
  const used = process.cpuUsage(cpu)
  await writer.close()
  const { ack_ms_p50, ack_ms_p99 } = histogram.percentiles('ack')
  const client_cpu_s = (used.user + used.system) / 1e6
  return {
    ...{ readings, seconds_s, client_cpu_s },
    ack_ms_p50: ack_ms_p50!,
    ack_ms_p99: ack_ms_p99!,
  }
}

process.on('message', (orders: ClientOrders) => {
  send(orders).then(
    report => process.send!(report),
    (error: unknown) => process.send!({ problem: problemOf(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
