import { readFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { runAir } from './evaluation.ts'
import { airRowsOf } from './recording.ts'

const FILE = path.join(import.meta.dirname, '../../recordings/occupancy_30s/room.csv.gz')
const rows = airRowsOf(gunzipSync(readFileSync(FILE)).toString())
/** The first 40 % was used to choose tuning; the bounds are on the rest. */
const scoreFrom = 1012

test('the recording is read whole', () => {
  expect(rows).toHaveLength(2532)
  expect(rows[0]).toEqual({
    time_s: Date.UTC(2017, 11, 22, 10, 51, 13) / 1000,
    co2_1: 390e-6,
    air_K: 25 + 273.15,
    light_lx: 121,
    motion: 0,
    people: 1,
  })
  expect(() => airRowsOf('timestamp,co2_ppm\n')).toThrow('no column "temperature_C"')
})

test('CO2 and temperature alone tell an occupied from an empty room in the unseen 60 %', () => {
  const { people, co2, air } = runAir(rows, { scoreFrom })
  expect(people.presence_share).toBeGreaterThan(0.97)
  expect(people.presenceBalanced_share).toBeGreaterThan(0.93)
  expect(people.mae).toBeLessThan(0.1)
  expect(people.correlation).toBeGreaterThan(0.83)
  expect(co2.rmse).toBeLessThan(0.9 * co2.persistenceRmse)
  expect(air.rmse).toBeLessThan(0.9 * air.persistenceRmse)
  expect(co2.inBand_share).toBeGreaterThan(0.93)
})

test('with motion presence is all but sure, while the count of people stays rough', () => {
  const { people } = runAir(rows, { scoreFrom, motion: true })
  expect(people.presenceBalanced_share).toBeGreaterThan(0.985)
  expect(people.mae).toBeLessThan(0.085)
  expect(people.correlation).toBeGreaterThan(0.87)
  expect(people.inBand_share).toBeGreaterThan(0.95)
  // Three people sat there for twenty minutes before the sensor saw any CO2.
  expect(people.occupiedMae).toBeLessThan(1.4)
})

test('counted people are never an input', () => {
  const some = rows.slice(0, 800)
  const blind = some.map(row => ({ ...row, people: 0 }))
  const seen = runAir(some, { motion: true }).estimate.people
  expect(some.some(row => row.people > 0)).toBe(true)
  expect(runAir(blind, { motion: true }).estimate.people).toEqual(seen)
})
