import { EVENTS_PER_LINE_DAY } from '../anomaly/fusion/plan.ts'
import { PATTERN_CLEAR_S, PATTERN_NEED_S } from '../anomaly/pattern-slot.ts'
import { persistence, Verdict } from '../anomaly/persistence.ts'
import type { CellScorer } from '../anomaly/tensorflow/cell-scorer.ts'
import { spanOf } from '../anomaly/tensorflow/window.ts'
import { LiquidusError } from '../core/errors.ts'
import type { GateBank } from './bank.ts'
import { rowWindows } from './row-windows.ts'

/** What a challenger was held to and what it showed. */
export interface GateReport {
  readonly passed: boolean
  /** One line per number that fails; empty when it passed. */
  readonly failures: readonly string[]
  /** What it is compared with: the champion, or the linear detector where there is none. */
  readonly incumbent: string
  readonly bank_sha256: string
  readonly normal: {
    readonly cell_days: number
    readonly events: number
    readonly events_incumbent: number
    /** More would not fit the budget. */
    readonly events_max: number
    /** The budget, of 300 cells. */
    readonly events_per_line_day: number
  }
  readonly faults: {
    readonly episodes: number
    readonly detected: number
    readonly detected_incumbent: number
    /** Fewer are not enough: a champion has to be held, the linear detector to be beaten. */
    readonly detected_min: number
  }
  readonly latency: {
    readonly cells: number
    readonly p99_ms: number
    readonly p99_max_ms: number
  }
}

/** The numbers an engineer may turn: the budget by the configuration. */
export interface GateLimits {
  /** False events per day of a line of 300 cells. */
  readonly events_per_line_day: number
  readonly p99_max_ms: number
}

export const GATE_LIMITS: GateLimits = {
  events_per_line_day: EVENTS_PER_LINE_DAY,
  p99_max_ms: 50,
}
export const LINE_CELLS = 300
/** Calls that the latency is taken over, and how often. */
const CALLS = 200
const ROUNDS = 5
const CALLS_WARM = 20
/** An event may begin this long after a fault ended and still be its own. */
const AFTER_MS = 600_000
/** More events than the budget explains at this chance are a breach. */
const CHANCE = 0.05

/** Lets other work run between two parts of a long one. */
export type Breathe = () => Promise<void>

export interface GateParts {
  readonly bank: GateBank
  readonly challenger: CellScorer
  /** The champion; undefined: the linear detector's scores of the bank. */
  readonly incumbent: CellScorer | undefined
  readonly limits: GateLimits
  readonly elapsed_ms: () => number
  readonly breathe: Breathe
}

/** Holds a challenger to the frozen normal set, the fault bank and the clock. */
export async function holdToGate(parts: GateParts): Promise<GateReport> {
  const { bank, challenger, incumbent, limits } = parts
  const shown = showing(bank, await standing(challenger, bank, parts.breathe))
  const before = showing(
    bank,
    incumbent
      ? await standing(incumbent, bank, parts.breathe)
      : Int8Array.from(bank.rows.linear, score => (score > 0.5 ? Verdict.present : Verdict.absent)),
  )
  const p99_ms = await latency(parts)
  // As many faults with fewer false events beat the linear detector too.
  const isBetterNeeded = !incumbent && shown.events >= before.events
  const { events_per_line_day } = limits
  const expected = (events_per_line_day * bank.cell_days) / LINE_CELLS
  const report = {
    incumbent: incumbent?.version ?? 'linear detector',
    bank_sha256: bank.sha256,
    normal: {
      cell_days: bank.cell_days,
      events: shown.events,
      events_incumbent: before.events,
      events_max: poissonMost(expected, CHANCE),
      events_per_line_day,
    },
    faults: {
      episodes: bank.episodes.length,
      detected: shown.detected,
      detected_incumbent: before.detected,
      detected_min: Math.max(1, before.detected + (isBetterNeeded ? 1 : 0)),
    },
    latency: { cells: LINE_CELLS, p99_ms, p99_max_ms: limits.p99_max_ms },
  }
  const failures = failuresOf(report)
  return { passed: failures.length === 0, failures, ...report }
}

