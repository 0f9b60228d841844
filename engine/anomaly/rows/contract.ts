import { describe, expect, it } from 'vitest'
import { stateReader, stateWriter } from '../state.ts'
import type { RowScorer } from './detector.ts'
import { type Run, rowOf } from './run.ts'

/** A fitted detector of rows under test. */
export interface RowCase {
  readonly name: string
  /** A fresh scorer; each call gives an independent one. */
  start(): RowScorer
  /** Normal running that turns faulty. */
  readonly run: Run
  /** Another recording of the same channels. */
  readonly other: Run
}

/** All that a scorer says of one row. */
function told(scorer: RowScorer, row: Float64Array): readonly number[] {
  const score = scorer.take(row)
  return [score, scorer.score, Number(scorer.alarm()), scorer.pValue()]
}

function rowsOf(run: Run): Float64Array[] {
  return Array.from({ length: run.count }, (_, row) => rowOf(run, row))
}

const saved = (scorer: RowScorer): Uint8Array => {
  const out = stateWriter()
  scorer.save(out)
  return out.bytes()
}

const CAUSES = 3
/** Rows of a stuttering source. */
const MISSING_ROWS = 5

/** What every detector of rows is held to. */
export function checkRowDetector({ name, start, run, other }: RowCase): void {
  const rows = rowsOf(run)
  const whole = () => {
    const scorer = start()
    return rows.map(row => told(scorer, row))
  }
  const cuts = [1, 3, Math.floor(0.45 * run.count), Math.floor(0.9 * run.count)]

  describe(`row detector ${name}`, () => {
    it('scores a prefix bit for bit as it scores the whole', () => {
      const all = whole()
      for (const cut of cuts) {
        const scorer = start()
        expect(rows.slice(0, cut).map(row => told(scorer, row))).toEqual(all.slice(0, cut))
      }
    })

    it('goes on the same after save and load, bit for bit', () => {
      const all = whole()
      for (const cut of cuts) {
        const first = start()
        for (const row of rows.slice(0, cut)) first.take(row)
        const second = start()
        second.load(stateReader(saved(first)))
        expect([second.score, second.alarm()]).toEqual([first.score, first.alarm()])
        expect(second.causes(CAUSES)).toEqual(first.causes(CAUSES))
        expect(second.dispersion()).toBe(first.dispersion())
        expect(rows.slice(cut).map(row => told(second, row))).toEqual(all.slice(cut))
      }
    })

    it('begins a new run as if there had been none', () => {
      const used = start()
      for (const row of rowsOf(other)) used.take(row)
      used.reset()
      expect(saved(used)).toEqual(saved(start()))
      expect(rows.map(row => told(used, row))).toEqual(whole())
    })

    it('says the same of a row whatever is scored beside it or asked of it', () => {
      const one = start()
      const beside = start()
      const others = rowsOf(other)
      const mixed = rows.map((row, i) => {
        beside.take(others[i % others.length]!)
        const answer = told(one, row)
        one.causes(CAUSES)
        one.dispersion()
        beside.causes(CAUSES)
        return answer
      })
      expect(mixed).toEqual(whole())
    })

    it('does not keep or change the rows it is given', () => {
      const scorer = start()
      const reused = new Float64Array(run.width)
      const answers = rows.map(row => {
        reused.set(row)
        const answer = told(scorer, reused)
        expect(reused).toEqual(row)
        reused.fill(1e6)
        return answer
      })
      expect(answers).toEqual(whole())
    })

    it('takes missing values for no anomaly', () => {
      const scorer = start()
      const nothing = new Float64Array(run.width).fill(Number.NaN)
      const calm = rows.slice(0, Math.floor(run.count / 3))
      for (const row of calm) scorer.take(row)
      for (let i = 0; scorer.alarm() && i < calm.length; i++) scorer.take(calm[i]!)
      for (let i = 0; i < MISSING_ROWS; i++) {
        expect(told(scorer, nothing).every(Number.isFinite)).toBe(true)
        expect(scorer.alarm()).toBe(false)
      }
    })

    it('stays finite whatever is missing or broken, from the first row on', () => {
      const scorer = start()
      rows.forEach((row, i) => {
        const holed = row.slice()
        holed[i % run.width] = [Number.NaN, Infinity, -Infinity, 1e300][i % 4]!
        if (i < 2) holed.fill(Number.NaN)
        const [score, , , p] = told(scorer, holed)
        expect(Number.isFinite(score)).toBe(true)
        expect(p! > 0 && p! <= 1).toBe(true)
      })
      expect(scorer.causes(CAUSES).every(c => c >= 0 && c < run.width)).toBe(true)
    })

    it('alarms in the faulty part more than before, and names channels', () => {
      const all = whole()
      const share = (from: number, to: number) =>
        all.slice(from, to).reduce((sum, answer) => sum + answer[2]!, 0) / (to - from)
      const half = Math.floor(run.count / 2)
      expect(share(half, run.count)).toBeGreaterThan(share(0, half))
    })
  })
}
