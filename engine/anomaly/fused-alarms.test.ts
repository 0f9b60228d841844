import { describe, expect, it } from 'vitest'
import type { AlarmRecord, Anomaly, LineFrame, TwinFrame } from '../flow.ts'
import { tickNow } from '../lines/score-desk.ts'
import { genericLine, noise } from './fusion/fixture.ts'
import { anomalyStage } from './stage.ts'

/** Ticks until the level of such a line stands, and then of a fault. */
const LEARNT = 5000
const FAULT = 60

/** A line whose first asset goes wrong in one signal once the level stands. */
function run(assets: number, channels: number) {
  const line = genericLine(assets, channels)
  const stage = anomalyStage(line.definition, line, {})
  const fill = noise(3)
  const residual = new Float64Array(assets * channels)
  const values = new Float64Array(residual.length)
  const events = { events: [], samples: [] }
  const twin = {
    ...{ residual, observed: new Float64Array(residual.length).fill(Number.NaN) },
    ...{ masked: new Uint8Array(assets), trusted: new Uint8Array(assets).fill(1) },
  }
  const anomalies: Anomaly[] = []
  const alarms: AlarmRecord[] = []
  for (let i = 1; i <= LEARNT + FAULT; i++) {
    fill(residual)
    if (i > LEARNT) residual[0]! += 6
    const time_ms = i * 1000
    const frame = { time_ms, values, ...events } as unknown as LineFrame
    const found = tickNow(stage, frame, { time_ms, ...twin } as unknown as TwinFrame)
    anomalies.push(...found.anomalies)
    alarms.push(...found.alarms)
  }
  return { anomalies, alarms }
}

describe('the fused score in a line', () => {
  it('is an alarm of low priority where assets have too many signals for a dynamic model', () => {
    const { anomalies, alarms } = run(16, 65)
    expect(anomalies.map(({ kind, cell }) => [kind, cell])).toEqual([['unusual-running', 'cell-1']])
    expect(alarms.map(({ kind, priority, active }) => [kind, priority, active])).toEqual([
      ['unusual-running', 'low', true],
    ])
    expect(alarms[0]!.causes[0]!.text).toContain('tag 1')
  })

  it('is an event and no alarm where something else may call the operator', () => {
    const { anomalies, alarms } = run(12, 20)
    expect(anomalies.map(({ kind, cell }) => [kind, cell])).toEqual([['unusual-running', 'cell-1']])
    expect(alarms).toEqual([])
  })
})
