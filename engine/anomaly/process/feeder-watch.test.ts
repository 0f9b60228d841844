import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import type { FrameEvent, LineFrame, Quantity, TwinFrame } from '../../flow.ts'
import { potlineDefinition } from '../../lines/potline.ts'
import { stateReader, stateWriter } from '../state.ts'
import { currentPerWtpct } from './feeder-model.ts'
import { deliveryText, feederWatch } from './feeder-watch.ts'

const ANODES = 36
const COLUMNS = ANODES / 2
const FEEDERS = 5
const TICK_S = 10
const HOUR = 3600 / TICK_S
const SHOT_KG = 1.5
const MARGIN_WTPCT = 0.7
const LINE_A = 350e3
const ROLL_S = 118
const COLUMN_KG = 7500 / COLUMNS
const definition = {
  ...potlineDefinition({
    ...{ tenant: 't', line: 'l', cells: ['c1'], feeders: FEEDERS, anodes: ANODES },
    ...{ clock: 'stream', origin: 'synthetic' },
  }),
  tick_ms: 1000 * TICK_S,
}
const tagIndex = (tag: string) => definition.tags.findIndex(found => found.tag === tag)
const firstAnode = tagIndex('anode_current_01')
const firstShot = tagIndex('feed_shot_1')
const fields = [{ name: 'anode_effect_margin_share' } as Quantity]
const CALM = {
  isEffect: () => false,
  isRestless: () => false,
  isLean: () => false,
  lacks: () => Number.NaN,
}

interface Beside {
  /** Tags that tell nothing. */
  readonly dead?: readonly string[]
  readonly margin_wtpct?: number
  /** Swing of the currents at the ends as the metal rolls. */
  readonly roll_1?: number
  /** What the resistance says. */
  readonly lacks?: () => number
}

/** A bath of columns that mix with their neighbours, fed in turns, under anodes that wear gauges. */
function cell(seed: number, beside: Beside = {}) {
  const { dead = [], margin_wtpct = MARGIN_WTPCT, roll_1 = 0 } = beside
  const mood = { ...CALM, lacks: beside.lacks ?? CALM.lacks }
  const random = seededRandom(seed)
  const watch = feederWatch(definition, { fields, channels: [] })
  const over_kg = new Float64Array(COLUMNS)
  const late_kg = new Float64Array(COLUMNS)
  const gauge = Float64Array.from({ length: ANODES }, () => 1 + 0.02 * random.normal())
  const delivers = new Float64Array(FEEDERS).fill(1)
  const values = new Float64Array(definition.tags.length).fill(Number.NaN)
  const quality = new Uint8Array(values.length)
  const age_ms = new Float64Array(values.length)
  let tick = 0
  let owed_kg = 0
  let turn = 0
  const drop = (column: number, kg: number) => {
    over_kg[column]! += 0.4 * kg
    late_kg[column]! += 0.6 * kg
  }
  const feed = (events: FrameEvent[]) => {
    owed_kg += 0.058 * TICK_S
    if (owed_kg < SHOT_KG) return
    owed_kg -= SHOT_KG
    const feeder = turn++ % FEEDERS
    const event = { tagIndex: firstShot + feeder, cell: 0, time_ms: 0, value: SHOT_KG }
    events.push(event)
    const at = ((feeder + 0.5) * COLUMNS) / FEEDERS - 0.5
    const share = at - Math.floor(at)
    drop(Math.floor(at), SHOT_KG * delivers[feeder]! * (1 - share))
    drop(Math.ceil(at), SHOT_KG * delivers[feeder]! * share)
  }
  const mix = () => {
    for (let second = 0; second < TICK_S; second++) {
      for (let c = 0; c < COLUMNS; c++) {
        const dissolved_kg = 0.0018 * late_kg[c]!
        late_kg[c]! -= dissolved_kg
        over_kg[c]! += dissolved_kg - 0.058 / COLUMNS
      }
      let from_kg = 0
      for (let c = 0; c < COLUMNS; c++) {
        const to_kg = c + 1 < COLUMNS ? 0.0194 * (over_kg[c]! - over_kg[c + 1]!) : 0
        over_kg[c]! += from_kg - to_kg
        from_kg = to_kg
      }
    }
  }
  const step = (events: FrameEvent[]) => {
    feed(events)
    mix()
    const mean_kg = over_kg.reduce((sum, kg) => sum + kg, 0) / COLUMNS
    for (let a = 0; a < ANODES; a++) {
      const over_wtpct = (100 * (over_kg[a % COLUMNS]! - mean_kg)) / COLUMN_KG
      const along = 1 - (2 * (a % COLUMNS) + 1) / COLUMNS
      const swing = roll_1 * along * Math.sin((2 * Math.PI * TICK_S * tick) / ROLL_S)
      const share = 1 + swing + currentPerWtpct(margin_wtpct) * over_wtpct
      values[firstAnode + a] = 9700 * share * gauge[a]! * (1 + 0.008 * random.normal())
    }
    values[tagIndex('line_current')] = LINE_A
    for (const tag of dead) values[tagIndex(tag)] = Number.NaN
    const frame: LineFrame = {
      ...{ tick, time_ms: 1000 * TICK_S * tick++, closed: 'complete', values, quality, age_ms },
      ...{ events, samples: [] },
    }
    const estimate = Float64Array.of(margin_wtpct / 100)
    watch.tick(frame, { estimate, observable: Uint8Array.of(1) } as unknown as TwinFrame, mood)
  }
  return {
    ...{ watch, delivers, drop },
    run(ticks: number, until: () => boolean = () => false, first: FrameEvent[] = []): number {
      for (let i = 0; i < ticks; i++) {
        step(i === 0 ? [...first] : [])
        if (until()) return i + 1
      }
      return Number.POSITIVE_INFINITY
    },
    told: () => [watch.lean(0).feeder, watch.rich(0).feeder],
  }
}

