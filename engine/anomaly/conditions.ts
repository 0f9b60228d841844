import { DYNAMICS_KIND } from './dynamic/kind-plan.ts'
import type { Finding } from './finding.ts'
import { FUSED_KIND } from './fusion/plan.ts'
import type { Stateful } from './state.ts'

/** Conditions that are remembered; more of them act on the alarms but are not settled by a rewind. */
export const CONDITIONS_MAX = 4096

/** Which conditions of a line stand, by what its detectors said last. */
export interface Conditions extends Stateful {
  note(finding: Finding): void
  standing(): ReadonlyMap<string, Finding>
  /** Where something stands, of the cell or of the whole line. */
  readonly frozen: Uint8Array // [cell], 1: stands
  /** The same without what the shared dynamic model says itself. */
  readonly besidesDynamics: Uint8Array // [cell], 1: stands
}

/** Place and kind of a condition, as the alarm list names them. */
export function conditionKey({ cell, tagIndex, kind }: Finding): string {
  return `${cell}/${tagIndex}/${kind}`
}

/** Where something stands that counts. */
function places(cells: number, isCounted: (kind: string) => boolean) {
  const counts = new Uint32Array(cells)
  const marked = new Uint8Array(cells) // [cell], 1: something stands, of the cell or of the line
  let ofLine = 0
  const refresh = (): void => {
    for (let cell = 0; cell < cells; cell++) marked[cell] = Number(ofLine > 0 || counts[cell]! > 0)
  }
  return {
    marked,
    add({ kind, cell }: Finding, by: 1 | -1): void {
      if (!isCounted(kind)) return
      if (cell < 0) {
        ofLine += by
        refresh()
        return
      }
      counts[cell]! += by
      marked[cell] = Number(ofLine > 0 || counts[cell]! > 0)
    },
    clear(): void {
      counts.fill(0)
      ofLine = 0
      refresh()
    },
  }
}

export function conditions(cells: number): Conditions {
  const standing = new Map<string, Finding>()
  // The fused score, and a model that goes on learning, must not freeze themselves.
  const alarms = places(cells, kind => kind !== FUSED_KIND)
  const besides = places(cells, kind => kind !== FUSED_KIND && kind !== DYNAMICS_KIND)
  let written: string | undefined

  const freeze = (finding: Finding, by: 1 | -1): void => {
    alarms.add(finding, by)
    besides.add(finding, by)
  }
  const note = (finding: Finding): void => {
    const key = conditionKey(finding)
    const known = standing.has(key)
    if (!finding.active) {
      if (!known) return
      standing.delete(key)
      freeze(finding, -1)
    } else if (known || standing.size < CONDITIONS_MAX) {
      standing.set(key, finding)
      if (!known) freeze(finding, 1)
    }
    written = undefined
  }
  return {
    frozen: alarms.marked,
    besidesDynamics: besides.marked,
    note,
    standing: () => standing,
    save(out) {
      // In one order, whichever sensor of a tick spoke first.
      written ??= JSON.stringify([...standing].sort(([a], [b]) => (a < b ? -1 : 1)))
      out.text(written)
    },
    load(from) {
      standing.clear()
      alarms.clear()
      besides.clear()
      for (const [, finding] of JSON.parse(from.text()) as [string, Finding][]) note(finding)
      written = undefined
    },
  }
}
