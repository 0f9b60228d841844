import { randomBytes } from 'node:crypto'
import { assert } from '#engine/core/assert.ts'
import { LiquidusError } from '#engine/core/errors.ts'
import type { Random } from '#engine/core/random.ts'
import type { ProducerState, QuarantineRow, StoredEvent, StoreUsage } from '#engine/flow.ts'
import { decodeJson, encodeJson } from '#engine/store/codec.ts'
import { checkLineKey, checkProducer, storeLimits } from '#engine/store/limits.ts'
import type { LineKey, LogRecord, Recovered, Store } from '#engine/store/port.ts'
import { unavailable } from './command.ts'
import type { Durability } from './durability.ts'
import { LARGE_BYTES } from './groups.ts'
import { type Keys, keysOf } from './keys.ts'
import type { Servers } from './one-server.ts'
import { openServers } from './servers.ts'

export interface RedisStoreOptions {
  /**
   * redis://[user:password@]host:port[/database] or rediss://...; of a cluster any of its servers,
   * or several joined by commas.
   */
  readonly url: string
  /** First part of every key. */
  readonly prefix?: string
  /** `always`: a write resolves once it is on the server's disk; see README.md. */
  readonly durability?: Durability
  /** A command that has no answer after this fails with STORE_UNAVAILABLE. */
  readonly answer_ms_max?: number
  /** Source of the store's epoch; without it, the operating system's. */
  readonly random?: Random
  readonly log?: (text: string) => void
}

const ANSWER_MS_MAX = 5000
const READ_COUNT_MAX = 1000
const READ_BYTES_GUESS = 16 * 1024

/** Opens the store in a Redis 7 server. Byte arrays handed in must not change until resolved. */
export async function openRedisStore(options: RedisStoreOptions): Promise<Store> {
  const { url, prefix = 'liquidus', durability = 'everysec', random } = options
  const answer_ms_max = options.answer_ms_max ?? ANSWER_MS_MAX
  const log = options.log ?? (() => {})
  const keys = keysOf(prefix)
  const { marker } = keys
  const servers = await openServers({ url, answer_ms_max, log, durability, marker })
  try {
    await servers.read('SET', keys.epoch, randomText(random), 'NX')
    const epoch = String(await servers.read('GET', keys.epoch))
    return {
      name: 'redis',
      epoch,
      ...lineWrites(servers, keys),
      ...dataWrites(servers, keys),
      ...reads(servers, keys),
      usage: () => serverUsage(servers),
      close: () => servers.close(),
    }
  } catch (error) {
    await servers.close()
    throw error
  }
}

/** The one place of this store where chance is drawn: a name that two stores never share. */
function randomText(random: Random | undefined): string {
  if (!random) return randomBytes(16).toString('hex')
  return Array.from({ length: 16 }, () => random.integer(256).toString(16).padStart(2, '0')).join(
    '',
  )
}

function lineWrites(
  servers: Servers,
  keys: Keys,
): Pick<Store, 'define' | 'acquire' | 'look' | 'openProducer'> {
  const recover = async (line: LineKey, from: number | 'look'): Promise<Recovered> => {
    checkLineKey(line)
    const of = keys.line(line)
    const reply = await servers.write('acquire', [of.line, of.producers, of.state], [from])
    if (reply[0] === 'FENCED') throw fenced(line, reply[1])
    const [fence, log_start, log_end, position, outbox_end, quarantined_count, published] = reply
      .slice(0, 7)
      .map(Number) as [number, number, number, number, number, number, number]
    const state = reply[7] as Buffer | null
    return {
      fence,
      log_start,
      log_end,
      outbox_end,
      quarantined_count,
      commit: state ? { position, state } : undefined,
      published,
      producers: producersIn(reply[8] as Buffer[]),
    }
  }
  return {
    async define(line, definition) {
      checkLineKey(line)
      const args = [line, definition, storeLimits.lines]
      const [answer] = await servers.write('define', [keys.definitions], args)
      if (answer === 'FULL') {
        throw full(`it holds ${storeLimits.lines} lines; remove lines that are not used`)
      }
    },

    async acquire(line) {
      checkLineKey(line)
      // From the engine that has it now: what runs after another one took it changes nothing.
      return recover(
        line,
        Number(String((await servers.read('HGET', keys.line(line).line, 'fence')) ?? 0)),
      )
    },
    look: line => recover(line, 'look'),

    async openProducer(line, fence, producer) {
      checkProducer(producer)
      const of = keys.line(line)
      const args = [fence, producer, storeLimits.producersPerLine]
      const [answer, first, second] = await servers.write(
        'open-producer',
        [of.line, of.producers],
        args,
      )
      if (answer === 'FENCED') throw fenced(line, first)
      if (answer === 'FULL') throw full(`line ${line} has ${first} producers; reuse their names`)
      return { epoch: Number(first), committed_sequence: Number(second) }
    },
  }
}

