import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { isFeedShot, potlineTag, potlineTags } from '../lines/potline.ts'
import { parseFault } from './faults.ts'
import { createPlant, type Plant, type PlantOptions, type PlantReadings } from './plant.ts'

const HOUR_S = 3600
const small = (more: Partial<PlantOptions> = {}): PlantOptions => ({
  seed: 7,
  cells: 4,
  feeders: 5,
  start_ms: 1_700_000_000_000,
  faults: [],
  ...more,
})
const faulty = (...texts: string[]) => small({ faults: texts.map(parseFault) })

function run(plant: Plant, seconds: number, each?: (r: PlantReadings, second: number) => void) {
  for (let second = 0; second < seconds; second++) {
    const readings = plant.step()
    each?.(readings, second)
  }
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length
  return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length)
}

function bytesOf(options: PlantOptions, seconds: number): string {
  const hash = createHash('sha256')
  run(createPlant(options), seconds, r => {
    hash.update(new Uint8Array(r.cell_voltage_V.buffer))
    hash.update(new Uint8Array(r.beam_position_mm.buffer))
    hash.update(new Uint8Array(r.anode_current_kA.buffer))
    hash.update(new Uint8Array(r.shell_temperature_C.buffer))
    hash.update(JSON.stringify([r.time_ms, r.line_current_kA, r.events, r.samples, r.notes]))
  })
  return hash.digest('hex')
}

describe('seeds', () => {
  test('equal seeds give equal bytes and other seeds give others', () => {
    const one = bytesOf(small(), 900)
    expect(bytesOf(small(), 900)).toBe(one)
    expect(bytesOf(small({ seed: 8 }), 900)).not.toBe(one)
  })

  test('cells of one line differ from each other', () => {
    const plant = createPlant(small())
    run(plant, 10)
    const distances = [0, 1, 2, 3].map(cell => plant.truth(cell).acd_mm)
    expect(new Set(distances).size).toBe(4)
    expect(deviation(distances)).toBeGreaterThan(0.3)
  })
})

