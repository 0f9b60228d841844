import type { AirRow } from './evaluation.ts'

/** Columns of a recorded room, in any order; times are UTC, light and pir may be empty. */
const COLUMNS = ['timestamp', 'co2_ppm', 'temperature_C', 'light_lx', 'pir', 'people'] as const

/** Reads the rows of a recorded room from CSV; throws a RangeError naming a column it misses. */
export function airRowsOf(csv: string): readonly AirRow[] {
  const [header = '', ...lines] = csv.trim().split('\n')
  const names = header.split(',')
  const [time, co2, air, light, pir, people] = COLUMNS.map(name => {
    const at = names.indexOf(name)
    if (at < 0) throw new RangeError(`the recording has no column "${name}"`)
    return at
  }) as [number, number, number, number, number, number]
  return lines.map(line => {
    const fields = line.split(',')
    const value = (at: number) => (fields[at] ? Number(fields[at]) : Number.NaN)
    return {
      time_s: Date.parse(fields[time] ?? '') / 1000,
      co2_1: value(co2) * 1e-6,
      air_K: value(air) + 273.15,
      light_lx: value(light),
      motion: value(pir),
      people: value(people),
    }
  })
}
