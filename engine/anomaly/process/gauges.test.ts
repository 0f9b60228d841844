import { describe, expect, it } from 'vitest'
import type { FrameEvent, LineFrame } from '../../flow.ts'
import { potlineDefinition } from '../../lines/potline.ts'
import type { Finding } from '../finding.ts'
import { stateReader, stateWriter } from '../state.ts'
import { anodeCheck } from './anodes.ts'
import { lineCurrentCheck } from './line-current.ts'
import { shellCheck } from './shell.ts'

const ANODES = 12
const definition = potlineDefinition({
  ...{ tenant: 't', line: 'l', cells: ['c1', 'c2'], feeders: 1 },
  ...{ anodes: ANODES, shellTemperatures: 4, clock: 'stream', origin: 'synthetic' },
})
const CELLS = 2
const tagIndex = (tag: string) => definition.tags.findIndex(found => found.tag === tag)

/** A frame in which everything was just read; `values` by tag, for the first cell. */
function frameOf(
  second: number,
  values: Readonly<Record<string, number>>,
  events: readonly FrameEvent[] = [],
): LineFrame {
  const all = new Float64Array(definition.tags.length * CELLS).fill(Number.NaN)
  for (const [tag, value] of Object.entries(values)) all[tagIndex(tag) * CELLS] = value
  return {
    ...{ tick: second, time_ms: second * 1000, closed: 'complete', values: all, samples: [] },
    quality: new Uint8Array(all.length),
    age_ms: new Float64Array(all.length),
    events,
  }
}

const anodeTag = (anode: number) => `anode_current_${String(anode).padStart(2, '0')}`

/** Currents of the anodes, 10 kA each but for those given. */
const currents = (others: Readonly<Record<number, number>> = {}) =>
  Object.fromEntries(
    Array.from({ length: ANODES }, (_, i) => [anodeTag(i + 1), others[i + 1] ?? 10_000]),
  )

const shell = (...over_K: number[]) =>
  Object.fromEntries(over_K.map((over, i) => [`shell_temperature_${i + 1}`, 580 + over]))

function watch() {
  const found: Finding[] = []
  const anodes = anodeCheck(definition)
  const walls = shellCheck(definition)
  const line = lineCurrentCheck(definition)
  let second = 0
  const report = (finding: Finding) => found.push(finding)
  return {
    ...{ found, anodes, walls, line },
    told: () => found.map(({ kind, active, causes }) => [kind, active, causes[0]?.text ?? '']),
    scan(count: number, values: Readonly<Record<string, number>>, events?: FrameEvent[]) {
      for (let i = 0; i < count; i++) {
        const frame = frameOf(second++, values, i === 0 ? events : [])
        anodes.tick(frame, () => false, report)
        walls.tick(frame, report)
        line.tick(frame, report)
      }
    },
    effect(count: number, values: Readonly<Record<string, number>>) {
      for (let i = 0; i < count; i++) {
        anodes.tick(frameOf(second++, values), () => true, report)
      }
    },
  }
}

describe('anode currents', () => {
  it('name an anode that draws far more than it did, and take it back when it does not', () => {
    const { scan, told } = watch()
    scan(120, currents())
    scan(20, currents({ 5: 16_000 }))
    expect(told()).toEqual([])
    scan(40, currents({ 5: 16_000 }))
    expect(told()).toEqual([
      ['anode-spike', true, expect.stringMatching(/^anode 5 draws \d\d % more than its share/)],
    ])
    scan(400, currents())
    expect(told().map(([kind, active]) => [kind, active])).toEqual([
      ['anode-spike', true],
      ['anode-spike', false],
    ])
  })

  it('let a new anode warm up, whether its change was reported or not', () => {
    const reported = watch()
    reported.scan(120, currents())
    const change = { tagIndex: tagIndex('anode_change'), cell: 0, time_ms: 0, value: 3 }
    reported.scan(1, currents({ 3: 500 }), [change])
    for (let i = 0; i <= 100; i++) reported.scan(5, currents({ 3: 500 + 105 * i }))
    expect(reported.told()).toEqual([])
    const met = watch()
    for (let i = 0; i <= 100; i++) met.scan(5, currents({ 3: 500 + 140 * i }))
    expect(met.told()).toEqual([])
  })

  it('see gas cover neighbours together, but not one anode alone nor a cell in an effect', () => {
    const { scan, effect, told } = watch()
    scan(120, currents())
    scan(10, currents({ 2: 1000 }))
    expect(told()).toEqual([])
    effect(3, currents({ 2: 1000, 3: 1000, 4: 1000 }))
    expect(told()).toEqual([])
    const other = watch()
    other.scan(120, currents())
    other.scan(3, currents({ 2: 2000, 3: 2000, 8: 2000, 9: 2000 }))
    expect(other.told()).toEqual([
      ['local-anode-effect', true, expect.stringMatching(/2 neighbouring columns/)],
    ])
  })
})

describe('shell temperatures', () => {
  it('find the one place that grows hot, not a cell that grows hot as a whole', () => {
    const { scan, told } = watch()
    scan(200, shell(0, 5, -20, 10))
    for (let i = 0; i < 60; i++) scan(1, shell(i, 5 + i, -20 + i, 10 + i))
    expect(told()).toEqual([])
    for (let i = 0; i < 60; i++) scan(1, shell(60, 65, 40 + i, 70))
    expect(told()).toEqual([['ledge-loss', true, 'ledge lost at metal height, side A']])
  })
})

describe('line current', () => {
  it('tells a loss of load after half a minute and its end', () => {
    const { scan, told } = watch()
    scan(1200, { line_current: 350e3 })
    scan(60, { line_current: 348e3 })
    scan(20, { line_current: 315e3 })
    expect(told()).toEqual([])
    scan(600, { line_current: 315e3 })
    scan(300, { line_current: 350e3 })
    expect(told().map(([kind, active]) => [kind, active])).toEqual([
      ['line-current-low', true],
      ['line-current-low', false],
    ])
  })
})

it('the gauge checks go on the same after snapshot and restore', () => {
  const whole = watch()
  const all = { ...currents(), ...shell(0, 0, 0, 0), line_current: 350e3 }
  whole.scan(150, all)
  const parts = ({ anodes, walls, line }: ReturnType<typeof watch>) => [anodes, walls, line]
  const bytes = (of: ReturnType<typeof watch>) => {
    const out = stateWriter()
    for (const part of parts(of)) part.save(out)
    return out.bytes()
  }
  const again = watch()
  const from = stateReader(bytes(whole))
  for (const part of parts(again)) part.load(from)
  expect(bytes(again)).toEqual(bytes(whole))
  const odd = { ...all, ...currents({ 5: 17_000 }), shell_temperature_2: 640 }
  whole.scan(60, odd)
  again.scan(60, odd)
  expect(bytes(again)).toEqual(bytes(whole))
  expect(again.told()).toEqual(whole.told())
})
