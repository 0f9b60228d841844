import { describe, expect, test } from 'vitest'
import { potlineTag } from '../lines/potline.ts'
import { parseFault } from './faults.ts'
import { createPlant, type Plant, type PlantOptions, type PlantReadings } from './plant.ts'

const HOUR_S = 3600
const ANODES = 36
const still = { taps: false, anode_changes: false, samples: false }

function plantOf(faults: readonly string[] = [], more: Partial<PlantOptions> = {}): Plant {
  return createPlant({
    ...{ seed: 7, cells: 2, feeders: 5, start_ms: 1_700_000_000_000 },
    faults: faults.map(parseFault),
    ...more,
  })
}

function run(plant: Plant, seconds: number, each?: (r: PlantReadings, second: number) => void) {
  for (let second = 0; second < seconds; second++) {
    const readings = plant.step()
    each?.(readings, second)
  }
}

const total = (values: Iterable<number>) => [...values].reduce((sum, value) => sum + value, 0)
/** Anodes of both rows that hang in the part of the cell that a feeder serves. */
const around = (feeder: number) =>
  Array.from({ length: ANODES }, (_, a) => a).filter(
    a => Math.abs(((a % 18) + 0.5) / 18 - (feeder - 0.5) / 5) < 0.1,
  )
const share = (plant: Plant, cell: number, anodes: readonly number[]) => {
  const { anode_kA } = plant.truth(cell)
  return total(anodes.map(a => anode_kA[a]!)) / total(anode_kA)
}

describe('anodes', () => {
  test('carry the line current between them, every second', () => {
    const plant = plantOf(['depletion@5m:cell=2', 'anode-spike@2m:cell=1,anode=4'])
    let highest_V = 0
    run(plant, HOUR_S, r => {
      for (const cell of [0, 1]) {
        const sum_kA = total(plant.truth(cell).anode_kA)
        // The current of the line is sent to 10 A.
        if (!(Math.abs(sum_kA - r.line_current_kA) < 0.0051)) throw new Error(`${sum_kA}`)
      }
      highest_V = Math.max(highest_V, r.cell_voltage_V[1]!)
    })
    expect(highest_V).toBeGreaterThan(8)
  })

  test('are read every ten seconds with a gain of their own and a little noise', () => {
    const plant = plantOf([], { events: still })
    const ratios: number[][] = Array.from({ length: ANODES }, () => [])
    let scans = 0
    run(plant, 1200, r => {
      if (!r.anodes_of.includes(1)) return
      scans++
      const { anode_kA } = plant.truth(1)
      for (let a = 0; a < ANODES; a++) {
        ratios[a]!.push(r.anode_current_kA[ANODES + a]! / anode_kA[a]!)
      }
    })
    expect(scans).toBe(120)
    const means = ratios.map(one => total(one) / one.length)
    const gains = plant.truth(1).gauge_gain
    means.forEach((mean, a) => {
      expect(Math.abs(mean - gains[a]!)).toBeLessThan(0.004)
    })
    expect(Math.sqrt(total(means.map(mean => (mean - 1) ** 2)) / ANODES)).toBeGreaterThan(0.01)
    const noise = Math.sqrt(total(ratios[9]!.map(one => (one - means[9]!) ** 2)) / scans)
    expect(noise).toBeGreaterThan(0.006)
    expect(noise).toBeLessThan(0.01)
  })

  test('that are new carry nothing, and their part within a day', () => {
    const plant = plantOf([], { cells: 1 })
    let anode = -1
    let changed_s = 0
    const carried: number[] = []
    run(plant, 54 * HOUR_S, (r, second) => {
      const change = r.events.find(event => event.tag === potlineTag.anodeChange)
      if (change && anode < 0 && second > HOUR_S) {
        anode = change.value - 1
        changed_s = second
      }
      if (anode >= 0 && [1, 4, 24].some(h => second === changed_s + h * HOUR_S))
        carried.push((plant.truth(0).anode_kA[anode]! * ANODES) / r.line_current_kA)
    })
    const [hour, four, day] = carried
    expect(hour).toBeLessThan(0.3)
    expect(four).toBeGreaterThan(0.45)
    expect(four).toBeLessThan(0.75)
    expect(day).toBeGreaterThan(0.9)
  })

  test('that grow a spike draw more than half as much again, and return', () => {
    const plant = plantOf(['anode-spike@10m:cell=1,anode=20,for=30m'], { events: still })
    run(plant, 590)
    const before = share(plant, 0, [19])
    run(plant, 600)
    expect(share(plant, 0, [19]) / before).toBeGreaterThan(1.5)
    run(plant, 1800)
    expect(share(plant, 0, [19]) / before).toBeLessThan(1.1)
    expect(share(plant, 0, [19]) / before).toBeGreaterThan(0.9)
  })
})

describe('alumina along the cell', () => {
  test.each([1, 3, 5])('a blocked feeder %i shows at its own anodes first', feeder => {
    const plant = plantOf([`blocked-feeder@1h:cell=1,feeder=${feeder}`], { events: still })
    run(plant, HOUR_S)
    const before = [1, 2, 3, 4, 5].map(one => share(plant, 0, around(one)))
    run(plant, HOUR_S / 2)
    const moved = [1, 2, 3, 4, 5].map((one, i) => share(plant, 0, around(one)) / before[i]! - 1)
    expect(moved[feeder - 1]).toBe(Math.min(...moved))
    // Far above what one gauge shows of it in half an hour: 0.8 % over the root of 180 readings.
    expect(moved[feeder - 1]).toBeLessThan(-0.004)
  })

  test('an overfeeding feeder enriches its own part of the cell', () => {
    const plant = plantOf(['overfeeding@1h:cell=1,feeder=2'], { events: still })
    run(plant, 1.5 * HOUR_S)
    const { zones_pct, alumina_pct } = plant.truth(0)
    expect(zones_pct[1]).toBe(Math.max(...zones_pct))
    expect(zones_pct[1]! - alumina_pct).toBeGreaterThan(0.05)
  })

  test('lack at one end reaches the anodes there before the cell has an anode effect', () => {
    const plant = plantOf(['blocked-feeder@30m:cell=1,feeder=1'], { events: still })
    run(plant, 2.5 * HOUR_S)
    const { anode_kA, anodes_pct, anode_effect } = plant.truth(0)
    const lowest = anode_kA.indexOf(Math.min(...anode_kA))
    expect(around(1)).toContain(lowest)
    expect(anode_kA[lowest]).toBeLessThan(8)
    expect(Math.min(...anodes_pct)).toBe(Math.min(...around(1).map(a => anodes_pct[a]!)))
    expect(anode_effect).toBe(false)
  })
})

test('the shell is warmer at bath height, and its four places are read once a minute', () => {
  const plant = plantOf([], { events: still })
  const seen: number[][] = [[], [], [], []]
  run(plant, HOUR_S, r => {
    if (!r.shell_of.includes(0)) return
    for (let place = 0; place < 4; place++) seen[place]!.push(r.shell_temperature_C[place]!)
  })
  const truth = plant.truth(0)
  seen.forEach((values, place) => {
    expect(values.length).toBe(60)
    expect(Math.abs(total(values) / 60 - truth.shell_C[place]!)).toBeLessThan(5)
  })
  const [bathA, bathB, metalA, metalB] = truth.shell_C as [number, number, number, number]
  expect(Math.min(bathA, bathB)).toBeGreaterThan(Math.max(metalA, metalB))
  expect(truth.ledge_bath_cm).toBeLessThan(truth.ledge_metal_cm)
})
