import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import { fitRowDetector, type RowPlan } from './detector.ts'
import { dispersion, nearestNormalDrops, ranked, reconstruction } from './explain.ts'
import { type Run, rowOf } from './run.ts'
import { fitLinear } from './statistics.ts'

const WIDTH = 8

/** Eight channels that two hidden ones drive; `change` alters a row. */
function drivenRun(
  seed: number,
  count: number,
  change?: (row: Float64Array, at: number) => unknown,
) {
  const random = seededRandom(seed)
  const mix = seededRandom(7)
  const loads = Float64Array.from({ length: WIDTH * 2 }, mix.normal)
  const values = new Float64Array(count * WIDTH)
  const hidden = [0, 0]
  for (let at = 0; at < count; at++) {
    hidden.forEach((x, h) => {
      hidden[h] = 0.8 * x + random.normal()
    })
    const row = values.subarray(at * WIDTH, (at + 1) * WIDTH)
    for (let c = 0; c < WIDTH; c++) {
      row[c] = loads[2 * c]! * hidden[0]! + loads[2 * c + 1]! * hidden[1]! + 0.3 * random.normal()
    }
    change?.(row, at)
  }
  return { values, count, width: WIDTH } satisfies Run
}

const plan: RowPlan = {
  name: 'pca',
  models: { pca: { kind: 'pca', lags: 2, components: 4 } },
  streams: [{ model: 'pca', statistic: 'Q', memory: 0.3 }],
  threshold: { method: 'quantile', alpha: 0.01, block: 10 },
  persistence: { need: 1, of: 1 },
}

describe('reconstruction-based contributions', () => {
  const model = fitLinear({ kind: 'pca', lags: 2, components: 4 }, [drivenRun(1, 2000)])
  const q = model.statistics[1]!
  const n = 2 * WIDTH
  const total = (stack: Float64Array) => {
    let sum = 0
    for (let k = 0; k < q.count; k++) {
      let projected = 0
      for (let i = 0; i < n; i++) projected += q.weights[k * n + i]! * stack[i]!
      sum += projected ** 2
    }
    return sum
  }

  it('are what the best other values of a channel take off, found by search', () => {
    const random = seededRandom(3)
    const stack = Float64Array.from({ length: n }, random.normal)
    const drops = reconstruction(q, n, WIDTH).drops(stack)
    for (const channel of [0, 5]) {
      const trial = stack.slice()
      for (let round = 0; round < 400; round++) {
        for (const i of [channel, channel + WIDTH]) {
          const [here, up, down] = [0, 1, -1].map(step => {
            const moved = trial.slice()
            moved[i]! += step
            return total(moved)
          }) as [number, number, number]
          const curve = up + down - 2 * here
          trial[i]! -= (up - down) / 2 / curve
        }
      }
      expect(drops[channel]).toBeCloseTo(total(stack) - total(trial), 8)
    }
  })

  it('put a single broken channel first, whichever it is', () => {
    const blame = reconstruction(q, n, WIDTH)
    for (let channel = 0; channel < WIDTH; channel++) {
      const stack = new Float64Array(n)
      stack[channel] = 3
      stack[channel + WIDTH] = 2
      expect(ranked(blame.drops(stack))[0]).toBe(channel)
    }
  })

  it('name the one sensor that is off, in a stream of rows', () => {
    const fitted = fitRowDetector(plan, [drivenRun(1, 2000)], [drivenRun(2, 2000)])
    for (let channel = 0; channel < WIDTH; channel++) {
      const scorer = fitted.start()
      const run = drivenRun(30 + channel, 200, (row, at) => {
        if (at >= 100) row[channel]! += 5
      })
      let hits = 0
      for (let at = 0; at < run.count; at++) {
        scorer.take(rowOf(run, at))
        if (at >= 110) hits += Number(scorer.alarm() && scorer.causes(1)[0] === channel)
      }
      expect(hits / 90).toBeGreaterThan(0.9)
    }
  })
})

describe('nearest-normal values', () => {
  it('rank first the channel whose value is not the one it had', () => {
    const random = seededRandom(5)
    const normal = Float64Array.from({ length: WIDTH }, random.normal)
    const stack = Float64Array.from({ length: 3 * WIDTH }, (_, i) => normal[i % WIDTH]!)
    for (const i of [4, 4 + WIDTH, 4 + 2 * WIDTH]) stack[i]! += 2
    const away = (x: Float64Array) =>
      x.reduce((sum, v, i) => sum + (v - normal[i % WIDTH]!) ** 2, 0)
    const kept = stack.slice()
    const drops = nearestNormalDrops(away, stack, normal)
    expect(ranked(drops)).toEqual([4])
    expect(drops[4]).toBeCloseTo(12, 12)
    expect(stack).toEqual(kept)
  })
})

describe('dispersion', () => {
  it('is 0 for one channel, 1 for all alike, and grows with their number', () => {
    expect(dispersion([0, 0, 7, 0])).toBeCloseTo(0, 12)
    expect(dispersion([2, 2, 2, 2])).toBeCloseTo(1, 12)
    const some = [1, 2, 3, 4].map(k => dispersion([1, 1, 1, 1].map((x, i) => (i < k ? x : 0))))
    expect(some.every((value, i) => i === 0 || value > some[i - 1]!)).toBe(true)
    expect(dispersion([0, 0, 0])).toBe(1)
    expect(dispersion([5])).toBe(0)
  })

  it('is low for a broken sensor and high for another regime', () => {
    const fitted = fitRowDetector(plan, [drivenRun(1, 2000)], [drivenRun(2, 2000)])
    const mean = (change: (row: Float64Array) => void) => {
      const scorer = fitted.start()
      const run = drivenRun(50, 300, (row, at) => at >= 50 && change(row))
      let sum = 0
      for (let at = 0; at < run.count; at++) {
        scorer.take(rowOf(run, at))
        if (at >= 60) sum += scorer.dispersion() / 240
      }
      return sum
    }
    const broken = mean(row => {
      row[2]! += 12
    })
    const random = seededRandom(9)
    const other = Float64Array.from({ length: WIDTH }, () => (random.uniform() < 0.5 ? -1 : 1))
    const regime = mean(row => {
      for (let c = 0; c < WIDTH; c++) row[c]! += 3 * other[c]!
    })
    expect(broken).toBeLessThan(0.25)
    expect(regime).toBeGreaterThan(0.35)
  })
})
