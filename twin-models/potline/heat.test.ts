import { expect, test } from 'vitest'
import {
  aluminaHeating_V,
  aluminaUse_kg_s,
  carbonHeating_V,
  energyNeed_V,
  metalMade_kg_s,
  reactionNeed_V,
  sideLoss_W_m2,
  steadyLedge_m,
} from './heat.ts'

test('the energy need follows the thermochemistry at every current efficiency', () => {
  const rows = [
    [1, 2.12698, 0.18577],
    [0.96, 2.06111, 0.17834],
    [0.95, 2.04464, 0.17648],
    [0.94, 2.02817, 0.17463],
    [0.92, 1.99523, 0.17091],
    [0.9, 1.96229, 0.1672],
  ] as const
  for (const [efficiency, total_V, alumina_V] of rows) {
    expect(energyNeed_V(efficiency)).toBeCloseTo(total_V, 5)
    expect(aluminaHeating_V(efficiency)).toBeCloseTo(alumina_V, 5)
    expect(carbonHeating_V()).toBeCloseTo(0.04405, 5)
  }
})

test('the published energy balance of a 200 kA cell is met within 1 kW', () => {
  const need_kW = 200 * energyNeed_V(0.95)
  const alumina_kW = 200 * aluminaHeating_V(0.95)
  const anodes_kW = 200 * carbonHeating_V()
  expect(Math.abs(need_kW - 409)).toBeLessThan(1)
  expect(Math.abs(alumina_kW - 36)).toBeLessThan(1)
  expect(Math.abs(anodes_kW - 9)).toBeLessThan(1)
  expect(Math.abs(need_kW - alumina_kW - anodes_kW - 365)).toBeLessThan(1)
  expect(Math.abs(786 - need_kW - 377)).toBeLessThan(1)
})

test('the least energy is 6.338 kWh per kg of metal', () => {
  const J_kg = energyNeed_V(1) / metalMade_kg_s(1, 1)
  expect(J_kg / 3.6e6).toBeCloseTo(6.3384, 4)
})

test('feeding and reaction share the whole need', () => {
  const dissolution_J_kg = 1.0908e6
  const use_kg_s = aluminaUse_kg_s(0.94, 1)
  const feed_V = aluminaHeating_V(0.94) + use_kg_s * dissolution_J_kg
  expect(reactionNeed_V(0.94, dissolution_J_kg) + feed_V).toBeCloseTo(energyNeed_V(0.94), 12)
})

test('metal and alumina follow Faraday', () => {
  expect(metalMade_kg_s(1, 1000) * 86_400).toBeCloseTo(8.053745, 6)
  expect(aluminaUse_kg_s(1, 1) / metalMade_kg_s(1, 1)).toBeCloseTo(1.889464, 6)
  expect(aluminaUse_kg_s(0.945, 126_500)).toBeCloseTo(0.021054, 5)
})

test('the steady ledge loses just what it takes up', () => {
  const rows = [
    [600 * 8, 0.05, 0.2109],
    [600 * 10, 0.05, 0.1538],
    [1000 * 8, 0.04, 0.1116],
  ] as const
  for (const [flux_W_m2, wall_m2K_W, expected_m] of rows) {
    const ledge_m = steadyLedge_m(1228.15, 313.15, flux_W_m2, 1.5, wall_m2K_W)
    expect(ledge_m).toBeCloseTo(expected_m, 4)
    expect(sideLoss_W_m2(1228.15, 313.15, ledge_m, 1.5, wall_m2K_W)).toBeCloseTo(flux_W_m2, 8)
  }
})
