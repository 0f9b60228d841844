import { expect, test } from 'vitest'
import { machineChecks } from './checks.ts'

test.each(machineChecks().map(check => [check.text, check] as const))('%s', (_, check) => {
  const off = Math.abs(check.got - check.expected)
  const error = check.expected === 0 ? off : off / Math.abs(check.expected)
  expect(error).toBeLessThanOrEqual(check.tolerance)
})
