import { describe, expect, it } from 'vitest'
import { alarmCatalog } from './catalog.ts'
import { missingRationale } from './rationale.ts'

describe('rationalisation record', () => {
  it('is complete for every kind of the catalogue: cause, consequence, response, time', () => {
    for (const [kind, rule] of Object.entries(alarmCatalog)) {
      expect(missingRationale(rule), kind).toEqual([])
    }
  })

  it.each([
    ['cause', { cause: '' }],
    ['consequence', { consequence: 'unknown' }],
    ['response', { response: ' - ' }],
    ['time to respond', { respond_within_ms: 0 }],
    ['time to respond', { respond_within_ms: 60_000, on_delay_ms: 60_000 }],
  ] as const)('names the %s where it is missing', (name, change) => {
    expect(missingRationale({ ...alarmCatalog['limit-high']!, ...change })).toEqual([name])
  })
})
