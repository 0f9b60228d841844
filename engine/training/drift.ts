import type { DriftLook, DriftPart, DriftProposal } from '../anomaly/drift-part.ts'
import type { StateReader, StateWriter } from '../anomaly/state.ts'
import type { ModelRecord } from '../anomaly/tensorflow/model-record.ts'
import { assert } from '../core/assert.ts'
import { type Channel, type LineDefinition, Quality } from '../flow.ts'
import { type Adwin, adwin } from './adwin.ts'
import { type DayCounts, dayCounts } from './day-counts.ts'
import { regimeWatch } from './regime.ts'
import { isFast } from './tag-spread.ts'

/** The model that leads on a line, which its monitors compare with. */
export interface DriftModel {
  /** Of the version; '' where none leads. */
  readonly sha256: string
  readonly record: ModelRecord | undefined
}

const STATE = 'drift/1'
const LOOK_EVERY_MS = 60_000
const DAY_MS = 86_400_000
/** Population stability: above this a signal is spread otherwise than when the model learnt. */
export const STABILITY_MAX = 0.25
/** Residuals beyond this many standard deviations count as this many. */
const RESIDUAL_MAX = 10
/** A resolution may differ by this factor; the next decimal place is ten. */
const RESOLUTION_FACTOR = 4
/** Channels of the twin whose residuals are watched: the voltage on a potline, else the first. */
const CHANNELS_POTLINE = 1
const CHANNELS_MAX = 8

/** Monitors of a line against the record of the model that leads there; another one: anew. */
export function driftMonitors(
  definition: LineDefinition,
  channels: readonly Pick<Channel, 'tag'>[],
  leading: () => DriftModel | undefined = () => undefined,
): DriftPart {
  const watchedMost = definition.kind === 'potline' ? CHANNELS_POTLINE : CHANNELS_MAX
  const watched = Math.max(1, Math.min(watchedMost, channels.length))
  let model = ''
  let score = adwin()
  let residuals: Adwin[] = []
  let days: DayCounts[] = []
  let regime = regimeWatch()
  let looked_ms = Number.NEGATIVE_INFINITY
  let dayOf = Number.NaN

  const begin = (next: DriftModel | undefined) => {
    model = next?.sha256 ?? ''
    score = adwin()
    residuals = Array.from({ length: watched }, () => adwin())
    regime = regimeWatch()
    days = next?.record ? daysOf(definition, next.record) : []
    dayOf = Number.NaN
  }
  begin(leading())

  const due = (time_ms: number) => time_ms - looked_ms >= LOOK_EVERY_MS
  const means = (look: DriftLook): DriftProposal[] => {
    const found: DriftProposal[] = []
    const { time_ms } = look.frame
    const cells = definition.cells.length
    const meanScore = look.scores ? meanOf(look, look.scores, 0, cells, true) : Number.NaN
    if (!Number.isNaN(meanScore) && score.take(meanScore)) {
      const value = score.mean()
      const text = `mean score moved to ${value.toPrecision(3)}; look, retrain`
      found.push({ monitor: 'score', tag: '', time_ms, value, text })
    }
    residuals.forEach((residual, k) => {
      const mean = meanOf(look, look.twin.residual, k * cells, cells)
      if (Number.isNaN(mean) || !residual.take(mean / RESIDUAL_MAX)) return
      const value = residual.mean() * RESIDUAL_MAX
      const tag = channels[k]?.tag ?? ''
      const text = `mean residual of the twin moved to ${value.toPrecision(3)} sigma; look`
      found.push({ monitor: 'residual', tag, time_ms, value, text })
    })
    return found
  }

  return {
    renew() {
      const lead = leading()
      if ((lead?.sha256 ?? '') !== model) begin(lead)
    },
    due,
    event: event => regime.event(event),
    take(look) {
      const { time_ms } = look.frame
      if (!due(time_ms)) return []
      looked_ms = time_ms
      const found = means(look)
      const today = Math.floor(time_ms / DAY_MS)
      if (today !== dayOf) {
        for (const day of days) {
          found.push(...judged(day, time_ms))
          day.clear()
        }
        dayOf = today
      }
      gather(definition, days, look)
      if (found.length > 0) regime.drifted(time_ms)
      const dispersion = regime.look(time_ms, look.alarmed)
      return dispersion === undefined ? found : [...found, otherRegime(time_ms, dispersion)]
    },
    save(out: StateWriter) {
      out.text(STATE)
      out.text(model)
      out.array(Float64Array.of(looked_ms, dayOf))
      for (const one of [score, ...residuals]) one.save(out)
      regime.save(out)
      for (const { counts } of days) out.array(counts)
    },
    load(from: StateReader) {
      assert(from.text() === STATE, 'the stored drift monitors are of this version')
      begin(leading())
      const stored = from.text()
      const times = new Float64Array(2)
      from.array(times)
      looked_ms = times[0]!
      // Of another model only the time of its last look counts.
      if (stored !== model) return
      dayOf = times[1]!
      for (const one of [score, ...residuals]) one.load(from)
      regime.load(from)
      for (const { counts } of days) from.array(counts)
    },
  }
}

