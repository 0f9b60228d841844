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
}

/** Place and kind of a condition, as the alarm list names them. */
export function conditionKey({ cell, tagIndex, kind }: Finding): string {
  return `${cell}/${tagIndex}/${kind}`
}

export function conditions(cells: number): Conditions {
  const standing = new Map<string, Finding>()
  const counts = new Uint32Array(cells)
  const frozen = new Uint8Array(cells)
  let ofLine = 0
  let written: string | undefined

  const refresh = (): void => {
    for (let cell = 0; cell < cells; cell++) frozen[cell] = Number(ofLine > 0 || counts[cell]! > 0)
  }
  const count = (cell: number, by: 1 | -1): void => {
    if (cell < 0) {
      ofLine += by
      refresh()
      return
    }
    counts[cell]! += by
    frozen[cell] = Number(ofLine > 0 || counts[cell]! > 0)
  }
  // The fused score itself must go on learning what it stands out from.
  const freeze = ({ kind, cell }: Finding, by: 1 | -1): void => {
    if (kind !== FUSED_KIND) count(cell, by)
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
    frozen,
    note,
    standing: () => standing,
    save(out) {
      // In one order, whichever sensor of a tick spoke first.
      written ??= JSON.stringify([...standing].sort(([a], [b]) => (a < b ? -1 : 1)))
      out.text(written)
    },
    load(from) {
      standing.clear()
      counts.fill(0)
      ofLine = 0
      for (const [, finding] of JSON.parse(from.text()) as [string, Finding][]) note(finding)
      written = undefined
      refresh()
    },
  }
}
