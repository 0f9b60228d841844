import { createHash } from 'node:crypto'
import { encodeSeries } from '#engine/client/encode-batch.ts'
import { loadConfig } from '#engine/config.ts'
import { problemOf } from '#engine/core/errors.ts'
import { decodeEntry } from '#engine/core/log-entry.ts'
import { toSi } from '#engine/core/units.ts'
import type { BatchEntry, LineDefinition, StoredEvent } from '#engine/flow.ts'
import { foldBuilder } from '#engine/folding.ts'
import { batchDecoder } from '#engine/ingest/batch-decoder.ts'
import { stateHash } from '#engine/lines/state-hash.ts'
import { type Verification, verifyLine } from '#engine/lines/verify.ts'
import { openStore } from '#engine/main.ts'
import type { LineKey, Recovered, Store } from '#engine/store/port.ts'
import { openShelf } from '#engine/training/shelf.ts'
import { versionsOf } from '#engine/version.ts'
import { readJournal } from './journal.ts'
import { CHAOS_LINES, type ChaosLine, isInRange, type ProducerPlan, seriesOf } from './lines.ts'
import { type ChaosBatch, chaosBatch, impossibleRows, streamBase_ms } from './readings.ts'

const TENANT = 'local'
const READ = { count_max: 512, bytes_max: 8 << 20 } as const
const EVENTS_A_READ = 1000
const EXAMPLES_MAX = 5

/** What one line's store holds against what its producers were told. */
export interface LineAudit {
  readonly line: string
  /** Readings that producers were told are durable, quarantined ones not counted. */
  acknowledged: number
  /** Of these, those whose entries the log has let go, because it holds as many newer ones. */
  trimmed: number
  /** Of these, those that the log does not hold as they were sent. */
  lost: number
  /** Readings that the log holds more than once. */
  duplicated: number
  rejected: number
  /** Quarantined readings of batches whose own acknowledgement was lost on the way. */
  rejections_untold: number
  readonly batches: number
  /** Log entries that were let go. */
  readonly trimmed_entries: number
  readonly events: number
  events_repeated: number
  readonly state_hash: string
  /** The log run again gives what is stored. */
  readonly verified: boolean
  /** Log entries that were run again for it. */
  readonly entries_verified: number
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
  const loaded = loadConfig({ file: config, environment: {} })
  const { log_entries_max } = loaded
  const store = await openStore(loaded, () => {})
  try {
    const audits: LineAudit[] = []
    for (const line of CHAOS_LINES) {
      const key = `${TENANT}/${line.line}`
      const versions = versionsOf(shelf, TENANT)
      const build = foldBuilder(shelf)
      const verifying = verifyLine(store, key, build, versions, () => {})
      const verification = await verifying.catch(problemOf)
      const from = { journals, seed, log_entries_max, verification }
      audits.push(await auditLine(store, key, line, from))
    }
    return audits
  } finally {
    await store.close()
  }
}

interface AuditOf {
  readonly journals: string
  readonly seed: number
  readonly log_entries_max: number
  /** Why the log cannot be run again, as text. */
  readonly verification: Verification | string
}

async function auditLine(
  store: Store,
  key: LineKey,
  line: ChaosLine,
  from: AuditOf,
): Promise<LineAudit> {
  const definition = JSON.parse((await store.definitions()).get(key)!) as LineDefinition
  const { log, violations } = await readLog(store, key, definition, line)
  const recovered = await store.look(key)
  const events = await readEvents(store, key)
  const ids = [...events.values()].map(({ event }) => event.id)
  const { verification } = from
  const run = typeof verification === 'string' ? { equal: false, entries: 0 } : verification
  const audit: LineAudit = {
    ...{ line: line.line, acknowledged: 0, trimmed: 0, lost: 0, duplicated: log.duplicated },
    ...{ rejected: recovered.quarantined_count, rejections_untold: 0 },
    trimmed_entries: recovered.log_start - 1,
    batches: log.batches.size,
    events: recovered.outbox_end,
    events_repeated: ids.length - new Set(ids).size,
    state_hash: recovered.commit ? stateHash(recovered.commit.state) : '',
    verified: run.equal,
    entries_verified: run.entries,
    sequences: log.sequences,
    eventTexts: new Map([...events].map(([offset, { event }]) => [offset, JSON.stringify(event)])),
    eventIds: new Map([...events].map(([offset, { event }]) => [offset, event.id])),
    violations,
  }
  for (const plan of line.producers)
    compareProducer(audit, log, plan, { definition, recovered, from })
  checkRoom(recovered, from.log_entries_max, violations)
  checkQuarantine(line, recovered, log, from.seed, violations)
  if (!audit.verified) {
    violations.push(`the log run again differs: ${JSON.stringify(from.verification)}`)
  }
  return audit
}