function dataWrites(
  servers: Servers,
  keys: Keys,
): Pick<Store, 'append' | 'commit' | 'keep' | 'trimLog' | 'trimEvents'> {
  return {
    async append(line, fence, bytes, from, quarantined = []) {
      if (from) checkProducer(from.producer)
      const of = keys.line(line)
      const { producer, epoch, sequence } = from ?? { producer: '', epoch: 0, sequence: 0 }
      const [answer, value] = await servers.write(
        'append',
        [of.line, of.producers, of.log, of.quarantine],
        [
          ...[fence, bytes, producer, epoch, sequence, storeLimits.quarantineRows],
          ...quarantined.map(row => encodeJson(row)),
        ],
      )
      if (answer === 'OK') return Number(value)
      if (answer === 'FENCED') throw fenced(line, value)
      if (answer === 'EPOCH') {
        const current = Number(value)
        throw new LiquidusError('PRODUCER_FENCED', { producer, line, epoch, current })
      }
      const expected = Number(value)
      throw new LiquidusError('SEQUENCE_GAP', { producer, line, expected, got: sequence })
    },

    async commit(line, { fence, position, state, events }) {
      const of = keys.line(line)
      const first = events[0]?.offset ?? 0
      events.forEach(({ offset }, index) => {
        assert(offset === first + index, `line ${line} continues its outbox`)
      })
      const [answer, value] = await servers.write(
        'commit',
        [of.line, of.state, of.outbox],
        [fence, position, state ?? '', first, ...events.map(({ event }) => encodeJson(event))],
        (state?.length ?? 0) > LARGE_BYTES ? 'later' : 'now',
      )
      if (answer === 'FENCED') throw fenced(line, value)
      assert(answer === 'OK', `line ${line} ${value}`)
    },

    async keep(line, fence, blobs, numbers) {
      const of = keys.line(line)
      const pairs = blobs.flatMap(({ number, bytes }) => [number, bytes])
      const args = [fence, numbers.length, ...numbers, ...pairs]
      const [answer, value] = await servers.write('keep', [of.line, of.kept], args, 'later')
      if (answer === 'FENCED') throw fenced(line, value)
    },

    async trimLog(line, position) {
      const of = keys.line(line)
      const args = [position, storeLimits.trimStep, 'committed_position', 'log_start']
      while ((await servers.write('trim', [of.line, of.log], args))[0] === 'MORE');
    },

    async trimEvents(line, offset) {
      const of = keys.line(line)
      const args = [offset, storeLimits.trimStep, 'outbox_end', 'outbox_start']
      while ((await servers.write('trim', [of.line, of.outbox], args))[0] === 'MORE');
    },
  }
}

function reads(
  servers: Servers,
  keys: Keys,
): Pick<Store, 'definitions' | 'kept' | 'read' | 'events' | 'quarantine'> {
  const page = async (key: string, from: number, count: number): Promise<LogRecord[]> => {
    if (count <= 0) return []
    const reply = await servers.read('XRANGE', key, `${from}-0`, '+', 'COUNT', count)
    return (reply as [Buffer, [Buffer, Buffer]][]).map(([id, [, bytes]]) => ({
      position: Number.parseInt(id.toString('latin1'), 10),
      bytes,
    }))
  }
  return {
    async definitions() {
      const reply = (await servers.read('HGETALL', keys.definitions)) as Buffer[]
      return new Map(pairsOf(reply).map(([line, text]) => [String(line), String(text)]))
    },

    async kept(line, wanted = () => true) {
      const { kept } = keys.line(line)
      const all = (await servers.read('HKEYS', kept)) as Buffer[]
      const found = new Map<number, Uint8Array>()
      for (const number of all.map(one => Number(String(one))).filter(wanted)) {
        const bytes = (await servers.read('HGET', kept, number)) as Buffer | null
        if (bytes) found.set(number, bytes)
      }
      return found
    },

    async read(line, from, { count_max, bytes_max }) {
      const key = keys.line(line).log
      const records: LogRecord[] = []
      let size = 0
      let next = Math.max(from, 1)
      while (records.length < count_max && size < bytes_max) {
        const guess = records.length === 0 ? READ_BYTES_GUESS : size / records.length
        const room = Math.ceil((bytes_max - size) / Math.max(guess, 64))
        const count = Math.min(room, count_max - records.length, READ_COUNT_MAX)
        const found = await page(key, next, count)
        if (found.length === 0) break
        for (const record of found) {
          size += record.bytes.byteLength
          // The first entry comes even when it is larger than the limit, so that reading goes on.
          if (records.length > 0 && size > bytes_max) return records
          records.push(record)
          next = record.position + 1
        }
      }
      return records
    },

    async events(line, after, count_max) {
      const found = await page(keys.line(line).outbox, after + 1, count_max)
      return found.map(({ position, bytes }) => ({
        offset: position,
        event: decodeJson<StoredEvent['event']>(bytes),
      }))
    },

    async quarantine(line, after, count_max) {
      const found = await page(keys.line(line).quarantine, after + 1, count_max)
      return found.map(({ position, bytes }) => ({
        id: position,
        row: decodeJson<QuarantineRow>(bytes),
      }))
    },
  }
}

/** What the server says of its memory; one of a cluster's says nothing of the store. */
async function serverUsage(servers: Servers): Promise<StoreUsage | undefined> {
  const told = String(await servers.read('INFO', 'server', 'memory'))
  const fact = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(told)?.[1]
  const used_bytes = Number(fact('used_memory'))
  if (fact('redis_mode') === 'cluster' || !Number.isFinite(used_bytes)) return undefined
  const used_bytes_max = Number(fact('maxmemory') ?? 0)
  return { used_bytes, ...(used_bytes_max > 0 ? { used_bytes_max } : {}) }
}

function producersIn(flat: readonly Buffer[]): Map<string, ProducerState> {
  return new Map(
    pairsOf(flat).map(([producer, stored]) => {
      const [epoch, committed_sequence] = String(stored).split(':').map(Number)
      if (epoch === undefined || committed_sequence === undefined) {
        throw unavailable(`producer ${producer} is stored as "${stored}", not as epoch:sequence`)
      }
      return [String(producer), { epoch, committed_sequence }]
    }),
  )
}

function pairsOf<T>(flat: readonly T[]): [T, T][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i]!, flat[2 * i + 1]!])
}

function fenced(line: LineKey, fence: unknown): LiquidusError {
  return new LiquidusError('STORE_FENCED', { line, fence: Number(fence) })
}

function full(problem: string): LiquidusError {
  return new LiquidusError('STORE_FULL', { store: 'redis', problem })
}
