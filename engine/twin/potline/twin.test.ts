import { describe, expect, it } from 'vitest'
import type { LineFrame, Twin, TwinFrame } from '../../flow.ts'
import { potlineTag } from '../../lines/potline.ts'
import { checkTwin, putValue } from '../contract.ts'
import { type PotlineField, potlineFields } from './fields.ts'
import { testLine, testPlant } from './test-plant.ts'
import { potlineTwin } from './twin.ts'

const row = (name: PotlineField) => potlineFields.findIndex(f => f.name === name)
const definition = testLine(2)
const tag = (name: string) => definition.tags.findIndex(t => t.tag === name)

/** Reads one field of a cell, SI. */
const of = (frame: TwinFrame, name: PotlineField, cell = 0) =>
  frame.estimate[row(name) * frame.masked.length + cell]!
const bandOf = (frame: TwinFrame, name: PotlineField, cell = 0) =>
  frame.std[row(name) * frame.masked.length + cell]!
const seen = (frame: TwinFrame, name: PotlineField, cell = 0) =>
  frame.observable[row(name) * frame.masked.length + cell]!

function run(twin: Twin, frames: Iterable<LineFrame>): TwinFrame {
  let last: TwinFrame | undefined
  for (const frame of frames) last = twin.step(frame)
  return last!
}

/** Seconds of ordinary operation after which tests begin. */
const WARM_S = [5, 600, 1800, 2400, 3600, 5400] as const
let warm: ReturnType<typeof warmUp> | undefined

/** One run for all tests: plant, state of its twin and last frame at each of those seconds. */
function warmUp() {
  const plant = testPlant(2, 3)
  const twin = potlineTwin(plant.definition)
  let from_s = 0
  return WARM_S.map(warm_s => {
    const frame = structuredClone(run(twin, plant.frames(warm_s - from_s)))
    from_s = warm_s
    return { plant: plant.copy(), state: twin.snapshot(), frame }
  })
}

/** A running plant and its twin, after `warm_s` of ordinary operation. */
function running(warm_s: (typeof WARM_S)[number]) {
  warm ??= warmUp()
  const { plant, state, frame } = warm[WARM_S.indexOf(warm_s)]!
  const twin = potlineTwin(plant.definition)
  twin.restore(state)
  return { plant: plant.copy(), twin, frame }
}

/** Frames with all that a twin takes: events, samples late and early, gaps. */
function eventful(): LineFrame[] {
  const frames = testPlant(2, 8).frames(400)
  const at = (tick: number) => frames[tick]!
  const event = (name: string, tick: number, value: number) =>
    at(tick).events.push({ tagIndex: tag(name), cell: 0, time_ms: at(tick).time_ms, value })
  event(potlineTag.anodeChange, 60, 3)
  event(potlineTag.tap, 90, 2500)
  event(potlineTag.alf3Shot, 120, 20)
  event(potlineTag.quench, 150, 1)
  const sample = (name: string, tick: number, taken: number, value: number) =>
    at(tick).samples.push({ tagIndex: tag(name), cell: 1, taken_ms: taken * 1000, value })
  sample(potlineTag.bathTemperature, 100, 20, 1235)
  sample(potlineTag.liquidus, 110, 30, 1229)
  sample(potlineTag.excessAlf3, 210, 20, 0.115)
  sample(potlineTag.caf2, 220, 20, 0.052)
  sample(potlineTag.alumina, 230, 20, 0.027)
  sample(potlineTag.metalHeight, 240, 20, 0.17)
  for (let i = 260; i < 265; i++) putValue(definition, at(i), potlineTag.voltage, 0, 35)
  return frames
}

checkTwin('potline', definition, () => potlineTwin(definition), eventful())

