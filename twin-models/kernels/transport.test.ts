import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ANODE_ALUMINA_PLACE,
  advanceChannels,
  anodeUsePlace,
  channelInput,
  channelOutput,
  FEED_PLACE,
  feederAlumina,
} from './transport.ts'
import {
  busyBench,
  type ChannelBench,
  channelBench,
  lostFeeders,
  outputOf,
  runChannels,
  setInput,
} from './transport-bench.ts'
import { transportCases, transportOrders } from './transport-cases.ts'
import { channelLayout } from './transport-layout.ts'

const CELL = {
  nodes: 20,
  length_m: 14,
  feeders_m: [1.4, 4.2, 7, 9.8, 12.6],
  anodes_m: [1, 3, 5, 7, 9, 11, 13],
  anodeLength_m: 1.5,
}
const STILL = {
  velocity_m_s: 0,
  dispersion_m2_s: 0.01,
  exchange_per_s: 0,
  dissolution_per_s: 0,
  settling_per_s: 0,
}

function masses(bench: ChannelBench): number[] {
  return Array.from({ length: 4 * bench.layout.nodes }, (_, k) => bench.memory[4 * k]!)
}

function total(bench: ChannelBench): number {
  return masses(bench).reduce((sum, mass_kg) => sum + mass_kg, 0)
}

describe('against exact solutions', () => {
  test.each(transportCases())('$text is met', ({ expected, got, tolerance }) => {
    const scale = expected === 0 ? 1 : Math.abs(expected)
    expect(Math.abs(got - expected) / scale).toBeLessThanOrEqual(tolerance)
  })

  test.each(transportOrders())('$text falls with order $design', ({ orders, design, sizes }) => {
    expect(sizes.length).toBeGreaterThanOrEqual(4)
    expect(orders.at(-1)).toBeGreaterThan(design - 0.1)
    expect(orders.at(-1)).toBeLessThan(design + 0.1)
  })

  test('a lost feeder shows at every feeder as the point sources say', () => {
    const falls = lostFeeders(45, 0.005).map(each => each.falls)
    const exact = [
      [12, 4, -2, -6, -8],
      [4, 6, 0, -4, -6],
      [-2, 0, 4, 0, -2],
    ]
    exact.push(exact[1]!.toReversed(), exact[0]!.toReversed())
    exact.forEach((row, lost) => {
      row.forEach((expected, f) => {
        expect(falls[lost]![f]!).toBeCloseTo(expected, 4)
      })
    })
  })
})

describe('whatever the cell', () => {
  const cell = fc.record({
    nodes: fc.integer({ min: 3, max: 40 }),
    dt_s: fc.double({ min: 0.1, max: 60, noNaN: true }),
    velocity_m_s: fc.double({ min: -0.2, max: 0.2, noNaN: true }),
    dispersion_m2_s: fc.double({ min: 1e-4, max: 0.1, noNaN: true }),
    exchange_per_s: fc.double({ min: 0, max: 0.1, noNaN: true }),
    dissolution_per_s: fc.double({ min: 0, max: 0.05, noNaN: true }),
    settling_per_s: fc.double({ min: 0, max: 0.01, noNaN: true }),
    prompt_share: fc.double({ min: 0, max: 1, noNaN: true }),
    saturation_share: fc.double({ min: 0.01, max: 0.1, noNaN: true }),
    use: fc.double({ min: 0, max: 20, noNaN: true }),
    seed: fc.integer({ min: 1, max: 1e6 }),
  })

  test('mass is kept, no node is negative, and nothing dissolves beyond saturation', () => {
    fc.assert(
      fc.property(cell, ({ nodes, dt_s, prompt_share, saturation_share, use, seed, ...given }) => {
        const bench = channelBench({ ...CELL, nodes }, given, dt_s)
        setInput(bench, channelInput.bath_kg, 7500)
        setInput(bench, channelInput.saturation_share, saturation_share)
        setInput(bench, channelInput.band_share, 0.005)
        setInput(bench, channelInput.prompt_share, prompt_share)
        let random = seed
        const next = () => {
          random = (random * 48_271) % 2_147_483_647
          return random / 2_147_483_647
        }
        for (let k = 0; k < 2 * nodes; k++) bench.memory[4 * k] = (300 * next()) / nodes
        for (let n = 0; n < 12; n++) {
          const before_kg = total(bench)
          let feed_kg = 0
          let use_kg = 0
          for (let f = 0; f < 5; f++) {
            const shot_kg = next() < 0.5 ? 0 : 3 * next()
            feed_kg += shot_kg
            setInput(bench, FEED_PLACE + f, shot_kg)
          }
          for (let a = 0; a < 14; a++) {
            const taken_kg = 0.004 * dt_s * use * next()
            use_kg += taken_kg
            setInput(bench, anodeUsePlace(bench.layout) + a, taken_kg)
          }
          runChannels(bench, 1)
          const after_kg = total(bench)
          const lost_kg =
            use_kg -
            outputOf(bench, channelOutput.lacking_kg) +
            outputOf(bench, channelOutput.settled_kg)
          const scale_kg = before_kg + feed_kg + use_kg
          expect(Math.abs(after_kg - before_kg - feed_kg + lost_kg)).toBeLessThan(1e-12 * scale_kg)
          const full_kg = (saturation_share * 7500) / (2 * nodes)
          const most_kg = (k: number) => (k < 2 * nodes ? full_kg * (1 + 1e-12) : Infinity)
          const wrong = masses(bench).filter((kg, k) => !(kg >= 0 && kg < most_kg(k)))
          expect([...wrong]).toEqual([])
        }
      }),
      { numRuns: 60 },
    )
  })
})

