import { expect, test } from 'vitest'
import { countChecks, runChecks } from './catalog.ts'
import { atLeast, atMost, type CheckGroup, near, nearShare } from './check.ts'
import { errorText, gotText, toleranceText, valueText } from './format.ts'

const claim = { id: 'a', text: 'a', expected: 2, got: 2.1, tolerance: 0.2, source: 'here' }

test('a number passes within its tolerance and fails beyond it', () => {
  expect(near(claim)).toMatchObject({ pass: true, measure: 'absolute' })
  expect(near(claim).error).toBeCloseTo(0.1, 12)
  expect(near({ ...claim, got: 2.3 }).pass).toBe(false)
  expect(nearShare(claim).error).toBeCloseTo(0.05, 12)
  expect(nearShare({ ...claim, got: 2.5 }).pass).toBe(false)
})

test('a limit is kept from one side only', () => {
  expect(atLeast({ ...claim, got: 5, tolerance: 0 })).toMatchObject({ pass: true, error: 0 })
  expect(atLeast({ ...claim, got: 1.9, tolerance: 0.15 }).pass).toBe(true)
  expect(atLeast({ ...claim, got: 1.8, tolerance: 0.15 }).pass).toBe(false)
  expect(atMost({ ...claim, got: 1 }).pass).toBe(true)
  expect(atMost({ ...claim, got: 2.1 }).pass).toBe(false)
})

test('what is not a number never passes', () => {
  for (const judge of [near, nearShare, atLeast, atMost]) {
    expect(judge({ ...claim, got: Number.NaN }).pass).toBe(false)
  }
  expect(near({ ...claim, got: Number.POSITIVE_INFINITY }).pass).toBe(false)
})

test('a broken number is counted as failed', () => {
  const groups: CheckGroup[] = [
    { section: '1', title: 'whole', run: () => [near(claim)] },
    { section: '2', title: 'broken', run: () => [near(claim), near({ ...claim, got: 7 })] },
  ]
  const told: string[] = []
  const results = runChecks(groups, ({ title }, done) => told.push(`${done} ${title}`))
  expect(told).toEqual(['1 whole', '2 broken'])
  expect(countChecks(results)).toEqual({ passed: 2, failed: 1 })
})

test('numbers are written the same everywhere, and rounding is called so', () => {
  expect(valueText(0)).toBe('0')
  expect(valueText(955.8740924603828)).toBe('955.8740925')
  expect(valueText(3.69458128078818e-7)).toBe('3.694581281e-7')
  expect(valueText(Number.NaN)).toBe('NaN')
  expect(errorText(3.4567e-7, 1)).toBe('3.5e-7')
  expect(errorText(2e-13, 970)).toBe('rounding')
  expect(gotText(atMost({ ...claim, got: 6.30606678e-14 }))).toBe('6.3e-14')
  expect(gotText(near(claim))).toBe('2.1')
  expect(errorText(0, 1)).toBe('0')
  expect(toleranceText(nearShare(claim))).toBe('2e-1 rel.')
  expect(toleranceText(atMost(claim))).toBe('at most')
})
