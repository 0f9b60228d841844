import { describe, expect, it } from 'vitest'
import { Duty, machineInput, machineState } from '#twin-models/machine/layout.ts'
import { machineModel } from '#twin-models/machine/motor.ts'
import { motors } from '#twin-models/machine/parameters.ts'
import { seededRandom } from '../../core/random.ts'
import type { LineDefinition, LineFrame, TagDefinition } from '../../flow.ts'
import { checkTwin, emptyFrame, putValue } from '../contract.ts'
import { machineField, machineFields, machineTag } from './fields.ts'
import { machineTwin } from './twin.ts'

const signal = (tag: string, unit: string, low: number, high: number): TagDefinition => ({
  ...{ tag, unit, low, high },
  scope: 'cell',
  kind: 'signal',
  period_ms: 1000,
  hold_max_ms: 10_000,
  in_tick: 'last',
})

const definition: LineDefinition = {
  tenant: 'test',
  line: 'pumps',
  kind: 'machine',
  clock: 'stream',
  origin: 'simulated',
  tick_ms: 1000,
  cells: ['pump-1', 'pump-2'],
  tags: [
    signal(machineTag.current, 'A', 0, 500),
    signal(machineTag.vibration, 'mm/s', 0, 100),
    signal(machineTag.temperature, 'C', -20, 200),
  ],
}

/** Simulated seconds: pump 1 starts at second 20 and runs loaded; pump 2 stands still. */
function simulated(count: number) {
  const parameters = motors(2)
  const random = seededRandom(8)
  const state = new Float64Array(machineModel.states.length * 2)
  const input = new Float64Array(machineModel.inputs.length * 2)
  const output = new Float64Array(machineModel.outputs.length * 2)
  machineModel.initialise(parameters, state)
  input.fill(298.15, machineInput.ambient_K * 2, machineInput.ambient_K * 2 + 2)
  input.fill(1, machineInput.cooling_1 * 2)
  const winding = new Float64Array(count)
  const frames = Array.from({ length: count }, (_, tick): LineFrame => {
    const current_A = tick < 20 ? 0 : tick < 24 ? 160 : 26
    input[machineInput.current_A * 2] = current_A
    machineModel.advance(parameters, state, input, 1, output)
    winding[tick] = state[machineState.winding_K * 2]!
    const frame = emptyFrame(definition, tick)
    for (let cell = 0; cell < 2; cell++) {
      const put = (tag: string, value: number) => putValue(definition, frame, tag, cell, value)
      const runs = cell === 0 && current_A > 0
      put(machineTag.current, runs ? current_A + 0.1 * random.normal() : 0)
      put(machineTag.vibration, runs ? 3.2e-3 + 1e-4 * random.normal() : 2e-5)
      const housing_K = state[machineState.housing_K * 2 + cell]!
      put(machineTag.temperature, housing_K + 0.3 * random.normal())
    }
    return frame
  })
  return { frames, winding }
}

checkTwin('machine', definition, () => machineTwin(definition), simulated(300).frames)

const row = (name: string) => machineFields.findIndex(field => field.name === name) * 2

describe('the twin of motors', () => {
  it('follows the hidden winding of a running motor inside its band', () => {
    const twin = machineTwin(definition)
    const { frames, winding } = simulated(3600)
    let inside = 0
    for (const frame of frames) {
      const { estimate, std } = twin.step(frame)
      const off = Math.abs(estimate[row(machineField.winding)]! - winding[frame.tick]!)
      if (off <= 1.96 * std[row(machineField.winding)]!) inside++
      if (frame.tick === 3599) expect(off).toBeLessThan(3)
    }
    expect(winding.at(-1)! - 298.15).toBeGreaterThan(40)
    expect(inside / frames.length).toBeGreaterThan(0.95)
  })

  it('tells start, load and standstill, and the zone of vibration', () => {
    const twin = machineTwin(definition)
    const seen = new Map<number, number>()
    let out = twin.step(simulated(1).frames[0]!)
    for (const frame of simulated(200).frames) {
      out = twin.step(frame)
      seen.set(frame.tick, out.estimate[row(machineField.duty)]!)
    }
    expect([10, 22, 100].map(tick => seen.get(tick))).toEqual([Duty.off, Duty.start, Duty.loaded])
    expect(out.estimate[row(machineField.duty) + 1]).toBe(Duty.off)
    expect(out.estimate[row(machineField.vibrationZone)]).toBe(3)
    expect(out.estimate[row(machineField.vibrationZone) + 1]).toBe(1)
    expect(out.estimate[row(machineField.load)]).toBeCloseTo(26 / 28, 1)
  })

  it('calls duty and winding not observable without a current, and recovers', () => {
    const twin = machineTwin(definition)
    const { frames } = simulated(2400)
    for (const frame of frames) {
      const lost = frame.tick >= 1000 && frame.tick < 2000
      if (lost) frame.values[0] = Number.NaN
      const { observable } = twin.step(frame)
      if (frame.tick === 1005) expect(observable[row(machineField.duty)]).toBe(1)
      if (frame.tick === 1990) expect(observable[row(machineField.duty)]).toBe(0)
    }
    const out = twin.step(simulated(2401).frames.at(-1)!)
    expect(out.observable[row(machineField.duty)]).toBe(1)
    expect(out.observable[row(machineField.winding)]).toBe(1)
  })

  it('shows a housing that is hotter than its load explains as a large residual', () => {
    const twin = machineTwin(definition)
    const { frames } = simulated(1200)
    let worst = 0
    for (const frame of frames) {
      const at = 2 * 2 // temperature of pump 1
      if (frame.tick >= 1000) frame.values[at] = frame.values[at]! + 15
      const score = twin.step(frame).residual[0]!
      if (frame.tick < 1000 && frame.tick > 200) expect(Math.abs(score)).toBeLessThan(6)
      if (frame.tick >= 1000) worst = Math.max(worst, score)
    }
    expect(worst).toBeGreaterThan(15)
  })

  it('does not take vibration in another unit for a severity', () => {
    const tags = definition.tags.map(tag =>
      tag.tag === 'vibration' ? { ...tag, unit: 'g0' } : tag,
    )
    const twin = machineTwin({ ...definition, tags })
    let out = twin.step(simulated(1).frames[0]!)
    for (const frame of simulated(50).frames) out = twin.step(frame)
    expect(out.observable[row(machineField.vibrationZone)]).toBe(0)
    expect(out.estimate[row(machineField.vibrationZone)]).toBeNaN()
  })
})
