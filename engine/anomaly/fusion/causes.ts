import type { Cause } from '../../flow.ts'
import type { CusumStream } from '../cusum/stream.ts'
import type { CvaStream } from '../cva/stream.ts'
import type { NisStream } from '../nis/stream.ts'
import { dispersion, nearestNormalDrops, ranked, reconstruction } from '../rows/explain.ts'
import type { Statistic } from '../rows/linear.ts'
import type { LineSignals } from './signals.ts'

/** The streams of a line, in this order everywhere. */
export const STREAMS = ['nis-seconds', 'nis-minutes', 'cusum', 'cva-residual', 'cva-state'] as const
/** Place of each stream. */
export const Stream = {
  nisSeconds: 0,
  nisMinutes: 1,
  cusum: 2,
  cvaResidual: 3,
  cvaState: 4,
} as const

/** Why a cell stands out. */
export interface Explanation {
  readonly causes: readonly Cause[]
  /** Near 0: one signal stands out; near 1: all do, as after a change of regime. */
  readonly dispersion: number
  readonly text: string
}

/** What explanations look at. */
export interface ExplainParts {
  readonly signals: LineSignals
  readonly lags: number
  readonly nis: NisStream
  readonly cusum: CusumStream
  readonly cva: CvaStream | undefined
  /** This tick in standard deviations. */
  readonly standard: Float64Array // [channel][cell]
  readonly cells: number
}

const CAUSES_MAX = 3
const WEIGHT_LEAST = 0.02
/** What one tick counts beside the last minutes where seconds are explained. */
const NOW_SHARE = 0.1
/** Below the first it is one signal, above the second all of them. */
const ONE = 0.35
const ALL = 0.6

/** Explains the stream that is the strangest, in the words of the process. */
export function explain(parts: ExplainParts, stream: number, cell: number): Explanation {
  const { signals } = parts
  const { shares, ranking } =
    stream >= Stream.cvaResidual ? byModel(parts, stream, cell) : byResiduals(parts, stream, cell)
  const causes = ranked(shares)
    .filter(c => shares[c]! > WEIGHT_LEAST)
    .slice(0, CAUSES_MAX)
    .map(c => ({
      text: `${signals.texts[c]!} ${mannerOf(parts, stream, c, cell)}`,
      weight: shares[c]!,
    }))
  const spread = signals.texts.length === 1 ? 0 : dispersion(ranking)
  return { causes, dispersion: spread, text: textOf(causes, spread, signals, ranking) }
}

function textOf(
  causes: readonly Cause[],
  spread: number,
  { texts }: LineSignals,
  ranking: Float64Array,
): string {
  const most = causes[0]?.text ?? 'several signals move otherwise than usual'
  const nearest = ranked(ranking)[0]
  if (spread > ALL) return `unlike its normal running: ${most}, and all signals with it`
  // The two rankings may differ: then both are worth a look.
  const other = nearest !== undefined && !most.startsWith(texts[nearest]!)
  const also = other ? `; most normal again without ${texts[nearest]}` : ''
  return `unlike its normal running: ${most}${spread < ONE ? ', alone' : ''}${also}`
}

function mannerOf({ cusum }: ExplainParts, stream: number, channel: number, cell: number): string {
  if (stream >= Stream.cvaResidual) return 'moves otherwise than usual'
  if (stream !== Stream.cusum) return 'strays further from the expected value than usual'
  return `stays ${cusum.sum(channel, cell) < 0 ? 'below' : 'above'} the expected value`
}

interface Ranking {
  /** What each channel is to blame for; sums to 1, or to 0 where nothing is. */
  readonly shares: Float64Array // [channel]
  /** How much more normal the score is with the channel at its normal value. */
  readonly ranking: Float64Array // [channel]
}

/** A sum over channels falls by exactly the part of the channel that becomes normal. */
function byResiduals(parts: ExplainParts, stream: number, cell: number): Ranking {
  const { signals, nis, cusum, standard, cells } = parts
  const ranking = Float64Array.from(signals.texts, (_, c) => {
    if (c >= signals.residuals) return 0
    if (stream === Stream.cusum) return Math.abs(cusum.sum(c, cell))
    // What a white residual has by itself explains nothing.
    const power = (nis.power(c, cell) || 1) - 1
    if (stream === Stream.nisMinutes) return Math.max(0, power)
    const now = standard[c * cells + cell]! || 0
    return Math.max(0, power + NOW_SHARE * (now * now - 1))
  })
  return { shares: sharesOf(ranking), ranking }
}

/** Contributions by reconstruction and nearest normal values; a normal value is the centre. */
function byModel(parts: ExplainParts, stream: number, cell: number): Ranking {
  const { signals, lags, cva } = parts
  const width = signals.shared.length
  const n = lags * width
  const stack = new Float64Array(n)
  cva!.window(cell, stack)
  const { residual, state } = cva!.model.statistics()
  const statistic = stream === Stream.cvaState ? state : residual
  const drops = reconstruction(statistic, n, width).drops(stack)
  const normal = nearestNormalDrops(x => t2(statistic, x), stack, new Float64Array(width))
  const whole = (part: Float64Array) => {
    const all = new Float64Array(signals.texts.length)
    for (let k = 0; k < width; k++) all[signals.shared[k]!] = part[k]!
    return all
  }
  return { shares: sharesOf(whole(drops)), ranking: whole(normal) }
}

function t2({ weights, count }: Statistic, stack: Float64Array): number {
  let total = 0
  for (let k = 0, from = 0; k < count; k++, from += stack.length) {
    let sum = 0
    for (let i = 0; i < stack.length; i++) sum += weights[from + i]! * stack[i]!
    total += sum * sum
  }
  return total
}

function sharesOf(parts: Float64Array): Float64Array {
  const total = parts.reduce((sum, part) => sum + part, 0)
  return total > 0 ? parts.map(part => part / total) : parts
}
