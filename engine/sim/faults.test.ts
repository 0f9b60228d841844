import { expect, test } from 'vitest'
import { demoFaults, faultKinds, parseFault, parseFaults } from './faults.ts'

test('a fault is read with its start, cell, feeder, size and duration', () => {
  expect(parseFault('blocked-feeder@30m:cell=17,feeder=2,magnitude=0.5,for=2h')).toEqual({
    kind: 'blocked-feeder',
    start_s: 1800,
    duration_s: 7200,
    cell: 16,
    feeder: 2,
    magnitude: 0.5,
  })
  expect(parseFault('thermocouple-bias@90s:cell=1')).toMatchObject({ start_s: 90, magnitude: 12 })
})

test.each([
  ['blocked-feeder', 'kind and start are missing'],
  ['leak@1m', 'unknown kind "leak"'],
  ['depletion@soon', 'not a time'],
  ['depletion@1m:cell=0', 'counts from 1'],
  ['depletion@1m:cell=x', 'needs a number'],
  ['depletion@1m:pot=3', 'unknown setting "pot"'],
  ['depletion@1m:cell=41', 'only 40 cells'],
  ['blocked-feeder@1m:feeder=6', 'only 5 feeders'],
])('"%s" is refused with a reason', (text, reason) => {
  expect(() => parseFaults(text, 40, 5)).toThrow(reason)
})

test('a plan holds several faults', () => {
  const plan = parseFaults('depletion@1m:cell=2; noisy-cell@2m:cell=3\nstuck-voltage@1h', 40, 5)
  expect(plan.map(fault => fault.kind)).toEqual(['depletion', 'noisy-cell', 'stuck-voltage'])
})

test('a fault of an anode names the anode', () => {
  expect(parseFault('anode-spike@1h:cell=3,anode=36')).toMatchObject({ cell: 2, anode: 36 })
  expect(() => parseFault('anode-spike@1h:anode=0')).toThrow('anode counts from 1')
})

test('the demonstration shows five faults once each and fits a smaller line', () => {
  const kinds = demoFaults.map(fault => fault.kind)
  expect(new Set(kinds).size).toBe(5)
  expect(faultKinds).toEqual(expect.arrayContaining(kinds))
  expect(new Set(demoFaults.map(fault => fault.cell)).size).toBe(demoFaults.length)
  expect(parseFaults('demo', 40, 5)).toEqual(demoFaults)
  expect(parseFaults('demo', 10, 5).map(fault => fault.kind)).toEqual(['depletion'])
})
