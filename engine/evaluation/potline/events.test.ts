import { expect, test } from 'vitest'
import { cellDays, effectOutcomes, falseAlarms, faultOutcomes, type ScoredLine } from './events.ts'
import type { TrueFault } from './truth.ts'
import type { ToldAlarm } from './watch.ts'

const HOUR = 3600

const alarm = (cell: number, kind: string, raised_s: number, ...causes: string[]): ToldAlarm => ({
  ...{ cell, kind, raised_s, causes, text: kind, later: [] },
})

const line = (told: Partial<ScoredLine>): ScoredLine => ({
  ...{ cells: 10, seconds: 12 * HOUR, alarms: [], effects: [], events: {}, faults: [] },
  ...{ risk: new Float32Array(0), slope: new Float32Array(0), minutes: 0 },
  ...told,
})

const blocked: TrueFault = {
  ...{ kind: 'blocked-feeder', cell: 3, start_s: 4 * HOUR, end_s: 7 * HOUR, feeder: 2 },
}

test('a fault is found by the first alarm of its cell, and named by the first right cause', () => {
  const alarms = [
    alarm(3, 'noisy-cell', 3 * HOUR, 'voltage noise'),
    alarm(4, 'feed-below-demand', 4.1 * HOUR, 'feeder 2 delivers 10 %'),
    alarm(3, 'anode-effect-coming', 4.2 * HOUR, 'resistance rises as alumina runs out'),
    alarm(3, 'feed-below-demand', 4.5 * HOUR, 'x', 'y', 'alumina feed below demand'),
  ]
  alarms[3]!.later = [{ time_s: 5 * HOUR, causes: ['feeder 2 delivers 8 %'] }]
  const [outcome] = faultOutcomes(line({ faults: [blocked], alarms }))
  expect(outcome!.found_s).toBeCloseTo(0.2 * HOUR)
  expect(outcome!.rightAtFirst).toBe(false)
  expect(outcome!.named_s).toBeCloseTo(0.5 * HOUR)
  expect(outcome!.feeder_s).toBeCloseTo(HOUR)
})

test('a cause beyond the third, another feeder and a name after the end do not count', () => {
  const told = (...causes: string[]) =>
    faultOutcomes(
      line({ faults: [blocked], alarms: [alarm(3, 'feed-below-demand', 5 * HOUR, ...causes)] }),
    )[0]!
  expect(told('a', 'b', 'c', 'alumina feed below demand').named_s).toBeNaN()
  expect(told('feeder 3 delivers 5 %').feeder_s).toBeNaN()
  expect(told('feeder 21 delivers 5 %').feeder_s).toBeNaN()
  const late = alarm(3, 'feed-below-demand', 8 * HOUR, 'feeder 2 delivers 5 %')
  const [outcome] = faultOutcomes(line({ faults: [blocked], alarms: [late] }))
  expect(outcome!.found_s).toBeNaN()
})

test('two faults of one cell that overlap each get the alarm', () => {
  const noisy: TrueFault = { kind: 'noisy-cell', cell: 3, start_s: 5 * HOUR, end_s: 6 * HOUR }
  const alarms = [alarm(3, 'noisy-cell', 5.1 * HOUR, 'voltage noise: metal pad unstable')]
  const [first, second] = faultOutcomes(line({ faults: [blocked, noisy], alarms }))
  expect(first!.found_s).toBeCloseTo(1.1 * HOUR)
  expect(first!.rightAtFirst).toBe(false)
  expect(second!.rightAtFirst).toBe(true)
})

test('the lead before an anode effect is that of the earliest warning of the last hour', () => {
  const alarms = [
    alarm(1, 'anode-effect-coming', 3000, 'early'),
    alarm(1, 'anode-effect-coming', 7000, 'soon'),
    alarm(1, 'anode-effect-coming', 7100, 'again'),
    alarm(1, 'anode-effect', 7203, 'now'),
    alarm(2, 'anode-effect-coming', 7260, 'too late'),
  ]
  const effects = [
    { cell: 1, time_s: 7200 },
    { cell: 2, time_s: 7200 },
  ]
  const [foretold, missed] = effectOutcomes(line({ alarms, effects }))
  expect(foretold!.lead_s).toBe(200)
  expect(missed!.lead_s).toBeNaN()
})

test('an effect is sudden or local where the fault of its cell is', () => {
  const faults: TrueFault[] = [
    { kind: 'sudden-effect', cell: 1, start_s: 1000, end_s: 1300 },
    { kind: 'local-effect', cell: 2, start_s: 1000, end_s: 2800 },
  ]
  const effects = [1, 2, 3].map(cell => ({ cell, time_s: 1100 }))
  expect(effectOutcomes(line({ faults, effects })).map(({ origin }) => origin)).toEqual([
    ...['without precursor', 'local', 'with precursor'],
  ])
})

test('an alarm is false where neither a fault of its cell nor an anode effect explains it', () => {
  const dip: TrueFault = { kind: 'line-dip', cell: -1, start_s: 8 * HOUR, end_s: 9 * HOUR }
  const alarms = [
    alarm(3, 'feed-below-demand', 5 * HOUR, 'in the fault'),
    alarm(3, 'feed-below-demand', 9 * HOUR, 'in its aftermath'),
    alarm(3, 'feed-below-demand', 11 * HOUR, 'FALSE long after'),
    alarm(4, 'feed-below-demand', 5 * HOUR, 'FALSE beside'),
    alarm(-1, 'line-current-low', 8.1 * HOUR, 'the dip'),
    alarm(5, 'anode-effect-coming', 8.1 * HOUR, 'FALSE in the dip'),
    alarm(6, 'anode-effect-coming', 1.5 * HOUR, 'foretold'),
    alarm(6, 'anode-effect-coming', 0.5 * HOUR, 'FALSE too early'),
    alarm(6, 'noisy-cell', 1.9 * HOUR, 'FALSE before the effect'),
    alarm(6, 'superheat-high', 3 * HOUR, 'after the effect'),
  ]
  const told = line({ faults: [blocked, dip], effects: [{ cell: 6, time_s: 2 * HOUR }], alarms })
  const wrong = falseAlarms(told).map(({ causes }) => causes[0]!)
  expect(wrong.every(text => text.startsWith('FALSE'))).toBe(true)
  expect(wrong).toHaveLength(5)
  // Of twelve hours the first three are warm-up, in which a false alarm counts and no cell-day.
  expect(cellDays(told)).toBe(3.75)
})
