import { describe, expect, it } from 'vitest'
import type { Profile, Twin, TwinFrame } from '../../flow.ts'
import { checkTwin } from '../contract.ts'
import { fieldRow, type PotlineField } from './fields.ts'
import { gaugedLine, gaugedPlant } from './test-cells.ts'
import { potlineTwin } from './twin.ts'

const of = (frame: TwinFrame, name: PotlineField, cell: number) =>
  frame.estimate[fieldRow[name] * frame.masked.length + cell]!
const stdOf = (frame: TwinFrame, name: PotlineField, cell: number) =>
  frame.std[fieldRow[name] * frame.masked.length + cell]!
const named = (frame: TwinFrame, cell: number) =>
  frame.observable[fieldRow.lean_feeder_1 * frame.masked.length + cell]! === 1
    ? of(frame, 'lean_feeder_1', cell)
    : 0
const profile = (twin: Twin, cell: number, name: string): Profile =>
  twin.profiles(cell).find(each => each.name === name)!

/** Runs both on; when the right feeder was named first, and how often another one was. */
function watch(
  plant: ReturnType<typeof gaugedPlant>,
  twin: Twin,
  cells: number,
  seconds: number,
  right: (cell: number) => number = () => 0,
) {
  const first_s = new Float64Array(cells).fill(Number.NaN)
  let wrong = 0
  let frame = twin.step(plant.step())
  for (let second = 1; second < seconds; second++) {
    frame = twin.step(plant.step())
    for (let cell = 0; cell < cells; cell++) {
      const feeder = named(frame, cell)
      if (feeder === 0) continue
      if (feeder !== right(cell)) wrong++
      else if (Number.isNaN(first_s[cell]!)) first_s[cell] = second
    }
  }
  return { first_s, wrong, frame }
}

checkTwin(
  'potline with anode currents',
  gaugedLine(2),
  () => potlineTwin(gaugedLine(2)),
  gaugedPlant(2, 5).frames(400),
)

describe('the feeders of a cell', () => {
  it('names the blocked one at every place, soon, and none where all deliver', () => {
    const cells = 6
    const plant = gaugedPlant(cells, 12)
    const twin = potlineTwin(plant.definition)
    const healthy = watch(plant, twin, cells, 2.5 * 3600)
    expect(healthy.wrong).toBe(0)
    for (let cell = 0; cell < 5; cell++) plant.block(cell, cell + 1)
    const { first_s, wrong, frame } = watch(plant, twin, cells, 3600, cell =>
      cell < 5 ? cell + 1 : 0,
    )
    expect(wrong).toBe(0)
    expect(first_s[5]).toBeNaN()
    for (let cell = 0; cell < 5; cell++) {
      expect(first_s[cell]!, `feeder ${cell + 1}`).toBeGreaterThan(300)
      expect(first_s[cell]!).toBeLessThan(2700)
      const share = of(frame, 'lean_feeder_delivery_1', cell)
      expect(share).toBeLessThan(0.65)
      expect(share - 2.5 * stdOf(frame, 'lean_feeder_delivery_1', cell)).toBeLessThan(0.1)
      const error = of(frame, 'alumina_share', cell) - plant.alumina_share(cell)
      expect(Math.abs(error)).toBeLessThan(0.004)
    }

    const { values, axis } = profile(twin, 0, 'alumina_profile')
    const points = axis.positions.length
    // Feeder 1 is blocked at cell 1, so that this end is lean and the far one is not.
    expect(values[0]!).toBeLessThan(values[points - 1]! - 0.001)
    const delivered = profile(twin, 2, 'feeder_delivery').values
    expect([...delivered].indexOf(Math.min(...delivered))).toBe(2)
  })

  it('shows what lies behind its estimates, from its state alone', () => {
    const plant = gaugedPlant(1, 3)
    const twin = potlineTwin(plant.definition)
    expect(twin.profiles(0)).toEqual([])
    let frame = twin.step(plant.step())
    for (let second = 0; second < 900; second++) frame = twin.step(plant.step())
    const names = twin.profiles(0).map(each => each.name)
    expect(names).toEqual([
      'alumina_profile',
      'anode_current_A',
      'feeder_delivery',
      'ledge_m',
      'shell_K',
    ])
    for (const each of twin.profiles(0)) {
      const size = each.rows.length * each.axis.positions.length
      expect(each.values).toHaveLength(size)
      if (each.observed) expect(each.observed).toHaveLength(size)
      expect(each.values.every(v => v >= each.low && v <= each.high)).toBe(true)
    }
    const alumina = profile(twin, 0, 'alumina_profile').values
    const mean = alumina.reduce((sum, x) => sum + x, 0) / alumina.length
    expect(mean).toBeCloseTo(of(frame, 'alumina_share', 0), 6)
    const current = profile(twin, 0, 'anode_current_A')
    current.observed!.forEach((read_A, i) => {
      expect(Math.abs(current.values[i]! / read_A - 1)).toBeLessThan(0.05)
    })
    const ledge = profile(twin, 0, 'ledge_m').values
    expect((ledge[0]! + ledge[1]!) / 2).toBeCloseTo(of(frame, 'ledge_m', 0), 12)
    expect(ledge[0]).toBe(of(frame, 'ledge_bath_m', 0))
    expect(twin.profiles(1)).toEqual([])
  })

  it('goes on alike from a state that was stored before the first tick', () => {
    const plant = gaugedPlant(1, 6)
    const frames = plant.frames(30)
    const straight = potlineTwin(plant.definition)
    const restored = potlineTwin(plant.definition)
    restored.restore(straight.snapshot())
    for (const frame of frames) {
      straight.step(frame)
      restored.step(frame)
    }
    const bytes = (twin: Twin) => Buffer.from(twin.snapshot())
    expect(bytes(restored).equals(bytes(straight))).toBe(true)
  })

  it('is at once where it was after a restore, pictures included', () => {
    const plant = gaugedPlant(1, 4)
    const twin = potlineTwin(plant.definition)
    for (const frame of plant.frames(700)) twin.step(frame)
    const restored = potlineTwin(plant.definition)
    restored.restore(twin.snapshot())
    for (const name of ['alumina_profile', 'feeder_delivery', 'ledge_m']) {
      expect(profile(restored, 0, name)).toEqual(profile(twin, 0, name))
    }
    expect(restored.forecast(0, {}, 3600, 600)).toEqual(twin.forecast(0, {}, 3600, 600))
  })
})