test('a starved bath ends empty, not negative, and says what was lacking', () => {
  const bench = channelBench(CELL, { ...STILL, velocity_m_s: 0.05 }, 10)
  for (let k = 0; k < 40; k++) bench.memory[4 * k] = 0.1
  for (let a = 0; a < 14; a++) setInput(bench, anodeUsePlace(bench.layout) + a, 0.05)
  let lacking_kg = 0
  for (let n = 0; n < 20; n++) {
    runChannels(bench, 1)
    lacking_kg += outputOf(bench, channelOutput.lacking_kg)
  }
  expect(Math.min(...masses(bench))).toBeGreaterThanOrEqual(0)
  expect(lacking_kg).toBeGreaterThan(9)
  expect(total(bench)).toBeCloseTo(4 - (20 * 14 * 0.05 - lacking_kg), 12)
})

test('alumina above saturation falls out at once and dissolves again when there is room', () => {
  const bench = channelBench(CELL, { ...STILL, dissolution_per_s: 0.01 }, 10)
  setInput(bench, channelInput.bath_kg, 40)
  setInput(bench, channelInput.saturation_share, 0.06)
  setInput(bench, channelInput.band_share, 0.005)
  for (let k = 0; k < 40; k++) bench.memory[4 * k] = 0.08
  runChannels(bench, 1)
  expect(outputOf(bench, channelOutput.dissolved_kg)).toBeCloseTo(2.4, 12)
  expect(outputOf(bench, channelOutput.undissolved_kg)).toBeCloseTo(0.8, 12)
  expect(outputOf(bench, channelOutput.dissolving_kg)).toBeCloseTo(-0.8, 12)
  setInput(bench, channelInput.saturation_share, 0.075)
  runChannels(bench, 1)
  // Backward Euler: 0.1 / 1.1 of the undissolved goes into solution in a step.
  expect(outputOf(bench, channelOutput.dissolving_kg)).toBeCloseTo(0.8 / 11, 12)
})

test('undissolved alumina at rest is the feed over the rate, whatever the step', () => {
  for (const dt_s of [0.1, 1, 10, 60]) {
    const rates = { ...STILL, dissolution_per_s: 0.004, settling_per_s: 0.001 }
    const bench = channelBench(CELL, rates, dt_s)
    setInput(bench, channelInput.prompt_share, 0.4)
    for (let f = 0; f < 5; f++) setInput(bench, FEED_PLACE + f, 0.01 * dt_s)
    runChannels(bench, Math.ceil(8000 / dt_s))
    expect(outputOf(bench, channelOutput.undissolved_kg)).toBeCloseTo((0.6 * 0.05) / 0.005, 10)
    expect(outputOf(bench, channelOutput.settled_kg) / dt_s).toBeCloseTo(0.006, 10)
    expect(outputOf(bench, channelOutput.dissolving_kg) / dt_s).toBeCloseTo(0.02 + 0.024, 10)
  }
})

test('the flow carries alumina along A, around the end, and back along B', () => {
  const bench = channelBench(
    { ...CELL, nodes: 200 },
    { ...STILL, velocity_m_s: 0.1, dispersion_m2_s: 0.001 },
    0.1,
  )
  bench.memory[4 * 100] = 1
  runChannels(bench, 1400)
  // 14 m on: from the middle of A over the end to the middle of B.
  let mean = 0
  for (let k = 0; k < 200; k++) mean += (k + 0.5) * 0.07 * bench.memory[4 * (200 + k)]!
  expect(mean).toBeCloseTo(7, 1)
  const back = channelBench({ ...CELL, nodes: 200 }, { ...STILL, velocity_m_s: -0.1 }, 0.1)
  back.memory[4 * 10] = 1
  runChannels(back, 140)
  expect(
    masses(back)
      .slice(200, 400)
      .reduce((sum, mass_kg) => sum + mass_kg, 0),
  ).toBeGreaterThan(0.7)
})