describe('the potline twin', () => {
  it('follows dissolved alumina of cells that are not its own, inside its band', () => {
    const cells = 3
    const plant = testPlant(cells, 1)
    const twin = potlineTwin(plant.definition)
    let count = 0
    let squares = 0
    let inside = 0
    for (let second = 0; second < 3.5 * 3600; second++) {
      const frame = twin.step(plant.step())
      if (second < 5400 || second % 60 !== 0) continue
      for (let cell = 0; cell < cells; cell++) {
        const error = of(frame, 'alumina_share', cell) - plant.alumina_share(cell)
        count++
        squares += error * error
        if (Math.abs(error) < 1.645 * bandOf(frame, 'alumina_share', cell)) inside++
      }
    }
    expect(100 * Math.sqrt(squares / count)).toBeLessThan(0.17)
    expect(inside / count).toBeGreaterThan(0.8)
  })

  it('starts without a shock: the first voltage sets the bias, alumina keeps its wide band', () => {
    const { frame } = running(5)
    expect(of(frame, 'alumina_share')).toBeGreaterThan(0.021)
    expect(of(frame, 'alumina_share')).toBeLessThan(0.031)
    expect(bandOf(frame, 'alumina_share')).toBeGreaterThan(0.003)
    expect(Math.abs(frame.expected[0]! - frame.observed[0]!)).toBeLessThan(0.03)
    expect(bandOf(frame, 'bath_K')).toBeGreaterThan(5)
  })

  it('sees a feeder that delivers nothing, on the right cell only', () => {
    const { plant, twin } = running(5400)
    plant.block(0, 1)
    let first_s = Number.NaN
    for (let second = 0; second < 3600; second++) {
      const frame = twin.step(plant.step())
      if (Number.isNaN(first_s) && of(frame, 'feed_efficiency_1') < 0.9) first_s = second
      expect(of(frame, 'feed_efficiency_1', 1)).toBeGreaterThan(0.9)
    }
    expect(first_s).toBeGreaterThan(60)
    expect(first_s).toBeLessThan(45 * 60)
  })

  it('calls alumina not observable where the voltage is flat, and lets its band grow there', () => {
    const { plant, twin, frame } = running(2400)
    expect(seen(frame, 'alumina_share')).toBe(1)
    const lean = bandOf(frame, 'alumina_share')
    const feed = tag(potlineTag.feedShot(1))
    let rich = frame
    for (let second = 0; second < 2700; second++) {
      const input = plant.step()
      input.events.push({ tagIndex: feed, cell: 0, time_ms: input.time_ms, value: 0.06 })
      putValue(definition, input, potlineTag.voltage, 0, 4.2)
      input.values[tag(potlineTag.voltage) * 2] = 4.2 + 1e-4 * (second % 7)
      rich = twin.step(input)
    }
    expect(of(rich, 'alumina_share')).toBeGreaterThan(0.033)
    expect(seen(rich, 'alumina_share')).toBe(0)
    expect(bandOf(rich, 'alumina_share')).toBeGreaterThan(1.1 * lean)
  })

  it('lives through an anode effect and finds the cell again after the quench', () => {
    const { plant, twin, frame } = running(2400)
    const before = of(frame, 'alumina_share')
    plant.addVoltage(0, 25)
    const during = run(twin, plant.frames(120))
    expect(during.masked[0]).toBe(1)
    expect(during.residual[0]).toBeNaN()
    expect(of(during, 'alumina_share')).toBeLessThan(before)
    expect(of(during, 'anode_effect_margin_share')).toBeLessThan(0.006)
    expect(of(during, 'bath_K')).toBeGreaterThan(of(during, 'bath_K', 1))
    plant.addVoltage(0, 0)
    const after = run(twin, plant.frames(1500))
    expect(after.masked[0]).toBe(0)
    expect(Math.abs(after.expected[0]! - after.observed[0]!)).toBeLessThan(0.02)
    expect(after.trusted[0]).toBe(1)
  })

  it('moves the expected voltage with a beam move and not with a beam that follows the metal', () => {
    const { plant, twin, frame } = running(1800)
    const before_m = of(frame, 'acd_m')
    plant.moveBeam(0, 0.5)
    const moved = run(twin, plant.frames(3))
    expect(moved.masked[0]).toBe(1)
    expect(of(moved, 'acd_m') - before_m).toBeCloseTo(0.0005, 5)
    run(twin, plant.frames(600))
    let tapped = frame
    for (let step = 0; step < 40; step++) {
      plant.moveBeam(0, -0.5, true)
      tapped = run(twin, plant.frames(10))
    }
    expect(tapped.masked[0]).toBe(1)
    expect(Math.abs(of(tapped, 'acd_m') - before_m)).toBeLessThan(0.0008)
    const later = run(twin, plant.frames(600))
    expect(later.masked[0]).toBe(0)
    expect(Math.abs(later.expected[0]! - later.observed[0]!)).toBeLessThan(0.02)
  })

  it('compares a late sample with its estimate of that time, not of now', () => {
    const { plant, twin, frame } = running(1800)
    const then_K = of(frame, 'bath_K')
    const taken_ms = frame.time_ms
    let now = run(twin, plant.frames(1800))
    const before_K = of(now, 'bath_K')
    const wide_K = bandOf(now, 'bath_K')
    const sampled = (value: number) => {
      const input = plant.step()
      input.samples.push({ tagIndex: tag(potlineTag.bathTemperature), cell: 0, taken_ms, value })
      return twin.step(input)
    }
    now = sampled(then_K)
    expect(Math.abs(of(now, 'bath_K') - before_K)).toBeLessThan(0.5)
    expect(bandOf(now, 'bath_K')).toBeLessThan(0.8 * wide_K)
    now = sampled(then_K - 8)
    expect(of(now, 'bath_K') - before_K).toBeLessThan(-2)
    expect(of(now, 'bath_K') - before_K).toBeGreaterThan(-8)
  })

  it('takes a hot sample for the level a cell runs at: alumina, ledge and voltage stay', () => {
    const hours = 1
    const follow = (offset_K: number) => {
      const { plant, twin, frame } = running(3600)
      const before_K = of(frame, 'superheat_K')
      const taken_ms = frame.time_ms
      const value = of(frame, 'bath_K') + offset_K
      const input = plant.step()
      input.samples.push({ tagIndex: tag(potlineTag.bathTemperature), cell: 0, taken_ms, value })
      const then = Float64Array.from(twin.step(input).estimate)
      return { before_K, then, later: run(twin, plant.frames(hours * 3600)).estimate }
    }
    const usual = follow(0)
    const hot = follow(10)
    const apart = (name: PotlineField, when: 'then' | 'later') =>
      hot[when][row(name) * 2]! - usual[when][row(name) * 2]!
    expect(apart('superheat_K', 'then')).toBeGreaterThan(1.5)
    expect(apart('superheat_K', 'later')).toBeGreaterThan(1.5)
    expect(Math.abs(apart('voltage_V', 'then'))).toBeLessThan(0.002)
    expect(Math.abs(apart('alumina_share', 'later'))).toBeLessThan(0.0005)
    expect(Math.abs(apart('ledge_m', 'later'))).toBeLessThan(0.0005)
  })

  it('heats a cell by its measured voltage, whatever explains it, and by no more than it can be', () => {
    const runWith = (more_V: number) => {
      const { plant, twin } = running(5400)
      const frames = plant.frames(3600)
      for (const frame of frames) frame.values[tag(potlineTag.voltage) * 2]! += more_V
      return run(twin, frames)
    }
    const usual_K = of(runWith(0), 'superheat_K')
    const hot_K = of(runWith(0.08), 'superheat_K') - usual_K
    expect(hot_K).toBeGreaterThan(0.3)
    expect(hot_K).toBeLessThan(3)
  })

  it('learns nothing of resistances from a line that stands still', () => {
    const { plant, twin, frame } = running(5400)
    const dip = (input: ReturnType<typeof plant.step>) => {
      const sample = { tagIndex: tag(potlineTag.bathTemperature), cell: 0 }
      input.samples.push({ ...sample, taken_ms: input.time_ms, value: of(frame, 'bath_K') + 6 })
      return input
    }
    for (let i = 0; i < 3; i++) twin.step(dip(plant.step()))
    const still = plant.frames(1300)
    for (const input of still) {
      input.values[tag(potlineTag.current) * 2] = 0.5
      for (let cell = 0; cell < 2; cell++) input.values[tag(potlineTag.voltage) * 2 + cell] = 1.6
    }
    run(twin, still)
    const back = run(twin, plant.frames(60))
    expect(Math.abs(of(back, 'voltage_V') - back.observed[0]!)).toBeLessThan(0.2)
  })

  it('believes no single sample that is far off', () => {
    const { plant, twin, frame } = running(600)
    const input = plant.step()
    const taken_ms = frame.time_ms
    input.samples.push({ tagIndex: tag(potlineTag.excessAlf3), cell: 0, taken_ms, value: 0.29 })
    const after = twin.step(input)
    expect(of(after, 'excess_alf3_share') - 0.12).toBeLessThan(0.055)
  })

  it('takes no correction from a stuck voltage', () => {
    const { plant, twin } = running(2400)
    const stuck = plant.frames(900)
    for (const frame of stuck) frame.values[tag(potlineTag.voltage) * 2] = 4.5
    const after = run(twin, stuck)
    expect(after.residual[0]).toBeNaN()
    expect(Math.abs(of(after, 'alumina_share') - plant.alumina_share(0))).toBeLessThan(0.005)
  })

  it('stops trusting a cell whose current or voltage has been gone for long', () => {
    const { plant, twin } = running(600)
    const without = (name: string, cell: number, seconds: number) => {
      const frames = plant.frames(seconds)
      for (const frame of frames) frame.values[tag(name) * 2 + cell] = Number.NaN
      return run(twin, frames)
    }
    expect([...without(potlineTag.voltage, 0, 120).trusted]).toEqual([1, 1])
    expect([...without(potlineTag.voltage, 0, 240).trusted]).toEqual([0, 1])
    expect([...run(twin, plant.frames(5)).trusted]).toEqual([1, 1])
    expect([...without(potlineTag.current, 0, 90).trusted]).toEqual([0, 0])
  })

  it('whitens its residual: no memory from one second to the next', () => {
    const { plant, twin } = running(1800)
    let squares = 0
    let lagged = 0
    let last = 0
    let wander_V = 0
    for (let second = 0; second < 3600; second++) {
      wander_V =
        0.7 * wander_V + 0.004 * Math.sin(second * 12.9898 + Math.sin(second * 78.233) * 43)
      plant.addVoltage(0, wander_V)
      const residual = twin.step(plant.step()).residual[0]!
      if (Number.isNaN(residual) || second < 1200) continue
      squares += residual * residual
      lagged += residual * last
      last = residual
    }
    expect(Math.abs(lagged / squares)).toBeLessThan(0.2)
  })

  it('forecasts less alumina with less feed, with bands that grow', () => {
    const { twin } = running(2400)
    const alike = twin.forecast(0, {}, 7200, 600)!
    const less = twin.forecast(0, { feed_ratio: 0.8 }, 7200, 600)!
    const wider = twin.forecast(0, { acd_change_m: 0.001 }, 7200, 600)!
    const steps = alike.times_s.length
    expect(steps).toBe(12)
    const place = (name: PotlineField, step: number) => alike.fields.indexOf(name) * steps + step
    const last = place('alumina_share', 11)
    expect(less.mean[last]! - alike.mean[last]!).toBeLessThan(-0.005)
    expect(alike.std[last]!).toBeGreaterThan(alike.std[place('alumina_share', 0)]!)
    const volts = place('voltage_V', 0)
    expect(wider.mean[volts]! - alike.mean[volts]!).toBeCloseTo(0.038, 2)
    expect(wider.mean[place('superheat_K', 11)]!).toBeGreaterThan(
      alike.mean[place('superheat_K', 11)]!,
    )
    expect(twin.forecast(0, {}, 10, 600)).toBeUndefined()
  })
})
