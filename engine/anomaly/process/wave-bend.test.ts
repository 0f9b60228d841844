import { describe, expect, it } from 'vitest'
import { currentPerWtpct, currentRise, feederModel } from './feeder-model.ts'
import { straighten } from './wave-bend.ts'
import { WAVE_STATES, waveFilter } from './wave-filter.ts'
import { fitWaves, waveFit } from './wave-fit.ts'

const ANODES = 36
const model = feederModel(ANODES, 5)
/** Alumina along the cell, by cosine, wt%; the right end runs lean. */
const PROFILE_WTPCT = [0.15, -0.08, 0.04, -0.01]

describe('the answer of the currents to alumina', () => {
  it.each([0.05, 0.3, 0.7, 1.2])('rises at a margin of %f percent by its steepness', margin => {
    const step = 1e-4
    const slope = (currentRise(margin, step) - currentRise(margin, -step)) / (2 * step)
    expect(slope).toBeCloseTo(currentPerWtpct(margin), 4)
  })

  it.each([0.7, 1])('is straightened at a margin of %f percent, bent as it is', margin => {
    const perWtpct = currentPerWtpct(margin)
    const filter = waveFilter(model, 1)
    const fit = waveFit(model)
    for (let k = 0; k < 4; k++) filter.estimate[k * WAVE_STATES] = PROFILE_WTPCT[k]!
    for (let a = 0; a < ANODES; a++) {
      const off_wtpct = PROFILE_WTPCT.reduce(
        (sum, wtpct, k) => sum + wtpct * model.anodeWave[k * ANODES + a]!,
        0,
      )
      fit.off[a] = currentRise(margin, off_wtpct)
    }
    fitWaves(model, fit)
    const straight = PROFILE_WTPCT.map(wtpct => perWtpct * wtpct)
    const gap = () =>
      Math.hypot(...straight.map((amplitude, k) => fit.amplitude[k]! - amplitude)) / perWtpct
    const bent = gap()
    straighten(filter, fit, 0, margin, perWtpct)
    expect(bent).toBeGreaterThan(0.01)
    expect(gap()).toBeLessThan(0.1 * bent)
  })

  it('stays as it is while alumina lies even', () => {
    const filter = waveFilter(model, 1)
    const fit = waveFit(model)
    fit.amplitude.set([0.01, -0.02, 0.003, 0.001])
    straighten(filter, fit, 0, 0.6, currentPerWtpct(0.6))
    expect([...fit.amplitude]).toEqual([0.01, -0.02, 0.003, 0.001])
  })
})
