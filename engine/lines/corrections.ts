import { jsonBytes, parseJsonBytes } from '../core/sections.ts'
import type { Anomaly, OutputEvent } from '../flow.ts'

/** Anomalies that are remembered for corrections; of older ones no correction goes out. */
export const TOLD_MAX = 1000

interface Told {
  readonly tick: number
  readonly body: Anomaly
}

/** Which anomalies a line told of ticks that may still be folded again. */
export interface Corrections {
  /** An anomaly that goes out for the first time; undefined where it is out already. */
  tell(tick: number, body: Anomaly): Anomaly | undefined
  /** What a rewind found of ticks from `from` on up to `below`, against what was told of them. */
  correct(from: number, below: number, found: ReadonlyMap<string, Told>): readonly Anomaly[]
  forget(before_tick: number): void
  snapshot(): Uint8Array
  restore(bytes: Uint8Array): void
}

export function corrections(): Corrections {
  let told = new Map<string, Told>() // by id, oldest first

  const put = (one: Told): void => {
    told.delete(one.body.id)
    told.set(one.body.id, one)
    if (told.size <= TOLD_MAX) return
    const [oldest] = told.keys()
    told.delete(oldest!)
  }

  return {
    tell(tick, body) {
      const known = told.get(body.id)
      if (known && !known.body.withdrawn && isSame(known.body, body)) return undefined
      const revision = (known?.body.revision ?? 0) + 1
      const first = { ...body, revision }
      put({ tick, body: first })
      return first
    },
    correct(from, below, found) {
      const corrected: Anomaly[] = []
      for (const { tick, body } of [...told.values()]) {
        if (tick < from || tick >= below || body.withdrawn || found.has(body.id)) continue
        corrected.push({
          ...body,
          revision: revisionOf(body) + 1,
          correction: true,
          withdrawn: true,
        })
        put({ tick, body: corrected.at(-1)! })
      }
      for (const { tick, body } of found.values()) {
        const known = told.get(body.id)?.body
        if (known && !known.withdrawn && isSame(known, body)) continue
        const revision = known ? revisionOf(known) + 1 : 1
        corrected.push({ ...body, revision, correction: true })
        put({ tick, body: corrected.at(-1)! })
      }
      return corrected
    },
    forget(before_tick) {
      for (const [id, { tick }] of told) if (tick < before_tick) told.delete(id)
    },
    snapshot: () => jsonBytes([...told.values()]),
    restore(bytes) {
      told = new Map(parseJsonBytes<Told[]>(bytes).map(one => [one.body.id, one]))
    },
  }
}

/** The event of an anomaly; an alarm that comes of it is told as the same id, "#" and its revision. */
export function anomalyEvent(body: Anomaly): OutputEvent {
  const revision = revisionOf(body)
  return { channel: 'anomaly', id: revision === 1 ? body.id : `${body.id}#c${revision}`, body }
}

const revisionOf = ({ revision }: Anomaly): number => revision ?? 1

function isSame(a: Anomaly, b: Anomaly): boolean {
  return contentOf(a) === contentOf(b)
}

function contentOf({ revision: _, correction: _c, withdrawn: _w, ...content }: Anomaly): string {
  return JSON.stringify(content)
}
