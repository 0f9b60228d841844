import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { advanceWall, EXCHANGE, STATE } from './stefan.ts'
import { loneWall, NEUMANN_RUN, neumannTrack, runNeumann } from './stefan-cases.ts'
import { holds, stefanChecks } from './stefan-checks.ts'
import { runRoughDays, STEEL_WALL } from './stefan-cross.ts'
import { CRYOLITE_CASE } from './stefan-exact.ts'
import {
  buildWall,
  ledge_kg_m2,
  steadyWall,
  type WallDesign,
  wallEnthalpy_J_m2,
  wallProblems,
} from './stefan-wall.ts'

test.each(stefanChecks().map(check => [check.id, check] as const))('%s', (_, check) => {
  expect(holds(check), `${check.got}, expected ${check.expected}`).toBe(true)
})

test('a check of a number that is not one does not hold', () => {
  const check = { id: '', expected: 0, tolerance: 1, source: '' }
  expect(holds({ ...check, got: Number.NaN })).toBe(false)
  expect(holds({ ...check, expected: 2, got: 5 })).toBe(false)
})

describe('the front', () => {
  test('is within 0.01 % of Neumann with the usual cut', () => {
    const result = runNeumann(CRYOLITE_CASE, NEUMANN_RUN)
    expect(Math.abs(result.error)).toBeLessThan(1e-4)
    expect(result.profileError).toBeLessThan(1e-4)
  })

  test('is tracked in time order beside its closed solution', () => {
    const track = neumannTrack(CRYOLITE_CASE, NEUMANN_RUN, 600)
    expect(track.map(moment => moment.time_s)).toEqual([70, 670, 1270, 1870, 2470, 3070])
    // The first step is a seventh of the time so far.
    for (const { front_m, exact_m } of track) {
      expect(Math.abs(front_m / exact_m - 1)).toBeLessThan(1e-3)
    }
  })

  test.each([0.1, 1, 10, 60])('melts to its least and grows again with steps of %d s', step_s => {
    if (step_s === 0.1) return expectRough(step_s, { ...STEEL_WALL, ledge: COARSE_LEDGE })
    return expectRough(step_s, STEEL_WALL)
  })

  test('takes only what the wall carries when no more ledge can melt', () => {
    const { lane, geometry } = steady(20_000)
    set(lane.exchange, 1230, 60, 1500)
    for (let i = 0; i < 5000; i++) advanceWall(lane)
    expect(lane.state[4 * STATE.ledge_m]).toBeCloseTo(geometry.design.ledge.least_m, 12)
    const { exchange } = lane
    const fromBath = exchange[4 * EXCHANGE.fromBath_W_m2]!
    expect(fromBath).toBeLessThan(1500 * 60)
    expect(fromBath / exchange[4 * EXCHANGE.outside_W_m2]!).toBeCloseTo(1, 6)
    expect(exchange[4 * EXCHANGE.freezing_kg_m2s]).toBeCloseTo(0, 12)
  })

  test('stays where a steady state put it', () => {
    const { lane } = steady(7000)
    set(lane.exchange, 1230, 10, 700)
    const before = lane.state.slice()
    for (let i = 0; i < 1000; i++) advanceWall(lane)
    lane.state.forEach((value, i) => {
      if (before[i] !== 0) expect(value / before[i]!).toBeCloseTo(1, 5)
    })
  })

  test('takes exactly what the bath offers while there is ledge', () => {
    const { lane } = steady(7000)
    set(lane.exchange, 1230, 14, 700)
    advanceWall(lane)
    expect(lane.exchange[4 * EXCHANGE.fromBath_W_m2]).toBeCloseTo(9800, 8)
    expect(lane.exchange[4 * EXCHANGE.front_m_s]).toBeLessThan(0)
  })
})

test('lanes do not touch each other', () => {
  const geometry = buildWall(STEEL_WALL)
  const lane = loneWall(geometry, 10)
  const alone = loneWall(geometry, 10)
  for (let l = 0; l < 4; l++) {
    const at = { ...lane, stateAt: l, planAt: l, exchangeAt: l, workAt: l }
    copyLane(alone.plan, 0, lane.plan, l)
    steadyWall(geometry, 5000 + 1000 * l, 1230, 303, lane.state, l)
    copyLane(exchangeOf(8 + l), 0, lane.exchange, l)
    for (let i = 0; i < 50; i++) advanceWall(at)
  }
  for (let l = 0; l < 4; l++) {
    steadyWall(geometry, 5000 + 1000 * l, 1230, 303, alone.state, 0)
    copyLane(exchangeOf(8 + l), 0, alone.exchange, 0)
    for (let i = 0; i < 50; i++) advanceWall(alone)
    for (let i = 0; i < lane.state.length / 4; i++) {
      expect(lane.state[4 * i + l]).toBe(alone.state[4 * i])
    }
  }
})

