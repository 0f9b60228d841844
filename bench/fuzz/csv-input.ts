import type { Random } from '#engine/core/random.ts'
import { mutateBytes, oneOf } from './mutate.ts'

const NAMES = [
  ...['timestamp', 'time', 'date', 'datetime', 't_s', 'pressure', 'flow', 'label', 'anomaly'],
  ...['', ' ', 'é', '__proto__', 'constructor', '"', 'a,b', 'a;b', 'x'.repeat(500), 'pressure'],
]
const TIMES = [
  ...['2026-01-01T00:00:00Z', '2026-13-45 99:99', '1767225600', '1767225600000', '', 'now'],
  ...['-1', '1e300', 'NaN', '0001-01-01', '2026-01-01 00:00:00,5', '2026/01/01', '١٢٣'],
]
const VALUES = [
  ...['1', '-0', '1e308', '1e309', '-1e-400', 'NaN', 'Infinity', '-Infinity', '', ' ', 'null'],
  ...['0x10', '1,5', '"1"', '"', '""', 'true', 'bad', '1_000', '1 2', '\u0000', '🔥'],
]

/** A CSV file that is right, at an edge, or spoilt. */
export function csvInput(random: Random): Buffer {
  const separator = oneOf(random, [',', ',', ',', ';', '\t', '|'])
  const newline = oneOf(random, ['\n', '\n', '\r\n', '\r'])
  const width = 1 + random.integer(5)
  const odd = random.uniform() < 0.5 ? 0.02 : 0
  const rarely = (values: readonly string[], usual: string): string =>
    random.uniform() < odd ? oneOf(random, values) : usual
  const header = ['timestamp', 'pressure', 'flow', 'current', 'level'].slice(0, width)
  const rows = [header.map(name => rarely(NAMES, name)).join(separator)]
  const count = random.uniform() < 0.02 ? 500 : random.integer(24)
  const start_ms = Date.UTC(2026, 0, 1)
  for (let row = 0; row < count; row++) {
    const fields = Array.from({ length: width - 1 }, () =>
      rarely(VALUES, (20 * random.uniform()).toFixed(3)),
    )
    if (random.uniform() < odd / 2) fields.push(oneOf(random, VALUES))
    if (random.uniform() < odd / 2) fields.pop()
    const time = rarely(TIMES, new Date(start_ms + 1000 * row).toISOString())
    rows.push([time, ...fields].join(separator))
  }
  const text = (random.uniform() < 0.05 ? '\uFEFF' : '') + rows.join(newline) + newline
  const bytes = Buffer.from(text)
  return random.uniform() < 0.35 ? mutateBytes(bytes, random) : bytes
}
