import { cusumStream } from '../cusum/stream.ts'
import { cvaStream } from '../cva/stream.ts'
import { nisStream } from '../nis/stream.ts'
import { runningScale } from '../running-scale.ts'
import type { Stateful } from '../state.ts'
import { type ExplainParts, STREAMS, Stream } from './causes.ts'
import { streamLaws } from './evidence.ts'
import { front } from './front.ts'
import type { FusionPlan } from './plan.ts'
import type { LineSignals } from './signals.ts'

/** All linear streams of a line, each told as evidence against quiet running. */
export interface Streams extends Stateful {
  readonly evidence: Float32Array // [stream][cell]
  readonly explain: ExplainParts
  tick(values: Float64Array, open: Uint8Array, quiet: Uint8Array): void
  /** Ends the row of a cell; the evidence of its strangest stream, NaN when it has no row. */
  row(cell: number, quiet: boolean, isSample: boolean): number
  /** True once all streams of the cell are believed. */
  ready(cell: number): boolean
  /** Which stream is the strangest. */
  strangest(cell: number): number
  refresh(): void
  /** Forgets the newest rows of a cell, not what is normal for it. */
  forget(cell: number): void
  /** Forgets the cell as a whole. */
  restart(cell: number): void
}

/** Values of a stream further out than this many of its own spreads count as this many. */
const STREAM_MOST = 60

/** Nothing is learnt yet. */
export function lineStreams(cells: number, signals: LineSignals, plan: FusionPlan): Streams {
  const channels = signals.texts.length
  const { residuals, shared } = signals
  const begin = front(cells, channels, plan)
  const nis = nisStream(cells, residuals, plan.nis)
  const cusum = cusumStream(cells, residuals)
  const model = { cells, channels: shared.length, lags: plan.lags, rows_min: plan.model_rows_min }
  const cva = plan.lags > 0 ? cvaStream(model) : undefined
  const streams = cva ? STREAMS.length : Stream.cvaResidual
  const scale = runningScale(streams * cells, plan.stream_rows, STREAM_MOST)
  const laws = streamLaws(streams)
  const evidence = new Float32Array(streams * cells)
  const row = new Float64Array(channels)
  const own = new Float64Array(shared.length)
  const values = new Float64Array(streams)

  /** Fills the values of the streams that know the cell; returns how many, from the first. */
  const judge = (cell: number, quiet: boolean): number => {
    values[Stream.nisSeconds] = nis.fastScore(cell)
    values[Stream.nisMinutes] = nis.slowScore(cell)
    for (let c = 0; c < residuals; c++) cusum.take(c, cell, row[c]!)
    values[Stream.cusum] = cusum.value(cell)
    if (!cva) return streams
    // What is not known is as expected: missing is not an anomaly.
    for (let k = 0; k < own.length; k++) own[k] = row[shared[k]!]! || 0
    if (!cva.take(cell, own, quiet)) return Stream.cvaResidual
    values[Stream.cvaResidual] = cva.residualLog(cell)
    values[Stream.cvaState] = cva.stateLog(cell)
    return streams
  }

  const weigh = (s: number, cell: number, quiet: boolean, isSample: boolean): number => {
    const i = s * cells + cell
    const value = values[s]!
    const score = scale.score(i, value)
    const believed = scale.count(i) >= plan.stream_min
    if (quiet) {
      scale.learn(i, value)
      if (believed && isSample) laws.sample(s, score)
    }
    return believed ? laws.evidence(s, score) : 0
  }

  const forget = (cell: number): void => {
    nis.restart(cell)
    cusum.restart(cell)
    cva?.restart(cell)
  }

  const parts: readonly Stateful[] = [begin, nis, cusum, scale, laws]
  return {
    evidence,
    explain: { signals, lags: plan.lags, nis, cusum, cva, standard: begin.standard, cells },
    tick(now, open, quiet) {
      begin.tick(now, open, quiet)
      // Channels come first by channel, so the residuals are the head of the array.
      nis.tick(begin.standard)
    },
    row(cell, quiet, isSample) {
      if (!begin.row(cell, quiet, row)) return Number.NaN
      const known = judge(cell, quiet)
      let most = 0
      for (let s = 0; s < known; s++) {
        const found = weigh(s, cell, quiet, isSample)
        evidence[s * cells + cell] = found
        most = Math.max(most, found)
      }
      return most
    },
    ready(cell) {
      if (!laws.ready()) return false
      for (let i = cell; i < evidence.length; i += cells) {
        if (scale.count(i) < plan.stream_min) return false
      }
      return true
    },
    strangest(cell) {
      let at = 0
      for (let s = 1; s < streams; s++) {
        if (evidence[s * cells + cell]! > evidence[at * cells + cell]!) at = s
      }
      return at
    },
    refresh: laws.refresh,
    forget,
    restart(cell) {
      forget(cell)
      begin.restart(cell)
      for (let i = cell; i < evidence.length; i += cells) {
        evidence[i] = 0
        scale.restart(i)
      }
    },
    save(out) {
      for (const part of parts) part.save(out)
      cva?.save(out)
      out.array(evidence)
    },
    load(from) {
      for (const part of parts) part.load(from)
      cva?.load(from)
      from.array(evidence)
    },
  }
}
