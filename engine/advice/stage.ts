import {
  bytesOf,
  copyInto,
  jsonBytes,
  packSections,
  parseJsonBytes,
  unpackSections,
} from '../core/sections.ts'
import type {
  Advice,
  AdviceStage,
  AlarmRecord,
  LineDefinition,
  LineFrame,
  Quantity,
  TwinFrame,
} from '../flow.ts'
import { proposeFeed } from './feed.ts'
import { adviceLedger } from './ledger.ts'
import { lookOf } from './look.ts'
import type { ForecastOf, Proposal } from './proposal.ts'
import { proposeResistance } from './resistance.ts'

/** Each cell is looked at once in this many ticks, the cells one after the other. */
const EVERY_TICKS = 300
/** Time constants of the commanded feed and of the cell's own usual resistance. */
const FEED_MEAN_S = 2 * 3600
const USUAL_MEAN_S = 24 * 3600
/** Time constant of the resistance that a recommendation starts from. */
const RECENT_MEAN_S = 900
/** Hours of running before the commanded feed is known well enough. */
const WARM_S = 3600
const AFTER_ANODE_CHANGE_MS = 4 * 3600_000
const LINE_LOAD_LOW_SHARE = 0.9

/** Recommended setpoints of a potline; a line without a potline twin gets none. */
export function adviceStage(
  definition: LineDefinition,
  twinParts: { readonly fields: readonly Quantity[]; readonly forecast: ForecastOf },
  versions: Readonly<Record<string, string>>,
): AdviceStage {
  const ledger = adviceLedger()
  const look = lookOf(definition, twinParts.fields)
  const cells = definition.cells.length
  const commanded_kgps = new Float64Array(cells)
  const usual_Ohm = new Float64Array(cells).fill(Number.NaN)
  const recent_Ohm = new Float64Array(cells).fill(Number.NaN)
  const quietFrom_ms = new Float64Array(cells)
  const seen = new Float64Array(2) // ticks seen, usual line current A
  const dt_s = definition.tick_ms / 1000

  const trackCell = (cell: number, frame: LineFrame, twin: TwinFrame): void => {
    // The gain starts at 1/n, so that the first hour is a plain mean.
    const feedGain = Math.max(dt_s / FEED_MEAN_S, 1 / seen[0]!)
    const usualGain = Math.max(dt_s / USUAL_MEAN_S, 1 / seen[0]!)
    let shots_kg = 0
    for (const tag of look!.feedTags) shots_kg += frame.values[tag * cells + cell]!
    commanded_kgps[cell]! += feedGain * (shots_kg / dt_s - commanded_kgps[cell]!)
    const resistance = look!.mean(twin, 'resistance', cell)
    if (Number.isNaN(resistance)) return
    const recentGain = Math.max(dt_s / RECENT_MEAN_S, 1 / seen[0]!)
    follow(usual_Ohm, cell, resistance, usualGain)
    follow(recent_Ohm, cell, resistance, recentGain)
  }

  const track = (frame: LineFrame, twin: TwinFrame): void => {
    seen[0]! += 1
    const line_A = frame.values[look!.currentTag * cells]!
    if (line_A > 0) seen[1] = seen[1]! > 0 ? seen[1]! + (line_A - seen[1]!) * 1e-4 : line_A
    for (let cell = 0; cell < cells; cell++) trackCell(cell, frame, twin)
    for (const event of frame.events) {
      if (look!.eventTags.includes(event.tagIndex)) {
        quietFrom_ms[event.cell] = event.time_ms + AFTER_ANODE_CHANGE_MS
      }
    }
  }

  /** Why this cell must not be moved now (process model specification 8). */
  const inhibitsOf = (
    cell: number,
    frame: LineFrame,
    twin: TwinFrame,
    alarms: readonly AlarmRecord[],
  ): string[] => {
    const name = definition.cells[cell]!
    const reasons: string[] = []
    const line_A = frame.values[look!.currentTag * cells]!
    if (twin.trusted[cell] !== 1) reasons.push('the twin is not trusted')
    if (frame.time_ms < quietFrom_ms[cell]!) reasons.push('tapping or anode change within 4 h')
    if (!(line_A > LINE_LOAD_LOW_SHARE * seen[1]!)) reasons.push('line load is low')
    for (const alarm of alarms) {
      if (alarm.cell !== name || !alarm.active) continue
      if (alarm.kind.startsWith('anode-effect')) reasons.push('anode effect active or coming')
      if (alarm.kind.includes('sensor')) reasons.push(`sensor fault: ${alarm.text}`)
    }
    return reasons
  }

  const proposalsOf = (
    cell: number,
    frame: LineFrame,
    twin: TwinFrame,
    alarms: readonly AlarmRecord[],
  ): Proposal[] => {
    const name = definition.cells[cell]!
    const line_A = frame.values[look!.currentTag * cells]!
    const proposals: Proposal[] = []
    if (!ledger.resting(name, 'base_feed_rate', frame.time_ms)) {
      const feed = proposeFeed(cell, twin, look!, commanded_kgps[cell]!, line_A, twinParts.forecast)
      if (feed && !contradicts(feed, name, alarms)) proposals.push(feed)
    }
    if (!ledger.resting(name, 'target_resistance', frame.time_ms)) {
      const known = { recent_uOhm: recent_Ohm[cell]! * 1e6, usual_uOhm: usual_Ohm[cell]! * 1e6 }
      const move = proposeResistance(cell, twin, look!, known, twinParts.forecast)
      if (move) proposals.push(move)
    }
    return proposals
  }

  return {
    tick(frame, twin, alarms) {
      if (!look) return []
      track(frame, twin)
      const changed: Advice[] = [...ledger.expire(frame.time_ms)]
      const slot = frame.tick % EVERY_TICKS
      for (let cell = 0; cell < cells; cell++) {
        if (Math.floor((cell * EVERY_TICKS) / cells) % EVERY_TICKS !== slot) continue
        const inhibits = inhibitsOf(cell, frame, twin, alarms)
        const name = definition.cells[cell]!
        if (inhibits.length > 0) {
          changed.push(...ledger.withdraw(name, inhibits.join('; '), frame.time_ms))
          continue
        }
        if (seen[0]! * dt_s < WARM_S) continue
        for (const proposal of proposalsOf(cell, frame, twin, alarms)) {
          const place = { line: definition.line, cell: name }
          changed.push(...ledger.propose(place, proposal, frame.time_ms, versions, []))
        }
      }
      return changed
    },
    decide: (entry, time_ms) => ledger.decide(entry, time_ms),
    current: () => ledger.current(),
    snapshot: () =>
      packSections([
        ['ledger', jsonBytes(ledger.toJson())],
        ['commanded', bytesOf(commanded_kgps)],
        ['usual', bytesOf(usual_Ohm)],
        ['recent', bytesOf(recent_Ohm)],
        ['quiet', bytesOf(quietFrom_ms)],
        ['seen', bytesOf(seen)],
      ]),
    restore(bytes) {
      const parts = unpackSections(bytes)
      ledger.fromJson(parseJsonBytes(parts.get('ledger')!))
      copyInto(commanded_kgps, parts.get('commanded'), 'commanded')
      copyInto(usual_Ohm, parts.get('usual'), 'usual')
      copyInto(recent_Ohm, parts.get('recent'), 'recent')
      copyInto(quietFrom_ms, parts.get('quiet'), 'quiet')
      copyInto(seen, parts.get('seen'), 'seen')
    },
  }
}

/** Advice must not say the opposite of an alarm that stands. */
function contradicts(feed: Proposal, cell: string, alarms: readonly AlarmRecord[]): boolean {
  const forbidden = feed.to < feed.from ? 'feed-below-demand' : 'feed-above-demand'
  return alarms.some(alarm => alarm.active && alarm.cell === cell && alarm.kind === forbidden)
}

/** Moves a running mean one step; the first value is taken as it is. */
function follow(means: Float64Array, at: number, value: number, gain: number): void {
  const before = means[at]!
  means[at] = Number.isNaN(before) ? value : before + gain * (value - before)
}