describe('a quiet plant', () => {
  test('stays free of anode effects for 14 hours, and near its nominal point', () => {
    const plant = createPlant(small({ cells: 3 }))
    const alumina: number[][] = Array.from({ length: 3 }, () => [])
    const volts: number[] = []
    const superheat: number[] = []
    const bath: number[] = []
    let highest_V = 0
    run(plant, 14 * HOUR_S, (r, second) => {
      highest_V = Math.max(highest_V, ...r.cell_voltage_V)
      if (second % 300 !== 0) return
      for (let cell = 0; cell < 3; cell++) {
        const truth = plant.truth(cell)
        alumina[cell]!.push(truth.alumina_pct)
        volts.push(truth.voltage_V)
        superheat.push(truth.superheat_K)
        bath.push(truth.bath_C)
      }
    })
    for (let cell = 0; cell < 3; cell++) {
      expect(plant.truth(cell).effects).toBe(0)
      expect(Math.min(...alumina[cell]!)).toBeGreaterThan(2.0)
      expect(Math.max(...alumina[cell]!)).toBeLessThan(3.3)
      // It cycles: lean and rich by turns, not a line.
      expect(Math.max(...alumina[cell]!) - Math.min(...alumina[cell]!)).toBeGreaterThan(0.3)
    }
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length
    expect(highest_V).toBeLessThan(5)
    expect(mean(volts)).toBeGreaterThan(4.2)
    expect(mean(volts)).toBeLessThan(4.35)
    expect(mean(bath)).toBeGreaterThan(955)
    expect(mean(bath)).toBeLessThan(968)
    expect(Math.min(...superheat)).toBeGreaterThan(4.5)
    expect(Math.max(...superheat)).toBeLessThan(12.5)
  })

  test('alumina is neither made nor lost', () => {
    const plant = createPlant(faulty('depletion@10m:cell=2', 'blocked-feeder@5m:cell=3,feeder=1'))
    const held = (cell: number) => {
      const t = plant.truth(cell)
      return t.dissolved_kg + t.undissolved_kg + t.sludge_kg
    }
    const before = [0, 1, 2, 3].map(held)
    run(plant, 2 * HOUR_S)
    for (let cell = 0; cell < 4; cell++) {
      const { added_kg, consumed_kg } = plant.truth(cell)
      expect(consumed_kg).toBeGreaterThan(380)
      expect(Math.abs(held(cell) - before[cell]! - added_kg + consumed_kg)).toBeLessThan(1e-6)
    }
  })

  test('voltage noise is coloured and of the size of a real cell', () => {
    const plant = createPlant(small())
    const volts: number[] = []
    run(plant, 900, r => volts.push(r.cell_voltage_V[1]!))
    const rms = deviation(volts.slice(0, 400))
    expect(rms).toBeGreaterThan(0.003)
    expect(rms).toBeLessThan(0.02)
    // The slow roll survives a mean over ten seconds; white noise of this size would not.
    const means = Array.from({ length: 60 }, (_, i) => {
      const part = volts.slice(10 * i, 10 * i + 10)
      return part.reduce((sum, x) => sum + x, 0) / 10
    })
    expect(deviation(means)).toBeGreaterThan(0.0015)
  })

  test('every value lies within the physical range of its tag', () => {
    const gauges = { anodes: 36, shellTemperatures: 4 }
    const tags = new Map(potlineTags(5, gauges).map(tag => [tag.tag, tag]))
    const [anode, shell] = [potlineTag.anodeCurrent(1), potlineTag.shellTemperature(1)]
    const plant = createPlant(small({ cells: 2 }))
    const check = (name: string, value: number) => {
      const tag = tags.get(name)!
      if (value < tag.low || value > tag.high) throw new Error(`${name} ${value}`)
    }
    run(plant, 6 * HOUR_S, r => {
      check(potlineTag.current, r.line_current_kA)
      for (const volt of r.cell_voltage_V) check(potlineTag.voltage, volt)
      for (const kA of r.anode_current_kA) check(anode, kA)
      for (const C of r.shell_temperature_C) check(shell, C)
      for (const beam of r.beam_position_mm) check(potlineTag.beam, beam)
      for (const event of r.events) check(event.tag, event.value)
      for (const sample of r.samples) check(sample.tag, sample.value)
    })
  })

  test('samples come late: temperatures by minutes, analyses by hours', () => {
    const plant = createPlant(small())
    const delays = new Map<string, number[]>()
    run(plant, 12 * HOUR_S, r => {
      for (const { tag, taken_ms } of r.samples) {
        const list = delays.get(tag) ?? []
        list.push((r.time_ms - taken_ms) / 1000)
        delays.set(tag, list)
      }
    })
    expect(delays.get(potlineTag.bathTemperature)!.length).toBe(4)
    for (const delay of delays.get(potlineTag.bathTemperature)!) {
      expect(delay).toBeGreaterThanOrEqual(240)
      expect(delay).toBeLessThan(HOUR_S)
    }
    for (const delay of delays.get(potlineTag.excessAlf3)!)
      expect(delay).toBeGreaterThanOrEqual(3 * HOUR_S)
  })

  test('a day brings one tap of each cell and an anode change every 26 hours or so', () => {
    const plant = createPlant(small({ cells: 1 }))
    const tapped = new Float64Array(1)
    const changes: number[][] = [[]]
    run(plant, 54 * HOUR_S, (r, second) => {
      for (const { tag, cell, value } of r.events) {
        if (tag === potlineTag.tap && second >= 24 * HOUR_S && second < 48 * HOUR_S)
          tapped[cell]! += value
        if (tag === potlineTag.anodeChange) changes[cell]!.push(second)
      }
    })
    for (let cell = 0; cell < 1; cell++) {
      expect(tapped[cell]).toBeGreaterThan(2100)
      expect(tapped[cell]).toBeLessThan(3300)
      expect(changes[cell]!.length).toBeGreaterThanOrEqual(2)
      expect(Math.abs((changes[cell]![1]! - changes[cell]![0]!) / HOUR_S - 26)).toBeLessThan(0.6)
    }
  })
})

