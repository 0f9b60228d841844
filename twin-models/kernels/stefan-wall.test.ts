import { describe, expect, test } from 'vitest'
import { planSize, STATE, stateSize } from './stefan.ts'
import { STEEL_WALL } from './stefan-cross.ts'
import { erf, neumannLambda } from './stefan-exact.ts'
import {
  buildWall,
  liningResistance_m2K_W,
  steadyFlux_W_m2,
  steadyLedge_m,
  steadyWall,
  wallEnthalpy_J_m2,
  wallProblems,
} from './stefan-wall.ts'

const [STEEL, SIC] = [STEEL_WALL.layers[0]!, STEEL_WALL.layers[1]!]

describe('a wall cut into volumes', () => {
  const geometry = buildWall(STEEL_WALL)

  test('keeps the heat capacity and the resistance of its layers', () => {
    const capacity = geometry.capacity_J_m2K.reduce((a, b) => a + b)
    expect(capacity).toBeCloseTo(0.012 * 7850 * 490 + 0.08 * 2650 * 1000, 6)
    const resistance = 0.012 / 45 + 0.004 + 0.08 / 16 + 0.001
    expect(liningResistance_m2K_W(geometry)).toBeCloseTo(resistance, 12)
    expect(geometry.shape).toEqual({ lining: 24, ledge: 36 })
    expect(stateSize(geometry.shape)).toBe(63)
    expect(planSize(geometry.shape)).toBe(141)
  })

  test('is steady with the drop over each part that the flux asks for', () => {
    const state = new Float64Array(4 * stateSize(geometry.shape))
    const ledge_m = steadyWall(geometry, 7000, 1230, 303, state, 1)
    expect(ledge_m).toBe(state[1])
    const shell_K = state[4 * STATE.shell_K + 1]!
    const radiated = 0.8 * 5.670374419e-8 * (shell_K * shell_K * shell_K * shell_K - 8428892481)
    expect(20 * (shell_K - 303) + radiated).toBeCloseTo(7000, 6)
    const front_K = shell_K + 7000 * (liningResistance_m2K_W(geometry) + ledge_m / 1.5)
    expect(front_K).toBeCloseTo(1230, 8)
    const last_K = state[4 * (STATE.nodes_K + 59) + 1]!
    expect(last_K).toBeCloseTo(1230 - (7000 * ledge_m) / 72 / 1.5, 8)
    expect(state[0]).toBe(0)
  })

  test('gets the least ledge when it cannot carry the flux', () => {
    const state = new Float64Array(4 * stateSize(geometry.shape))
    expect(steadyLedge_m(geometry, 60_000, 1230, 303)).toBeLessThan(0)
    for (const flux_W_m2 of [60_000, 40_000]) {
      expect(steadyWall(geometry, flux_W_m2, 1230, 303, state, 0)).toBe(0.001)
    }
    const carried = state[4 * STATE.conducted_W_m2]!
    expect(carried).toBeCloseTo(steadyFlux_W_m2(geometry, 0.001, 1230, 303), 6)
    expect(steadyLedge_m(geometry, carried, 1230, 303)).toBeCloseTo(0.001, 9)
  })

  test('gets half a metre of ledge from a bath that gives no heat, not an endless one', () => {
    const state = new Float64Array(4 * stateSize(geometry.shape))
    for (const flux_W_m2 of [0, -100, 1e-300]) {
      expect(steadyWall(geometry, flux_W_m2, 1230, 303, state, 0)).toBe(0.5)
      expect(state.every(Number.isFinite)).toBe(true)
    }
  })

  test('holds latent heat less by what it froze', () => {
    const state = new Float64Array(4 * stateSize(geometry.shape))
    state[4 * STATE.ledge_m] = 0.1
    for (let i = 0; i < 60; i++) state[4 * (STATE.nodes_K + i)] = 1233
    expect(wallEnthalpy_J_m2(geometry, state, 0)).toBeCloseTo(-2900 * 0.1 * 5.1e5, 3)
  })
})

describe('an impossible wall', () => {
  test('is refused with name and range', () => {
    expect(wallProblems(STEEL_WALL)).toEqual([])
    expect(wallProblems({ ...STEEL_WALL, emissivity: 1.2 })).toEqual([
      'emissivity is 1.2, expected 0 to 1',
    ])
    expect(wallProblems({ ...STEEL_WALL, layers: [] })).toEqual([
      'layers is empty, expected at least one layer',
    ])
    const layers = [
      { ...STEEL, thickness_m: Number.NaN },
      { ...SIC, nodes: 2.5 },
    ]
    expect(wallProblems({ ...STEEL_WALL, layers })).toEqual([
      'layer steel: thickness_m is NaN, expected 0.0001 to 2',
      'layer silicon carbide: nodes is 2.5, expected a whole number 1 to 200',
    ])
    const ledge = { ...STEEL_WALL.ledge, fusion_J_kg: -1 }
    expect(wallProblems({ ...STEEL_WALL, ledge })).toHaveLength(1)
  })
})

describe('closed forms', () => {
  test('erf has its tabulated values on both branches', () => {
    expect(erf(0.5)).toBeCloseTo(0.5204998778130465, 15)
    expect(erf(1)).toBeCloseTo(0.8427007929497149, 15)
    expect(erf(2.5)).toBeCloseTo(0.999593047982555, 15)
    expect(erf(3)).toBeCloseTo(0.9999779095030014, 15)
    expect(erf(-1)).toBe(-erf(1))
    expect(erf(7)).toBe(1)
  })

  test('a Stefan number of nothing freezes nothing', () => {
    expect(neumannLambda(1e-8)).toBeCloseTo(Math.sqrt(0.5e-8), 9)
  })
})
