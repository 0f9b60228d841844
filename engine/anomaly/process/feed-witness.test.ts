import { describe, expect, it } from 'vitest'
import { feedWitness, hear, witnessOf, witnessOfSign } from './feed-witness.ts'

const STEEP = 0.06
const LONG_S = 3600
const heard = (off: number, standing = 0) => {
  const witness = feedWitness()
  hear(witness, off, STEEP, standing)
  return witness
}

describe('the resistance as a witness of a changed feeder', () => {
  it('says nothing where its slope is not known', () => {
    expect(witnessOfSign(heard(Number.NaN), -1, LONG_S)).toBe(0)
    expect(witnessOfSign(feedWitness(), 1, LONG_S)).toBe(0)
  })

  it('speaks for too little where it rises, for too much where it falls', () => {
    expect(witnessOfSign(heard(1.5), -1, LONG_S)).toBeGreaterThan(1)
    expect(witnessOfSign(heard(1.5), 1, LONG_S)).toBeLessThan(-1)
    expect(witnessOfSign(heard(-1.5), 1, LONG_S)).toBeGreaterThan(1)
    expect(witnessOfSign(heard(0), 1, LONG_S)).toBeLessThan(0)
  })

  it('says nothing of a change that is too young to show', () => {
    expect(witnessOfSign(heard(3), -1, 100)).toBeCloseTo(0, 12)
    expect(Math.abs(witnessOfSign(heard(1), -1, 300))).toBeLessThan(
      Math.abs(witnessOfSign(heard(1), -1, LONG_S)),
    )
  })

  it('never says more than so much', () => {
    expect(witnessOfSign(heard(100), -1, LONG_S)).toBe(6)
    expect(witnessOfSign(heard(-100), -1, LONG_S)).toBe(-6)
  })

  it('speaks against a blocked feeder being whole while the resistance still rises', () => {
    expect(witnessOf(heard(1.5, -1), 1, LONG_S)).toBeLessThan(0)
    expect(witnessOf(heard(0, -1), 1, LONG_S)).toBeGreaterThan(0)
  })
})
