import type { ModelRecord } from '../anomaly/tensorflow/model-record.ts'
import { type LineDefinition, type LineFrame, Quality, type TwinFrame } from '../flow.ts'
import { adwin } from './adwin.ts'
import { type RegimeEvent, regimeWatch } from './regime.ts'
import { populationStability } from './stability.ts'
import { isFast, resolutionOf } from './tag-spread.ts'

/** What a monitor thinks a person should look at; nothing acts on it by itself. */
export interface DriftProposal {
  readonly line: string
  readonly monitor: 'score' | 'residual' | 'stability' | 'resolution' | 'regime'
  /** Tag it concerns, or ''. */
  readonly tag: string
  /** Event time. */
  readonly time_ms: number
  readonly value: number
  readonly text: string
}

/** The present of a line, as its monitors look at it about once a minute of event time. */
export interface DriftLook {
  readonly frame: LineFrame
  readonly twin: TwinFrame
  /** Scores of the leading model, [cell]; undefined: none scores. */
  readonly scores: Float64Array | undefined
  /** Cells with an active alarm: what they show is a fault and no drift. */
  readonly alarmed: ReadonlySet<number>
}

/** Monitors of one line; they propose and never act. */
export interface DriftMonitors {
  /** True when the next look is due. */
  due(time_ms: number): boolean
  take(look: DriftLook): readonly DriftProposal[]
  /** An event of the fused score, which may be a change of regime. */
  event(event: RegimeEvent): void
}

const LOOK_EVERY_MS = 60_000
const DAY_MS = 86_400_000
/** Values of a tag that a day needs to be judged, and keeps at most. */
const DAY_VALUES_MIN = 200
const DAY_VALUES_MAX = 20_000
/** Population stability: above this a signal is spread otherwise than when the model learnt. */
export const STABILITY_MAX = 0.25
/** Residuals beyond this many standard deviations count as this many. */
const RESIDUAL_MAX = 10
/** A resolution may differ by this factor; the next decimal place is ten. */
const RESOLUTION_FACTOR = 4

/** Monitors of a line against the record of the model that leads there. */
export function driftMonitors(
  definition: LineDefinition,
  record: ModelRecord | undefined,
): DriftMonitors {
  const { line, cells, tags } = definition
  const score = adwin()
  const residual = adwin()
  const fast = tags.flatMap((tag, index) =>
    isFast(tag, definition.tick_ms) ? [{ tag, index }] : [],
  )
  const day = new Map<string, number[]>(fast.map(({ tag }) => [tag.tag, []]))
  const regime = regimeWatch()
  let looked_ms = Number.NEGATIVE_INFINITY
  let dayOf = Number.NaN

  const meanOf = (values: ArrayLike<number>, look: DriftLook): number => {
    let sum = 0
    let count = 0
    for (let cell = 0; cell < cells.length; cell++) {
      const value = values[cell]!
      const usable = look.twin.trusted[cell] === 1 && look.twin.masked[cell] === 0
      if (!usable || look.alarmed.has(cell) || !Number.isFinite(value)) continue
      sum += Math.max(-RESIDUAL_MAX, Math.min(RESIDUAL_MAX, value))
      count++
    }
    return count === 0 ? Number.NaN : sum / count
  }

  const means = (look: DriftLook): DriftProposal[] => {
    const found: DriftProposal[] = []
    const { time_ms } = look.frame
    const say = (monitor: 'score' | 'residual', value: number, text: string) =>
      found.push({ line, monitor, tag: '', time_ms, value, text })
    const meanScore = look.scores ? meanOf(look.scores, look) : Number.NaN
    if (!Number.isNaN(meanScore) && score.take(meanScore)) {
      const now = score.mean()
      say('score', now, `mean score of the model moved to ${now.toPrecision(3)}; look, retrain`)
    }
    const meanResidual = meanOf(look.twin.residual, look)
    if (!Number.isNaN(meanResidual) && residual.take(meanResidual / RESIDUAL_MAX)) {
      const now = residual.mean() * RESIDUAL_MAX
      say('residual', now, `mean residual of the twin moved to ${now.toPrecision(3)} sigma; look`)
    }
    return found
  }

  const gather = ({ frame, alarmed }: DriftLook) => {
    for (const { tag, index } of fast) {
      const values = day.get(tag.tag)!
      const count = tag.scope === 'line' ? 1 : cells.length
      for (let cell = 0; cell < count && values.length < DAY_VALUES_MAX; cell++) {
        const at = index * cells.length + cell
        const known = frame.quality[at] === Quality.good && !alarmed.has(cell)
        if (known && Number.isFinite(frame.values[at])) values.push(frame.values[at]!)
      }
    }
  }

  const due = (time_ms: number) => time_ms - looked_ms >= LOOK_EVERY_MS
  const newRegime = (time_ms: number, alarmed: ReadonlySet<number>): DriftProposal[] => {
    const value = regime.look(time_ms, alarmed)
    if (value === undefined) return []
    const text =
      `all signals changed together (dispersion ${value.toFixed(2)}), something drifted and no ` +
      'alarm explains it: look, retrain'
    return [{ line, monitor: 'regime', tag: '', time_ms, value, text }]
  }

  return {
    due,
    event: regime.event,
    take(look) {
      const { time_ms } = look.frame
      if (!due(time_ms)) return []
      looked_ms = time_ms
      const found = means(look)
      const today = Math.floor(time_ms / DAY_MS)
      if (today !== dayOf) {
        if (record) found.push(...judgeDay(line, time_ms, day, record))
        for (const values of day.values()) values.length = 0
        dayOf = today
      }
      gather(look)
      if (found.length > 0) regime.drifted(time_ms)
      return [...found, ...newRegime(time_ms, look.alarmed)]
    },
  }
}

/** A day's values of each tag against those that the model learnt from. */
function judgeDay(
  line: string,
  time_ms: number,
  day: ReadonlyMap<string, readonly number[]>,
  record: ModelRecord,
): DriftProposal[] {
  const found: DriftProposal[] = []
  for (const [tag, values] of day) {
    if (values.length < DAY_VALUES_MIN) continue
    const reference = record.training.reference?.find(one => one.tag === tag)
    const value = reference ? populationStability(reference, values) : 0
    if (value > STABILITY_MAX) {
      const text = `${tag} is spread otherwise than in training (PSI ${value.toFixed(2)}): retrain`
      found.push({ line, monitor: 'stability', tag, time_ms, value, text })
    }
    const learnt = record.inputs?.tags.find(one => one.tag === tag)?.resolution ?? 0
    const now = resolutionOf(values)
    const factor = Math.max(now / learnt, learnt / now)
    if (learnt > 0 && now > 0 && factor > RESOLUTION_FACTOR) {
      const text =
        `${tag} comes in steps of ${now}, the model learnt with ${learnt}: it is no longer valid, ` +
        'restore the resolution or retrain'
      found.push({ line, monitor: 'resolution', tag, time_ms, value: now, text })
    }
  }
  return found
}
