import { expect, test } from 'vitest'
import { CHECK_GROUPS, countChecks, runChecks } from './catalog.ts'

test('every check passes, has a name of its own, a source and a tolerance that can fail', () => {
  const results = runChecks(CHECK_GROUPS)
  const checks = results.flatMap(result => result.checks)
  const failed = checks
    .filter(check => !check.pass)
    .map(({ id, expected, got }) => [id, expected, got])
  expect(failed).toEqual([])
  expect(countChecks(results)).toEqual({ passed: checks.length, failed: 0 })
  expect(new Set(checks.map(check => check.id)).size).toBe(checks.length)
  for (const { id, source, tolerance, text } of checks) {
    expect(source, id).not.toBe('')
    expect(text, id).not.toContain('|')
    expect(Number.isFinite(tolerance), id).toBe(true)
    expect(id).toMatch(/^(\d|machine-|air-)/)
  }
})

test('every section from 1 to 5 has checks, and so have motor and room', () => {
  const sections = new Set(CHECK_GROUPS.map(group => group.section[0]))
  expect([...sections].sort()).toEqual(['1', '2', '3', '4', '5', 'a', 'm'])
  for (const wanted of [
    '1.1',
    '2.1',
    '2.2',
    '2.3',
    '3.1',
    '3.9',
    '3.10',
    '3.13',
    '4.4',
    '5.2',
    '5.3',
    '5.4',
  ]) {
    expect(
      CHECK_GROUPS.some(group => group.section === wanted),
      wanted,
    ).toBe(true)
  }
})
