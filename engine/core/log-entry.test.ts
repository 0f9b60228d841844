import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LogEntry } from '../flow.ts'
import { decodeEntry, encodeEntry } from './log-entry.ts'

const time = fc.integer({ min: 0, max: 4_000_000_000_000 })
const batch = fc.record({
  kind: fc.constant('batch' as const),
  producer: fc.string({ unit: 'binary', maxLength: 40 }),
  epoch: fc.nat(0xffffffff),
  sequence: fc.maxSafeNat(),
  received_ms: time,
  mode: fc.constantFrom('live' as const, 'backfill' as const),
  rejected: fc.array(fc.tuple(fc.nat(0xffffffff), fc.nat(0xffffffff)), { maxLength: 5 }),
  wire: fc.uint8Array({ maxLength: 200 }),
})
const close = fc.record({
  kind: fc.constant('close' as const),
  tick: fc.maxSafeNat(),
  reason: fc.constantFrom('grace' as const, 'silent' as const),
})
const decision = fc.record({
  kind: fc.constant('decision' as const),
  decision: fc.record({
    on: fc.constant('alarm' as const),
    action: fc.constant('shelve' as const),
    target: fc.string(),
    until_ms: time,
  }),
  subject: fc.string(),
  role: fc.constant('operator' as const),
  comment: fc.string({ unit: 'grapheme' }),
  decided_ms: time,
})
const version = fc.record({
  kind: fc.constant('version' as const),
  versions: fc.dictionary(fc.stringMatching(/^[a-z]+$/), fc.string(), { noNullPrototype: true }),
})

test('an entry reads back as it was written', () => {
  fc.assert(
    fc.property(fc.oneof(batch, close, decision, version), (entry: LogEntry) => {
      expect(decodeEntry(encodeEntry(entry))).toEqual(entry)
    }),
  )
})

test('an entry reads back from the middle of a larger buffer', () => {
  const entry: LogEntry = { kind: 'close', tick: 7, reason: 'grace' }
  const bytes = encodeEntry(entry)
  const padded = new Uint8Array(bytes.length + 5)
  padded.set(bytes, 5)
  expect(decodeEntry(padded.subarray(5))).toEqual(entry)
})

test('bytes of another version or cut short are a broken invariant, not an entry', () => {
  const wire = new Uint8Array(3)
  const whole = encodeEntry({
    kind: 'batch',
    producer: 'p',
    epoch: 1,
    sequence: 1,
    received_ms: 1,
    mode: 'live',
    rejected: [[0, 1]],
    wire,
  })
  expect(() => decodeEntry(whole.subarray(0, 20))).toThrow('whole head')
  expect(() => decodeEntry(whole.subarray(0, 33))).toThrow('rejected runs')
  expect(() => decodeEntry(Uint8Array.of(9, 1, 0))).toThrow('known version')
})
