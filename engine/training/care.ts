import { DRIFT_KIND } from '../anomaly/drift-part.ts'
import type { Clock } from '../core/clock.ts'
import { LiquidusError, problemOf } from '../core/errors.ts'
import type { EngineView, LineChange, LineView, StoredEvent } from '../flow.ts'
import { type Breach, type FalseEventBudget, falseEventBudget } from './budget.ts'
import { type ModelDesk, type Moved, modelDesk } from './desk.ts'
import { GATE_LIMITS, type GateLimits } from './gate.ts'
import type { ModelChecks } from './model-check.ts'
import type { ModelRegistry } from './registry.ts'
import { LIVE_MODEL, type ModelShelf, type NamedModels } from './shelf.ts'

/** How soon an engine sees what another process did to the aliases. */
const LOOK_EVERY_MS = 200
/** Proposals kept for the page. */
const PROPOSALS_MAX = 200
const EVENTS_A_READ = 1000
/** A breach of before a restart counts for this long. */
const DAY_MS = 86_400_000

export interface CareParts {
  readonly shelf: ModelShelf
  readonly engine: EngineView & { renewVersions(): Promise<readonly string[]> }
  readonly clock: Clock
  readonly log: Record<'info' | 'warn' | 'error', (text: string) => void>
  readonly checks?: ModelChecks | undefined
  /** What a new champion is held to. */
  readonly limits?: GateLimits
  /** False events a day that a line may have, of 300 cells; default: as the gate has it. */
  readonly budgetOf?: (line: string) => number
}

/** Models of the registry score potlines. */
const isScored = ({ definition }: LineView): boolean => definition.kind === 'potline'

/** Lines named in a warning at most. */
const LATE_TOLD = 5

function lateText(late: readonly string[]): string {
  const names = late.slice(0, LATE_TOLD).join(', ')
  const more = late.length > LATE_TOLD ? ` and ${late.length - LATE_TOLD} more` : ''
  return `models: not yet in force on ${names}${more}; each takes them when its store takes entries`
}

/** What a drift monitor of a line proposed; nothing acts on it. */
export interface LineProposal {
  readonly line: string
  readonly monitor: string
  /** Tag it concerns, or ''. */
  readonly tag: string
  /** Event time. */
  readonly time_ms: number
  readonly text: string
}

/** Looks after the models of a running engine: swaps, the false-event budget, drift. */
export interface ModelCare {
  /** What the page and REST may do; each for one tenant. */
  readonly desk: {
    /**
     * Moves what the tenant has of its own; the shared models, where it has none, with leave
     * alone, for they serve others too.
     */
    of(tenant: string, mayMoveShared?: boolean): ModelDesk
    /** Drift that the monitors saw, newest first. */
    proposals(tenant: string): readonly LineProposal[]
    /** What scores now, as the log names it. */
    inForce(tenant: string): NamedModels
  }
  close(): void
}

interface WatchedLine {
  readonly tenant: string
  readonly budget: FalseEventBudget
  /** Last outbox offset that was seen; -1: not even what was before the start. */
  seen: number
  work: Promise<void>
}

