import { expect, test } from 'vitest'
import {
  anodeTagNames,
  isAnodeCurrent,
  isShellTemperature,
  potlineTag,
  potlineTags,
  shellTagNames,
} from './potline.ts'

test('a potline has no gauges unless it says so', () => {
  const tags = potlineTags(5).map(({ tag }) => tag)
  expect(tags.some(tag => isAnodeCurrent(tag) || isShellTemperature(tag))).toBe(false)
})

test('gauges are named by number from 1, in the order of their places', () => {
  expect(anodeTagNames(36)[0]).toBe('anode_current_01')
  expect(anodeTagNames(36)[35]).toBe('anode_current_36')
  expect(shellTagNames(4)).toEqual([1, 2, 3, 4].map(place => `shell_temperature_${place}`))
})

test('gauges are slow signals that come before the last signal of each second', () => {
  const tags = potlineTags(5, { anodes: 36, shellTemperatures: 4 })
  const gauges = tags.filter(({ tag }) => isAnodeCurrent(tag) || isShellTemperature(tag))
  expect(gauges.length).toBe(40)
  for (const { kind, period_ms, hold_max_ms } of gauges) {
    expect(kind).toBe('signal')
    expect(period_ms).toBeGreaterThan(1000)
    expect(hold_max_ms).toBeGreaterThanOrEqual(5 * period_ms)
  }
  const last = tags.findIndex(({ tag }) => tag === potlineTag.beam)
  expect(Math.max(...gauges.map(gauge => tags.indexOf(gauge)))).toBeLessThan(last)
})
