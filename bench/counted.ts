import { setTimeout as sleep } from 'node:timers/promises'
import { getJson } from './engine-process.ts'
import type { Rig } from './rig.ts'
import type { SenderReport } from './sender/messages.ts'

/** An engine that takes no reading for this long is not catching up any more. */
const STANDSTILL_MS = 10_000

/** What producers and engine say of the readings. */
export interface Counted {
  readonly sent: number
  readonly acknowledged: number
  readonly rejected: number
  readonly lost: number
  readonly reconnects: number
  readonly engine_accepted: number
  /** Log entries that the engine had not yet worked through when it stood still. */
  readonly behind_entries: number
  readonly ticks_closed: Readonly<Record<string, number>>
}

/** What the engine says of a line. */
export interface LineAnswer {
  readonly tick: number
  readonly readings_accepted: number
  readonly behind_entries: number
  readonly ticks_closed: Readonly<Record<string, number>>
}

/** Asks the engine once it has worked through its log; lost is by whichever says the most. */
export async function countedBy(rig: Rig, { lines }: SenderReport): Promise<Counted> {
  let [sent, acknowledged, rejected, reconnects] = [0, 0, 0, 0]
  for (const counts of lines) {
    sent += counts.sent
    acknowledged += counts.acknowledged
    rejected += counts.rejected
    reconnects += counts.reconnects
  }
  const names = lines.map(({ line }) => line)
  const told = await caughtUp(() => askAll(rig.engine().http, names))
  // What is acknowledged and not yet worked through is late, not lost.
  const known = told.behind_entries > 0 ? acknowledged : told.engine_accepted
  const lost = sent - rejected - Math.min(acknowledged, known)
  return { sent, acknowledged, rejected, lost, reconnects, ...told }
}

type Told = Pick<Counted, 'engine_accepted' | 'behind_entries' | 'ticks_closed'>

async function askAll(http: string, lines: readonly string[]): Promise<Told> {
  let [engine_accepted, behind_entries] = [0, 0]
  const ticks_closed: Record<string, number> = {}
  for (const line of lines) {
    const answer = await getJson<LineAnswer>(`${http}/api/lines/${line}`)
    engine_accepted += answer.readings_accepted
    behind_entries += answer.behind_entries
    for (const [reason, count] of Object.entries(answer.ticks_closed)) {
      ticks_closed[reason] = (ticks_closed[reason] ?? 0) + count
    }
  }
  return { engine_accepted, behind_entries, ticks_closed }
}

/** Asks again while the engine is behind and goes on. */
async function caughtUp(ask: () => Promise<Told>): Promise<Told> {
  let told = await ask()
  let moved_ms = performance.now()
  while (told.behind_entries > 0 && performance.now() - moved_ms < STANDSTILL_MS) {
    await sleep(100)
    const now = await ask()
    const goesOn =
      now.engine_accepted > told.engine_accepted || now.behind_entries < told.behind_entries
    if (goesOn) moved_ms = performance.now()
    told = now
  }
  return told
}

/** What makes a run fail, in words. */
export function problemsOf(rig: Rig, counted: Counted, scored: boolean): string[] {
  const { sent, rejected, lost, acknowledged, engine_accepted, behind_entries } = counted
  const { figures, twin } = rig
  const problems: string[] = []
  const ended = rig.listener().lost()
  if (ended !== '') problems.push(`the WebSocket ended: ${ended}`)
  if (behind_entries > 0) {
    problems.push(`the engine stood still ${behind_entries} log entries behind`)
  }
  if (lost !== 0) problems.push(`${lost} of ${sent} readings are lost`)
  if (engine_accepted > acknowledged) {
    problems.push(
      `the engine counts ${engine_accepted} readings, ${acknowledged} were acknowledged`,
    )
  }
  if (rejected > 0) problems.push(`${rejected} readings were rejected`)
  const missing = [...(figures?.alerts.missing() ?? []), ...(twin?.missing() ?? [])]
  if (missing.length > 0) {
    problems.push(`${missing.length} alerts did not arrive, e.g. ${missing[0]}`)
  }
  const unexpected = figures?.alerts.unexpected() ?? 0
  if (unexpected > 0) problems.push(`${unexpected} alerts came that nothing caused`)
  for (const one of [figures, twin]) {
    if (!one || one.committedAll()) continue
    const { committed, expected } = one.frames()
    problems.push(`${expected - committed} of ${expected} expected frames are missing`)
  }
  const unscored = scored ? rig.scores.unscored() : []
  if (unscored.length > 0) {
    problems.push(`${unscored.length} lines are not scored, e.g. ${unscored[0]}`)
  }
  return problems
}