/** Starts the care; it sees a move of an alias by anyone within a fraction of a second. */
export function modelCare(parts: CareParts): ModelCare {
  const { shelf, engine, clock, log, checks, limits = GATE_LIMITS } = parts
  const { budgetOf = () => limits.events_per_line_day } = parts
  const watched = new Map<string, WatchedLine>()
  const proposals: (LineProposal & { readonly tenant: string })[] = []
  let applying: Promise<void> = Promise.resolve()
  let idle = true

  const champion = (tenant: string): string => {
    const { model_role, model_sha256 = '' } = shelf.inForce(tenant)
    return model_role === 'champion' ? model_sha256 : ''
  }

  /** Puts in force what the aliases name now; a line whose store takes no entry comes later. */
  const apply = (): Promise<void> => {
    applying = applying
      .then(async () => {
        const before = [...watched.values()].map(one => ({ one, ruled: champion(one.tenant) }))
        if (!(await shelf.refresh())) return
        for (const { one, ruled } of before) {
          if (champion(one.tenant) === ruled) continue
          one.work = one.work.then(one.budget.forget)
        }
        const late = await engine.renewVersions()
        log.info(`models in force: ${Object.values(shelf.inForce('')).join(' ')}`)
        if (late.length > 0) log.warn(lateText(late))
      })
      .catch((error: unknown) => log.error(`models: ${problemOf(error)}`))
    return applying
  }
  const timer = setInterval(() => {
    if (!idle) return
    idle = false
    void apply().finally(() => {
      idle = true
    })
  }, LOOK_EVERY_MS)
  timer.unref()

  const deskIn = (registry: ModelRegistry) => modelDesk(registry, clock, limits, checks)
  const applied = async (moved: Promise<Moved>): Promise<Moved> => {
    const done = await moved
    await apply()
    return done
  }

  const deskOf = (tenant: string, mayMoveShared = false): ModelDesk => {
    const desk = async (isAllowed: boolean): Promise<ModelDesk> => {
      const own = shelf.ownRegistry(tenant)
      if ((await own.versions(LIVE_MODEL)).length > 0) return deskIn(own)
      if (!isAllowed) throw new LiquidusError('MODEL_SHARED', { tenant, model: LIVE_MODEL })
      return deskIn(shelf.registryOf(''))
    }
    const move = async (made: (desk: ModelDesk) => Promise<Moved>) =>
      applied(made(await desk(mayMoveShared)))
    return {
      list: async () => (await desk(true)).list(),
      show: async (...what) => (await desk(true)).show(...what),
      gate: async (...what) => (await desk(true)).gate(...what),
      promote: (...to) => move(({ promote }) => promote(...to)),
      demote: (...to) => move(({ demote }) => demote(...to)),
      rollback: (...to) => move(({ rollback }) => rollback(...to)),
    }
  }

  const rollBack = async (tenant: string, line: string, breach: Breach): Promise<void> => {
    const named = shelf.inForce(tenant)
    if (named.model_role !== 'champion' || named.model !== breach.model) return
    const reason =
      `false-event budget: ${breach.events} false events in a day of line ${line}, ` +
      `${breach.budget.toPrecision(2)} are allowed`
    log.warn(`model ${breach.model} is rolled back: ${reason}`)
    const desk = deskIn(shelf.registryOf(tenant))
    const loud = breach.model.split('/')[1]
    const { skipped = [] } = await applied(desk.rollback(LIVE_MODEL, 'engine', reason, loud))
    for (const why of skipped) log.warn(`skipped: ${why}`)
  }

  const watch = (view: LineView): WatchedLine => {
    const { definition } = view
    const key = `${definition.tenant}/${definition.line}`
    const known = watched.get(key)
    if (known) return known
    const made: WatchedLine = {
      tenant: definition.tenant,
      budget: falseEventBudget(definition.cells.length, budgetOf(definition.line)),
      seen: -1,
      work: Promise.resolve(),
    }
    watched.set(key, made)
    return made
  }

  /** What the monitors of a line told, newest first. */
  const noteDrift = (tenant: string, { event }: StoredEvent, isNew: boolean): void => {
    if (event.channel !== 'anomaly' || !event.body.kind.startsWith(DRIFT_KIND)) return
    const { line, kind, tag, time_ms, text } = event.body
    if (isNew) log.warn(`drift on line ${line}: ${text}`)
    proposals.push({ tenant, line, monitor: kind.slice(DRIFT_KIND.length), tag, time_ms, text })
    proposals.sort((one, other) => other.time_ms - one.time_ms)
    proposals.length = Math.min(proposals.length, PROPOSALS_MAX)
  }

  /** After a start the outbox says what was before; a breach of long ago is over. */
  const restore = async (view: LineView, one: WatchedLine, { events, time_ms }: LineChange) => {
    const first = events[0]?.offset ?? (one.seen < 0 ? Number.POSITIVE_INFINITY : 0)
    if (one.seen >= first - 1) return undefined
    // A line without models of the registry has proposals alone: the newest are enough.
    if (!isScored(view)) {
      const { newest } = await view.events(0, 1)
      one.seen = Math.max(one.seen, Math.min(first - 1, newest) - EVENTS_A_READ)
    }
    const moved_ms = await lastMove(one.tenant)
    let breach: Breach | undefined
    for (let isMore = true; isMore; ) {
      const read = await view.events(Math.max(0, one.seen), EVENTS_A_READ)
      const before = read.events.filter(({ offset }) => offset < first)
      for (const event of before) noteDrift(one.tenant, event, false)
      breach = one.budget.restore(before, moved_ms) ?? breach
      one.seen = before.at(-1)?.offset ?? Math.max(0, one.seen)
      isMore = before.length > 0 && before.length === read.events.length
    }
    return breach && breach.time_ms > time_ms - DAY_MS ? breach : undefined
  }

  const lastMove = async (tenant: string): Promise<number> => {
    // Where nobody can say when it was, nothing of before counts against the champion.
    const history = await shelf
      .registryOf(tenant)
      .history(LIVE_MODEL)
      .catch(() => undefined)
    if (!history) return Number.POSITIVE_INFINITY
    const move = history.findLast(({ alias }) => alias === 'champion')
    return move?.at_ms ?? Number.NEGATIVE_INFINITY
  }

  const takeEvents = async (view: LineView, one: WatchedLine, change: LineChange) => {
    const restored = await restore(view, one, change)
    const fresh = change.events.filter(({ offset }) => offset > one.seen)
    one.seen = fresh.at(-1)?.offset ?? one.seen
    for (const event of fresh) noteDrift(one.tenant, event, true)
    const breach = one.budget.take(fresh, change.time_ms) ?? restored
    if (breach) await rollBack(change.tenant, change.line, breach)
  }

  const changes = engine.changes$.subscribe(change => {
    const view = engine.line(change.tenant, change.line)
    if (!view) return
    const one = watch(view)
    const isNews = one.seen < 0 || change.events.length > 0
    if (!isNews && !isScored(view)) return
    one.work = one.work
      .then(() => takeEvents(view, one, change))
      .catch((error: unknown) => log.error(`models: ${problemOf(error)}`))
  })

  return {
    desk: {
      of: deskOf,
      inForce: shelf.inForce,
      proposals: tenant => proposals.filter(one => one.tenant === tenant),
    },
    close() {
      clearInterval(timer)
      changes.unsubscribe()
    },
  }
}