describe('the feeders of a cell', () => {
  it.each([1, 3, 4])('are told apart: feeder %i is blocked, and found within 20 min', feeder => {
    const { run, delivers, told, watch } = cell(feeder)
    expect(run(4 * HOUR, () => told().some(found => found > 0))).toBe(Number.POSITIVE_INFINITY)
    delivers[feeder - 1] = 0
    const after = run(HOUR, () => told().some(found => found > 0))
    expect(after * TICK_S).toBeLessThan(20 * 60)
    expect(told()).toEqual([feeder, 0])
    expect(watch.lean(0).delivered_1).toBeLessThan(0.5)
    run(2 * HOUR)
    expect(told()).toEqual([feeder, 0])
  })

  it('are found too rich as well', () => {
    const { run, delivers, told, watch } = cell(7)
    run(3 * HOUR)
    delivers[1] = 2
    expect(run(HOUR, () => told()[1] === 2) * TICK_S).toBeLessThan(20 * 60)
    expect(told()).toEqual([0, 2])
    const text = deliveryText(watch.rich(0))
    expect(text).toMatch(/^feeder 2 delivers about (1[5-9]|2[0-5])[05] % of what it is asked$/)
  })

  it('are whole again once they deliver, and no other is blamed meanwhile', () => {
    const { run, delivers, told } = cell(7)
    run(3 * HOUR)
    delivers[0] = 0
    run(HOUR / 2)
    expect(told()).toEqual([1, 0])
    delivers[0] = 1
    expect(run(3 * HOUR, () => told()[0] === 0)).toBeLessThan(3 * HOUR)
    expect(told()).toEqual([0, 0])
  })

  it.each([
    [4, 10],
    [0, 18],
  ])('are not blamed for what falls in with a new anode: column %i, %i kg', (column, kg) => {
    const { run, drop, told } = cell(9)
    run(3 * HOUR)
    drop(column, kg)
    const change = { tagIndex: tagIndex('anode_change'), cell: 0, time_ms: 0, value: column + 1 }
    run(3 * HOUR, () => told().some(found => found > 0), [change])
    expect(told()).toEqual([0, 0])
  })

  it('are found in a rich bath though the metal rolls', () => {
    const { run, delivers, told } = cell(3, { margin_wtpct: 0.9, roll_1: 0.012 })
    expect(run(4 * HOUR, () => told().some(found => found > 0))).toBe(Number.POSITIVE_INFINITY)
    delivers[1] = 2
    expect(run(HOUR, () => told()[1] === 2) * TICK_S).toBeLessThan(20 * 60)
    expect(told()).toEqual([0, 2])
  })

  it('are found sooner where the resistance says the same, later where it does not', () => {
    const ticksUntil = (lacks: number) => {
      let now = Number.NaN
      const { run, delivers, told } = cell(1, { margin_wtpct: 1, lacks: () => now })
      run(3 * HOUR)
      delivers[3] = 2
      now = lacks
      return run(HOUR, () => told()[1] === 4)
    }
    const alone = ticksUntil(Number.NaN)
    expect(ticksUntil(-1.5)).toBeLessThan(alone)
    expect(ticksUntil(1.5)).toBeGreaterThan(alone)
  })

  it('are not whole by the currents alone while the resistance says that alumina is missing', () => {
    let now = Number.NaN
    const { run, delivers, told } = cell(7, { lacks: () => now })
    run(3 * HOUR)
    delivers[0] = 0
    run(HOUR / 2)
    expect(told()).toEqual([1, 0])
    delivers[0] = 1
    now = 3
    run(2 * HOUR)
    expect(told()[0]).toBe(1)
    now = 0
    run(HOUR, () => told()[0] === 0)
    expect(told()).toEqual([0, 0])
  })

  it('have to be clearer in a cell that was just met, and are found there all the same', () => {
    const change = { tagIndex: tagIndex('anode_change'), cell: 0, time_ms: 0, value: 12 }
    const ticksUntil = (met: number, first: FrameEvent[] = []) => {
      const { run, delivers, told } = cell(3)
      run(met, () => false, first)
      delivers[2] = 0
      return run(2 * HOUR, () => told()[0] === 3)
    }
    const familiar = ticksUntil(4 * HOUR)
    expect(ticksUntil(1.2 * HOUR)).toBeGreaterThan(1.3 * familiar)
    expect(ticksUntil(3.5 * HOUR, [change])).toBeGreaterThan(1.2 * familiar)
    expect(ticksUntil(1.2 * HOUR) * TICK_S).toBeLessThan(40 * 60)
  })

  it('say nothing while currents are missing', () => {
    const { run, delivers, told } = cell(11, { dead: ['line_current'] })
    run(3 * HOUR)
    delivers[0] = 0
    run(HOUR)
    expect(told()).toEqual([0, 0])
  })

  it('go on the same after snapshot and restore, bit for bit', () => {
    const [whole, again] = [cell(13), cell(13)]
    const bytes = ({ watch }: ReturnType<typeof cell>) => {
      const out = stateWriter()
      watch.save(out)
      return out.bytes()
    }
    for (const one of [whole, again]) {
      one.run(3 * HOUR)
      one.delivers[2] = 0
      one.run(HOUR / 6)
    }
    again.watch.load(stateReader(bytes(whole)))
    for (const one of [whole, again]) one.run(HOUR / 2)
    expect(whole.told()).toEqual([3, 0])
    expect(again.told()).toEqual([3, 0])
    expect(Buffer.from(bytes(again)).equals(Buffer.from(bytes(whole)))).toBe(true)
  })
})
