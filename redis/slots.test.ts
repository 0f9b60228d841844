import { expect, test } from 'vitest'
import { addressOf, seedsOf, slotOf, slotRanges, urlOf } from './slots.ts'

test('a key has the hash slot that the specification of the cluster gives it', () => {
  // From `CLUSTER KEYSLOT`.
  expect(slotOf('123456789')).toBe(12_739)
  expect(slotOf('foo')).toBe(12_182)
  expect(slotOf('')).toBe(0)
})

test('the part in the first braces decides, unless it is empty or open', () => {
  const slot = slotOf('tenant/line')
  for (const key of ['p:{tenant/line}:log', 'p:{tenant/line}:{x}', '{tenant/line}']) {
    expect(slotOf(key)).toBe(slot)
  }
  expect(slotOf('foo{}{bar}')).toBe(8363)
  expect(slotOf('foo{bar')).not.toBe(slotOf('bar'))
})

test('a server that does not know its own name is where it was asked', () => {
  const reply = [
    [0, 5460, [null, 7000, 'a', []], [Buffer.from('10.0.0.9'), 7009, 'r', []]],
    [5461, 16_383, [Buffer.from('::1'), 7001, 'b', []]],
  ]
  expect(slotRanges(reply, 'redis-1:7000')).toEqual([
    { first: 0, last: 5460, address: 'redis-1:7000' },
    { first: 5461, last: 16_383, address: '[::1]:7001' },
  ])
})

test('an address names one server or several, and others take its scheme and its user', () => {
  expect(seedsOf('redis://a:1/2')).toEqual(['redis://a:1/2'])
  expect(seedsOf('rediss://u:p@a:1, b:2,redis://c')).toEqual([
    'rediss://u:p@a:1',
    'rediss://u:p@b:2',
    'redis://c',
  ])
  expect(seedsOf('127.0.0.1:7000, ')).toEqual(['redis://127.0.0.1:7000'])
  expect(seedsOf('/run/redis.sock')).toEqual(['/run/redis.sock'])
  expect(addressOf('/run/redis.sock')).toBe('/run/redis.sock')
  expect(urlOf('rediss://u:p@a:1/', 'b:7001')).toBe('rediss://u:p@b:7001')
  expect(addressOf('redis://a')).toBe('a:6379')
})
