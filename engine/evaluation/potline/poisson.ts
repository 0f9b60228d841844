/** Chance of at most `count` events where `mean` are expected. */
function atMost(count: number, mean: number): number {
  let term = Math.exp(-mean)
  let sum = term
  for (let k = 1; k <= count; k++) {
    term *= mean / k
    sum += term
  }
  return sum
}

/**
 * The highest mean that is not contradicted by so few events: exact one-sided bound at the given
 * level (0.95: 3.00 for no event, 4.74 for one).
 */
export function poissonUpper(count: number, level = 0.95): number {
  let low = count
  let high = count + 20 + 10 * Math.sqrt(count + 1)
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2
    if (atMost(count, middle) > 1 - level) low = middle
    else high = middle
  }
  return (low + high) / 2
}
