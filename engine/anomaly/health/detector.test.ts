import { describe, expect, it } from 'vitest'
import type { LineDefinition, LineFrame, ReadingBatch } from '../../flow.ts'
import { checkDetector } from '../contract.ts'
import type { Finding } from '../finding.ts'
import { healthDetector } from './detector.ts'

const definition: LineDefinition = {
  tenant: 't',
  line: 'rig',
  kind: 'generic',
  clock: 'stream',
  origin: 'synthetic',
  tick_ms: 1000,
  cells: ['p1', 'p2'],
  tags: [
    {
      ...{ tag: 'temperature', unit: 'C', scope: 'cell', kind: 'signal', period_ms: 1000 },
      ...{ hold_max_ms: 10_000, in_tick: 'last', low: -50, high: 500 },
      ...{ alarm_low: 10, alarm_high: 90, rate_max_per_s: 20, stuck_after_ms: 30_000 },
    },
  ],
}
const K = 273.15

interface Row {
  readonly cell?: number
  readonly t: number
  readonly v: number
  readonly quality?: number
}

function batch(rows: readonly Row[], mode: 'live' | 'backfill' = 'live'): ReadingBatch {
  return {
    ...{ producer: 'p', epoch: 1, sequence: 1, received_ms: 0, mode, count: rows.length },
    series: Uint32Array.from(rows, row => row.cell ?? 0),
    times_ms: Float64Array.from(rows, row => row.t),
    values: Float64Array.from(rows, row => row.v + K),
    quality: Uint8Array.from(rows, row => row.quality ?? 0),
  }
}

const frame = (time_ms: number): LineFrame => ({
  ...{ tick: time_ms / 1000, time_ms, closed: 'complete', events: [], samples: [] },
  values: new Float64Array(2),
  quality: new Uint8Array(2),
  age_ms: new Float64Array(2),
})

function watch() {
  const detector = healthDetector(definition)
  const found: Finding[] = []
  const report = (finding: Finding) => found.push(finding)
  return {
    found,
    detector,
    read: (rows: readonly Row[], mode?: 'live' | 'backfill') =>
      detector.readings(batch(rows, mode), report),
    tick: (time_ms: number) => detector.tick(frame(time_ms), report),
    kinds: () => found.map(({ kind, active }) => (active ? kind : `${kind} ended`)),
  }
}
const wiggle = (t: number) => 50 + Math.sin(t / 700)

