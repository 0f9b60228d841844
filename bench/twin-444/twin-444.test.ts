import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '#engine/config.ts'
import type { AlarmRecord, Anomaly, OutputEvent } from '#engine/flow.ts'
import { definitionOf } from '#engine/lines/define.ts'
import { scratch } from '../engine-process.ts'
import { twinTally } from './alerts.ts'
import { TwinFigures } from './figures.ts'
import { twinConfig, twinDue_ms, twinReadings, twinSource } from './line.ts'
import { disturbancesOf, SHAPES, type TwinPlan } from './plan.ts'

const plan: TwinPlan = {
  ...{ line: 'twin-6', cells: 6, clock: 'stream', learn_s: 0, warmup_s: 3, seconds_s: 60, seed: 2 },
  alerts: { reading: 4, filter: 2, model: 0 },
}
const START_MS = 1_700_000_000_000

describe('the disturbances', () => {
  it('are as many as asked for, within the measured time, and leave a cell its rest', () => {
    const all = disturbancesOf(plan)
    expect(all.filter(one => one.class === 'reading')).toHaveLength(4)
    expect(all.filter(one => one.class === 'filter')).toHaveLength(2)
    for (const one of all) {
      const { seconds, rest_s } = SHAPES[one.class]
      expect(one.second).toBeGreaterThanOrEqual(plan.warmup_s)
      expect(one.second + seconds).toBeLessThan(plan.warmup_s + plan.seconds_s)
      const near = all.filter(
        other =>
          other !== one &&
          other.cell === one.cell &&
          Math.abs(other.second - one.second) < seconds + rest_s,
      )
      expect(near).toEqual([])
    }
    expect(all).toEqual(disturbancesOf(plan))
    expect(all).not.toEqual(disturbancesOf({ ...plan, seed: 3 }))
  })

  it('are refused where there is no room for them', () => {
    const many = { ...plan, alerts: { reading: 500, filter: 0, model: 0 } }
    expect(() => disturbancesOf(many)).toThrow('do not fit')
  })
})

describe('the readings', () => {
  const rows = (of: TwinPlan, prepared: number) => {
    const source = twinSource(of)
    if (prepared > 0) source.prepare(prepared)
    return Array.from({ length: 10 }, () => {
      const row = new Float64Array(source.readings)
      source.next(row)
      return row
    })
  }

  it('are the ten tags of each cell, that the line knows, with a disturbed voltage where said', () => {
    const source = twinSource(plan)
    expect(source.readings).toBe(1 + 9 * 6)
    expect(new Set(source.series.map(({ tag }) => tag)).size).toBe(10)
    const folder = scratch('twin-444-test')
    const file = path.join(folder.path, 'config.json')
    writeFileSync(file, JSON.stringify({ lines: [twinConfig(plan)] }))
    const [line] = loadConfig({ file, environment: {} }).lines
    folder.clean()
    const definition = definitionOf(line as Parameters<typeof definitionOf>[0])
    const known = new Map(definition.tags.map(tag => [tag.tag, tag]))
    const row = rows(plan, 0)[0]!
    source.series.forEach(({ tag, unit }, i) => {
      expect(known.get(tag)?.unit).toBe(unit)
      expect(row[i]).toBeGreaterThan(known.get(tag)!.low)
      expect(row[i]).toBeLessThan(known.get(tag)!.high)
    })
    const { cell, second } = disturbancesOf(plan).find(one => one.class === 'reading')!
    let at = new Float64Array()
    for (let s = 0; s <= second; s++) {
      at = new Float64Array(source.readings)
      source.next(at)
    }
    expect(at[1 + cell]).toBe(48)
  })

  it('are the same when they are prepared', () => {
    const [now, ahead] = [rows(plan, 0), rows(plan, 5)]
    now.forEach((row, second) => {
      expect([...ahead[second]!]).toEqual([...(second < 5 ? Float32Array.from(row) : row)])
    })
    expect(twinReadings(6)).toBe(now[0]!.length)
  })
})