function daysOf(definition: LineDefinition, record: ModelRecord): DayCounts[] {
  return definition.tags
    .filter(tag => isFast(tag, definition.tick_ms))
    .map(({ tag }) => dayCounts(tag, record))
}

/** Mean over the cells that are as they should be; NaN where there is none. */
function meanOf(
  { twin, alarmed }: DriftLook,
  values: ArrayLike<number>,
  from: number,
  cells: number,
  isScore = false,
): number {
  let sum = 0
  let count = 0
  for (let cell = 0; cell < cells; cell++) {
    const value = values[from + cell]!
    const usable = twin.trusted[cell] === 1 && twin.masked[cell] === 0 && !alarmed.has(cell)
    if (!usable || !Number.isFinite(value) || (isScore && value === 0)) continue
    sum += Math.max(-RESIDUAL_MAX, Math.min(RESIDUAL_MAX, value))
    count++
  }
  return count === 0 ? Number.NaN : sum / count
}

function gather(
  { tags, cells }: LineDefinition,
  days: readonly DayCounts[],
  { frame, alarmed }: DriftLook,
): void {
  for (const day of days) {
    const index = tags.findIndex(({ tag }) => tag === day.tag)
    const count = tags[index]!.scope === 'line' ? 1 : cells.length
    for (let cell = 0; cell < count && !day.full(); cell++) {
      const at = index * cells.length + cell
      const known = frame.quality[at] === Quality.good && !alarmed.has(cell)
      if (known && Number.isFinite(frame.values[at])) day.add(frame.values[at]!)
    }
  }
}

/** A day's values of a tag against those that the model learnt from. */
function judged(day: DayCounts, time_ms: number): DriftProposal[] {
  const { tag } = day
  const found: DriftProposal[] = []
  const value = day.stability() ?? 0
  if (value > STABILITY_MAX) {
    const text = `${tag} is spread otherwise than in training (PSI ${value.toFixed(2)}): retrain`
    found.push({ monitor: 'stability', tag, time_ms, value, text })
  }
  const steps = day.resolution()
  if (!steps) return found
  const { now, learnt } = steps
  if (Math.max(now / learnt, learnt / now) > RESOLUTION_FACTOR) {
    const text =
      `${tag} comes in steps of ${now}, the model learnt with ${learnt}: it is no longer valid, ` +
      'restore the resolution or retrain'
    found.push({ monitor: 'resolution', tag, time_ms, value: now, text })
  }
  return found
}

function otherRegime(time_ms: number, value: number): DriftProposal {
  const text =
    `all signals changed together (dispersion ${value.toFixed(2)}), something drifted and no ` +
    'alarm explains it: look, retrain'
  return { monitor: 'regime', tag: '', time_ms, value, text }
}