function failuresOf({
  incumbent,
  normal,
  faults,
  latency,
}: Omit<GateReport, 'passed' | 'failures'>) {
  const failures: string[] = []
  if (normal.events > normal.events_max) {
    failures.push(
      `false events ${normal.events} in ${normal.cell_days.toFixed(2)} cell-days, ` +
        `at most ${normal.events_max} fit the budget of ${normal.events_per_line_day} a line-day`,
    )
  }
  const { detected, detected_min, episodes } = faults
  if (detected < detected_min) {
    failures.push(
      `faults found ${detected} of ${episodes}, at least ${detected_min} needed (${incumbent})`,
    )
  }
  if (!(latency.p99_ms <= latency.p99_max_ms)) {
    failures.push(
      `p99 ${latency.p99_ms.toFixed(2)} ms for ${latency.cells} cells, ` +
        `at most ${latency.p99_max_ms} ms`,
    )
  }
  return failures
}

const CHUNK_ROWS = 512

/** For each row of the bank whether its score stands out; unknown without a whole window. */
async function standing(
  scorer: CellScorer,
  { rows, every_s }: GateBank,
  breathe: Breathe,
): Promise<Int8Array> {
  if (scorer.window && scorer.window.step_ms !== 1000 * every_s) {
    const problem =
      `takes rows ${scorer.window.step_ms / 1000} s apart, those of its gate bank are ${every_s} s ` +
      'apart: make the bank again'
    throw new LiquidusError('MODEL_INVALID', { model: scorer.version, problem })
  }
  const windows = rowWindows(rows, scorer.window)
  const ends = windows.ends()
  const out = new Float64Array(CHUNK_ROWS)
  const verdicts = new Int8Array(rows.times_ms.length).fill(Verdict.unknown)
  for (let at = 0; at < ends.length; at += CHUNK_ROWS) {
    const some = ends.subarray(at, at + CHUNK_ROWS)
    scorer.score(windows.gather(some), some.length, out)
    for (const [k, row] of some.entries()) {
      verdicts[row] = out[k]! > scorer.threshold ? Verdict.present : Verdict.absent
    }
    await breathe()
  }
  return verdicts
}

/** Turns rows that stand out into events, as a running line does, and counts them. */
function showing({ rows, every_s, normal_cells, episodes }: GateBank, verdicts: Int8Array) {
  const cells = rows.cells.reduce((most, cell) => Math.max(most, cell + 1), 0)
  const held = persistence(cells, PATTERN_NEED_S, PATTERN_CLEAR_S)
  const found = new Set<number>()
  let events = 0
  for (let row = 0; row < verdicts.length; row++) {
    const cell = rows.cells[row]!
    if (held.look(cell, verdicts[row] as Verdict, every_s) !== 'began') continue
    if (cell < normal_cells) events++
    const time_ms = rows.times_ms[row]!
    episodes.forEach((episode, i) => {
      const during = time_ms >= episode.from_ms && time_ms <= episode.to_ms + AFTER_MS
      if (episode.cell === cell && during) found.add(i)
    })
  }
  return { events, detected: found.size }
}

/**
 * 99th percentile of one call for a line of 300 cells, in the best of some rounds: what else runs
 * on the machine is not the model's.
 */
async function latency({ bank, challenger, elapsed_ms, breathe }: GateParts): Promise<number> {
  const width = bank.rows.names.length
  const features = new Float32Array(LINE_CELLS * width * spanOf(challenger.window))
  for (let i = 0; i < features.length; i++) {
    features[i] = bank.rows.values[i % bank.rows.values.length]!
  }
  const out = new Float64Array(LINE_CELLS)
  const parts = new Float64Array(LINE_CELLS * width)
  const calls = async (count: number): Promise<number> => {
    const took_ms: number[] = []
    for (let call = 0; call < count; call++) {
      const from_ms = elapsed_ms()
      challenger.score(features, LINE_CELLS, out, parts)
      took_ms.push(elapsed_ms() - from_ms)
      if (call % 10 === 0) await breathe()
    }
    took_ms.sort((a, b) => a - b)
    return took_ms[Math.ceil(0.99 * count) - 1]!
  }
  await calls(CALLS_WARM)
  let best_ms = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) best_ms = Math.min(best_ms, await calls(CALLS))
  return best_ms
}

/** The largest count that a Poisson mean still explains: fewer than `chance` lie above it. */
export function poissonMost(mean: number, chance: number): number {
  let term = Math.exp(-mean)
  let below = term
  let count = 0
  while (1 - below > chance && count < 1e6) {
    count++
    term *= mean / count
    below += term
  }
  return count
}