describe('matching events to disturbances', () => {
  const filter = disturbancesOf(plan).find(one => one.class === 'filter')!
  const cell = `cell-${101 + filter.cell}`
  const alarmAt = (second: number, kind = 'anode-effect'): OutputEvent => {
    // A tick's event carries the end of the tick.
    const body = { cell, tag: '', kind, raised_ms: START_MS + 1000 * (second + 1) } as AlarmRecord
    return { channel: 'alarm', id: 'a', body }
  }

  it('counts a tick event from when the last reading of its tick was due, and once', () => {
    const tally = twinTally(plan, START_MS)
    const second = filter.second + 1
    const told = { class: 'filter', due_ms: twinDue_ms(second), ticks: 2 }
    expect(tally.seen(alarmAt(second))).toEqual(told)
    expect(tally.seen(alarmAt(second))).toBeUndefined()
    expect([tally.arrived('filter'), tally.missing().length]).toEqual([1, 5])
  })

  it('counts an event of one reading from when that was due', () => {
    const { cell: at, second } = disturbancesOf(plan).find(one => one.class === 'reading')!
    const time_ms = START_MS + twinDue_ms(second)
    const body = { cell: `cell-${101 + at}`, kind: 'sensor-rate', time_ms } as Anomaly
    const tally = twinTally(plan, START_MS)
    expect(tally.seen({ channel: 'anomaly', id: 'b', body })).toEqual({
      class: 'reading',
      due_ms: twinDue_ms(second),
      ticks: 1,
    })
  })

  it('counts a model alert from the tick that raised it, and not one outside its swing', () => {
    const models = {
      ...plan,
      cells: 30,
      seconds_s: 240,
      alerts: { reading: 0, filter: 0, model: 2 },
    }
    const [first, second, third, ...rest] = disturbancesOf(models)
    expect(rest).toHaveLength(9)
    const tally = twinTally(models, START_MS)
    const event = (at: typeof first, second: number): OutputEvent => {
      const time_ms = START_MS + 1000 * (second + 1)
      const body = { cell: `cell-${101 + at!.cell}`, kind: 'unusual-pattern', time_ms } as Anomaly
      return { channel: 'anomaly', id: 'c', body }
    }
    // Found before by itself: then it is silent now, and one of the reserve has to come for it.
    expect(tally.seen(event(first, first!.second - 30))).toBeUndefined()
    expect(tally.seen(event(second, second!.second + 160))).toBeUndefined()
    expect([tally.standing(), tally.missing().length]).toEqual([1, 12])
    for (const at of [second, third]) {
      const last = at!.second + 121
      const told = { class: 'model', due_ms: twinDue_ms(last), ticks: 122 }
      expect(tally.seen(event(at, last))).toEqual(told)
    }
    expect([tally.arrived('model'), tally.injected('model')]).toEqual([2, 12])
    expect([tally.standing(), tally.missing().length]).toEqual([1, 9])
  })

  it('has no room for the swings of models in a minute', () => {
    const short = { ...plan, seconds_s: 60, alerts: { reading: 0, filter: 0, model: 2 } }
    expect(() => disturbancesOf(short)).toThrow('do not fit')
  })

  it('takes no event of another kind or time', () => {
    const tally = twinTally(plan, START_MS)
    expect(tally.seen(alarmAt(filter.second, 'noisy-cell'))).toBeUndefined()
    expect(tally.seen(alarmAt(filter.second - 1))).toBeUndefined()
    expect(tally.seen(alarmAt(filter.second + 20))).toBeUndefined()
    expect(tally.missing()).toHaveLength(6)
  })
})

it('misses a frame that was never committed', () => {
  const figures = new TwinFigures(plan)
  figures.expect(START_MS)
  figures.start(START_MS)
  figures.committed(START_MS / 1000 + 30, START_MS + 31_000)
  expect(figures.committedAll()).toBe(false)
  expect(figures.frames()).toEqual({ committed: 28, expected: 60 })
  figures.committed(START_MS / 1000 + 62, START_MS + 63_000)
  expect(figures.committedAll()).toBe(true)
})