describe('sensor health', () => {
  it('tells a limit once per crossing and is armed again past the deadband', () => {
    const { read, kinds, found } = watch()
    read([80, 91, 92, 89.9, 91, 88, 95].map((v, i) => ({ t: i * 1000, v })))
    expect(kinds()).toEqual(['limit-high', 'limit-high ended', 'limit-high'])
    expect(found[0]).toMatchObject({ time_ms: 1000, cell: 0, tagIndex: 0 })
    expect(found[0]!.text).toBe('temperature 91 C is above its limit 90 C')
  })

  it('tells a low limit too', () => {
    const { read, kinds } = watch()
    read([20, 9, 12].map((v, i) => ({ t: i * 1000, v })))
    expect(kinds()).toEqual(['limit-low', 'limit-low ended'])
  })

  it('raises nothing for late readings and backfill', () => {
    const { read, kinds } = watch()
    read([{ t: 5000, v: 50 }])
    read([{ t: 4000, v: 99 }])
    read([{ t: 6000, v: 99 }], 'backfill')
    expect(kinds()).toEqual([])
  })

  it('finds a stuck sensor once and forgives it when it moves', () => {
    const { read, kinds, detector } = watch()
    for (let t = 0; t <= 90_000; t += 1000) read([{ t, v: 50 }])
    expect(kinds()).toEqual(['sensor-stuck'])
    expect(detector.faults()).toEqual(new Map([[0, 'stuck']]))
    read([{ t: 91_000, v: 50.1 }])
    expect(kinds()).toEqual(['sensor-stuck', 'sensor-stuck ended'])
    expect(detector.faults().size).toBe(0)
  })

  it('calls the frozen voltage of a cell by its name', () => {
    const tags = [{ ...definition.tags[0]!, tag: 'cell_voltage', unit: 'V' }]
    const detector = healthDetector({ ...definition, kind: 'potline', tags })
    const kinds: string[] = []
    for (let t = 0; t <= 40_000; t += 1000) {
      detector.readings(batch([{ t, v: -220 }]), ({ kind }) => kinds.push(kind))
    }
    expect(kinds).toEqual(['voltage-sensor-stuck'])
  })

  it('calls a sensor bad after ten bad readings, not after one', () => {
    const { read, kinds } = watch()
    for (let i = 0; i < 9; i++) read([{ t: i * 1000, v: 50, quality: 2 }])
    expect(kinds()).toEqual([])
    read([{ t: 9000, v: Number.NaN }])
    read([{ t: 10_000, v: 50 }])
    expect(kinds()).toEqual(['sensor-bad', 'sensor-bad ended'])
  })

  it('tells a jump that the sensor can not make', () => {
    const { read, kinds } = watch()
    read([50, 75, 76].map((v, i) => ({ t: i * 1000, v })))
    expect(kinds()).toEqual(['sensor-rate', 'sensor-rate ended'])
  })

  it('tells one silent sensor by name and a silent line as one', () => {
    const { read, tick, kinds } = watch()
    for (let t = 0; t < 300_000; t += 1000) {
      read(
        t < 100_000
          ? [
              { t, v: wiggle(t) },
              { t, v: wiggle(t), cell: 1 },
            ]
          : [{ t, v: wiggle(t) }],
      )
      tick(t + 1000)
    }
    expect(kinds()).toEqual(['sensor-silent'])
    for (let t = 300_000; t < 400_000; t += 1000) tick(t + 1000)
    expect(kinds()).toEqual(['sensor-silent', 'line-silent'])
  })

  describe('on a line with quick signals and more slow ones', () => {
    const [quick] = definition.tags
    const slow = { ...quick!, tag: 'vibration', period_ms: 10_000, hold_max_ms: 60_000 }
    const more = [1, 2, 3].map(n => ({ ...slow, tag: `vibration_${n}` }))
    /** Sends what `speaks` says of each second; slow signals send every tenth. */
    const run = (speaks: (t: number, isSlow: boolean) => boolean, end_ms: number) => {
      const detector = healthDetector({ ...definition, tags: [quick!, ...more] })
      const told: string[] = []
      for (let t = 0; t < end_ms; t += 1000) {
        const report = (one: Finding) =>
          told.push(`${one.kind}${one.active ? '' : ' ended'} ${one.time_ms / 1000}`)
        const rows = Array.from({ length: 8 }, (_, cell) => ({ t, v: wiggle(t + cell), cell }))
        const sent = rows.filter(({ cell }) =>
          cell < 2 ? speaks(t, false) : t % 10_000 === 0 && speaks(t, true),
        )
        if (sent.length > 0) detector.readings(batch(sent), report)
        detector.tick(frame(t + 1000), report)
      }
      return told
    }

    it('tells a line that stops as a whole after a minute, and no sensor of it', () => {
      expect(run(t => t <= 100_000, 400_000)).toEqual(['line-silent 161'])
    })

    it('names the quick ones where only they stop', () => {
      expect(run((t, isSlow) => isSlow || t <= 100_000, 400_000)).toEqual([
        ...['sensor-silent 161', 'sensor-silent 161'],
      ])
    })

    it('waits for slow ones that are not due yet', () => {
      const slower = more.map(tag => ({ ...tag, period_ms: 60_000, hold_max_ms: 180_000 }))
      const detector = healthDetector({ ...definition, tags: [quick!, ...slower] })
      const told: string[] = []
      const report = ({ kind }: Finding) => told.push(kind)
      const all = Array.from({ length: 8 }, (_, cell) => ({ t: 0, v: wiggle(cell), cell }))
      detector.readings(batch(all), report)
      detector.tick(frame(100_000), report)
      expect(told).toEqual(['sensor-silent', 'sensor-silent'])
      detector.tick(frame(121_000), report)
      expect(told.slice(2)).toEqual(['line-silent'])
    })
  })

  it('tells when a signal becomes much noisier than it was', () => {
    const { read, kinds } = watch()
    for (let i = 0; i < 700; i++) read([{ t: i * 1000, v: 50 + (i % 2) * 0.1 }])
    for (let i = 700; i < 800; i++) read([{ t: i * 1000, v: 50 + (i % 2) * 2 }])
    expect(kinds()).toEqual(['sensor-noisy'])
  })
})

checkDetector<readonly Row[]>({
  name: 'health',
  create() {
    const { detector, found, read, tick } = watch()
    return {
      save: detector.save,
      load: detector.load,
      take(rows) {
        read(rows)
        if (rows.length > 0) tick(rows[0]!.t + 1000)
      },
      scores: () => found.map(({ score }) => score),
      begun: () => found.filter(({ active }) => active).length,
    }
  },
  normal: Array.from({ length: 800 }, (_, i) => [
    { t: i * 1000, v: wiggle(i * 1000) },
    { t: i * 1000, v: wiggle(i * 977), cell: 1 },
  ]),
  missing: Array.from({ length: 50 }, () => []),
})
