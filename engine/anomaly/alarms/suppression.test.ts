import { describe, expect, it } from 'vitest'
import { type FrameEvent, type LineFrame, seriesIndex } from '../../flow.ts'
import { potlineDefinition, potlineTag } from '../../lines/potline.ts'
import type { Finding } from '../finding.ts'
import { alarmCatalog } from './catalog.ts'
import { alarmList } from './list.ts'
import { potlineSuppression, suppression } from './suppression.ts'

const line = potlineDefinition({
  ...{ tenant: 't', line: 'l', cells: ['c1', 'c2'], feeders: 1 },
  ...{ clock: 'stream', origin: 'synthetic' },
})
const tagIndexOf = (name: string) => line.tags.findIndex(({ tag }) => tag === name)
const MINUTE = 60_000

function frame(time_ms: number, current_A: number, events: Partial<FrameEvent>[] = []): LineFrame {
  const values = new Float64Array(line.tags.length * 2).fill(Number.NaN)
  values[seriesIndex(line, tagIndexOf(potlineTag.current), 0)] = current_A
  return {
    ...{ tick: time_ms / 1000, time_ms, closed: 'complete', values, samples: [] },
    quality: Uint8Array.from(values, value => (Number.isNaN(value) ? 3 : 0)),
    age_ms: new Float64Array(values.length),
    events: events.map(event => ({ tagIndex: 0, cell: 0, time_ms, value: 1, ...event })),
  }
}
const noisy = (active: boolean, time_ms: number, cell = 0): Finding => ({
  ...{ kind: 'noisy-cell', cell, tagIndex: -1, active, time_ms },
  ...{ score: 1, text: 'noisy', causes: [], detector: 'd' },
})
const change = { tagIndex: tagIndexOf(potlineTag.anodeChange) }

describe('suppression by design', () => {
  it('hides what an anode change does at its own cell, for half an hour', () => {
    const rules = suppression(line, potlineSuppression)
    rules.tick(frame(MINUTE, 350_000, [change]))
    expect(rules.rule('noisy-cell', 0, 2 * MINUTE)).toBe('anode change')
    expect(rules.rule('noisy-cell', 1, 2 * MINUTE)).toBe('')
    expect(rules.rule('anode-effect', 0, 2 * MINUTE)).toBe('')
    expect(rules.rule('noisy-cell', 0, 31 * MINUTE - 1)).toBe('anode change')
    expect(rules.rule('noisy-cell', 0, 31 * MINUTE)).toBe('')
  })

  it('hides what a line without current does at every cell, and not when it is not known', () => {
    const rules = suppression(line, potlineSuppression)
    rules.tick(frame(MINUTE, Number.NaN))
    expect(rules.rule('voltage-sensor-stuck', 1, MINUTE)).toBe('')
    rules.tick(frame(2 * MINUTE, 0))
    expect(rules.rule('voltage-sensor-stuck', 1, 3 * MINUTE)).toBe('line down')
    expect(rules.rule('sensor-stuck', -1, 3 * MINUTE)).toBe('line down')
    expect(rules.rule('voltage-sensor-stuck', 1, 12 * MINUTE)).toBe('')
  })

  it('never hides what may hurt: no rule names an anode effect, a limit or a silent line', () => {
    const kinds = potlineSuppression.flatMap(rule => rule.kinds)
    for (const kind of ['anode-effect', 'anode-effect-coming', 'limit-high', 'line-silent']) {
      expect(kinds).not.toContain(kind)
    }
    for (const kind of kinds) expect(Object.keys(alarmCatalog)).toContain(kind)
  })

  it('shows the rule with the alarm, and announces what still stands when the rule ends', () => {
    const list = alarmList(line)
    list.observe(frame(MINUTE, 350_000, [change]))
    list.condition(noisy(true, MINUTE))
    list.advance(3 * MINUTE)
    expect(list.current()[0]).toMatchObject({ suppressed: true, suppressed_by: 'anode change' })
    expect(list.summary().kpis).toMatchObject({ suppressed: 1, announced: 0 })
    list.advance(31 * MINUTE)
    expect(list.current()[0]).toMatchObject({ suppressed: false, suppressed_by: '' })
    expect(list.current()[0]!.acknowledged).toBe(false)
    expect(list.summary().kpis).toMatchObject({ suppressed: 0, announced: 1 })
  })

  it('hides an alarm that stood before, and names the rule that holds now', () => {
    const list = alarmList(line)
    list.condition(noisy(true, MINUTE))
    list.advance(2 * MINUTE)
    list.observe(frame(3 * MINUTE, 350_000, [change]))
    list.advance(3 * MINUTE)
    expect(list.current()[0]!.suppressed_by).toBe('anode change')
    list.observe(frame(4 * MINUTE, 0))
    list.advance(4 * MINUTE)
    expect(list.current()[0]).toMatchObject({ suppressed: true, suppressed_by: 'line down' })
    list.advance(33 * MINUTE)
    expect(list.current()[0]!.suppressed).toBe(false)
  })
})
