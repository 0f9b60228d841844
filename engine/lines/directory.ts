import { catchError, EMPTY, Subject, type Subscription } from 'rxjs'
import type { Clock } from '../core/clock.ts'
import { LiquidusError, problemOf } from '../core/errors.ts'
import type { EventLoopGauge } from '../core/event-loop.ts'
import type {
  EngineHealth,
  EngineView,
  Identity,
  Intake,
  LineChange,
  LineDefinition,
  LineView,
} from '../flow.ts'
import type { EngineLoad } from '../load.ts'
import type { LineKey, Recovered, Store } from '../store/port.ts'
import { checkDefinition } from './define.ts'
import { logRetention } from './log-retention.ts'
import { type LineRuntime, lineRuntime, startOf } from './runtime.ts'
import type { FoldPlaces } from './seat.ts'
import { stateTurns } from './state-turns.ts'
import { storeRoom } from './store-room.ts'
import { checkpointNumbers } from './verify-base.ts'
import { roomSharing, type Versions } from './versions.ts'
import { within } from './within.ts'

/** Lines of one engine at most. */
const LINES_MAX = 1000
/** Lines that open side by side at the start: each waits for the store and for its thread. */
const OPENED_TOGETHER = 16
/** A line further behind its log than this is catching up, and the engine is not ready. */
const BEHIND_ENTRIES_READY = 1000
/** How long a change of versions waits for lines whose store takes no entry. */
const RENEW_MS = 1000
/** How long the end of the engine waits for lines that are being opened. */
const OPENING_MS = 5000

const NOTHING_KEPT: ReadonlySet<number> = new Set()

export interface DirectoryParts {
  readonly store: Store
  readonly clock: Clock
  readonly version: string
  /** Versions in force: engine, and the models of the line's tenant where they differ by it. */
  readonly versions:
    | Readonly<Record<string, string>>
    | ((tenant: string) => Readonly<Record<string, string>>)
  readonly log_entries_max: number
  /** Bytes of log kept, all lines together, divided by series. */
  readonly log_bytes_max?: number
  readonly log_age_ms_max?: number
  /** Where the lines are folded. */
  readonly folds: FoldPlaces
  /** Measures this thread. */
  readonly gauge: EventLoopGauge
  readonly mayCreate: (identity: Identity) => boolean
  readonly report: (level: 'info' | 'warn' | 'error', text: string) => void
}

export interface LineDirectory extends Intake, EngineView {
  /** Opens the lines of the configuration and those that the store knows. */
  open(configured: readonly LineDefinition[]): Promise<void>
  /**
   * Asks `versions` again; a line whose versions changed takes them at its next tick. Gives, after
   * a short while, the lines whose log does not say so yet: each goes on trying alone.
   */
  renewVersions(): Promise<readonly LineKey[]>
  close(): Promise<void>
}

