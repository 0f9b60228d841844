import { expect, test } from 'vitest'
import {
  anodeEffectCount,
  countAnodeEffect,
  meanOvervoltage_V,
  minutesPerCellDay,
  pfcByOvervoltage,
  pfcBySlope,
} from './pfc.ts'

test('the worked examples of the inventory workbook are met', () => {
  const vss = pfcBySlope('ipcc-2006', 'vss', 10, 1e6, 'ar2')
  expect(vss.cf4_kg).toBeCloseTo(920, 9)
  expect(vss.c2f6_kg).toBeCloseTo(48.76, 9)
  expect(vss.co2e_kg / 1000).toBeCloseTo(6428.59, 2)
  const cwpb = pfcByOvervoltage('cwpb', 0.005, 0.95, 1e6, 'ar2')
  expect(cwpb.cf4_kg).toBeCloseTo(61.0526, 4)
  expect(cwpb.c2f6_kg).toBeCloseTo(7.38737, 5)
  expect(cwpb.co2e_kg / 1000).toBeCloseTo(464.806, 3)
})

test('a modern prebake cell at 0.1 minutes emits 10 g CF4 per tonne', () => {
  const modern = pfcBySlope('eu-2025', 'pfpb-modern', 0.1, 1000)
  expect(modern.cf4_kg).toBeCloseTo(0.0104, 12)
  expect(modern.co2e_kg / 1000).toBeCloseTo(0.0755, 4)
})

test('both tables agree for centre worked prebake and name what they do not know', () => {
  const old = pfcBySlope('ipcc-2006', 'cwpb', 1, 1000)
  expect(pfcBySlope('eu-2025', 'cwpb', 1, 1000)).toEqual(old)
  expect(() => pfcBySlope('ipcc-2006', 'pfpb-modern', 1, 1000)).toThrow('pfpb-modern')
  expect(() => pfcByOvervoltage('vss', 0.005, 0.95, 1000)).toThrow('vss')
})

test('anode effects count from 8 V, by number, minutes per cell-day and overvoltage', () => {
  const count = anodeEffectCount()
  expect(minutesPerCellDay(count)).toBe(0)
  expect(meanOvervoltage_V(count)).toBe(0)
  const voltage_V = (second: number) =>
    second >= 1000 && second < 1120 ? 25 : second >= 40_000 && second < 40_060 ? 34 : 4.3
  for (let second = 0; second < 43_200; second++) {
    countAnodeEffect(count, voltage_V(second), 4.3, 1)
  }
  countAnodeEffect(count, 8, 4.3, 43_200)
  expect(count.effects).toBe(2)
  expect(minutesPerCellDay(count)).toBeCloseTo(3, 12)
  expect(meanOvervoltage_V(count)).toBeCloseTo((120 * 20.7 + 60 * 29.7) / 86_400, 12)
})
