import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type {
  AlarmKpis,
  AlarmPriority,
  AlarmRecord,
  DecisionEntry,
  LineDefinition,
} from '../../flow.ts'
import { stateReader, stateWriter } from '../state.ts'
import { sourceName } from './entry.ts'
import { alarmKpis } from './kpis.ts'
import { alarmList } from './list.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const START = Date.UTC(2026, 0, 1, 5, 17, 23)

const line: LineDefinition = {
  ...{ tenant: 't', line: 'line-1', kind: 'generic', clock: 'stream', origin: 'synthetic' },
  ...{ tick_ms: 1000, cells: ['a', 'b', 'c', 'd', 'e', 'f'], tags: [] },
}
const KINDS = ['limit-high', 'bath-temperature-high', 'anode-effect', 'sensor-bad'] as const

/** What happened, as somebody would write it down who sees the published records alone. */
interface History {
  readonly calls: { t: number; source: string; priority: AlarmPriority }[]
  readonly waits: { t: number; span: number }[]
  readonly shelves: { t: number; span: number }[]
  readonly fleeting: number[]
  readonly unauthorised: number[]
}

const isCalling = (record: AlarmRecord | undefined): boolean =>
  record?.active === true &&
  !record.acknowledged &&
  !(record.suppressed || record.out_of_service || record.shelved_until_ms > 0)

/** Follows records from revision to revision. */
function watcher(history: History) {
  const before = new Map<string, AlarmRecord>()
  const called = new Map<string, number>()
  const shelved = new Map<string, number>()
  const watchOne = (record: AlarmRecord, old: AlarmRecord | undefined, t: number) => {
    const { id, priority } = record
    if (isCalling(record) && !isCalling(old)) {
      history.calls.push({ t, source: sourceName(record), priority })
      called.set(id, t)
    }
    const call = called.get(id)
    if (call === undefined) return
    const isOver = old?.active === true && !record.active
    if (isOver && !old.acknowledged && t - call < MINUTE) history.fleeting.push(t)
    const isSaid = record.acknowledged_ms === t && old?.acknowledged_ms !== t
    if (isSaid) history.waits.push({ t, span: t - call })
  }
  return (records: readonly AlarmRecord[], t: number) => {
    // A shelf is over a place: it outlasts the occurrence that it was put over.
    const places = new Map<string, boolean>()
    for (const record of records) {
      watchOne(record, before.get(record.id), t)
      before.set(record.id, record)
      places.set(sourceName(record), record.shelved_until_ms > 0)
    }
    for (const [place, isShelved] of places) {
      const since = shelved.get(place)
      if (isShelved && since === undefined) shelved.set(place, t)
      if (isShelved || since === undefined) continue
      shelved.delete(place)
      history.shelves.push({ t, span: t - since })
    }
  }
}

