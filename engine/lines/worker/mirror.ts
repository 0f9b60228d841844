import { assert } from '../../core/assert.ts'
import type { AlarmSummary } from '../../flow.ts'
import type { FoldView } from '../seat.ts'
import type { FrameHead, FrameSlots } from './frame-slots.ts'
import type { ListChange, Shown } from './showing.ts'
import type { StandSlots } from './stand-slots.ts'

/** What outputs see of a line that another thread folds: as it was at its last commit. */
export interface LineMirror {
  readonly view: FoldView
  /** Where the fold stands is known at once; it is no result. */
  stands(shown: Shown): void
  take(shown: Shown): void
}

/** A mirror that begins with all that there is to see. */
export function lineMirror(slots: FrameSlots, stands: StandSlots, first: Shown): LineMirror {
  const alarms = listKeeper(first.alarms)
  const advice = listKeeper(first.advice)
  const { words: firstWords } = first
  assert(
    firstWords && first.summary && first.sensorFaults && first.scores,
    'the first showing is whole',
  )
  let words = firstWords
  let stand = stands.read(words)
  let summary: AlarmSummary = first.summary
  let faults = first.sensorFaults
  let scores = first.scores
  let frame: FrameHead | undefined
  let latest: ReturnType<FrameSlots['read']> | undefined
  return {
    view: {
      stand: () => stand,
      latest() {
        if (!latest && frame) latest = slots.read(frame)
        return latest
      },
      alarms: alarms.list,
      alarmSummary: () => summary,
      advice: advice.list,
      sensorFaults: () => faults,
      scores: () => scores,
    },
    stands(shown) {
      words = shown.words ?? words
      stand = stands.read(words)
    },
    take(shown) {
      alarms.take(shown.alarms)
      advice.take(shown.advice)
      summary = shown.summary ?? summary
      faults = shown.sensorFaults ?? faults
      scores = shown.scores ?? scores
      if (!shown.frame) return
      frame = shown.frame
      latest = undefined
    },
  }
}

function listKeeper<T extends { readonly id: string }>(first: ListChange<T> | undefined) {
  const known = new Map<string, T>()
  let ids: readonly string[] = []
  let list: readonly T[] | undefined
  const take = (change: ListChange<T> | undefined): void => {
    if (!change) return
    for (const one of change.changed) known.set(one.id, one)
    if (change.ids) {
      ids = change.ids
      const kept = new Set(ids)
      for (const id of known.keys()) if (!kept.has(id)) known.delete(id)
    }
    list = undefined
  }
  take(first)
  return {
    take,
    list(): readonly T[] {
      list ??= ids.map(id => known.get(id)!)
      return list
    },
  }
}
