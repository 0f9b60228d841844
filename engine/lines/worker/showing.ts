import type { Clock } from '../../core/clock.ts'
import type { Advice, AlarmRecord, AlarmSummary, LineDefinition } from '../../flow.ts'
import type { LineFold } from '../fold.ts'
import { standOf } from '../fold-run.ts'
import type { FoldStand } from '../seat.ts'
import type { FrameHead, FrameSlots } from './frame-slots.ts'
import type { StandSlots, StandWords } from './stand-slots.ts'

/** Figures of the alarms are made anew this often at most, while the alarms stay the same. */
const SUMMARY_EVERY_MS = 1000

/** How a list changed: the members that are new or another, and the order where that is another. */
export interface ListChange<T> {
  readonly changed: readonly T[]
  readonly ids: readonly string[] | undefined
}

/** What outputs may see of a line, as far as it changed since it was last told. */
export interface Shown {
  /** What the stand says in words; its numbers go through the slots. */
  readonly words: StandWords | undefined
  readonly frame: FrameHead | undefined
  readonly alarms: ListChange<AlarmRecord> | undefined
  readonly advice: ListChange<Advice> | undefined
  readonly summary: AlarmSummary | undefined
  readonly sensorFaults: ReadonlyMap<number, string> | undefined
  readonly scores: readonly { readonly name: string; readonly values: Float64Array }[] | undefined
}

/** Finds out what changed of a line's fold for those who look at it from another thread. */
export interface LineShowing {
  /** `ticked`: a tick closed since the last call; the first call tells everything. */
  show(ticked: boolean): Shown
}

/** The showing of a line; its frames and where it stands go through the slots. */
export function lineShowing(
  definition: LineDefinition,
  fold: LineFold,
  slots: FrameSlots,
  stands: StandSlots,
  clock: Clock,
): LineShowing {
  const alarms = listTeller<AlarmRecord>()
  const advice = listTeller<Advice>()
  const wordsOf = wordTeller()
  let faults: ReadonlyMap<number, string> | undefined
  let summarised_ms = Number.NEGATIVE_INFINITY

  return {
    show(ticked) {
      const stand = standOf(fold, definition)
      stands.write(stand)
      const latest = ticked ? fold.latest() : undefined
      const alarmsChanged = alarms(fold.anomaly.alarms())
      const now_ms = clock.elapsed_ms()
      const summarise =
        alarmsChanged !== undefined || (ticked && now_ms - summarised_ms >= SUMMARY_EVERY_MS)
      if (summarise) summarised_ms = now_ms
      const faultsNow = fold.anomaly.sensorFaults()
      const faultsChanged = faultsNow !== faults
      faults = faultsNow
      const first = summarise && !ticked
      return {
        words: wordsOf(stand),
        frame: latest && slots.write(latest),
        alarms: alarmsChanged,
        advice: advice(fold.advice.current()),
        summary: summarise ? fold.anomaly.alarmSummary() : undefined,
        sensorFaults: faultsChanged ? faultsNow : undefined,
        scores: ticked || first ? copiesOf(fold.anomaly.scores()) : undefined,
      }
    },
  }
}

/** Gives the words of a stand where they changed since the last call. */
function wordTeller(): (stand: FoldStand) => StandWords | undefined {
  let before = ''
  return ({ clock_problems, versions }) => {
    const words = { clock_problems, versions }
    const text = JSON.stringify(words)
    if (text === before) return undefined
    before = text
    return words
  }
}

type Scores = NonNullable<Shown['scores']>

/** Copies that share one piece of memory, which then moves to the other thread as a whole. */
function copiesOf(scores: Scores): Scores {
  const all = new Float64Array(scores.reduce((sum, { values }) => sum + values.length, 0))
  let at = 0
  return scores.map(({ name, values }) => {
    const from = at
    at += values.length
    all.set(values, from)
    return { name, values: all.subarray(from, at) }
  })
}

/** Memory of what is shown that nobody else holds, to be moved instead of copied. */
export function memoryOf({ scores }: Shown): readonly ArrayBuffer[] {
  const first = scores?.[0]
  return first ? [first.values.buffer as ArrayBuffer] : []
}

/** Compares by identity: records are made anew when they change. */
function listTeller<T extends { readonly id: string }>() {
  let before: readonly T[] | undefined
  return (now: readonly T[]): ListChange<T> | undefined => {
    const last = before
    before = now
    if (last && last.length === now.length && now.every((one, i) => one === last[i])) {
      return undefined
    }
    const known = new Map(last?.map(one => [one.id, one]))
    const changed = now.filter(one => known.get(one.id) !== one)
    const sameOrder = last?.length === now.length && now.every((one, i) => one.id === last[i]!.id)
    return { changed, ids: sameOrder ? undefined : now.map(one => one.id) }
  }
}
