import type { ProducerState, QuarantineRow, StoredEvent, StoreUsage } from '../flow.ts'

/** Key of a line in a store: tenant and line, joined by "/". Both are [a-z0-9._-]+. */
export type LineKey = string

export interface LogRecord {
  /** Place in the line's log: 1, 2, 3 ... without gaps. */
  readonly position: number
  readonly bytes: Uint8Array
}

/** Who appended, so that a batch is in the log exactly once. */
export interface AppendProducer {
  readonly producer: string
  readonly epoch: number
  readonly sequence: number
}

/** Bytes that a state refers to by number, such as a checkpoint to go back to. */
export interface KeptBlob {
  readonly number: number
  readonly bytes: Uint8Array
}

/** Everything one commit makes true at once. */
export interface Commit {
  /** The engine's fence for the line; an older one is refused with STORE_FENCED. */
  readonly fence: number
  /** Log position whose effects are in the state or the events of this commit or an older one. */
  readonly position: number
  /**
   * The line's whole state at `position`. Undefined: the stored state stays, at its own position;
   * the events still become true, and a restart folds again from that state.
   */
  readonly state: Uint8Array | undefined
  /** Continues the outbox: offsets follow the last stored one without gap. */
  readonly events: readonly StoredEvent[]
}

/** What a line has in the store when an engine takes it over. */
export interface Recovered {
  readonly fence: number
  /** Last position in the log; 0 when empty. */
  readonly log_end: number
  /** First position still kept (log_end + 1 when empty). */
  readonly log_start: number
  /** The last stored state and the position that it reflects. */
  readonly commit: { readonly position: number; readonly state: Uint8Array } | undefined
  /** Position of the last commit with or without a state: up to here the events are stored. */
  readonly published: number
  readonly producers: ReadonlyMap<string, ProducerState>
  /** Last offset in the outbox; 0 when empty. */
  readonly outbox_end: number
  readonly quarantined_count: number
}

/**
 * Durable log, twin state, outbox and quarantine of lines. One engine writes a line at a time.
 * Each implementation passes engine/store/contract.ts.
 */
export interface Store {
  readonly name: string
  /** Changes when history was lost (a new, empty store); clients resume by it. */
  readonly epoch: string
  /** Definitions of all lines, JSON by key. */
  definitions(): Promise<ReadonlyMap<LineKey, string>>
  define(line: LineKey, definition: string): Promise<void>
  /** Takes the line over: raises its fence, so that an older engine's writes are refused. */
  acquire(line: LineKey): Promise<Recovered>
  /** What `acquire` gives, without taking the line over: for reading beside a running engine. */
  look(line: LineKey): Promise<Recovered>
  /** Raises the producer's epoch by one, durable. */
  openProducer(line: LineKey, fence: number, producer: string): Promise<ProducerState>
  /**
   * Appends one entry; resolves with its position once it is durable. Calls are applied in the
   * order they were made. With `producer`: sequence <= committed resolves with 0 (duplicate);
   * a gap throws SEQUENCE_GAP; an older epoch throws PRODUCER_FENCED. Quarantine rows are stored
   * in the same transaction.
   */
  append(
    line: LineKey,
    fence: number,
    bytes: Uint8Array,
    producer?: AppendProducer,
    quarantined?: readonly QuarantineRow[],
  ): Promise<number>
  /** Entries from `from` on, in order, until either limit; empty at the end of the log. */
  read(
    line: LineKey,
    from: number,
    limit: { readonly count_max: number; readonly bytes_max: number },
  ): Promise<readonly LogRecord[]>
  /**
   * Atomically stores state, position and events. The same commit made again, because its answer
   * was lost, resolves and changes nothing.
   */
  commit(line: LineKey, commit: Commit): Promise<void>
  /**
   * Stores blobs beside the line's state by number and drops all whose number is not in `numbers`.
   * Not part of a commit: keep what a state names before that state is committed.
   */
  keep(
    line: LineKey,
    fence: number,
    blobs: readonly KeptBlob[],
    numbers: readonly number[],
  ): Promise<void>
  /** Blobs that are kept, by number; only those that are wanted are read. */
  kept(
    line: LineKey,
    wanted?: (number: number) => boolean,
  ): Promise<ReadonlyMap<number, Uint8Array>>
  /** Events with offset > after, oldest first. */
  events(line: LineKey, after: number, count_max: number): Promise<readonly StoredEvent[]>
  /** Drops outbox events up to and including `offset`. */
  trimEvents(line: LineKey, offset: number): Promise<void>
  /** Drops log entries up to and including `position`; never past the committed position. */
  trimLog(line: LineKey, position: number): Promise<void>
  quarantine(
    line: LineKey,
    after: number,
    count_max: number,
  ): Promise<readonly { readonly id: number; readonly row: QuarantineRow }[]>
  /** How large the store is, asked every few seconds; undefined where it cannot say. */
  usage?(): Promise<StoreUsage | undefined>
  close(): Promise<void>
}
