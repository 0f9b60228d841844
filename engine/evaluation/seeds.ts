/** Mean and spread of the numbers of several seeds. */
export interface SeedsResult<Key extends string = string> {
  readonly benchmark: string
  readonly detector: string
  readonly mean: Readonly<Record<Key, number>>
  /** Standard deviation over the seeds. */
  readonly spread: Readonly<Record<Key, number>>
  readonly seeds: readonly Readonly<Record<Key, number>>[]
}

/** Mean and spread over the results of several seeds. */
export function overSeeds<Key extends string>(
  results: readonly (Readonly<Record<Key, number>> & { benchmark: string; detector: string })[],
  keys: readonly Key[],
): SeedsResult<Key> {
  const count = results.length
  const { benchmark, detector } = results[0]!
  const named = (value: (key: Key) => number) =>
    Object.fromEntries(keys.map(key => [key, value(key)])) as Record<Key, number>
  const mean = named(key => results.reduce((sum, one) => sum + one[key], 0) / count)
  const spread = named(key => {
    const square = results.reduce((sum, one) => sum + (one[key] - mean[key]) ** 2, 0)
    return count > 1 ? Math.sqrt(square / (count - 1)) : 0
  })
  return { benchmark, detector, mean, spread, seeds: results.map(one => named(key => one[key])) }
}

/** As JSON: the means stand where a single result has its numbers. */
export function seedsJson(result: SeedsResult): object {
  const { benchmark, detector, mean, spread, seeds } = result
  return { benchmark, detector, ...mean, spread, seeds }
}

/** The seeds as text. */
export function seedsReport({ benchmark, detector, mean, spread, seeds }: SeedsResult): string {
  const line = (label: string, numbers: Readonly<Record<string, number>>) => {
    const told = Object.entries(numbers).map(([key, value]) => `${key} ${value.toFixed(4)}`)
    return `${label.padEnd(8)} ${told.join('  ')}`
  }
  return [
    `${benchmark}, detector ${detector}`,
    ...seeds.map((numbers, i) => line(`seed ${i + 1}`, numbers)),
    line('mean', mean),
    line('spread', spread),
  ].join('\n')
}
