import { createHash } from 'node:crypto'
import { loadConfig } from '#engine/config.ts'
import { decodeEntry } from '#engine/core/log-entry.ts'
import type { BatchEntry, LineDefinition, StoredEvent } from '#engine/flow.ts'
import { foldBuilder } from '#engine/folding.ts'
import { batchDecoder } from '#engine/ingest/batch-decoder.ts'
import { type Verification, verifyLine } from '#engine/lines/verify.ts'
import { openStore } from '#engine/main.ts'
import type { LineKey, Store } from '#engine/store/port.ts'
import { openShelf } from '#engine/training/shelf.ts'
import { versionsOf } from '#engine/version.ts'
import { readJournal } from './journal.ts'
import { CHAOS_LINES, type ChaosLine, type ProducerPlan, RANGE, seriesOf } from './lines.ts'
import { type ChaosBatch, chaosBatch } from './readings.ts'

const TENANT = 'local'
const READ = { count_max: 512, bytes_max: 8 << 20 } as const
const EVENTS_A_READ = 1000
const EXAMPLES_MAX = 5

/** What one line's store holds against what its producers were told. */
export interface LineAudit {
  readonly line: string
  /** Readings that producers were told are durable, quarantined ones not counted. */
  acknowledged: number
  /** Of these, those that the log does not hold as they were sent. */
  lost: number
  /** Readings that the log holds more than once. */
  duplicated: number
  rejected: number
  /** Quarantined readings of batches whose own acknowledgement was lost on the way. */
  rejections_untold: number
  readonly batches: number
  readonly events: number
  events_repeated: number
  readonly verification: Verification
  /** Highest sequence in the log, by producer. */
  readonly sequences: ReadonlyMap<string, number>
  /** The kept events, one JSON text each, by offset. */
  readonly eventTexts: ReadonlyMap<number, string>
  readonly eventIds: ReadonlyMap<number, string>
  readonly violations: string[]
}

/** Opens the store that a stopped engine left and holds every line against the journals. */
export async function auditLines(
  config: string,
  journals: string,
  seed: number,
): Promise<readonly LineAudit[]> {
  const shelf = await openShelf(`${journals}-models`, () => {})
  const store = await openStore(loadConfig({ file: config, environment: {} }), () => {})
  try {
    const audits: LineAudit[] = []
    for (const line of CHAOS_LINES) {
      const key = `${TENANT}/${line.line}`
      const versions = versionsOf(shelf, TENANT)
      const verification = await verifyLine(store, key, foldBuilder(shelf), versions, () => {})
      audits.push(await auditLine(store, key, line, { journals, seed, verification }))
    }
    return audits
  } finally {
    await store.close()
  }
}

async function auditLine(
  store: Store,
  key: LineKey,
  line: ChaosLine,
  from: { readonly journals: string; readonly seed: number; readonly verification: Verification },
): Promise<LineAudit> {
  const definition = JSON.parse((await store.definitions()).get(key)!) as LineDefinition
  const { log, violations } = await readLog(store, key, definition)
  const recovered = await store.look(key)
  const events = await readEvents(store, key)
  const ids = [...events.values()].map(({ event }) => event.id)
  const audit: LineAudit = {
    ...{ line: line.line, acknowledged: 0, lost: 0, duplicated: log.duplicated },
    ...{ rejected: log.rejected, rejections_untold: 0 },
    batches: log.batches.size,
    events: recovered.outbox_end,
    events_repeated: ids.length - new Set(ids).size,
    verification: from.verification,
    sequences: log.sequences,
    eventTexts: new Map([...events].map(([offset, { event }]) => [offset, JSON.stringify(event)])),
    eventIds: new Map([...events].map(([offset, { event }]) => [offset, event.id])),
    violations,
  }
  for (const plan of line.producers) compareProducer(audit, log, plan, definition, from)
  if (recovered.quarantined_count !== log.rejected) {
    violations.push(
      `${recovered.quarantined_count} quarantine rows where the log rejects ${log.rejected}`,
    )
  }
  if (!from.verification.equal) {
    violations.push(`the log run again differs: ${JSON.stringify(from.verification)}`)
  }
  return audit
}

interface LoggedBatch {
  readonly rows: ReadonlyMap<string, number>
  readonly count: number
  readonly rejected: number
}

interface ReadLog {
  /** By producer and sequence. */
  readonly batches: ReadonlyMap<string, LoggedBatch>
  readonly sequences: ReadonlyMap<string, number>
  readonly duplicated: number
  readonly rejected: number
}

