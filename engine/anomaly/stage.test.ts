import { describe, expect, it } from 'vitest'
import type {
  Channel,
  LineDefinition,
  LineFrame,
  Quantity,
  ReadingBatch,
  TwinFrame,
} from '../flow.ts'
import { potlineDefinition } from '../lines/potline.ts'
import { tickNow } from '../lines/score-desk.ts'
import type { DriftLook, DriftPart } from './drift-part.ts'
import { CELL_FEATURES } from './features.ts'
import { anomalyStage } from './stage.ts'
import type { CellScorer } from './tensorflow/cell-scorer.ts'

const rig: LineDefinition = {
  ...{ tenant: 't', line: 'rig', kind: 'generic', clock: 'stream', origin: 'synthetic' },
  ...{ tick_ms: 1000, cells: ['r1'] },
  tags: [
    {
      ...{ tag: 'pressure', unit: 'bar', scope: 'cell', kind: 'signal', period_ms: 1000 },
      ...{ hold_max_ms: 10_000, in_tick: 'last', low: 0, high: 100, alarm_high: 50 },
    },
  ],
}
const channels = [{ name: 'pressure_Pa', tag: 'pressure', text: 'pressure' } as Channel]

function batch(t: number, bar: number): ReadingBatch {
  return {
    ...{ producer: 'p', epoch: 1, sequence: t, received_ms: t, mode: 'live', count: 1 },
    series: Uint32Array.of(0),
    times_ms: Float64Array.of(t),
    values: Float64Array.of(bar * 1e5),
    quality: new Uint8Array(1),
  }
}
function tick(time_ms: number, value: number, cells = 1): [LineFrame, TwinFrame] {
  const values = new Float64Array(200).fill(Number.NaN)
  const quality = new Uint8Array(200).fill(3)
  const frame = { time_ms, values, quality, events: [], samples: [] }
  const twin = {
    ...{ time_ms, observed: new Float64Array(cells).fill(value) },
    ...{ residual: new Float64Array(cells), estimate: new Float64Array(cells * 4) },
    ...{ std: new Float64Array(cells * 4), observable: new Uint8Array(cells * 4).fill(1) },
    ...{ masked: new Uint8Array(cells), trusted: new Uint8Array(cells).fill(1) },
  }
  return [frame as unknown as LineFrame, twin as unknown as TwinFrame]
}
const wave = (i: number) => 20 + Math.sin(i * 0.7) + 0.1 * Math.sin(i * 2.9)

describe('the drift monitors of a stage', () => {
  const fake = () => {
    const looks: DriftLook[] = []
    const drift: DriftPart = {
      renew() {},
      due: time_ms => time_ms % 60_000 === 0,
      take(look) {
        looks.push(look)
        const { time_ms } = look.frame
        return [{ monitor: 'residual', tag: 'pressure', time_ms, value: 3, text: 'it moved' }]
      },
      event() {},
      save: out => out.text(String(looks.length)),
      load: from => looks.splice(0, looks.length, ...Array(Number(from.text())).fill(undefined)),
    }
    return { looks, stage: anomalyStage(rig, { fields: [], channels }, { drift }) }
  }

  it('see each minute once, with the alarms and the scores of then, and propose events', () => {
    const { looks, stage } = fake()
    stage.readings(batch(1000, 60))
    const said = []
    for (let i = 1; i <= 120; i++) {
      said.push(...(tickNow(stage, ...tick(i * 1000, 60)).proposals ?? []))
    }
    expect(said.map(({ id, kind, detector }) => [id, kind, detector])).toEqual([
      ['rig//drift-residual:pressure/60000', 'drift-residual', 'drift'],
      ['rig//drift-residual:pressure/120000', 'drift-residual', 'drift'],
    ])
    expect(looks[0]!.alarmed).toEqual(new Set([0]))
    expect(looks[0]!.scores).toHaveLength(1)
    stage.detectors.detach()
    expect(tickNow(stage, ...tick(180_000, 60)).proposals).toBeUndefined()
    expect(looks).toHaveLength(2)
  })

  it('are in the snapshot, and begin anew from one of before they were', () => {
    const { stage } = fake()
    for (let i = 1; i <= 120; i++) tickNow(stage, ...tick(i * 1000, 60))
    const again = fake()
    again.stage.restore(stage.snapshot())
    expect(again.looks).toHaveLength(2)
    expect(again.stage.snapshot()).toEqual(stage.snapshot())
    const { looks, stage: later } = fake()
    later.restore(anomalyStage(rig, { fields: [], channels }, {}).snapshot())
    expect(looks).toHaveLength(0)
  })
})

