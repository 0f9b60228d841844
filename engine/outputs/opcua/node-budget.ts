import type { LineKind } from '../../flow.ts'

/**
 * Nodes of cells and assets that all lines together may have made, 3 to 4 KiB each: room for all
 * 260 of each of 444 cells with anode currents.
 */
export const OPCUA_NODES_MAX = 150_000

/** Shares the nodes of cells and assets among the lines; potlines have theirs kept free. */
export interface NodeBudget {
  /** Makes the line known, with the nodes that all of its cells would take. */
  add(line: string, kind: LineKind, nodes: number): void
  /** Takes one node for the line; false when there is none left for it. */
  take(line: string): boolean
  /** Nodes taken by all lines. */
  taken(): number
}

/**
 * Makes a budget of `nodes_max`; `full` is told once per line that some of it is not shown: of a
 * potline as soon as that is known, of others when a client asks for more.
 */
export function nodeBudget(nodes_max: number, full: (line: string) => void): NodeBudget {
  const lines = new Map<string, { readonly potline: boolean; full: boolean }>()
  let reserved = 0 // nodes of potlines that are not yet made
  let taken = 0
  return {
    taken: () => taken,
    add(line, kind, nodes) {
      const potline = kind === 'potline'
      if (potline) reserved += nodes
      const tooMany = potline && taken + reserved > nodes_max
      lines.set(line, { potline, full: tooMany })
      if (tooMany) full(line)
    },
    take(line) {
      const share = lines.get(line)
      if (!share) return false
      const left = nodes_max - taken - (share.potline ? 0 : reserved)
      if (left > 0) {
        taken++
        if (share.potline) reserved--
        return true
      }
      if (!share.full) full(line)
      share.full = true
      return false
    },
  }
}