/** All lines of an engine: the door for sources, the view for outputs. */
export function lineDirectory(parts: DirectoryParts): LineDirectory {
  const { store, clock, report, folds, gauge } = parts
  const lines = new Map<LineKey, LineRuntime>()
  const running: Subscription[] = []
  const opening = new Map<LineKey, Promise<LineRuntime>>()
  const changes$ = new Subject<LineChange>()
  const started_ms = clock.elapsed_ms()
  const room = storeRoom(store, parts.log_bytes_max)
  const turns = stateTurns(clock)
  let closing = false
  let starting = Promise.resolve()

  /** All lines share the log and a room for checkpoints, divided for those that will be open. */
  const sharing = roomSharing(parts.log_bytes_max ?? Infinity)
  const versionsOf = ({ tenant, line }: LineDefinition): Versions => ({
    ...(typeof parts.versions === 'function' ? parts.versions(tenant) : parts.versions),
    ...sharing.of(keyOf(tenant, line)),
  })
  const renewVersions = async (): Promise<readonly LineKey[]> => {
    const renewed = [...lines].map(async ([key, line]) => {
      const taking = line.takeVersions(versionsOf(line.definition)).catch((error: unknown) => {
        if (!closing) report('error', `line ${key}: versions not taken: ${problemOf(error)}`)
        throw error
      })
      return (await within(RENEW_MS, taking).catch(() => false)) ? [] : [key]
    })
    return (await Promise.all(renewed)).flat()
  }

  const takeLine = async (definition: LineDefinition): Promise<LineRuntime> => {
    const key = keyOf(definition.tenant, definition.line)
    return openRuntime(definition, key, await store.acquire(key))
  }

  const runLine = (runtime: LineRuntime): LineRuntime => {
    const { tenant, line } = runtime.definition
    const key = keyOf(tenant, line)
    lines.set(key, runtime)
    running.push(
      runtime
        .run()
        .pipe(
          catchError((error: unknown) => {
            // One line's failure ends that line only; the others and the door go on.
            if (!closing) report('error', `line ${key} stopped: ${problemOf(error)}`)
            return EMPTY
          }),
        )
        .subscribe(change => changes$.next(change)),
    )
    return runtime
  }

  const lag_ms = (thread: string): number => {
    const own_ms = gauge.load().event_loop_lag_ms_p99
    const other = folds.threads().find(({ name }) => name === thread)
    return Math.max(own_ms, other?.event_loop_lag_ms_p99 ?? 0)
  }

  const retentionOf = (key: LineKey, { log_end }: Recovered) => {
    const { log_age_ms_max: age_ms_max = Infinity } = parts
    const bytes_max = () => sharing.log_bytes(key)
    const limits = { entries_max: parts.log_entries_max, bytes_max, age_ms_max }
    return logRetention(limits, log_end, clock.elapsed_ms())
  }

  const openRuntime = async (definition: LineDefinition, key: LineKey, recovered: Recovered) => {
    const { published } = recovered
    const { openSeat } = folds
    const make = async (fresh: boolean) => {
      const state = fresh ? undefined : recovered.commit?.state
      const kept = fresh ? NOTHING_KEPT : await checkpointNumbers(store, key)
      const position = startOf(recovered, fresh)
      return lineRuntime({
        ...{ definition, key, store, recovered, fresh, clock, openSeat, turns, lag_ms, report },
        seat: await openSeat({ definition, state, kept, position, published }),
        versions: versionsOf(definition),
        log_entries_max: parts.log_entries_max,
        retention: retentionOf(key, recovered),
      })
    }
    try {
      return await make(false)
    } catch (error) {
      if (!recovered.commit) throw error
      report(
        'warn',
        `line ${key}: stored state is not of this version (${problemOf(error)}); its log is read again from the start`,
      )
      return make(true)
    }
  }

  const openOnce = (definition: LineDefinition): Promise<LineRuntime> => {
    const key = keyOf(definition.tenant, definition.line)
    const known = lines.get(key)
    if (known) return Promise.resolve(known)
    const pending = opening.get(key)
    if (pending) return pending
    const opened = (async () => {
      await store.define(key, JSON.stringify(definition))
      // The room of a new line is taken from the others.
      const isTaken = sharing.expect(new Map([[key, definition]]))
      if (isTaken) void renewVersions().catch(() => {}) // noted
      return runLine(await takeLine(definition))
    })().finally(() => opening.delete(key))
    opening.set(key, opened)
    return opened
  }

  const refuseClosing = (line: string): void => {
    if (!closing) return
    const problem = 'the engine is stopping'
    throw new LiquidusError('LINE_STOPPED', { line, problem }, { retry: true })
  }

  /** Opens lines that the store has, a few at a time, and lets them run in their order. */
  const openAll = async (definitions: readonly LineDefinition[]): Promise<void> => {
    for (let i = 0; i < definitions.length; i += OPENED_TOGETHER) {
      refuseClosing(definitions[i]!.line)
      const some = definitions.slice(i, i + OPENED_TOGETHER)
      for (const runtime of await Promise.all(some.map(takeLine))) runLine(runtime)
    }
  }

  const ofTenant = (tenant: string): LineRuntime[] =>
    [...lines.values()].filter(line => line.definition.tenant === tenant)

  return {
    epoch: store.epoch,
    changes$,
    async open(configured) {
      const stored = await store.definitions()
      const wanted = new Map<LineKey, LineDefinition>()
      for (const definition of configured) {
        checkDefinition(definition)
        const key = keyOf(definition.tenant, definition.line)
        const before = stored.get(key)
        if (before !== undefined && before !== JSON.stringify(definition)) {
          throw new LiquidusError('CONFIG_INVALID', {
            key: `lines.${definition.line}`,
            source: 'the configuration',
            problem:
              'differs from what the store holds; give the changed line a new name or use another --data',
          })
        }
        if (before === undefined) await store.define(key, JSON.stringify(definition))
        wanted.set(key, definition)
      }
      for (const [key, text] of stored) {
        if (!wanted.has(key)) wanted.set(key, JSON.parse(text) as LineDefinition)
      }
      sharing.expect(wanted)
      const all = openAll([...wanted.values()])
      starting = all.catch(() => {})
      await all
    },
    renewVersions,
    find: (tenant, line) => lines.get(keyOf(tenant, line)),
    lineNames: tenant => namesIn(tenant, [...lines.keys(), ...opening.keys()]),
    lines: tenant => ofTenant(tenant),
    line: (tenant, line): LineView | undefined => lines.get(keyOf(tenant, line)),
    async create(identity, definition) {
      refuseClosing(definition.line)
      if (!parts.mayCreate(identity)) {
        const { subject, role } = identity
        throw new LiquidusError('NOT_ALLOWED', { subject, role, action: 'create lines' })
      }
      const owned = { ...definition, tenant: identity.tenant }
      checkDefinition(owned)
      const others = new Set([...lines.keys(), ...opening.keys()])
      others.delete(keyOf(owned.tenant, owned.line))
      if (others.size >= LINES_MAX) {
        throw new LiquidusError('CONFIG_INVALID', {
          key: 'lines',
          source: `line ${definition.line}`,
          problem: `would be more than ${LINES_MAX}`,
        })
      }
      const created = await openOnce(owned)
      report(
        'info',
        `line ${owned.line} created: ${owned.kind}, ${owned.cells.length} cells, ${owned.tags.length} tags`,
      )
      return created
    },
    health(tenant): EngineHealth {
      const problems: string[] = []
      let troubled = closing
      let hidden = 0
      for (const [key, line] of lines) {
        const problem = problemOfLine(key, line)
        troubled ||= problem !== ''
        const told = problem || silenceOfLine(key, line)
        if (told === '') continue
        if (tenant === undefined || line.definition.tenant === tenant) problems.push(told)
        else hidden += 1
      }
      if (hidden > 0) problems.push(hiddenText(hidden))
      return {
        ready: !troubled,
        // What will be full and who is silent are worth a word, and the engine serves as ever.
        problems: [...(closing ? ['the engine is stopping'] : []), ...problems, ...room.problems()],
        version: parts.version,
        uptime_s: (clock.elapsed_ms() - started_ms) / 1000,
        store: store.name,
      }
    },
    load: (): EngineLoad => ({
      threads: [gauge.load(), ...folds.threads()],
      lines: [...lines.values()].map(line => line.load()),
      store: room.load(),
    }),
    async close() {
      closing = true
      // A line that is being opened is closed with the others.
      await within(OPENING_MS, Promise.allSettled([starting, ...opening.values()]))
      await Promise.all([...lines.values()].map(line => line.close()))
      for (const subscription of running) subscription.unsubscribe()
      changes$.complete()
      await folds.close()
      gauge.close()
      room.close()
      await store.close()
    },
  }
}