test('facing nodes mix exactly as two vessels do, whatever the step', () => {
  const alone = { ...STILL, dispersion_m2_s: 1e-14, exchange_per_s: 0.02 }
  for (const dt_s of [1, 12]) {
    const bench = channelBench(CELL, alone, dt_s)
    for (let k = 0; k < 20; k++) bench.memory[4 * k] = 1
    runChannels(bench, 60 / dt_s)
    for (let k = 0; k < 20; k++) {
      expect(bench.memory[4 * k]).toBeCloseTo((1 + Math.exp(-2.4)) / 2, 12)
      expect(bench.memory[4 * (20 + k)]).toBeCloseTo((1 - Math.exp(-2.4)) / 2, 12)
    }
  }
})

test('an even bath shows its share at every anode and feeder', () => {
  const bench = channelBench({ ...CELL, nodes: 33 }, STILL, 1)
  setInput(bench, channelInput.bath_kg, 6600)
  for (let k = 0; k < 66; k++) bench.memory[4 * k] = 2.6
  runChannels(bench, 1)
  for (let a = 0; a < 14; a++) {
    expect(outputOf(bench, ANODE_ALUMINA_PLACE + a)).toBeCloseTo(0.026, 14)
  }
  const zones = new Float64Array(5)
  feederAlumina(bench.layout, bench.memory, bench.at, zones)
  for (const share of zones) expect(share).toBeCloseTo(0.026, 14)
})

test('one cell of a tile leaves its neighbours alone, and equal runs give equal bits', () => {
  const bench = busyBench(1)
  for (let f = 0; f < 5; f++) setInput(bench, FEED_PLACE + f, 0.02)
  const memory = bench.memory.slice()
  const lane = bench.memory.map((value, i) => (i % 4 === 2 ? memory[i - 2]! : value === 0 ? 7 : 8))
  const { state, plan, input, output, work } = bench.at
  const at = {
    state: state + 2,
    plan: plan + 2,
    input: input + 2,
    output: output + 2,
    work: work + 2,
  }
  for (let n = 0; n < 5; n++) {
    runChannels(bench, 1)
    advanceChannels(bench.layout, lane, at)
  }
  lane.forEach((value, i) => {
    if (i % 4 === 2) expect(value).toBe(bench.memory[i - 2])
    else expect(value).toBe(memory[i] === 0 ? 7 : 8)
  })
})

test('something that is not a number is not hidden', () => {
  const bench = busyBench(1)
  setInput(bench, FEED_PLACE, Number.NaN)
  runChannels(bench, 1)
  expect(outputOf(bench, channelOutput.dissolved_kg)).toBeNaN()
})

describe('the layout', () => {
  test('spreads feed and use completely, at the right places', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 60 }),
        fc.array(fc.double({ min: 0, max: 14, noNaN: true }), { maxLength: 8 }),
        fc.double({ min: 0.01, max: 20, noNaN: true }),
        (nodes, places, anodeLength_m) => {
          const feeders_m = [...new Set(places)].sort((a, b) => a - b)
          const layout = channelLayout({
            nodes,
            length_m: 14,
            feeders_m,
            anodes_m: places,
            anodeLength_m,
          })
          feeders_m.forEach((place_m, f) => {
            const left = layout.feederShare[2 * f]!
            const right = layout.feederShare[2 * f + 1]!
            expect(left + right).toBeCloseTo(0.5, 14)
            const centre =
              2 * (left * (layout.feederNode[f]! + 0.5) + right * (layout.feederNode[f]! + 1.5))
            const near = Math.min(Math.max(place_m / layout.step_m, 0.5), nodes - 0.5)
            expect(centre).toBeCloseTo(near, 10)
          })
          for (let a = 0; a < layout.anodes; a++) {
            const shares = layout.anodeShare.slice(layout.anodeStart[a], layout.anodeStart[a + 1])
            expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 13)
            const row = a < layout.anodes / 2 ? 0 : nodes
            expect(layout.anodeFirst[a]).toBeGreaterThanOrEqual(row)
            expect(layout.anodeFirst[a]! + shares.length).toBeLessThanOrEqual(row + nodes)
          }
        },
      ),
      { numRuns: 100 },
    )
  })

  test('refuses what cannot be, by name', () => {
    expect(() => channelLayout({ ...CELL, nodes: 2.5 })).toThrow('nodes is 2.5')
    expect(() => channelLayout({ ...CELL, length_m: 0 })).toThrow('length_m is 0')
    expect(() => channelLayout({ ...CELL, feeders_m: [3, 15] })).toThrow('feeder 2 is at 15 m')
    expect(() => channelLayout({ ...CELL, feeders_m: [3, 2] })).toThrow('feeders go by position')
    expect(() => channelLayout({ ...CELL, anodes_m: [-1] })).toThrow('anode 1 is at -1 m')
  })
})
