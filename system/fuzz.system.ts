import { expect, it } from 'vitest'
import { runFuzz } from '#bench/fuzz/run.ts'

it('an engine and the CSV readers refuse malformed input with a reason and go on', async () => {
  const result = await runFuzz({ inputs: 5000, seed: 5 }, () => {})
  expect(result.violations).toEqual([])
  expect(result).toMatchObject({ crashes: 0, rejected_without_reason: 0, serves_after: true })
  expect(result.accepted + result.rejected).toBe(result.inputs)
  expect(result.accepted).toBeGreaterThan(500)
  expect(result.rejected).toBeGreaterThan(2000)
  const reasons = Object.keys(result.reasons).join('\n')
  for (const reason of ['INVALID_ARGUMENT: no ReadingBatch', 'UNKNOWN_SERIES', 'CSV_MALFORMED']) {
    expect(reasons).toContain(reason)
  }
})