/** The figures from the whole history, as their definitions read; no rings, no buckets. */
function bruteForce(history: History, first: number, now: number) {
  const dayStart = (Math.floor(now / HOUR) - 23) * HOUR
  const since = Math.max(first, dayStart)
  const calls = history.calls.filter(({ t }) => t >= since)
  const slots = (size: number) => {
    const counts: number[] = []
    for (let t = Math.floor(since / size) * size; t <= now; t += size) {
      counts.push(calls.filter(call => call.t >= t && call.t < t + size).length)
    }
    return counts
  }
  const pctOver = (counts: number[], max: number) =>
    (100 * counts.filter(count => count > max).length) / counts.length
  const span = Math.max(now - since, 10 * MINUTE)
  const bySource = new Map<string, number[]>()
  for (const { t, source } of calls) bySource.set(source, [...(bySource.get(source) ?? []), t])
  // A call belongs to its day, but the two before it may lie in the hour before.
  const chattering = new Set<string>()
  for (const { t, source } of calls) {
    const near = history.calls.filter(
      call => call.source === source && call.t <= t && call.t > t - MINUTE,
    )
    if (near.length >= 3) chattering.add(source)
  }
  const top = [...bySource]
    .map(([source, times]) => ({ source, announced: times.length }))
    .sort((a, b) => b.announced - a.announced || (a.source < b.source ? -1 : 1))
    .slice(0, 10)
  const quantile = (spans: { t: number; span: number }[], share: number) => {
    const kept = spans.filter(({ t }) => t >= since).map(({ span: each }) => each)
    return kept.sort((a, b) => a - b)[Math.ceil(share * kept.length) - 1] ?? null
  }
  const share = (priority: AlarmPriority) =>
    (100 * calls.filter(call => call.priority === priority).length) / calls.length
  const busy = top.reduce((sum, { announced }) => sum + announced, 0)
  return {
    since_ms: since,
    time_ms: now,
    announced: calls.length,
    per_10min: (calls.length * 10 * MINUTE) / span,
    per_hour: (calls.length * HOUR) / span,
    per_day: (calls.length * 24 * HOUR) / span,
    hours_over_30_pct: pctOver(slots(HOUR), 30),
    windows_over_10_pct: pctOver(slots(10 * MINUTE), 10),
    current_10min: slots(10 * MINUTE).at(-1)!,
    max_10min: Math.max(...slots(10 * MINUTE)),
    max_hour: Math.max(...slots(HOUR)),
    max_minute: Math.max(...slots(MINUTE)),
    flood_pct: now > since ? (100 * floodTime(history.calls, since, now)) / (now - since) : 0,
    top10_pct: calls.length === 0 ? null : (100 * busy) / calls.length,
    top,
    chattering: chattering.size,
    fleeting: history.fleeting.filter(t => t >= since).length,
    priorities_pct:
      calls.length === 0
        ? null
        : {
            ...{ critical: share('critical'), high: share('high') },
            ...{ medium: share('medium'), low: share('low') },
          },
    unauthorised: history.unauthorised.filter(t => t >= since).length,
    acknowledge_p50_ms: quantile(history.waits, 0.5),
    acknowledge_p95_ms: quantile(history.waits, 0.95),
    shelved_p50_ms: quantile(history.shelves, 0.5),
    shelved_p95_ms: quantile(history.shelves, 0.95),
  } satisfies Partial<AlarmKpis>
}

/** Time in flood after `since`, from the number of calls in the window at every instant of change. */
function floodTime(calls: History['calls'], since: number, now: number): number {
  const WINDOW = 10 * MINUTE
  const times = [...new Set(calls.flatMap(({ t }) => [t, t + WINDOW]))].sort((a, b) => a - b)
  let from = Number.NaN
  // The share counts whole minutes of the clock, from the minute in which the period began.
  const begin = Math.floor(since / MINUTE) * MINUTE
  let total = 0
  const end = (t: number) => {
    total += Math.max(0, Math.min(t, now) - Math.max(from, begin))
    from = Number.NaN
  }
  for (const t of times) {
    if (t > now) break
    const count = calls.filter(call => call.t <= t && call.t > t - WINDOW).length
    if (Number.isNaN(from) && count >= 10) from = t
    else if (count < 5 && !Number.isNaN(from)) end(t)
  }
  if (!Number.isNaN(from)) end(now)
  return total
}

const op = fc.record({
  wait_ms: fc.oneof(
    { weight: 30, arbitrary: fc.integer({ min: 0, max: 5000 }) },
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 15 * MINUTE }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 30 * HOUR }) },
  ),
  what: fc.constantFrom('on', 'on', 'off', 'storm', 'calm', 'flap', 'flap', 'tick', 'say'),
  cell: fc.nat(5),
  kind: fc.constantFrom(...KINDS),
  nth: fc.nat(20),
  action: fc.constantFrom('acknowledge', 'acknowledge', 'shelve', 'unshelve', 'remove', 'return'),
  role: fc.constantFrom('operator', 'engineer', 'engineer'),
})
type Op = typeof op extends fc.Arbitrary<infer T> ? T : never

const decisionOf = ({ action, role }: Op, target: string, t: number): DecisionEntry => {
  const on = 'alarm'
  const decision =
    action === 'shelve'
      ? ({ on, action, target, until_ms: t + 20 * MINUTE } as const)
      : action === 'remove' || action === 'return'
        ? ({
            on,
            action: action === 'remove' ? 'remove-from-service' : 'return-to-service',
            target,
          } as const)
        : ({ on, action, target } as const)
  const who = { subject: 'ann', role: role as 'operator' | 'engineer' }
  return { kind: 'decision', decision, ...who, comment: 'why', decided_ms: 0 }
}

