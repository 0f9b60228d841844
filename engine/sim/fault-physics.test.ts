import { expect, test } from 'vitest'
import { type Fault, parseFault } from './faults.ts'
import { createPlant, type Plant } from './plant.ts'

const HOUR_S = 3600
const quiet = { taps: false, anode_changes: false, samples: false }

const plantWith = (...faults: Fault[]): Plant =>
  createPlant({ seed: 11, cells: 2, feeders: 5, start_ms: 0, faults, events: quiet })

function run(plant: Plant, seconds: number, each?: (second: number, current_kA: number) => void) {
  for (let second = 0; second < seconds; second++) {
    const { line_current_kA } = plant.step()
    each?.(second, line_current_kA)
  }
}

test('sludge keeps alumina from the bath, lies on the cathode and the balance still closes', () => {
  const plant = plantWith(parseFault('sludge@1h:cell=1,magnitude=0.4'))
  run(plant, 5 * HOUR_S)
  const [ill, well] = [plant.truth(0), plant.truth(1)]
  expect(ill.sludge_kg - well.sludge_kg).toBeGreaterThan(200)
  expect(ill.added_kg).toBeGreaterThan(well.added_kg)
  expect(ill.faults).toEqual(['sludge'])
  const inside_kg = (plant_: Plant) => {
    const { dissolved_kg, undissolved_kg, sludge_kg, added_kg, consumed_kg } = plant_.truth(0)
    return dissolved_kg + undissolved_kg + sludge_kg - added_kg + consumed_kg
  }
  const fresh = plantWith()
  run(fresh, 1)
  expect(inside_kg(plant)).toBeCloseTo(inside_kg(fresh), 0)
})

test('a ledge that goes leaves one wall hot and the others as they were', () => {
  const plant = plantWith(parseFault('ledge-loss@0s:cell=1,wall=3'))
  run(plant, 1)
  const before = plant.truth(0)
  run(plant, 6 * HOUR_S)
  const after = plant.truth(0)
  const rise_K = after.shell_C.map((now_C, wall) => now_C - before.shell_C[wall]!)
  expect(rise_K[2]).toBeGreaterThan(20)
  for (const wall of [0, 1, 3]) expect(Math.abs(rise_K[wall]!)).toBeLessThan(12)
  expect(after.ledge_metal_cm).toBeLessThan(before.ledge_metal_cm - 1)
})

test('a sudden effect comes out of a normal voltage, and ends with its quench', () => {
  const plant = plantWith(parseFault('sudden-effect@20m:cell=1'))
  let highest_V = 0
  run(plant, 1190)
  for (let second = 0; second < 600; second++) {
    plant.step()
    if (second < 5) highest_V = Math.max(highest_V, plant.truth(0).voltage_V)
  }
  expect(highest_V).toBeLessThan(4.6)
  expect(plant.truth(0).effects).toBe(1)
  expect(plant.truth(0).anode_effect).toBe(false)
  expect(plant.truth(1).effects).toBe(0)
})

test('a local effect covers neighbours first and tips the cell over minutes later', () => {
  const plant = plantWith(parseFault('local-effect@20m:cell=1,anode=6,magnitude=0.15'))
  run(plant, 1200)
  const before = plant.truth(0)
  run(plant, 60)
  const { anode_kA, anode_effect } = plant.truth(0)
  expect(anode_effect).toBe(false)
  expect(anode_kA[5]! / before.anode_kA[5]!).toBeLessThan(0.3)
  expect(anode_kA[14]!).toBeGreaterThan(before.anode_kA[14]!)
  run(plant, 300)
  expect(plant.truth(0).effects).toBe(1)
})

test('a dip takes its share of the line current and gives it back', () => {
  const plant = plantWith(parseFault('line-dip@10m:magnitude=0.1,for=10m'))
  const mean = { before: 0, in: 0, after: 0 }
  run(plant, 1800, (second, current_kA) => {
    const part = second < 600 ? 'before' : second >= 1200 ? 'after' : 'in'
    mean[part] += current_kA / 600
  })
  expect(mean.in / mean.before).toBeGreaterThan(0.895)
  expect(mean.in / mean.before).toBeLessThan(0.915)
  expect(mean.after / mean.before).toBeCloseTo(1, 2)
})

test('a wall that a cell does not have is refused', () => {
  expect(() => plantWith(parseFault('ledge-loss@0s:cell=1,wall=5'))).toThrow('no wall 5')
})
