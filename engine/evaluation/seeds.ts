/** Middle and standard deviation over the seeds, and of how many of them. */
export interface Spread {
  readonly mean: number
  readonly spread: number
  readonly count: number
}

/** Mean and standard deviation of the numbers that are there. */
export function spreadOf(values: readonly (number | null)[]): Spread {
  const known = values.filter(value => value !== null)
  const count = known.length
  const mean = known.reduce((sum, value) => sum + value, 0) / count
  const square = known.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, spread: count > 1 ? Math.sqrt(square / (count - 1)) : 0, count }
}

/** Results of several seeds of one network. */
export interface SeedsResult<Result extends object = object> {
  /** As one result, with means; what is the same for all seeds is given once. */
  readonly mean: Result
  /** Standard deviations where the result has numbers. */
  readonly spread: object
  readonly seeds: readonly Result[]
}

/** Mean and spread of every number of the results, by the same keys, however deep. */
export function overSeeds<Result extends object>(seeds: readonly Result[]): SeedsResult<Result> {
  return {
    mean: folded(seeds, values => meanOrNull(values)) as Result,
    spread: numbersOnly(folded(seeds, values => spreadOrNull(values))) as object,
    seeds,
  }
}

/** As JSON: the means stand where a single result has its numbers. */
export function seedsJson({ mean, spread, seeds }: SeedsResult): object {
  return { ...mean, spread, seeds }
}

type Leaf = (values: readonly (number | null)[]) => number | null

const meanOrNull: Leaf = values => orNull(values, spreadOf(values).mean)
const spreadOrNull: Leaf = values => orNull(values, spreadOf(values).spread)

function orNull(values: readonly (number | null)[], value: number): number | null {
  return values.every(one => one === null) ? null : value
}

/** One value in place of the same place of all results; texts and lists are those of the first. */
function folded(values: readonly unknown[], leaf: Leaf): unknown {
  const first = values[0]
  if (values.every(value => value === null || typeof value === 'number')) {
    return leaf(values as (number | null)[])
  }
  if (typeof first !== 'object' || first === null || Array.isArray(first)) return first
  return Object.fromEntries(
    Object.keys(first).map(key => {
      return [
        key,
        folded(
          values.map(value => (value as Record<string, unknown>)[key]),
          leaf,
        ),
      ]
    }),
  )
}

/** The numbers of a value by their keys, without its texts and lists. */
function numbersOnly(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
    .filter(([, one]) => one !== undefined && typeof one !== 'string' && !Array.isArray(one))
    .map(([key, one]) => [key, numbersOnly(one)])
  return Object.fromEntries(entries)
}
