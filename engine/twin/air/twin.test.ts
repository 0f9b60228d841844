import { describe, expect, it } from 'vitest'
import { airInput, airOutput, airState } from '#twin-models/air/layout.ts'
import { officeRooms } from '#twin-models/air/parameters.ts'
import { airModel } from '#twin-models/air/room.ts'
import { seededRandom } from '../../core/random.ts'
import type { LineDefinition, LineFrame, TagDefinition } from '../../flow.ts'
import { checkTwin, emptyFrame, putValue } from '../contract.ts'
import { airField, airFields, airTag } from './fields.ts'
import { airTwin } from './twin.ts'

const signal = (tag: string, unit: string, low: number, high: number): TagDefinition => ({
  ...{ tag, unit, low, high },
  scope: 'cell',
  kind: 'signal',
  period_ms: 30_000,
  hold_max_ms: 300_000,
  in_tick: 'last',
})

const definition: LineDefinition = {
  tenant: 'test',
  line: 'rooms',
  kind: 'air',
  clock: 'stream',
  origin: 'simulated',
  tick_ms: 30_000,
  cells: ['east', 'west'],
  tags: [
    signal(airTag.co2, 'ppm', 0, 10_000),
    signal(airTag.temperature, 'C', -20, 60),
    signal(airTag.humidity, '%', 0, 100),
    signal(airTag.particles, 'ug/m3', 0, 1000),
    signal(airTag.motion, '1', 0, 1),
  ],
}

/** Simulated frames: the east room is used from tick 240 to 600, the west one stays empty. */
function frames(count: number): LineFrame[] {
  const parameters = officeRooms(2)
  const random = seededRandom(3)
  const state = new Float64Array(airModel.states.length * 2)
  const input = new Float64Array(airModel.inputs.length * 2)
  const output = new Float64Array(airModel.outputs.length * 2)
  airModel.initialise(parameters, state)
  input.fill((0.8 * 83) / 3600, airInput.ventilation_m3_s * 2, airInput.ventilation_m3_s * 2 + 2)
  input.fill(420e-6, airInput.outdoorCo2_1 * 2, airInput.outdoorCo2_1 * 2 + 2)
  input.fill(0.006, airInput.outdoorHumidity_1 * 2, airInput.outdoorHumidity_1 * 2 + 2)
  input.fill(1e-8, airInput.outdoorParticles_kg_m3 * 2, airInput.outdoorParticles_kg_m3 * 2 + 2)
  input.fill(285, airInput.outdoor_K * 2, airInput.outdoor_K * 2 + 2)
  return Array.from({ length: count }, (_, tick) => {
    const people = tick >= 240 && tick < 600 ? 3 : 0
    input[airInput.occupants_1 * 2] = people
    airModel.advance(parameters, state, input, 30, output)
    const frame = emptyFrame(definition, tick)
    for (let cell = 0; cell < 2; cell++) {
      const put = (tag: string, value: number) => putValue(definition, frame, tag, cell, value)
      put(airTag.co2, state[airState.co2_1 * 2 + cell]! + 3e-6 * random.normal())
      put(airTag.temperature, state[airState.air_K * 2 + cell]! + 0.03 * random.normal())
      const humidity = output[airOutput.relativeHumidity_1 * 2 + cell]!
      put(airTag.humidity, Math.min(1, humidity + 0.005 * random.normal()))
      const dust = state[airState.particles_kg_m3 * 2 + cell]!
      put(airTag.particles, Math.max(0, dust + 1e-9 * random.normal()))
      put(airTag.motion, cell === 0 && people > 0 && tick % 2 === 0 ? 1 : 0)
    }
    return frame
  })
}

checkTwin('air', definition, () => airTwin(definition), frames(300))

const row = (name: string) => airFields.findIndex(field => field.name === name) * 2

describe('the twin of rooms', () => {
  it('counts the people of one room and leaves the other empty, each with a band', () => {
    const twin = airTwin(definition)
    for (const frame of frames(600)) twin.step(frame)
    const out = twin.step(frames(601).at(-1)!)
    const people = row(airField.occupants)
    expect(Math.abs(out.estimate[people]! - 3)).toBeLessThan(1.96 * out.std[people]!)
    expect(out.estimate[people]).toBeGreaterThan(1.5)
    expect(out.estimate[people + 1]).toBeLessThan(0.2)
    expect(out.estimate[row(airField.presence)]).toBeGreaterThan(0.9)
    expect(out.observable[people]).toBe(1)
  })

  it('finds the ventilation once the people have gone', () => {
    const twin = airTwin(definition)
    for (const frame of frames(899)) twin.step(frame)
    const out = twin.step(frames(900).at(-1)!)
    const at = row(airField.airChange)
    expect(out.observable[at]).toBe(1)
    expect(Math.abs(3600 * out.estimate[at]! - 0.8)).toBeLessThan(0.25)
    expect(out.estimate[row(airField.ventilation)]! / out.estimate[at]!).toBeCloseTo(83, 9)
    expect(out.estimate[row(airField.humidity)]).toBeGreaterThan(0.2)
    expect(out.estimate[row(airField.humidity)]).toBeLessThan(0.6)
  })

  it('foretells what it measures: residuals of about unit size', () => {
    const twin = airTwin(definition)
    let squares = 0
    let count = 0
    for (const frame of frames(600)) {
      const { residual } = twin.step(frame)
      if (frame.tick < 120) continue
      for (const score of residual) {
        squares += score * score
        count++
      }
    }
    expect(count).toBe(480 * 8)
    expect(Math.sqrt(squares / count)).toBeGreaterThan(0.3)
    expect(Math.sqrt(squares / count)).toBeLessThan(1.3)
  })

  it('lives with CO2 and temperature alone, and says what it then cannot know', () => {
    const tags = definition.tags.slice(0, 2)
    const bare = { ...definition, tags }
    const twin = airTwin(bare)
    expect(twin.channels.map(channel => channel.tag)).toEqual(['co2', 'temperature'])
    let out = twin.step(emptyFrame(bare, 0))
    for (const frame of frames(200)) {
      out = twin.step({ ...frame, values: frame.values.slice(0, 4) })
    }
    expect(out.observable[row(airField.humidity)]).toBe(0)
    expect(out.observable[row(airField.particles)]).toBe(0)
    expect(out.observable[row(airField.occupants)]).toBe(1)
    expect(out.trusted[0]).toBe(1)
  })

  it('stops trusting a room whose CO2 has been silent for ten minutes, and only that room', () => {
    const twin = airTwin(definition)
    const all = frames(330)
    let out = twin.step(all[0]!)
    for (const frame of all.slice(1)) {
      if (frame.tick >= 300) frame.values[0] = Number.NaN
      out = twin.step(frame)
      expect(out.trusted[0]).toBe(frame.tick >= 59 && frame.tick < 319 ? 1 : 0)
    }
    expect(out.trusted[1]).toBe(1)
  })

  it('takes a gap in the ticks as the time that it was', () => {
    const twin = airTwin(definition)
    for (const frame of frames(600)) twin.step(frame)
    const people = row(airField.occupants)
    const gap = { ...emptyFrame(definition, 600 + 2 * 120), values: new Float64Array(10).fill(NaN) }
    const before = twin.step(emptyFrame(definition, 600)).estimate[people]!
    expect(twin.step(gap).estimate[people]).toBeLessThan(0.7 * before)
  })
})