test('any admissible wall stays finite, keeps its least ledge and closes mass and energy', () => {
  fc.assert(
    fc.property(anyWall, anyWeather, (design, weather) => {
      expect(wallProblems(design)).toEqual([])
      const geometry = buildWall(design)
      const lane = loneWall(geometry, weather.step_s)
      const { state, exchange } = lane
      steadyWall(geometry, weather.flux_W_m2, weather.liquidus_K, 303, state, 0)
      const first = wallEnthalpy_J_m2(geometry, state, 0)
      let worst = 0
      let worst_kg_m2 = 0
      let scale = Math.abs(first)
      for (const spell of weather.spells) {
        set(exchange, weather.liquidus_K + spell.liquidus_K, spell.superheat_K, spell.transfer)
        exchange[4 * EXCHANGE.ambient_K] = spell.ambient_K
        for (let i = 0; i < 150; i++) {
          const heat = wallEnthalpy_J_m2(geometry, state, 0)
          const mass = ledge_kg_m2(geometry, state, 0)
          advanceWall(lane)
          const now = wallEnthalpy_J_m2(geometry, state, 0)
          const gained = gained_J_m2(design, exchange, weather.step_s)
          scale = Math.max(Math.abs(now), scale)
          worst = Math.max(worst, Math.abs(now - heat - gained))
          const frozen = weather.step_s * exchange[4 * EXCHANGE.freezing_kg_m2s]!
          const created = ledge_kg_m2(geometry, state, 0) - mass - frozen
          if (!(Math.abs(created) <= worst_kg_m2)) worst_kg_m2 = Math.abs(created)
        }
      }
      expect(worst_kg_m2).toBeLessThan(5e-10)
      // Heat is counted from the melt: what is exchanged within the wall is larger than the sum.
      const stored = geometry.capacity_J_m2K.reduce((a, b) => a + b) * 1000
      expect(worst / (stored + scale)).toBeLessThan(1e-12)
      expect(state.every(Number.isFinite)).toBe(true)
      expect(state[4 * STATE.ledge_m]!).toBeGreaterThan(design.ledge.least_m * (1 - 1e-12))
      for (let i = STATE.nodes_K; i < state.length / 4; i++) {
        expect(state[4 * i]!).toBeGreaterThan(240)
        expect(state[4 * i]!).toBeLessThan(1400)
      }
    }),
    { numRuns: 60, seed: 7 },
  )
})

const COARSE_LEDGE = { ...STEEL_WALL.ledge, nodes: 6 }

function expectRough(step_s: number, design: WallDesign): void {
  const result = runRoughDays(step_s, design)
  expect(result.thinnest_m).toBeCloseTo(design.ledge.least_m, 9)
  expect(result.thickest_m).toBeGreaterThan(0.1)
  expect(result.energyDefect).toBeLessThan(1e-12)
  expect(result.massDefect).toBeLessThan(1e-12)
  expect(result.overLiquidus_K).toBeLessThan(1)
}

function steady(flux_W_m2: number) {
  const geometry = buildWall(STEEL_WALL)
  const lane = loneWall(geometry, 10)
  steadyWall(geometry, flux_W_m2, 1230, 303, lane.state, 0)
  lane.exchange[4 * EXCHANGE.ambient_K] = 303
  return { geometry, lane }
}

function set(exchange: Float64Array, liquidus_K: number, superheat_K: number, transfer: number) {
  exchange[4 * EXCHANGE.liquidus_K] = liquidus_K
  exchange[4 * EXCHANGE.bath_K] = liquidus_K + superheat_K
  exchange[4 * EXCHANGE.transfer_W_m2K] = transfer
}

function exchangeOf(superheat_K: number): Float64Array {
  const exchange = new Float64Array(32)
  set(exchange, 1230, superheat_K, 700)
  exchange[4 * EXCHANGE.ambient_K] = 303
  return exchange
}

function copyLane(from: Float64Array, fromLane: number, to: Float64Array, toLane: number) {
  for (let i = 0; i < from.length / 4; i++) to[4 * i + toLane] = from[4 * i + fromLane]!
}

function gained_J_m2(design: WallDesign, exchange: Float64Array, step_s: number): number {
  const { liquidHeat_J_kgK, reference_K } = design.ledge
  const liquid = liquidHeat_J_kgK * (exchange[4 * EXCHANGE.liquidus_K]! - reference_K)
  const frozen = exchange[4 * EXCHANGE.freezing_kg_m2s]! * liquid
  const conducted = exchange[4 * EXCHANGE.fromBath_W_m2]! - exchange[4 * EXCHANGE.outside_W_m2]!
  return step_s * (conducted + frozen)
}

function real(min: number, max: number) {
  return fc.double({ min, max, noNaN: true })
}

const anyWall: fc.Arbitrary<WallDesign> = fc.record({
  layers: fc.array(
    fc.record({
      name: fc.constant('any'),
      thickness_m: real(0.005, 0.3),
      conductivity_W_mK: real(0.3, 60),
      density_kg_m3: real(500, 8000),
      heat_J_kgK: real(300, 2000),
      joint_m2K_W: real(0, 0.02),
      nodes: fc.integer({ min: 1, max: 8 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  ledge: fc.record({
    conductivity_W_mK: real(0.5, 4),
    density_kg_m3: real(1500, 3500),
    heat_J_kgK: real(800, 2000),
    liquidHeat_J_kgK: real(800, 2000),
    fusion_J_kg: real(3e5, 8e5),
    reference_K: real(1150, 1260),
    least_m: real(5e-4, 0.01),
    nodes: fc.integer({ min: 2, max: 24 }),
  }),
  outside_W_m2K: real(2, 60),
  emissivity: real(0, 1),
})

const anyWeather = fc.record({
  step_s: real(0.1, 60),
  flux_W_m2: real(-5000, 40_000),
  liquidus_K: real(1180, 1250),
  spells: fc.array(
    fc.record({
      liquidus_K: real(-3, 3),
      superheat_K: real(-15, 80),
      transfer: real(0, 1500),
      ambient_K: real(250, 330),
    }),
    { minLength: 1, maxLength: 12 },
  ),
})
