import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '#engine/config.ts'
import { seededRandom } from '#engine/core/random.ts'
import { scratch } from './engine-process.ts'
import {
  ALARM_HIGH,
  configOf,
  dueOf,
  type LoadPlan,
  lineValues,
  nextDue,
  scheduleOf,
  TAGS_COUNT,
} from './schedule.ts'
import { columnsOf } from './sender/line-load.ts'

const plan: LoadPlan = {
  rate_per_s: 230,
  seconds_s: 25,
  warmup_s: 2,
  alerts: 150,
  lines: 3,
  seed: 7,
}
const START_MS = 1_700_000_000_000

/** Every reading of the load as it is sent, by line. */
function readings(of: LoadPlan) {
  const schedule = scheduleOf(of)
  return schedule.lines.map(line => {
    const fill = lineValues(line, seededRandom(of.seed).fork(line.name))
    return { line, columns: columnsOf(line, 0, line.groups, START_MS, fill) }
  })
}

describe('the schedule of the load', () => {
  it('has one reading of every series in every second, at the time its asset is due', () => {
    const all = readings(plan)
    expect(all.reduce((sum, { columns }) => sum + columns.count, 0)).toBe(230 * 27)
    for (const { line, columns } of all) {
      const seen = new Set<string>()
      for (let row = 0; row < columns.count; row++) {
        const at_ms = columns.times_ms[row]! - START_MS
        const ref = columns.refs[row]!
        const phase_ms = line.phase_ms[Math.floor(ref / TAGS_COUNT)]!
        expect(at_ms % 1000).toBe(phase_ms)
        expect(at_ms).toBe(dueOf(line, Math.floor(row / TAGS_COUNT)))
        seen.add(`${Math.floor(at_ms / 1000)}/${ref}`)
      }
      expect(seen.size).toBe(line.assets.length * TAGS_COUNT * 27)
      expect([...columns.times_ms]).toEqual([...columns.times_ms].sort((a, b) => a - b))
    }
  })

  it('spreads the assets over the second and over the lines', () => {
    const { lines } = scheduleOf({ ...plan, rate_per_s: 2500 })
    expect(lines.map(line => line.assets.length)).toEqual([84, 83, 83])
    for (const { phase_ms } of lines) {
      const quarters = [0, 0, 0, 0]
      for (const at_ms of phase_ms) quarters[Math.floor(at_ms / 250)]!++
      for (const count of quarters) expect(count).toBeGreaterThan(8)
    }
  })

  it('crosses the limit exactly where it says, each time once, and returns a second later', () => {
    const places = new Set<string>()
    for (const { line, columns } of readings(plan)) {
      const above = new Map<number, number[]>()
      for (let row = 0; row < columns.count; row++) {
        const value = columns.values[row]!
        expect(value).toBeGreaterThan(0)
        expect(value).toBeLessThan(100)
        if (value <= ALARM_HIGH) continue
        const second = Math.floor(row / TAGS_COUNT / line.assets.length)
        const ref = columns.refs[row]!
        places.add(`${line.name}/${ref}/${second}`)
        above.set(ref, [...(above.get(ref) ?? []), second])
      }
      const said = line.crossings.map(({ asset, tag, second }) => {
        return `${asset * TAGS_COUNT + tag}/${second}`
      })
      const found = [...above].flatMap(([ref, seconds]) =>
        seconds.map(second => `${ref}/${second}`),
      )
      expect(found.sort()).toEqual(said.sort())
      for (const seconds of above.values()) {
        const sorted = seconds.sort((a, b) => a - b)
        expect(sorted[0]).toBeGreaterThanOrEqual(plan.warmup_s)
        expect(sorted.at(-1)).toBeLessThan(plan.warmup_s + plan.seconds_s - 1)
        for (let i = 1; i < sorted.length; i++) {
          expect(sorted[i]! - sorted[i - 1]!).toBeGreaterThanOrEqual(10)
        }
      }
    }
    expect(places.size).toBe(plan.alerts)
  })

  it.each([true, false])('puts the assets of a line into slots where asked', aligned => {
    const slotted = scheduleOf({ ...plan, rate_per_s: 900, slot_ms: 100, aligned })
    slotted.lines.forEach((line, i) => {
      const first_ms = (aligned ? [0, 33, 66] : [0, 336, 673])[i]!
      expect(line.tick_offset_ms).toBe(aligned ? 0 : first_ms)
      expect([...new Set(line.phase_ms)]).toEqual(
        Array.from({ length: 10 }, (_, slot) => 100 * slot + first_ms),
      )
      expect(nextDue(line, 0, line.groups)).toBe(3)
      expect(nextDue(line, 0, 2)).toBe(2)
      // The last slot of a second does not run into the first of the next.
      expect(nextDue(line, 27, line.groups)).toBe(30)
    })
  })

  it('lets a hundred lines send at a hundred different moments of a slot', () => {
    const { lines } = scheduleOf({ ...plan, rate_per_s: 1000, lines: 100, slot_ms: 100 })
    expect(new Set(lines.map(line => line.phase_ms[0]! % 100)).size).toBe(100)
    expect(lines.at(-1)!.tick_offset_ms).toBe(999)
  })

  it('has history before its beginning, and no crossing in it', () => {
    const [line] = scheduleOf({ ...plan, learn_s: 40 }).lines
    expect(dueOf(line!, 0)).toBe(-40_000 + line!.phase_ms[0]!)
    expect(dueOf(line!, 40 * line!.assets.length)).toBe(line!.phase_ms[0])
    expect(line!.groups).toBe(67 * line!.assets.length)
    for (const { second } of line!.crossings) expect(second).toBeGreaterThanOrEqual(42)
  })

  it('is the same for the same seed and another for another', () => {
    const [a, b, c] = [scheduleOf(plan), scheduleOf(plan), scheduleOf({ ...plan, seed: 8 })]
    expect(a).toEqual(b)
    expect(a.lines[0]!.phase_ms).not.toEqual(c.lines[0]!.phase_ms)
    expect(a.lines[0]!.crossings).not.toEqual(c.lines[0]!.crossings)
  })

  it('refuses more crossings than there is room for, and lines without an asset', () => {
    expect(() => scheduleOf({ ...plan, alerts: 100_000 })).toThrow('does not fit')
    expect(() => scheduleOf({ ...plan, rate_per_s: 20 })).toThrow('an asset')
  })

  it('describes lines that the engine takes as its configuration', () => {
    const folder = scratch('bench-test')
    const file = path.join(folder.path, 'config.json')
    writeFileSync(file, JSON.stringify(configOf(scheduleOf(plan))))
    const { lines } = loadConfig({ file, environment: {} })
    folder.clean()
    expect(lines.map(({ line, tags }) => [line, tags.length])).toEqual([
      ['bench-1', 10],
      ['bench-2', 10],
      ['bench-3', 10],
    ])
  })
})
