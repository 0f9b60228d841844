/** A producer in a process of its own, to be killed. Started with one argument: its orders. */
import { setTimeout as sleep } from 'node:timers/promises'
import { connectProducer } from '#engine/client/producer.ts'
import { systemClock } from '#engine/core/clock.ts'
import { openJournal } from './journal.ts'
import { type ProducerPlan, seriesOf } from './lines.ts'
import { chaosBatch, jump_ms, streamBase_ms } from './readings.ts'
import { runRough } from './rough-producer.ts'

/** What a producer process is told. */
export interface ProducerOrders {
  readonly plan: ProducerPlan
  readonly seed: number
  readonly address: string
  readonly directory: string
  /** Batches to send at full speed; absent: paced, until told to stop. */
  readonly batches?: number
}

const CONNECT_PATIENCE_MS = 60_000
const PAUSE_MS = 40
/** Of every so many batches the first ones go out in a burst. */
const BURST = { every: 40, batches: 15 } as const

/** Between batches; a burst has many of them under way at once. */
export const pace_ms = (sequence: number): number =>
  sequence % BURST.every < BURST.batches ? 0 : PAUSE_MS

/** Base time of a batch that is made now. */
export const baseNow_ms = (plan: ProducerPlan, sequence: number): number =>
  plan.clock === 'wall'
    ? Date.now() - 2000 + jump_ms(plan, sequence)
    : streamBase_ms(plan, sequence)

async function runClient(orders: ProducerOrders, stopped: () => boolean): Promise<void> {
  const { plan, seed, address, batches = Number.POSITIVE_INFINITY } = orders
  const journal = openJournal(orders.directory, plan.producer)
  const producer = await connectProducer({
    ...{ address, line: plan.line, producer: plan.producer, clock: systemClock },
    connect_patience_ms: CONNECT_PATIENCE_MS,
    onAck: (sequence, rejections) =>
      journal.acknowledged(
        sequence,
        rejections.reduce((sum, one) => sum + one.count, 0),
      ),
  })
  let series = seriesOf(plan)
  while (!stopped() && producer.next_sequence <= batches) {
    const sequence = producer.next_sequence
    const base_ms = baseNow_ms(plan, sequence)
    journal.sent(sequence, base_ms)
    await producer.send({ series, ...chaosBatch(seed, plan, sequence, base_ms) })
    series = []
    if (orders.batches === undefined) await sleep(pace_ms(sequence))
  }
  await producer.drain()
  await producer.close()
}

const orders = JSON.parse(process.argv[2] ?? '') as ProducerOrders
let told = false
process.on('SIGTERM', () => {
  told = true
})
// A controller that is gone leaves no producer behind.
process.on('disconnect', () => process.exit(1))
await (orders.plan.manner === 'rough' && orders.batches === undefined
  ? runRough(orders, () => told)
  : runClient(orders, () => told))
process.exit(0)
