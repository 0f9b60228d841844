import type { Channel, LineDefinition, LineFrame, Quantity, TwinFrame } from '../../flow.ts'
import type { Report } from '../finding.ts'
import type { Stateful } from '../state.ts'
import { explain, STREAMS } from './causes.ts'
import { fusedEvents } from './events.ts'
import { guards } from './guards.ts'
import { budgetLevel } from './level.ts'
import { EVENTS_PER_LINE_DAY, FUSED_KIND, fusionPlan, lineBudget } from './plan.ts'
import { lineSignals } from './signals.ts'
import { lineStreams } from './streams.ts'

/** The setting an engineer turns; it may change between two ticks. */
export interface EventBudgetSetting {
  /** False events a day of a line: of 300 cells of a potline, of any other line as a whole. */
  readonly events_per_line_day: number
}

/** The linear streams of a line as one score per cell, and events at the rate of a budget. */
export interface FusedDetector extends Stateful {
  /** Each stream and the fused score, 0..1, 0.5 at the threshold; 0 while learning. */
  scores(): readonly { readonly name: string; readonly values: Float64Array }[]
  /** `frozen`: cells with an active alarm, which learn nothing and begin no event. */
  tick(frame: LineFrame, twin: TwinFrame, frozen: Uint8Array, report: Report): void
}

/** Blocks between two fits of the streams' laws. */
const REFRESH_EVERY = 6

/** Places in the numbers that are kept. */
const At = { ticks: 0, most: 1, judged: 2 } as const

/** The fused detector of a line; it learns on line and says nothing before its level stands. */
export function fusedDetector(
  definition: LineDefinition,
  twinOf: { readonly fields: readonly Quantity[]; readonly channels: readonly Channel[] },
  budget: EventBudgetSetting = { events_per_line_day: EVENTS_PER_LINE_DAY },
): FusedDetector {
  const cells = definition.cells.length
  const dt_s = definition.tick_ms / 1000
  const signals = lineSignals(definition, twinOf)
  const plan = fusionPlan(definition, signals.shared.length)
  const streams = lineStreams(cells, signals, plan)
  const level = budgetLevel(plan.blocks_min)
  const guard = guards(cells, dt_s, plan)
  const events = fusedEvents(cells, dt_s, plan, { kind: FUSED_KIND, detector: 'fused' })
  const before = new Float32Array(cells) // evidence of the row before
  const fused = new Float32Array(cells) // evidence of two rows in a row
  const numbers = new Float64Array(3)
  const quiet = new Uint8Array(cells)
  const parts: readonly Stateful[] = [streams, level, guard, events]

  const share = (value: number): number => {
    const threshold = level.threshold()
    return threshold === Infinity ? 0 : value / (value + threshold)
  }

  const renew = (cell: number): void => {
    // It runs otherwise now, and nobody calls it a fault: its normal is learnt anew.
    streams.restart(cell)
    before[cell] = fused[cell] = 0
  }

  const judge = (
    cell: number,
    now: number,
    isFrozen: boolean,
    time_ms: number,
    report: Report,
  ): void => {
    const evidence = Math.min(now, before[cell]!)
    fused[cell] = evidence
    before[cell] = now
    if (events.stands(cell)) {
      if (events.follow(cell, evidence, isFrozen, { time_ms, report }) === 'renewed') renew(cell)
      return
    }
    if (quiet[cell] === 0 || !streams.ready(cell)) return
    const threshold = level.threshold()
    numbers[At.judged] = 1
    numbers[At.most] = Math.max(numbers[At.most]!, Math.min(evidence, threshold))
    if (evidence <= threshold) return
    const why = () => explain(streams.explain, streams.strangest(cell), cell)
    const told = { time_ms, report, score: share(evidence), explain: why, wasFalse: level.wasFalse }
    events.begin(cell, threshold, told)
  }

  const endBlock = (): void => {
    if (numbers[At.judged] === 1) {
      const allowed = lineBudget(definition, budget.events_per_line_day)
      level.push(numbers[At.most]!, allowed / plan.blocks_per_day)
    }
    numbers[At.most] = numbers[At.judged] = 0
    events.newBlock()
    if (Math.round(numbers[At.ticks]! / plan.block_ticks) % REFRESH_EVERY === 0) streams.refresh()
  }

  return {
    scores: shownScores(cells, streams.evidence, fused, share),
    tick(frame, twin, frozen, report) {
      if (signals.texts.length === 0) return
      guard.look(twin, frozen, streams.forget)
      events.wait(frozen, level.wasFalse)
      for (let cell = 0; cell < cells; cell++) {
        quiet[cell] = Number(guard.alone[cell] === 1 && !events.stands(cell))
      }
      streams.tick(signals.fill(twin), guard.open, quiet)
      const turn = numbers[At.ticks]! % plan.every
      const round = Math.floor(numbers[At.ticks]! / plan.every)
      streams.rows(turn, plan.every, {
        ...{ open: guard.open, quiet },
        isSample: cell => (round + cell) % plan.sample_every === 0,
        judge: (cell, now) => judge(cell, now, frozen[cell] === 1, frame.time_ms, report),
      })
      numbers[At.ticks]!++
      if (numbers[At.ticks]! % plan.block_ticks === 0) endBlock()
    },
    save(out) {
      for (const part of parts) part.save(out)
      for (const array of [before, fused, numbers]) out.array(array)
    },
    load(from) {
      for (const part of parts) part.load(from)
      for (const array of [before, fused, numbers]) from.array(array)
    },
  }
}

/** Fills the shown scores when they are asked for. */
function shownScores(
  cells: number,
  evidence: Float32Array, // [stream][cell]
  fused: Float32Array, // [cell]
  share: (value: number) => number,
) {
  const streams = evidence.length / cells
  const names = [...STREAMS.slice(0, streams), 'fused']
  const shown = names.map(name => ({ name, values: new Float64Array(cells) }))
  return () => {
    shown.forEach(({ values }, s) => {
      for (let cell = 0; cell < cells; cell++) {
        values[cell] = share(s === streams ? fused[cell]! : evidence[s * cells + cell]!)
      }
    })
    return shown
  }
}
