/** Steps (letters put in, left out or exchanged) from one text to another; case does not count. */
export function editSteps(from: string, to: string): number {
  const [a, b] = [from.toLowerCase(), to.toLowerCase()]
  let before = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const now = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = before[j - 1]! + Number(a[i - 1] !== b[j - 1])
      now.push(Math.min(swap, before[j]! + 1, now[j - 1]! + 1))
    }
    before = now
  }
  return before[b.length]!
}

/** The name that takes the fewest steps; the first one of equals, none where nothing is alike. */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  const steps = names.map(one => editSteps(name, one))
  const least = Math.min(...steps)
  return least < name.length ? names[steps.indexOf(least)] : undefined
}
