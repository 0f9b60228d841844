/** The process that sends the load of a bench run; it does what its parent says over IPC. */
import { problemOf } from '#engine/core/errors.ts'
import { sharedClock } from '../clock.ts'
import { scheduleOf } from '../schedule.ts'
import { type AckFigures, ackFigures } from './ack-figures.ts'
import { connectLoad, type LineLoad } from './line-load.ts'
import type { FromSender, SenderOrders, SenderReport, ToSender } from './messages.ts'
import { connectTwin } from './twin-load.ts'

export type { FromSender, SenderOrders, SenderReport, ToSender }

interface Sender {
  readonly orders: SenderOrders
  readonly loads: readonly LineLoad[]
  readonly figures: AckFigures
}

async function connect(orders: SenderOrders): Promise<Sender> {
  const clock = sharedClock(orders.offset_ms)
  const figures = ackFigures()
  const common = { address: orders.address, clock, figures }
  const { rate, twin } = orders
  const lines = rate === undefined ? [] : scheduleOf(rate).lines
  const loads: LineLoad[] = []
  for (const [i, schedule] of lines.entries()) {
    const offset_ms = (20 * i) / lines.length
    const slotted = (rate!.slot_ms ?? 0) > 0
    loads.push(await connectLoad({ ...common, schedule, seed: rate!.seed, offset_ms, slotted }))
  }
  if (twin) loads.push(await connectTwin({ ...common, plan: twin, offset_ms: 0 }))
  return { orders, loads, figures }
}

function reportOf({ loads, figures }: Sender): SenderReport {
  return {
    lines: loads.map(({ line, producer: { counts } }) => ({
      line,
      sent: counts.sent_readings,
      acknowledged: counts.acknowledged_readings,
      rejected: counts.rejected_readings,
      reconnects: counts.reconnects,
    })),
    figures: figures.report(),
  }
}

let sender: Sender | undefined

async function obey(order: ToSender): Promise<FromSender> {
  const of = order.type
  if (order.type === 'connect') {
    sender = await connect(order.orders)
    return { type: 'done', of }
  }
  const { loads, figures, orders } = sender!
  const each = (run: (load: LineLoad) => Promise<void>) => Promise.all(loads.map(run))
  if (order.type === 'learn') await each(load => load.learn(order.event_start_ms))
  if (order.type === 'run') {
    const { start_ms, event_start_ms } = order
    const { warmup_s, seconds_s } = (orders.rate ?? orders.twin)!
    figures.begin(start_ms, start_ms + 1000 * warmup_s, seconds_s)
    await each(load => load.run(start_ms, event_start_ms))
  }
  if (order.type === 'backlog') await each(async load => load.backlog?.(order.seconds))
  if (order.type === 'drain') await each(load => load.producer.drain())
  if (order.type === 'report') return { type: 'done', of, report: reportOf(sender!) }
  return { type: 'done', of }
}

process.on('message', (order: ToSender) => {
  obey(order).then(
    answer => process.send!(answer),
    (error: unknown) => process.send!({ type: 'failed', problem: problemOf(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