function problemOfLine(key: LineKey, line: LineRuntime): string {
  const { degraded, behind_entries } = line.status()
  if (degraded) return `line ${key}: ${degraded}`
  if (behind_entries <= BEHIND_ENTRIES_READY) return ''
  return `line ${key} is catching up: ${behind_entries} log entries behind`
}

/** A silent line that lives by the wall clock, unless a person has set its alarm aside. */
function silenceOfLine(key: LineKey, line: LineRuntime): string {
  if (line.definition.clock !== 'wall') return ''
  const isSilent = line
    .alarms()
    .some(
      ({ kind, active, out_of_service, shelved_until_ms }) =>
        kind === 'line-silent' && active && !out_of_service && shelved_until_ms === 0,
    )
  return isSilent ? `line ${key} is silent: check its producer and the network` : ''
}

const hiddenText = (lines: number): string =>
  lines === 1
    ? 'a line of another tenant is not as it should be'
    : `${lines} lines of other tenants are not as they should be`

/** Names of a tenant's lines, each once. */
function namesIn(tenant: string, keys: readonly LineKey[]): readonly string[] {
  const own = keyOf(tenant, '')
  const names = keys.filter(key => key.startsWith(own)).map(key => key.slice(own.length))
  return [...new Set(names)]
}

export function keyOf(tenant: string, line: string): LineKey {
  return `${tenant}/${line}`
}
