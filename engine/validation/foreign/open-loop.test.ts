import { expect, test } from 'vitest'
import { runOpenLoop } from './open-loop.ts'
import { BIN_S, type PlantDay, readDay } from './recording.ts'

const HOUR_BINS = 3600 / BIN_S

/** The first hour of a day. */
function firstHour(day: PlantDay): PlantDay {
  return { ...day, bins: HOUR_BINS }
}

test('the recording has what its README says', () => {
  const day = readDay('faulted_day')
  expect(day.design).toMatchObject({ cells: 6, anodes: 36, feeders: 5 })
  expect(day.bins).toBe(86_400 / BIN_S)
  expect(day.truth.minutes).toBe(1440)
  expect(day.voltage_V.every(Number.isFinite)).toBe(true)
  const fed_kg = day.shots.reduce((sum, shot) => sum + shot.amount, 0) / day.design.cells
  expect(fed_kg).toBeGreaterThan(4900)
  expect(fed_kg).toBeLessThan(5300)
  expect(day.taps.every(tap => tap.amount > 2000 && tap.part > 60)).toBe(true)
  expect(day.effects.length).toBeGreaterThan(0)
})

test('the open loop uses neither the voltage nor the truth', () => {
  const day = firstHour(readDay('quiet_day'))
  const blind: PlantDay = {
    ...day,
    voltage_V: day.voltage_V.map(() => Number.NaN),
    truth: {
      minutes: 0,
      column: () => {
        throw new Error('the truth was read')
      },
    },
  }
  const seeing = runOpenLoop(day)
  expect(runOpenLoop(blind)).toEqual(seeing)
  expect(seeing.minutes).toBe(60)
  expect(seeing.voltage_V.every(volts => volts > 4 && volts < 6)).toBe(true)
  const fed = runOpenLoop({ ...day, shots: [] })
  const last = 6 * 59
  expect(fed.alumina_wtpct[last]).toBeLessThan(seeing.alumina_wtpct[last]! - 1)
})
