import { expect, it } from 'vitest'
import type { AlarmRecord, LineDefinition, LineFrame, ReadingBatch, TwinFrame } from '../flow.ts'
import { tickNow } from '../lines/score-desk.ts'
import { anomalyStage } from './stage.ts'

const ASSETS = 500
const START = 1_760_000_000_000
const tag = (name: string, unit: string) => ({
  ...({ tag: name, unit, scope: 'cell', kind: 'signal', period_ms: 1000 } as const),
  ...({ hold_max_ms: 10_000, in_tick: 'last', low: -1000, high: 1000, alarm_high: 100 } as const),
})
const line: LineDefinition = {
  ...{ tenant: 't', line: 'line-1', kind: 'generic', clock: 'stream', origin: 'synthetic' },
  ...{ tick_ms: 1000, cells: Array.from({ length: ASSETS }, (_, i) => `asset-${i}`) },
  tags: [tag('flow', '1'), tag('level', '1')],
}
const make = () => anomalyStage(line, { fields: [], channels: [] }, {})

/** A tenth of the series of each second crosses its limit: 1,000 alarms in ten seconds. */
function batchOf(second: number): ReadingBatch {
  const series = Uint32Array.from({ length: 2 * ASSETS }, (_, i) => i)
  return {
    ...{ producer: 'p', epoch: 1, sequence: second + 1, received_ms: 0, mode: 'live' },
    count: series.length,
    series,
    times_ms: Float64Array.from(series, i => START + second * 1000 + (i % 10)),
    values: Float64Array.from(series, i => (i % 10 <= second ? 200 : 50 + Math.sin(i + second))),
    quality: new Uint8Array(series.length),
  }
}
function frames(second: number): [LineFrame, TwinFrame] {
  const time_ms = START + second * 1000 + 1000
  const frame = { time_ms, values: new Float64Array(2 * ASSETS), events: [], samples: [] }
  const trusted = new Uint8Array(ASSETS).fill(1)
  return [frame as unknown as LineFrame, { time_ms, trusted } as unknown as TwinFrame]
}

it('1,000 alarms in ten seconds are a few incidents, and each alarm is in one and is kept', () => {
  let stage = make()
  const published = new Map<string, AlarmRecord>()
  for (let second = 0; second < 10; second++) {
    const found = [stage.readings(batchOf(second)), tickNow(stage, ...frames(second))]
    for (const { alarms } of found) for (const alarm of alarms) published.set(alarm.id, alarm)
    if (second !== 4) continue
    const restored = make()
    restored.restore(stage.snapshot())
    stage = restored
  }
  expect(published.size).toBe(1000)
  const standing = stage.alarms()
  expect(new Set(standing.map(({ id }) => id))).toEqual(new Set(published.keys()))

  const { flood_since_ms, incidents, kpis } = stage.alarmSummary()
  expect(flood_since_ms).toBeGreaterThanOrEqual(START)
  expect(flood_since_ms).toBeLessThan(START + 1000)
  expect(incidents.length).toBeGreaterThan(0)
  expect(incidents.length).toBeLessThanOrEqual(10)
  for (const incident of incidents) {
    const members = standing.filter(alarm => alarm.incident === incident.id)
    expect(members).toHaveLength(incident.alarms)
    expect(incident.standing).toBe(incident.alarms)
    const [first] = members.sort((a, b) => a.raised_ms - b.raised_ms)
    expect(incident.id).toBe(first!.id)
  }
  expect(incidents.reduce((sum, { alarms }) => sum + alarms, 0)).toBe(1000)
  expect(kpis).toMatchObject({ announced: 1000, max_10min: 1000, not_kept: 0 })
})

it('gives the same bytes with and without a restart in the flood', () => {
  const [whole, before] = [make(), make()]
  for (let second = 0; second < 6; second++) {
    for (const stage of [whole, before]) {
      stage.readings(batchOf(second))
      tickNow(stage, ...frames(second))
    }
  }
  const after = make()
  after.restore(before.snapshot())
  for (let second = 6; second < 10; second++) {
    for (const stage of [whole, after]) {
      stage.readings(batchOf(second))
      tickNow(stage, ...frames(second))
    }
  }
  expect(after.alarmSummary()).toEqual(whole.alarmSummary())
  expect(Buffer.compare(after.snapshot(), whole.snapshot())).toBe(0)
})
