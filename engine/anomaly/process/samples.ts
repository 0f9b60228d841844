import type { Channel, LineDefinition, LineFrame, Quantity, TwinFrame } from '../../flow.ts'
import { potlineTag } from '../../lines/potline.ts'
import { estimateAt, estimateNames, stdAt } from '../estimates.ts'
import type { Report } from '../finding.ts'
import type { Stateful } from '../state.ts'

/** Judges each bath temperature that a person measured, once, when it becomes known. */
export interface SampleCheck extends Stateful {
  /**
   * Called once per tick, before the next twin step; `lineCalm_s`: seconds since the line current
   * was last off its usual.
   */
  tick(frame: LineFrame, twin: TwinFrame, report: Report, lineCalm_s?: number): void
}

const HIGH_K = 273.15 + 978
const LOW_K = 273.15 + 943
const BACK_K = 3
/** Repeatability of a dip measurement; the gap of 37 true dips on a quiet day was 2.6 K rms. */
const SAMPLE_STD_K = 1.5
/** An effect, or a loss of load, moves the heat by more than the twin knows: no dip is doubted. */
const EFFECT_V = 8
const AFTER_EFFECT_MS = 4 * 3600_000
const BIAS_SIGMAS = 1.25
/** 3.8 times that gap: by chance one dip in some 8,000, within a budget of one a day for 300 cells. */
const BIAS_MIN_K = 10

/** What all cells are off by is the twin's, or the crew's: the mean of so many dips is taken out. */
const LINE_DIPS = 12
const LINE_DIPS_START = 8
const LINE_GAP_MAX_K = 6
/** In a shorter line a thermocouple that is off would hide itself. */
const LINE_CELLS_MIN = 4

const Flag = { high: 1, low: 2, bias: 4 } as const

/** Checks of manual bath temperatures against limits and against what the twin expected. */
export function sampleCheck(
  definition: LineDefinition,
  names: { readonly fields: readonly Quantity[]; readonly channels: readonly Channel[] },
): SampleCheck {
  const cells = definition.cells.length
  const find = estimateNames(names.fields, names.channels, cells)
  const at = find.field('bath_K')
  const voltageAt = find.channel(potlineTag.voltage)
  const effect_ms = new Float64Array(cells).fill(Number.NEGATIVE_INFINITY)
  const tagIndex = definition.tags.findIndex(({ tag }) => tag === potlineTag.bathTemperature)
  // What the twin believed before it saw the sample.
  const expected_K = new Float64Array(cells).fill(Number.NaN)
  const expectedStd_K = new Float64Array(cells).fill(Number.NaN)
  const flags = new Uint8Array(cells)
  const line = new Float64Array(2) // [mean gap_K, dips]

  const change = (cell: number, flag: number, kind: string, on: boolean, told: Told) => {
    const was = (flags[cell]! & flag) !== 0
    if (was === on) return
    flags[cell]! ^= flag
    const text = on ? told.text : ''
    const causes = on ? [{ text: told.cause, weight: 1 }] : []
    const { time_ms, report } = told
    const place = { kind, cell, tagIndex, active: on, time_ms, text, causes }
    report({ ...place, score: on ? told.score : 0, detector: 'process' })
  }

  let line_ms = Number.NEGATIVE_INFINITY
  const judge = (cell: number, value_K: number, time_ms: number, report: Report) => {
    const shown = `${(value_K - 273.15).toFixed(1)} C`
    const off_K = value_K - expected_K[cell]!
    const gap_K = off_K - line[0]!
    const std_K = Math.hypot(SAMPLE_STD_K, expectedStd_K[cell]! || 0)
    const calm = time_ms - Math.max(effect_ms[cell]!, line_ms) > AFTER_EFFECT_MS
    if (calm && cells >= LINE_CELLS_MIN) learnLine(line, gap_K)
    const biased = calm && Math.abs(gap_K) > Math.max(BIAS_MIN_K, BIAS_SIGMAS * std_K)
    const told = { time_ms, report, score: 1 - std_K / (std_K + Math.abs(gap_K) || 1) }
    change(cell, Flag.bias, 'thermocouple-bias', biased, {
      ...told,
      text: `bath temperature ${shown} is ${off_K.toFixed(0)} K off what the cell can have`,
      cause: 'thermocouple bias',
    })
    // A value that can not be is no reason to act on the heat balance.
    const was = flags[cell]!
    const high = !biased && value_K > ((was & Flag.high) !== 0 ? HIGH_K - BACK_K : HIGH_K)
    const low = !biased && value_K < ((was & Flag.low) !== 0 ? LOW_K + BACK_K : LOW_K)
    const text = `bath temperature ${shown}`
    const hot = { ...told, score: 1, text: `${text} is high`, cause: 'bath too hot' }
    change(cell, Flag.high, 'bath-temperature-high', high, hot)
    const cold = { ...told, score: 1, text: `${text} is low`, cause: 'bath too cold' }
    change(cell, Flag.low, 'bath-temperature-low', low, cold)
  }

  return {
    tick(frame, twin, report, lineCalm_s = Number.POSITIVE_INFINITY) {
      if (tagIndex < 0) return
      line_ms = frame.time_ms - 1000 * lineCalm_s
      for (const sample of frame.samples) {
        if (sample.tagIndex !== tagIndex) continue
        judge(sample.cell, sample.value, frame.time_ms, report)
      }
      for (let cell = 0; cell < cells; cell++) {
        expected_K[cell] = estimateAt(twin, at, cell)
        expectedStd_K[cell] = stdAt(twin, at, cell)
        if (voltageAt >= 0 && twin.observed[voltageAt + cell]! > EFFECT_V) {
          effect_ms[cell] = frame.time_ms
        }
      }
    },
    save(out) {
      for (const array of [expected_K, expectedStd_K, effect_ms, flags, line]) out.array(array)
    },
    load(from) {
      for (const array of [expected_K, expectedStd_K, effect_ms, flags, line]) from.array(array)
      // Engines that let a short line learn stored what it had learnt.
      if (cells < LINE_CELLS_MIN) line.fill(0)
    },
  }
}

/** Follows what the dips of all cells are off by. */
function learnLine(line: Float64Array, gap_K: number): void {
  if (!Number.isFinite(gap_K)) return
  const bounded_K = Math.max(-LINE_GAP_MAX_K, Math.min(LINE_GAP_MAX_K, gap_K))
  line[0]! += bounded_K / Math.min(LINE_DIPS, LINE_DIPS_START + line[1]!)
  line[1]! += 1
}

interface Told {
  readonly time_ms: number
  readonly report: Report
  readonly score: number
  readonly text: string
  readonly cause: string
}