async function readLog(store: Store, key: LineKey, definition: LineDefinition) {
  const decoder = batchDecoder(definition)
  const violations: string[] = []
  const batches = new Map<string, LoggedBatch>()
  const sequences = new Map<string, number>()
  const contents = new Set<string>()
  let duplicated = 0
  let rejected = 0
  const take = (entry: BatchEntry, position: number): void => {
    const { producer, sequence } = entry
    const batch = decoder.decode(entry)
    const rows = new Map<string, number>()
    for (let row = 0; row < batch.count; row++) {
      const text = rowText(
        batch.series[row]!,
        batch.times_ms[row]!,
        batch.values[row]!,
        batch.quality[row]!,
      )
      rows.set(text, (rows.get(text) ?? 0) + 1)
    }
    const name = `${producer} ${sequence}`
    const content = createHash('sha1')
      .update(producer)
      .update([...rows.keys()].join())
      .digest('hex')
    if (batches.has(name) || (rows.size > 0 && contents.has(content))) {
      duplicated += batch.count
      note(violations, `entry ${position} holds batch ${name} a second time`)
    }
    contents.add(content)
    const refused = entry.rejected.reduce((sum, [, count]) => sum + count, 0)
    rejected += refused
    batches.set(name, { rows, count: batch.count, rejected: refused })
    sequences.set(producer, Math.max(sequence, sequences.get(producer) ?? 0))
  }
  for (let from = 1; ; ) {
    const records = await store.read(key, from, READ)
    if (records.length === 0) break
    for (const { position, bytes } of records) {
      const entry = decodeEntry(bytes)
      if (entry.kind === 'batch') take(entry, position)
      from = position + 1
    }
  }
  const log: ReadLog = { batches, sequences, duplicated, rejected }
  return { log, violations }
}

async function readEvents(store: Store, key: LineKey): Promise<Map<number, StoredEvent>> {
  const events = new Map<number, StoredEvent>()
  for (let after = 0; ; ) {
    const page = await store.events(key, after, EVENTS_A_READ)
    if (page.length === 0) return events
    for (const one of page) {
      events.set(one.offset, one)
      after = one.offset
    }
  }
}

function compareProducer(
  audit: LineAudit,
  log: ReadLog,
  plan: ProducerPlan,
  definition: LineDefinition,
  { journals, seed }: { readonly journals: string; readonly seed: number },
): void {
  const { base_ms, rejected } = readJournal(journals, plan.producer)
  for (const [sequence, told] of rejected) {
    const sent = chaosBatch(seed, plan, sequence, base_ms.get(sequence)!)
    const batch = log.batches.get(`${plan.producer} ${sequence}`)
    audit.acknowledged += sent.count - told
    if (!batch) {
      audit.lost += sent.count - told
      note(audit.violations, `batch ${sequence} of ${plan.producer} was acknowledged and is gone`)
      continue
    }
    // A welcome tells what is durable, not what of it was rejected: after a lost answer told is 0.
    if (told === 0) {
      audit.acknowledged -= batch.rejected
      audit.rejections_untold += batch.rejected
    } else if (batch.rejected !== told) {
      note(
        audit.violations,
        `batch ${sequence} of ${plan.producer}: ${told} rejections told, ${batch.rejected} logged`,
      )
    }
    const foreign = foreignRows(batch, sent, plan, definition)
    if (foreign === 0 && batch.count + batch.rejected === sent.count) continue
    audit.lost += Math.max(1, foreign)
    note(audit.violations, `batch ${sequence} of ${plan.producer} is not logged as it was sent`)
  }
}

/** Rows of the log that the producer never sent in this batch. */
function foreignRows(
  { rows }: LoggedBatch,
  sent: ChaosBatch,
  plan: ProducerPlan,
  definition: LineDefinition,
): number {
  const series = seriesOf(plan)
  const left = new Map(rows)
  for (let row = 0; row < sent.count; row++) {
    const { asset_path, tag } = series[sent.refs[row]! - 1]!
    const tagAt = definition.tags.findIndex(one => one.tag === tag)
    const index = tagAt * definition.cells.length + definition.cells.indexOf(asset_path)
    const value = sent.values[row]!
    const text = rowText(index, sent.times_ms[row]!, value, sent.qualities[row]!)
    const count = left.get(text)
    if (count !== undefined) left.set(text, count - 1)
    else if (value <= RANGE.high && plan.clock === 'stream') return 1
  }
  return [...left.values()].reduce((sum, count) => sum + Math.abs(count), 0)
}

const rowText = (series: number, time_ms: number, value: number, quality: number): string =>
  `${series}:${time_ms}:${value}:${quality}`

function note(violations: string[], text: string): void {
  if (violations.length < EXAMPLES_MAX) violations.push(text)
}
