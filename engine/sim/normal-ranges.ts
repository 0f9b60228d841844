/** Where a potroom of the simulated plant's design, 350 kA, runs its cells; in the page's units. */
const RANGES = [
  { of: 'superheat_K', low: 5, high: 15 },
  { of: 'alumina_share', low: 2, high: 3.5 },
  { of: 'bath_K', low: 955, high: 968 },
  { of: 'acd_m', low: 35, high: 50 },
  { of: 'feed_efficiency_1', low: 90, high: 110 },
  { of: 'voltage_noise_V', low: 0, high: 20 },
  { of: 'ledge_m', low: 5, high: 15 },
] as const

/** The ranges of the line that the simulated plant feeds. */
export function plantRanges(line: string) {
  return RANGES.map(range => ({ line, ...range }))
}