describe('faults', () => {
  test('a blocked feeder keeps its shots commanded, starves its zone, and the base feed rises', () => {
    const quiet = createPlant(small())
    const plant = createPlant(faulty('blocked-feeder@30m:cell=2,feeder=2,for=10h'))
    let shots = 0
    let lowest = 9
    let rich = 0
    run(plant, 5 * HOUR_S, (r, second) => {
      quiet.step()
      if (second < 1.5 * HOUR_S) return
      for (const event of r.events)
        if (event.cell === 1 && event.tag === potlineTag.feedShot(2)) shots++
      if (second % 60 !== 0) return
      const { zones_pct, alumina_pct } = plant.truth(1)
      lowest = Math.min(lowest, zones_pct[1]! - alumina_pct)
      if (zones_pct[1]! < zones_pct[4]!) rich++
    })
    expect(shots).toBeGreaterThan(70)
    expect(lowest).toBeLessThan(-0.2)
    expect(rich / (3.5 * 60)).toBeGreaterThan(0.95)
    const added = plant.truth(1).added_kg / quiet.truth(1).added_kg
    // The controller makes good what does not arrive, so that the cell lives on.
    expect(added).toBeGreaterThan(0.9)
    expect(plant.truth(1).effects).toBe(0)
    expect(plant.truth(0).added_kg).toBeGreaterThan(900)
  })

  test('a depletion ends in an anode effect, and the quench recovers the cell', () => {
    const plant = createPlant(faulty('depletion@20m:cell=3'))
    let first_s = -1
    let last_s = -1
    let quenches = 0
    run(plant, 3 * HOUR_S, (r, second) => {
      if (r.cell_voltage_V[2]! > 8) {
        if (first_s < 0) first_s = second
        last_s = second
      }
      for (const { tag, cell } of r.events) if (tag === potlineTag.quench && cell === 2) quenches++
    })
    expect(first_s).toBeGreaterThan(25 * 60)
    expect(first_s).toBeLessThan(80 * 60)
    expect(last_s - first_s).toBeLessThan(240)
    expect(quenches).toBeGreaterThanOrEqual(1)
    expect(plant.truth(2).effects).toBe(1)
    expect(plant.truth(2).anode_effect).toBe(false)
    expect(plant.truth(2).alumina_pct).toBeGreaterThan(2.1)
    expect(plant.truth(2).voltage_V).toBeLessThan(4.6)
    expect(plant.truth(0).effects).toBe(0)
  })

  test('a noisy cell is noisier and less efficient', () => {
    const plant = createPlant(faulty('noisy-cell@20m:cell=1'))
    const before: number[] = []
    const during: number[] = []
    let efficiency = 0
    run(plant, 3000, (r, second) => {
      if (second >= 600 && second < 1150) before.push(r.cell_voltage_V[0]!)
      if (second === 1190) efficiency = plant.truth(0).efficiency_1
      if (second >= 1300 && second < 1850) during.push(r.cell_voltage_V[0]!)
    })
    expect(deviation(during)).toBeGreaterThan(2.5 * deviation(before))
    expect(plant.truth(0).efficiency_1).toBeLessThan(efficiency - 0.01)
  })

  test('a stuck voltage sensor shows one value while the cell lives on', () => {
    const plant = createPlant(faulty('stuck-voltage@10m:cell=1,for=30m'))
    const seen = new Set<number>()
    const after = new Set<number>()
    const truth: number[] = []
    run(plant, 3000, (r, second) => {
      if (second >= 600 && second < 2400) {
        seen.add(r.cell_voltage_V[0]!)
        truth.push(plant.truth(0).voltage_V)
      } else if (second >= 2400) after.add(r.cell_voltage_V[0]!)
    })
    expect(seen.size).toBe(1)
    expect(deviation(truth)).toBeGreaterThan(1e-4)
    expect(after.size).toBeGreaterThan(10)
  })

  test('a biased thermocouple adds 12 K to the sample and nothing to the cell', () => {
    const sampleOf = (plant: Plant) => {
      let value = Number.NaN
      run(plant, 2 * HOUR_S, r => {
        for (const one of r.samples)
          if (one.cell === 2 && one.tag === potlineTag.bathTemperature) value = one.value
      })
      return value
    }
    const honest = sampleOf(createPlant(small()))
    const biased = createPlant(faulty('thermocouple-bias@0s:cell=3'))
    expect(sampleOf(biased)).toBe(honest + 12)
    expect(biased.truth(2).bath_C).toBeLessThan(975)
    expect(biased.truth(2).faults).toEqual(['thermocouple-bias'])
  })

  test('a fault of one cell leaves the feeding of the others alone', () => {
    const shotsOf = (plant: Plant) => {
      let shots = 0
      run(plant, HOUR_S, r => {
        for (const { tag, cell } of r.events) if (cell === 3 && isFeedShot(tag)) shots++
      })
      return shots
    }
    const quiet = shotsOf(createPlant(small()))
    expect(quiet).toBeGreaterThan(90)
    expect(shotsOf(createPlant(faulty('blocked-feeder@1m:cell=1')))).toBe(quiet)
  })
})

test.each([
  [{ cells: 0 }, '1 to 2000 cells'],
  [{ feeders: 17 }, '1 to 16 feeders'],
  [{ faults: [parseFault('depletion@1m:cell=9')] }, 'no cell 9'],
  [{ faults: [parseFault('blocked-feeder@1m:feeder=6')] }, 'no feeder 6'],
  [{ faults: [parseFault('anode-spike@1m:anode=37')] }, 'no anode 37'],
])('a plant that cannot be built is refused: %o', (more, reason) => {
  expect(() => createPlant(small(more))).toThrow(reason)
})