/** Lets one thing happen to the list. */
function happen(list: ReturnType<typeof alarmList>, one: Op, t: number, history: History): void {
  const { what, action, role, kind } = one
  if (what === 'tick') return
  if (what === 'say') {
    const all = list.current()
    const target = all[one.nth % Math.max(1, all.length)]?.id
    if (target === undefined) return
    const isService = action === 'remove' || action === 'return'
    if (isService && role === 'operator') history.unauthorised.push(t)
    list.decide(decisionOf(one, target, t), t)
    return
  }
  const told = { score: 1, text: 'x', causes: [], detector: 'd', time_ms: t }
  if (what === 'flap') {
    const flapping = { kind: 'bath-temperature-high', cell: 0, tagIndex: -1 }
    const stands = list.current().some(alarm => alarm.kind === flapping.kind && alarm.active)
    list.condition({ ...flapping, ...told, active: !stands })
    return
  }
  const active = what === 'on' || what === 'storm'
  for (const cell of what === 'on' || what === 'off' ? [one.cell] : line.cells.keys()) {
    list.condition({ kind, cell, tagIndex: -1, ...told, active })
  }
}

function restored(list: ReturnType<typeof alarmList>) {
  const out = stateWriter()
  list.save(out)
  const next = alarmList(line)
  next.load(stateReader(out.bytes()))
  return next
}

describe('alarm figures', () => {
  it('equal a recomputation from the whole history, with restarts in between', () => {
    const seen = new Map<string, number>()
    fc.assert(
      fc.property(fc.array(op, { minLength: 1, maxLength: 160, size: 'max' }), ops => {
        let list = alarmList(line)
        const [calls, waits, shelves, fleeting, unauthorised] = [[], [], [], [], []]
        const history: History = { calls, waits, shelves, fleeting, unauthorised }
        const watch = watcher(history)
        let t = START
        list.advance(t)
        ops.forEach((one, i) => {
          t += one.wait_ms
          // Ticks come first, as on a line, so that shelves and delays end in between.
          list.advance(t)
          watch(list.changes(), t)
          happen(list, one, t, history)
          watch(list.changes(), t)
          if (i % 37 === 36) list = restored(list)
        })
        const { kpis } = list.summary()
        expect(kpis).toMatchObject(rounded(bruteForce(history, START, t)))
        for (const [name, value] of Object.entries(kpis)) {
          if (typeof value === 'number' && value > 0) seen.set(name, (seen.get(name) ?? 0) + 1)
        }
      }),
      { numRuns: 200, seed: 7 },
    )
    for (const name of ['flood_pct', 'chattering', 'fleeting', 'unauthorised', 'shelved_p95_ms']) {
      expect(seen.get(name) ?? 0, name).toBeGreaterThan(10)
    }
  })

  it('say nothing where nothing has happened', () => {
    const kpis = alarmKpis()
    kpis.advance(START)
    const report = kpis.report({
      stale: 0,
      shelved: 0,
      suppressed: 0,
      out_of_service: 0,
      not_kept: 0,
    })
    expect(report).toMatchObject({
      ...{ announced: 0, per_10min: 0, max_10min: 0, flood_pct: 0, top10_pct: null, top: [] },
      ...{ priorities_pct: null, acknowledge_p50_ms: null, shelved_p95_ms: null, chattering: 0 },
    })
  })

  it('keep a fixed amount of state, however long and busy the line is', () => {
    const size = (days: number) => {
      const kpis = alarmKpis()
      for (let i = 0; i < days * 2000; i++) {
        kpis.advance(START + (i * 24 * HOUR) / 2000)
        kpis.announced(`source-${i % 50}`, 'low')
        kpis.acknowledged(1000)
      }
      const out = stateWriter()
      kpis.save(out)
      return out.bytes().length
    }
    expect(size(9)).toBeLessThan(1.02 * size(3))
  })
})

/** Sums in another order differ in the last bits. */
function rounded(figures: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => {
      if (typeof value === 'number' && !Number.isInteger(value)) {
        return [name, expect.closeTo(value, 9)]
      }
      return [name, value]
    }),
  )
}
