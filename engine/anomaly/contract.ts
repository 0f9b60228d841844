import { describe, expect, it } from 'vitest'
import { type Stateful, stateReader, stateWriter } from './state.ts'

/** A detector under test, fed by its own kind of input. */
export interface DetectorCase<Input> {
  readonly name: string
  /** A fresh detector; each call gives an independent one. */
  create(): Stateful & {
    take(input: Input): void
    /** All current scores, 0..1. */
    scores(): ArrayLike<number>
    /** Number of findings that began so far. */
    begun(): number
  }
  /** Normal running, long enough to learn from. */
  readonly normal: readonly Input[]
  /** The same instants with nothing known. */
  readonly missing: readonly Input[]
}

const saved = (detector: Stateful): Uint8Array => {
  const out = stateWriter()
  detector.save(out)
  return out.bytes()
}

/** What every detector of this stage is held to. */
export function checkDetector<Input>(kit: DetectorCase<Input>): void {
  const cut = Math.floor(kit.normal.length * 0.8)
  describe(`detector ${kit.name}`, () => {
    it('gives scores from 0 to 1 and never NaN', () => {
      const detector = kit.create()
      const wrong: number[] = []
      for (const input of [...kit.normal, ...kit.missing]) {
        detector.take(input)
        for (const score of Array.from(detector.scores())) {
          if (!(score >= 0 && score <= 1)) wrong.push(score)
        }
      }
      expect(wrong).toEqual([])
    })

    it('changes nothing when its scores are read', () => {
      const detector = kit.create()
      for (const input of kit.normal) detector.take(input)
      const before = saved(detector)
      const first = Array.from(detector.scores())
      expect(Array.from(detector.scores())).toEqual(first)
      expect(saved(detector)).toEqual(before)
    })

    it('takes missing values for no anomaly', () => {
      const detector = kit.create()
      for (const input of kit.normal) detector.take(input)
      const before = detector.begun()
      for (const input of kit.missing) detector.take(input)
      expect(detector.begun()).toBe(before)
    })

    it('scores a prefix as it scores the whole, bit for bit', () => {
      const whole = kit.create()
      const all = kit.normal.map(input => {
        whole.take(input)
        return Array.from(whole.scores())
      })
      const prefix = kit.create()
      for (const input of kit.normal.slice(0, cut)) prefix.take(input)
      expect(Array.from(prefix.scores())).toEqual(all[cut - 1])
    })

    it('scores the same beside another one that is fed otherwise', () => {
      const alone = kit.create()
      for (const input of kit.normal) alone.take(input)
      const one = kit.create()
      const other = kit.create()
      kit.normal.forEach((input, i) => {
        other.take(kit.missing[i % kit.missing.length] ?? input)
        one.take(input)
        other.take(kit.normal[(i * 7) % kit.normal.length]!)
      })
      expect(Array.from(one.scores())).toEqual(Array.from(alone.scores()))
      expect(saved(one)).toEqual(saved(alone))
    })

    it('goes on the same after snapshot and restore, bit for bit', () => {
      const whole = kit.create()
      const first = kit.create()
      for (const input of kit.normal.slice(0, cut)) {
        whole.take(input)
        first.take(input)
      }
      const second = kit.create()
      second.load(stateReader(saved(first)))
      for (const input of kit.normal.slice(cut)) {
        whole.take(input)
        second.take(input)
      }
      expect(Array.from(second.scores())).toEqual(Array.from(whole.scores()))
      expect(saved(second)).toEqual(saved(whole))
    })
  })
}
