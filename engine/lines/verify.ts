import { LiquidusError } from '../core/errors.ts'
import { decodeEntry } from '../core/log-entry.ts'
import type { LineDefinition, LogEntry, OutputEvent, StoredEvent } from '../flow.ts'
import type { LineKey, Store } from '../store/port.ts'
import type { Past } from './checkpoints.ts'
import { foldWhole, type LineFold } from './fold.ts'
import { stateHash } from './state-hash.ts'
import { oldestBase } from './verify-base.ts'
import { modelVersions, sameVersions, type Versions } from './versions.ts'

const READ = { count_max: 256, bytes_max: 4 << 20 } as const
const EVENTS_A_READ = 1000

export interface Verification {
  readonly line: string
  /** Log position after which it was run again: 0, or that of a stored base of a trimmed log. */
  readonly from_position: number
  readonly entries: number
  readonly readings: number
  readonly ticks: number
  readonly state_hash_stored: string
  readonly state_hash_recomputed: string
  readonly events_stored: number
  readonly events_compared: number
  readonly events_different: number
  readonly batches: number
  /** Batches that are in the log a second time under the same producer and sequence. */
  readonly batches_repeated: number
  /** Sequences that a producer skipped. */
  readonly sequence_gaps: number
  /** Versions that wrote the log, oldest first, and those that ran it again. */
  readonly versions_in_log: readonly string[]
  readonly versions_now: string
  /** Those of the log that may rightly give other results than those now: not settings alone. */
  readonly versions_others: readonly string[]
  readonly equal: boolean
}

/**
 * Runs a line's whole log through a fresh fold and compares the result with what the engine
 * committed while it ran: the state hash, and every alarm, anomaly and advice, bit for bit.
 */
export async function verifyLine(
  store: Store,
  key: LineKey,
  buildFold: (definition: LineDefinition) => LineFold,
  versions: Readonly<Record<string, string>>,
  onProgress: (position: number, end: number) => void,
  /** Names that the log gives settings, which a run again takes from it. */
  isSetting: (name: string) => boolean = () => false,
): Promise<Verification> {
  const text = (await store.definitions()).get(key)
  if (text === undefined) {
    const known = [...(await store.definitions()).keys()].join(', ') || 'none'
    throw new LiquidusError('LINE_UNKNOWN', { line: key, known })
  }
  const recovered = await store.look(key)
  const base = await beginOf(store, key, recovered.log_start)
  const stateAt = recovered.commit?.position ?? 0
  const end = Math.max(stateAt, recovered.published)
  const fold = buildFold(JSON.parse(text) as LineDefinition)
  const events: OutputEvent[] = []
  const audit = logAudit(base !== undefined)
  const past: Past = {
    read: (from, limit) => store.read(key, from, limit),
    checkpoint: async number => base?.kept.get(number),
  }
  let recomputed = ''
  let ticks = 0
  let position = base?.position ?? 0
  if (base) fold.restore(base.state, new Set(base.kept.keys()))
  const known = fold.builder.counters.accepted
  // A base may be as new as the state: then there is nothing to run, and the two are compared.
  if (base && position === stateAt) recomputed = stateHash(fold.snapshot())
  while (position < end) {
    const records = await store.read(key, position + 1, READ)
    if (records.length === 0) break
    for (const record of records.filter(one => one.position <= end)) {
      const entry = decodeEntry(record.bytes)
      audit.take(entry)
      const item = { position: record.position, entry, size_bytes: record.bytes.length }
      await foldWhole(fold, item, past, step => {
        if (step.at === 'tick') ticks += 1
        events.push(...step.events)
      })
      position = record.position
      if (position === stateAt) recomputed = stateHash(fold.snapshot())
    }
    onProgress(position, end)
  }
  const { counts } = audit
  const begin = base?.outbox_end ?? 0
  const compared = await compareEvents(store, key, events, begin, recovered.outbox_end)
  const stored = recovered.commit ? stateHash(recovered.commit.state) : ''
  return {
    line: key,
    from_position: base?.position ?? 0,
    entries: position - (base?.position ?? 0),
    readings: fold.builder.counters.accepted - known,
    ticks,
    ...counts,
    state_hash_stored: stored,
    state_hash_recomputed: recomputed,
    events_stored: recovered.outbox_end,
    ...compared,
    versions_in_log: audit.versions.map(textOf),
    versions_now: textOf(versions),
    versions_others: othersAmong(audit.versions, versions, isSetting),
    equal:
      stored === recomputed &&
      compared.events_different === 0 &&
      events.length === recovered.outbox_end - begin &&
      counts.batches_repeated === 0 &&
      counts.sequence_gaps === 0,
  }
}

/** The state to begin with; undefined where the log has its start. */
async function beginOf(store: Store, key: LineKey, log_start: number) {
  if (log_start === 1) return undefined
  const base = await oldestBase(store, key, log_start)
  if (base) return base
  throw new LiquidusError('USAGE', {
    problem: `the log of ${key} starts at entry ${log_start}: older entries were trimmed, and no stored state is old enough to begin with`,
  })
}

/** Versions that are not those now, whatever settings they came with; each once. */
function othersAmong(
  named: readonly Versions[],
  now: Versions,
  isSetting: (name: string) => boolean,
): readonly string[] {
  const isKept = ([name]: [string, string]) => !isSetting(name)
  const bare = (all: Versions): Versions =>
    Object.fromEntries(Object.entries(modelVersions(all)).filter(isKept))
  const others = named.map(bare).filter(one => !sameVersions(one, bare(now)))
  return [...new Set(others.map(textOf))]
}

function textOf(versions: Versions): string {
  return Object.entries(versions)
    .map(([part, version]) => `${part} ${version}`)
    .join(', ')
}

/** Counts batches that are in the log twice or missing from it, and notes who wrote the log. */
function logAudit(isTrimmed: boolean) {
  const versions: Versions[] = []
  const sequences = new Map<string, number>()
  const counts = { batches: 0, batches_repeated: 0, sequence_gaps: 0 }
  return {
    counts,
    versions,
    take(entry: LogEntry) {
      if (entry.kind === 'version') versions.push(entry.versions)
      if (entry.kind !== 'batch') return
      // What came before a trimmed log's start is not known.
      const first = isTrimmed ? entry.sequence - 1 : 0
      const before = sequences.get(entry.producer) ?? first
      counts.batches += 1
      if (entry.sequence <= before) counts.batches_repeated += 1
      else if (entry.sequence > before + 1) counts.sequence_gaps += 1
      sequences.set(entry.producer, Math.max(before, entry.sequence))
    },
  }
}

/** Compares the events still in the outbox with the recomputed ones at the same offsets. */
async function compareEvents(
  store: Store,
  key: LineKey,
  recomputed: readonly OutputEvent[],
  begin: number,
  end: number,
): Promise<{ events_compared: number; events_different: number }> {
  let after = begin
  let events_compared = 0
  let events_different = 0
  for (;;) {
    // What a running engine adds meanwhile is not compared.
    const count = Math.min(EVENTS_A_READ, end - after)
    const page: readonly StoredEvent[] = count > 0 ? await store.events(key, after, count) : []
    if (page.length === 0) return { events_compared, events_different }
    for (const { offset, event } of page) {
      events_compared += 1
      if (JSON.stringify(event) !== JSON.stringify(recomputed[offset - 1 - begin])) {
        events_different += 1
      }
      after = offset
    }
  }
}