/** The log lets an entry go only where it holds as many newer ones as are to be kept. */
function checkRoom(recovered: Recovered, entries_max: number, violations: string[]): void {
  const { log_start, log_end } = recovered
  const kept = log_end - log_start + 1
  if (log_start === 1 || kept >= entries_max) return
  violations.push(`${kept} entries are left of ${log_end}, though ${entries_max} are to be kept`)
}

/** Rejected rows are counted once each, those of entries that went included. */
function checkQuarantine(
  { clock, producers }: ChaosLine,
  { quarantined_count: found, producers: known, log_start }: Recovered,
  log: ReadLog,
  seed: number,
  violations: string[],
): void {
  let rejected = log.rejected
  // What of a wrong wall clock lies ahead, only the log tells.
  if (clock === 'wall' && log_start > 1) {
    if (found < rejected) violations.push(`${found} quarantine rows, the log rejects ${rejected}`)
    return
  }
  if (clock === 'stream') {
    rejected = 0
    for (const plan of producers) {
      const last = known.get(plan.producer)?.committed_sequence ?? 0
      for (let sequence = 1; sequence <= last; sequence++) {
        const sent = chaosBatch(seed, plan, sequence, streamBase_ms(plan, sequence))
        rejected += impossibleRows(plan, sent)
      }
    }
  }
  if (found !== rejected) violations.push(`${found} quarantine rows where ${rejected} must be`)
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
  /** First sequence that is kept, by producer. */
  readonly firsts: ReadonlyMap<string, number>
  readonly duplicated: number
  readonly rejected: number
}

async function readLog(store: Store, key: LineKey, definition: LineDefinition, line: ChaosLine) {
  const decoder = batchDecoder(definition)
  const violations: string[] = []
  const batches = new Map<string, LoggedBatch>()
  const sequences = new Map<string, number>()
  const firsts = new Map<string, number>()
  const contents = new Set<string>()
  let duplicated = 0
  let rejected = 0
  let isTrimmed = false
  const take = (entry: BatchEntry, position: number): void => {
    const { producer, sequence } = entry
    if (isTrimmed && !sequences.has(producer)) {
      // The entry that named its series may be gone; they are always the same.
      const plan = line.producers.find(one => one.producer === producer)!
      decoder.decode({ ...entry, rejected: [], wire: encodeSeries(seriesOf(plan)) })
    }
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
    firsts.set(producer, Math.min(sequence, firsts.get(producer) ?? sequence))
  }
  for (let from = 1; ; ) {
    const records = await store.read(key, from, READ)
    if (records.length === 0) break
    if (from === 1) isTrimmed = records[0]!.position > 1
    for (const { position, bytes } of records) {
      const entry = decodeEntry(bytes)
      if (entry.kind === 'batch') take(entry, position)
      from = position + 1
    }
  }
  const log: ReadLog = { batches, sequences, firsts, duplicated, rejected }
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
  of: {
    readonly definition: LineDefinition
    readonly recovered: Recovered
    readonly from: AuditOf
  },
): void {
  const { definition, recovered, from } = of
  const { base_ms, rejected } = readJournal(from.journals, plan.producer)
  const committed = recovered.producers.get(plan.producer)?.committed_sequence ?? 0
  const first = recovered.log_start > 1 ? (log.firsts.get(plan.producer) ?? committed + 1) : 1
  for (const [sequence, told] of rejected) {
    const sent = chaosBatch(from.seed, plan, sequence, base_ms.get(sequence)!)
    const batch = log.batches.get(`${plan.producer} ${sequence}`)
    audit.acknowledged += sent.count - told
    if (sequence < first) {
      audit.trimmed += sent.count - told
      continue
    }
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
    const one = series[sent.refs[row]! - 1]!
    const tagAt = definition.tags.findIndex(({ tag }) => tag === one.tag)
    const cell = Math.max(0, definition.cells.indexOf(one.asset_path))
    const index = tagAt * definition.cells.length + cell
    const value = sent.values[row]!
    const logged = toSi(value, one.unit)
    const text = rowText(index, sent.times_ms[row]!, logged, sent.qualities[row]!)
    const count = left.get(text)
    if (count !== undefined) left.set(text, count - 1)
    else if (isInRange(plan, one, value) && plan.clock === 'stream') return 1
  }
  return [...left.values()].reduce((sum, count) => sum + Math.abs(count), 0)
}

const rowText = (series: number, time_ms: number, value: number, quality: number): string =>
  `${series}:${time_ms}:${value}:${quality}`

function note(violations: string[], text: string): void {
  if (violations.length < EXAMPLES_MAX) violations.push(text)
}
