import type { OutputEvent } from '#engine/flow.ts'
import { dueOf, type Schedule, tagName } from './schedule.ts'

/** Matches events to the crossings that were injected. */
export interface AlertTally {
  /** Due time of the crossing, ms after the load began, the first time it is told of. */
  seen(line: string, event: OutputEvent): number | undefined
  readonly injected: number
  arrived(): number
  /** Events of the kind injected that belong to no crossing. */
  unexpected(): number
  /** Names of crossings not told of yet. */
  missing(): readonly string[]
}

const KIND = 'limit-high'

/** Expects every crossing of the schedule; `start_ms` is the event time of its due time 0. */
export function alertTally({ lines }: Schedule, start_ms: number): AlertTally {
  const due_ms = new Map<string, number>()
  for (const line of lines) {
    for (const { asset, tag, second } of line.crossings) {
      const due = dueOf(line, second * line.assets.length + asset)
      due_ms.set(nameOf(line.name, line.assets[asset]!, tagName(tag), start_ms + due), due)
    }
  }
  const waiting = new Set(due_ms.keys())
  let unexpected = 0
  return {
    injected: due_ms.size,
    seen(line, event) {
      if (event.channel === 'advice' || event.body.kind !== KIND) return undefined
      const { cell, tag } = event.body
      const at_ms = event.channel === 'alarm' ? event.body.raised_ms : event.body.time_ms
      const name = nameOf(line, cell, tag, at_ms)
      const due = due_ms.get(name)
      if (due === undefined) unexpected++
      return waiting.delete(name) ? due : undefined
    },
    arrived: () => due_ms.size - waiting.size,
    unexpected: () => unexpected,
    missing: () => [...waiting],
  }
}

const nameOf = (line: string, asset: string, tag: string, time_ms: number): string =>
  `${line}/${asset}/${tag}/${time_ms}`
