import { describe, expect, it } from 'vitest'
import type { RowScorer } from '../flow.ts'
import { CELL_FEATURE_TEXTS, CELL_FEATURES } from './features.ts'
import { explainPattern } from './pattern-causes.ts'

const WIDTH = CELL_FEATURES.length
const at = (name: (typeof CELL_FEATURES)[number]) => CELL_FEATURES.indexOf(name)
const NOISE = at('noise_log_V')
const ALUMINA = at('alumina')

/** A model whose error is that of a tie between noise and alumina, which blames both alike. */
const tie: RowScorer = {
  score(features, rows, scores, shares) {
    for (let r = 0; r < rows; r++) {
      if (shares) shares[r * WIDTH + NOISE] = shares[r * WIDTH + ALUMINA] = 0.5
      scores[r] = (features[r * WIDTH + NOISE]! - features[r * WIDTH + ALUMINA]!) ** 2
    }
  },
}
const moved = new Float32Array(WIDTH)
moved[NOISE] = 5
moved[ALUMINA] = 1
const usual = new Float32Array(WIDTH)
usual[ALUMINA] = 1

describe('why a model finds a cell unusual', () => {
  it('is what makes it normal again, not what the error lies in', () => {
    const { causes, text, dispersion } = explainPattern(tie, moved, usual)
    expect(causes).toEqual([{ text: 'voltage noise', weight: 1 }])
    expect(text).toBe('unusual pattern, mostly voltage noise')
    expect(dispersion).toBe(0)
  })

  it('is the shares of the error while nothing usual is known', () => {
    const { causes } = explainPattern(tie, moved, usual.slice().fill(Number.NaN))
    expect(causes.map(({ text }) => text)).toEqual(['voltage noise', 'dissolved alumina'])
  })

  it('is spread evenly where every feature left its usual value', () => {
    const sum: RowScorer = {
      score(features, rows, scores) {
        for (let r = 0; r < rows; r++) {
          scores[r] = features.subarray(r * WIDTH, (r + 1) * WIDTH).reduce((a, b) => a + b, 0)
        }
      },
    }
    const ones = new Float32Array(WIDTH).fill(1)
    const { causes, dispersion } = explainPattern(sum, ones, new Float32Array(WIDTH))
    expect(dispersion).toBeCloseTo(1)
    expect(causes).toHaveLength(3)
  })

  it('leaves out what is not known', () => {
    const row = moved.slice()
    row[NOISE] = Number.NaN
    const known: RowScorer = {
      score(features, rows, scores) {
        for (let r = 0; r < rows; r++) {
          const noise = features[r * WIDTH + NOISE]!
          scores[r] = (Number.isNaN(noise) ? 0 : 9) + features[r * WIDTH + ALUMINA]! ** 2
        }
      },
    }
    const { causes } = explainPattern(known, row, new Float32Array(WIDTH))
    expect(causes).toEqual([{ text: 'dissolved alumina', weight: 1 }])
  })

  it('has its own words for each feature', () => {
    expect(new Set(Object.values(CELL_FEATURE_TEXTS)).size).toBe(WIDTH)
  })
})
