import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { readScenario } from './scenario.ts'

const EXAMPLES = path.resolve(import.meta.dirname, '../../recordings/scenarios')
const read = (value: unknown) => readScenario(JSON.stringify(value), 'a.json')
const LEAST = { duration_s: 60, record: ['voltage_V'] }

test('the least scenario has usual values for the rest', () => {
  expect(read(LEAST)).toMatchObject({
    dt_s: 1,
    every_s: 60,
    cells: 1,
    set: 'potline-350',
    steady: true,
    feed: { ratio: 1, shot_kg: 1.2 },
    events: [],
  })
})

test('what is wrong is named with its key', () => {
  const wrong = (value: unknown) => () => read(value)
  expect(() => readScenario('{', 'a.json')).toThrow('a.json')
  expect(wrong({ record: ['voltage_V'] })).toThrow('"duration_s"')
  expect(wrong({ ...LEAST, durations: 1 })).toThrow('"durations" is not known')
  expect(wrong({ ...LEAST, dt_s: 0 })).toThrow('"dt_s"')
  expect(wrong({ ...LEAST, sizes: { nodes: 4 } })).toThrow('"sizes.nodes"')
  const event = (one: object) => wrong({ ...LEAST, events: [one] })
  expect(event({ type: 'shot', at_s: 0, feeder: 1 })).toThrow('"events[0].kg"')
  expect(event({ type: 'shoot', at_s: 0 })).toThrow('"events[0].type"')
  expect(event({ type: 'quench', at_s: 0, cells: [2] })).toThrow('"events[0].cells" names cell 2')
})

test('the examples are scenarios', () => {
  const files = readdirSync(EXAMPLES).filter(name => name.endsWith('.json'))
  expect(files.length).toBeGreaterThanOrEqual(3)
  for (const name of files) {
    const scenario = readScenario(readFileSync(path.join(EXAMPLES, name), 'utf8'), name)
    expect(scenario.events.length, name).toBeGreaterThan(0)
  }
})
