import { cusumStream } from '../cusum/stream.ts'
import { BLOCK_CELLS } from '../cva/block.ts'
import { cvaStream } from '../cva/stream.ts'
import { nisStream } from '../nis/stream.ts'
import { type RunningScale, runningScale, scaleTake } from '../running-scale.ts'
import type { Stateful } from '../state.ts'
import { type ExplainParts, STREAMS, Stream } from './causes.ts'
import { evidenceOf, type StreamLaws, streamLaws, takeSample } from './evidence.ts'
import { front } from './front.ts'
import type { FusionPlan } from './plan.ts'
import type { LineSignals } from './signals.ts'

/** All linear streams of a line, each told as evidence against quiet running. */
export interface Streams extends Stateful {
  readonly evidence: Float32Array // [stream][cell]
  readonly explain: ExplainParts
  tick(values: Float64Array, open: Uint8Array, quiet: Uint8Array): void
  /**
   * Ends the rows of cells, a few at a time, and calls `judge` for each that has one, in their
   * order, with the evidence of its strangest stream.
   */
  rows(first: number, step: number, round: Round): void
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

/** Which cells end their row, and what becomes of them. */
export interface Round {
  readonly open: Uint8Array // [cell]
  readonly quiet: Uint8Array // [cell]
  isSample(cell: number): boolean
  judge(cell: number, evidence: number): void
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
  const weighing = { scale, laws, cells, least: plan.stream_min }
  const own = new Float64Array(shared.length)
  const values = new Float64Array(BLOCK_CELLS * streams) // [waiting][stream]
  const waiting = new Uint32Array(BLOCK_CELLS) // cells whose row is not judged yet
  const known = new Uint8Array(BLOCK_CELLS) // their streams that are known, from the first
  const asked = new Uint32Array(BLOCK_CELLS) // those of them that the shared model knows
  let rows = 0
  let inModel = 0

  /** Takes the row that has just ended, with all but what the shared model says of it. */
  const take = (cell: number, quiet: boolean): void => {
    const at = rows * streams
    values[at + Stream.nisSeconds] = nis.fastScore(cell)
    values[at + Stream.nisMinutes] = nis.slowScore(cell)
    values[at + Stream.cusum] = cusum.most[cell]!
    waiting[rows] = cell
    known[rows] = streams
    if (cva) {
      // What is not known is as expected: missing is not an anomaly.
      for (let k = 0; k < own.length; k++) {
        const value = begin.rows[shared[k]! * cells + cell]!
        own[k] = Number.isNaN(value) ? 0 : value
      }
      if (cva.take(cell, own, quiet)) asked[inModel++] = cell
      else known[rows] = Stream.cvaResidual
    }
    rows++
  }

  /** Asks the shared model about the cells that wait, and judges them in their order. */
  const end = (round: Round): void => {
    if (inModel > 0) cva!.multiply(asked, inModel)
    for (let k = 0; k < rows; k++) {
      const cell = waiting[k]!
      const at = k * streams
      if (cva && known[k] === streams) {
        values[at + Stream.cvaResidual] = cva.residualLog(cell)
        values[at + Stream.cvaState] = cva.stateLog(cell)
      }
      const isQuiet = round.quiet[cell] === 1
      const isSample = round.isSample(cell)
      let most = 0
      for (let s = 0; s < known[k]!; s++) {
        const found = weigh(weighing, s, cell, values[at + s]!, isQuiet, isSample)
        evidence[s * cells + cell] = found
        if (found > most) most = found
      }
      round.judge(cell, most)
    }
    rows = inModel = 0
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
    rows(first, step, round) {
      begin.endRows(first, step, round.open, round.quiet)
      cusum.tick(begin.rows, begin.has)
      for (let cell = first; cell < cells; cell += step) {
        if (begin.has[cell] === 0) continue
        // Rows that wait belong to the weights as they are.
        if (cva?.model.isDue()) end(round)
        take(cell, round.quiet[cell] === 1)
        if (rows === BLOCK_CELLS) end(round)
      }
      end(round)
    },
    ready(cell) {
      if (!laws.ready()) return false
      for (let i = cell; i < evidence.length; i += cells) {
        if (scale.counts[i]! < plan.stream_min) return false
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

interface Weighing {
  readonly scale: RunningScale
  readonly laws: StreamLaws
  readonly cells: number
  /** Values of a stream before its scale is believed. */
  readonly least: number
}

/** The evidence of a stream's value, which is learnt where it is quiet. */
function weigh(
  { scale, laws, cells, least }: Weighing,
  stream: number,
  cell: number,
  value: number,
  quiet: boolean,
  isSample: boolean,
): number {
  const i = stream * cells + cell
  const believed = scale.counts[i]! >= least
  const score = scaleTake(scale, i, value, quiet)
  if (quiet && believed && isSample) takeSample(laws, stream, score)
  return believed ? evidenceOf(laws, stream, score) : 0
}
