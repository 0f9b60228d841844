/** Log entries first to last of one line in one segment, and what they weigh together. */
export interface Run {
  first: number
  last: number
  bytes: number
}

/** Adds an entry to runs that are sorted and do not touch; one that is there counts once. */
export function addToRuns(runs: Run[], position: number, bytes: number): void {
  const newest = runs.at(-1)
  if (newest && position === newest.last + 1) {
    newest.last = position
    newest.bytes += bytes
    return
  }
  const at = runs.findIndex(({ last }) => last + 1 >= position)
  const near = runs[at]
  if (!near || position < near.first - 1) {
    runs.splice(at < 0 ? runs.length : at, 0, { first: position, last: position, bytes })
    return
  }
  if (position >= near.first && position <= near.last) return
  near.bytes += bytes
  if (position < near.first) near.first = position
  else near.last = position
  const next = runs[at + 1]
  if (next?.first !== near.last + 1) return
  near.last = next.last
  near.bytes += next.bytes
  runs.splice(at + 1, 1)
}

/** The run that holds the position. */
export function runOf(runs: readonly Run[], position: number): Run | undefined {
  return runs.find(({ first, last }) => first <= position && position <= last)
}

/** How many entries the runs have from `start` on, and their share of the bytes. */
export function fromStart(runs: readonly Run[], start: number): { entries: number; bytes: number } {
  let entries = 0
  let bytes = 0
  for (const run of runs) {
    if (run.last < start) continue
    const count = run.last - Math.max(run.first, start) + 1
    entries += count
    bytes += (run.bytes * count) / (run.last - run.first + 1)
  }
  return { entries, bytes }
}
