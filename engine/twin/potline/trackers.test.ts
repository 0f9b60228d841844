import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/random.ts'

import { createState, own } from './state.ts'
import { testLine } from './test-plant.ts'
import {
  effectiveNoise_V2,
  noiseCorrelation,
  resistanceSlope_Ohmps,
  restartTrackers,
  slopeStd_Ohmps,
  trackNoise,
  trackResistance,
} from './trackers.ts'

const CURRENT_A = 350e3

describe('the trackers of voltage', () => {
  it('find the slope of the pseudo-resistance of a cell that is not fed', () => {
    // Reference trajectory: 4.33360 V at 300 s and 4.40520 V at 600 s, 0.0409 uOhm/min.
    const state = createState(testLine(1))
    const random = seededRandom(2)
    for (let second = 0; second < 3600; second++) {
      const cell_V = 4.3 + ((4.4052017 - 4.3335996) / 300) * second + 0.004 * random.normal()
      trackResistance(state, 0, cell_V, CURRENT_A, false, 1)
    }
    const slope = resistanceSlope_Ohmps(state, 0)
    expect(Math.abs(60e6 * slope - 0.0409)).toBeLessThan(3 * 60e6 * 5e-11)
    expect(slopeStd_Ohmps(state, 0, CURRENT_A)).toBeGreaterThan(0)
  })

  it('say nothing of the slope before they have filled, and after a restart', () => {
    const state = createState(testLine(1))
    for (let second = 0; second < 400; second++) trackResistance(state, 0, 4.3, CURRENT_A, false, 1)
    expect(resistanceSlope_Ohmps(state, 0)).toBeNaN()
    for (let second = 0; second < 400; second++) trackResistance(state, 0, 4.3, CURRENT_A, false, 1)
    expect(resistanceSlope_Ohmps(state, 0)).toBeCloseTo(0, 12)
    restartTrackers(state, 0)
    expect(resistanceSlope_Ohmps(state, 0)).toBeNaN()
  })

  it('leave the slope alone while an event hides the voltage', () => {
    const state = createState(testLine(1))
    for (let second = 0; second < 900; second++) trackResistance(state, 0, 4.3, CURRENT_A, false, 1)
    for (let second = 0; second < 300; second++) trackResistance(state, 0, 4.8, CURRENT_A, true, 1)
    expect(resistanceSlope_Ohmps(state, 0)).toBeCloseTo(0, 12)
    expect(state.own[own.resistance_uOhm]).toBeCloseTo((4.8 - 1.65) / 0.35, 3)
  })

  it('take coloured noise for more than white noise of the same size', () => {
    const white = createState(testLine(1))
    const coloured = createState(testLine(1))
    const random = seededRandom(4)
    let wander = 0
    for (let second = 0; second < 8000; second++) {
      wander = 0.8 * wander + 0.6 * random.normal()
      trackNoise(white, 0, 0.005 * random.normal(), 1)
      trackNoise(coloured, 0, 0.005 * wander, 1)
    }
    expect(Math.sqrt(white.own[own.noiseVariance_V2]!)).toBeCloseTo(0.005, 3)
    expect(noiseCorrelation(white, 0)).toBeLessThan(0.1)
    expect(noiseCorrelation(coloured, 0)).toBeGreaterThan(0.65)
    expect(effectiveNoise_V2(coloured, 0)).toBeGreaterThan(4 * effectiveNoise_V2(white, 0))
  })
})
