import type { StateReader, StateWriter } from '../state.ts'
import { type Run, rowOf } from './run.ts'
import type { FittedModel, RowStatistics } from './statistics.ts'
import type { AdaptPlan } from './window.ts'

/** One statistic of one model, remembered for a while. */
export interface StreamPlan {
  /** Name of the model. */
  readonly model: string
  /** T2 or Q of pca, Tr2 or Ts2 of cva, T2 of mewma, E2 of a network. */
  readonly statistic: string
  /** Share of the newest row in a running mean of the rows, taken before the statistic; 1: none. */
  readonly smooth?: number
  /** Share of the newest row in the running mean of the statistic's logarithm; 1: none. */
  readonly memory: number
  /** Slow running mean of the logarithm, which is taken off. */
  readonly level?: AdaptPlan
}

/** Fitted models and which of their statistics are watched. */
export interface FittedStreams {
  readonly width: number
  readonly parts: readonly Part[]
  readonly streams: readonly StreamPlan[]
}

/** A model under one smoothing, and the streams that read it. */
interface Part {
  readonly statistics: number
  start(): RowStatistics
  /** Statistic of the model and stream that remembers it. */
  readonly reads: readonly { statistic: number; stream: number }[]
}

/** The logarithms of all streams, row by row. */
export interface Streams {
  /** Remembered logarithm of each statistic; stays where it is while a window is not full. */
  readonly values: Float64Array // [stream]
  /** Takes a row, and whether an alarm is active. */
  take(row: Float64Array, alarm: boolean): void
  /** Share of each channel in the newest value of a stream. */
  shares(stream: number): Float64Array // [channel]
  /** What each channel takes off a stream with its last value in control; else its share. */
  nearestNormal(stream: number): Float64Array // [channel]
  reset(): void
  save(out: StateWriter): void
  load(from: StateReader): void
}

const LOG_FLOOR = 1e-9

/** Joins fitted models with the streams that read them. */
export function joinStreams(
  models: ReadonlyMap<string, FittedModel>,
  streams: readonly StreamPlan[],
  width: number,
): FittedStreams {
  const parts = new Map<string, Part & { reads: Part['reads'][number][] }>()
  streams.forEach(({ model: name, statistic, smooth = 1 }, stream) => {
    const model = models.get(name)!
    const key = `${name}/${smooth}`
    const fresh = { statistics: model.statistics.length, start: () => model.start(smooth) }
    const part = parts.get(key) ?? { ...fresh, reads: [] }
    parts.set(key, part)
    part.reads.push({ statistic: model.statistics.indexOf(statistic), stream })
  })
  return { width, parts: [...parts.values()], streams }
}

/** Starts all streams at their neutral values. */
export function startStreams(fitted: FittedStreams, neutral: Float64Array): Streams {
  const statistics = fitted.parts.map(part => part.start())
  const values = neutral.slice()
  const means = neutral.slice()
  const levels = neutral.slice()
  const placeOf = (stream: number) => {
    const p = fitted.parts.findIndex(({ reads }) => reads.some(read => read.stream === stream))
    return { p, statistic: fitted.parts[p]!.reads.find(one => one.stream === stream)!.statistic }
  }
  const sharesOf = (stream: number) => {
    const into = new Float64Array(fitted.width)
    const { p, statistic } = placeOf(stream)
    statistics[p]!.addShares(statistic, into)
    return into
  }
  const raw = new Float64Array(Math.max(...fitted.parts.map(p => p.statistics)))
  return {
    values,
    take(row, alarm) {
      for (let p = 0; p < statistics.length; p++) {
        if (!statistics[p]!.take(row, alarm, raw)) continue
        for (const { statistic, stream } of fitted.parts[p]!.reads) {
          const log = Math.log(raw[statistic]! + LOG_FLOOR)
          const { memory, level } = fitted.streams[stream]!
          if (memory === 1) means[stream] = log
          else means[stream]! += memory * (log - means[stream]!)
          values[stream] = means[stream]!
          if (level === undefined) continue
          values[stream]! -= levels[stream]! - neutral[stream]!
          levels[stream]! += (alarm ? level.alarm : level.share) * (log - levels[stream]!)
        }
      }
    },
    shares: sharesOf,
    nearestNormal(stream) {
      const { p, statistic } = placeOf(stream)
      return statistics[p]!.nearestNormal?.(statistic) ?? sharesOf(stream)
    },
    reset() {
      for (const array of [values, means, levels]) array.set(neutral)
      for (const one of statistics) one.reset()
    },
    save(out) {
      for (const array of [values, means, levels]) out.array(array)
      for (const one of statistics) one.save(out)
    },
    load(from) {
      for (const array of [values, means, levels]) from.array(array)
      for (const one of statistics) one.load(from)
    },
  }
}

/** Mean of each stream's logarithm over runs, each from a row on: where its memory starts. */
export function neutralValues(
  pieces: readonly { fitted: FittedStreams; run: Run; from: number }[],
): Float64Array {
  const count = pieces[0]!.fitted.streams.length
  const unknown = new Float64Array(count).fill(Number.NaN)
  const sums = new Float64Array(count)
  const counts = new Float64Array(count)
  for (const { fitted, run, from } of pieces) {
    const plain = {
      ...fitted,
      streams: fitted.streams.map(({ model, statistic }) => ({ model, statistic, memory: 1 })),
    }
    const streams = startStreams(plain, unknown)
    for (let row = 0; row < run.count; row++) {
      streams.take(rowOf(run, row), false)
      if (row < from) continue
      streams.values.forEach((value, s) => {
        if (Number.isNaN(value)) return
        sums[s]! += value
        counts[s]!++
      })
    }
  }
  return sums.map((sum, s) => (counts[s]! > 0 ? sum / counts[s]! : 0))
}
