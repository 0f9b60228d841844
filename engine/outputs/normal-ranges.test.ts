import { describe, expect, it } from 'vitest'
import { manualClock } from '../core/clock.ts'
import type { LineView } from '../flow.ts'
import { potlineDefinition, potlineTag } from '../lines/potline.ts'
import { fixtureEngine } from './fixture.ts'
import { fixtureChannels, fixtureFields } from './fixture-quantities.ts'
import { lineDetail } from './http/represent.ts'
import { lineSchema } from './http/schema.ts'
import { normalRanges } from './normal-ranges.ts'
import { defaultWsLimits } from './websocket/limits.ts'
import { lineFeed } from './websocket/line-feed.ts'

type Limits = { readonly alarm_low?: number; readonly alarm_high?: number }

/** What the ranges read of a view; alarm limits by tag. */
function viewOf(line: string, limits: Readonly<Record<string, Limits>> = {}): LineView {
  const plain = potlineDefinition({
    ...{ tenant: 'local', line, cells: ['cell-101'], feeders: 1 },
    ...{ clock: 'stream', origin: 'simulated' },
  })
  const tags = plain.tags.map(tag => ({ ...tag, ...limits[tag.tag] }))
  const definition = { ...plain, tags }
  return { definition, fields: fixtureFields, channels: fixtureChannels } as unknown as LineView
}

describe('normal ranges', () => {
  it('are none where nothing is known of the line', () => {
    expect(normalRanges([])(viewOf('a'))).toEqual([])
  })

  it('are what is configured for this line, never what is for another', () => {
    const rangesOf = normalRanges([{ line: 'a', of: 'bath_K', low: 945, high: 955 }])
    expect(rangesOf(viewOf('a'))).toEqual([
      { of: 'bath_K', low: 945, high: 955, source: 'configuration' },
    ])
    expect(rangesOf(viewOf('b'))).toEqual([])
  })

  it('are otherwise the alarm limits of the tag, in the unit that is shown', () => {
    const limits = {
      [potlineTag.voltage]: { alarm_high: 4.6 },
      [potlineTag.bathTemperature]: { alarm_low: 945, alarm_high: 975 },
    }
    expect(normalRanges([])(viewOf('a', limits))).toEqual([
      { of: 'cell_voltage', high: 4.6, source: 'alarm-limits' },
      { of: 'bath_K', low: 945, high: 975, source: 'alarm-limits' },
    ])
    const [, bath] = normalRanges([{ line: 'a', of: 'bath_K', low: 950 }])(viewOf('a', limits))
    expect(bath).toEqual({ of: 'bath_K', low: 950, source: 'configuration' })
  })

  it('takes the first of two, so that what was configured wins over what is added', () => {
    const twice = [
      { line: 'a', of: 'bath_K', high: 950 },
      { line: 'a', of: 'bath_K', high: 968 },
    ]
    expect(normalRanges(twice)(viewOf('a'))[0]?.high).toBe(950)
  })

  it('reach REST and WebSocket clients', () => {
    const engine = fixtureEngine()
    const view = engine.at('local', 'line-1')
    const rangesOf = normalRanges([{ line: 'line-1', of: 'cell_voltage', low: 3.9, high: 4.6 }])
    const range = { low: 3.9, high: 4.6, source: 'configuration' }
    const detail = lineSchema.parse(lineDetail(view, rangesOf))
    expect(detail.channels[0]?.normal).toEqual(range)
    expect(detail.fields.map(field => field.normal)).toEqual([undefined, undefined])
    const feed = lineFeed({
      ...{ engine, tenant: 'local', line: 'line-1', number: 1 },
      ...{ clock: manualClock(0), limits: defaultWsLimits, normalRanges: rangesOf },
    })
    expect(feed.info(view).normal).toEqual([{ of: 'cell_voltage', ...range }])
  })

  it('says once what a line does not have, and what it has', () => {
    const said: string[] = []
    const rangesOf = normalRanges([{ line: 'a', of: 'bath', low: 1 }], text => said.push(text))
    rangesOf(viewOf('a'))
    rangesOf(viewOf('a'))
    expect(said).toEqual([
      'normal_ranges: line a has no "bath"; it has cell_voltage, bath_K, alumina_1',
    ])
  })
})
