import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sharedPlaces } from './places.ts'

const noLimit = () => undefined

test('one tenant alone takes half of the places, and the next one still gets some', () => {
  const places = sharedPlaces(8, noLimit)
  const takeAll = (tenant: string) => {
    while (places.take(tenant));
    return places.held(tenant)
  }
  expect([takeAll('a'), takeAll('b'), takeAll('c')]).toEqual([4, 2, 1])
  places.leave('a')
  expect(takeAll('d')).toBe(1)
  expect([places.full(), places.take('e'), places.held('e')]).toEqual([false, true, 1])
  expect([places.full(), places.take('f')]).toEqual([true, false])
})

test('a limit of its own counts instead, up to all places', () => {
  const limits: Readonly<Record<string, number>> = { small: 1, large: 100 }
  const places = sharedPlaces(4, tenant => limits[tenant])
  expect([places.take('small'), places.take('small')]).toEqual([true, false])
  expect([1, 2, 3, 4].map(() => places.take('large'))).toEqual([true, true, true, false])
})

test('a place that is left twice is free once', () => {
  const places = sharedPlaces(2, noLimit)
  places.take('a')
  places.take('b')
  places.leave('a')
  places.leave('a')
  expect([places.take('c'), places.take('d')]).toEqual([true, false])
})

test('whatever one tenant does, another gets a place', () => {
  const steps = fc.array(fc.boolean(), { maxLength: 60 })
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 20 }), steps, (places_max, taking) => {
      const places = sharedPlaces(places_max, noLimit)
      for (const take of taking) {
        if (take) places.take('greedy')
        else places.leave('greedy')
      }
      expect(places.take('other')).toBe(true)
    }),
  )
})