describe('anomaly stage', () => {
  it('raises a crossed limit from the batch, before its tick closes', () => {
    const stage = anomalyStage(rig, { fields: [], channels }, {})
    const { anomalies, alarms } = stage.readings(batch(1000, 60))
    expect(anomalies.map(({ id }) => id)).toEqual(['rig/r1/limit-high:pressure/1000'])
    expect(alarms[0]).toMatchObject({ id: anomalies[0]!.id, active: true, tag: 'pressure' })
    expect(stage.alarms()).toEqual(alarms)
    expect(stage.readings(batch(2000, 61))).toEqual({ anomalies: [], alarms: [] })
  })

  it('takes an acknowledgement and reports the new revision', () => {
    const stage = anomalyStage(rig, { fields: [], channels }, {})
    const { alarms } = stage.readings(batch(1000, 60))
    const decision = { on: 'alarm', action: 'acknowledge', target: alarms[0]!.id } as const
    const said = { kind: 'decision', decision, subject: 'ann', role: 'operator' } as const
    const result = stage.decide({ ...said, comment: '', decided_ms: 0 }, 1500)
    expect(result.alarms[0]).toMatchObject({ revision: 2, acknowledged_by: 'ann' })
    expect(stage.alarms()[0]!.acknowledged).toBe(true)
  })

  it('goes on after restore as if nothing had happened, bit for bit', () => {
    const make = () => anomalyStage(rig, { fields: [], channels }, {})
    const whole = make()
    let second = make()
    for (let i = 1; i < 600; i++) {
      const bar = i === 550 ? 70 : wave(i)
      for (const stage of [whole, second]) stage.readings(batch(i * 1000, bar))
      const a = tickNow(whole, ...tick(i * 1000 + 1000, bar))
      expect(tickNow(second, ...tick(i * 1000 + 1000, bar))).toEqual(a)
      if (i % 97 === 0 || i === 551) {
        const restored = make()
        restored.restore(second.snapshot())
        second = restored
      }
    }
    expect(second.snapshot()).toEqual(whole.snapshot())
    expect(second.alarms()).toEqual(whole.alarms())
    expect(whole.alarms().length).toBeGreaterThan(0)
  })

  const potline = potlineDefinition({
    ...{ tenant: 't', line: 'l', cells: ['c1', 'c2'], feeders: 1 },
    ...{ clock: 'stream', origin: 'synthetic' },
  })
  const scorer = (promoted: boolean): CellScorer => ({
    ...{ version: 'test/1', features: CELL_FEATURES, promoted, threshold: 1 },
    score(_features, rows, out, parts) {
      out.set([9, 0.1])
      parts?.fill(0)
      for (let row = 0; parts && row < rows; row++) parts[row * CELL_FEATURES.length + 3] = 1
    },
  })
  const score = (promoted: boolean) => {
    const names = { fields: [] as Quantity[], channels: [{ tag: 'cell_voltage' } as Channel] }
    const stage = anomalyStage(potline, names, {
      cellModels: { lead: scorer(promoted), second: undefined },
    })
    const anomalies: string[] = []
    for (let i = 1; i < 7600; i++) {
      const found = tickNow(stage, ...tick(i * 1000, 4.2, 2)).anomalies
      anomalies.push(...found.map(({ kind, cell, causes }) => `${kind} ${cell} ${causes[0]!.text}`))
    }
    return { stage, anomalies }
  }

  it('shows what an unpromoted model finds, and raises no alarm for it', () => {
    const { stage, anomalies } = score(false)
    expect(anomalies).toEqual(['unusual-pattern c1 voltage noise'])
    expect(stage.alarms()).toEqual([])
    const shown = stage.scores().find(({ name }) => name === 'autoencoder')!
    expect(Array.from(shown.values)).toEqual([0.9, 0.1 / 1.1])
  })

  it('raises the alarm once the model is promoted', () => {
    const { stage } = score(true)
    expect(stage.alarms().map(({ kind, cell }) => [kind, cell])).toEqual([
      ['unusual-pattern', 'c1'],
    ])
  })

  it('refuses a model that was trained on other features', () => {
    const other = { ...scorer(false), features: ['something'] }
    expect(() =>
      anomalyStage(
        potline,
        { fields: [], channels: [] },
        { cellModels: { lead: other, second: undefined } },
      ),
    ).toThrow('takes other features than this engine makes')
  })
})
