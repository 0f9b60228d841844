import { describe, expect, it } from 'vitest'
import { seededRandom } from '#engine/core/random.ts'
import {
  disturbed,
  entriesOf,
  plantRun,
  type Row,
  runEntries,
} from '#engine/lines/rewind-fixture.ts'

const SECONDS = 3600
/** At the end everything comes in order: the lag, and the wait for the last rewind. */
const TAIL_MS = 200_000

describe('one hour of the demonstration plant', () => {
  const plant = plantRun({
    ...{ cells: 8, feeders: 5, seconds: SECONDS },
    faults: 'noisy-cell@10m:cell=2 stuck-voltage@20m:cell=3 blocked-feeder@15m:cell=4,feeder=2',
  })
  const { definition, series } = plant
  const second = Math.round(plant.rows.length / SECONDS)
  // A sample joins the tick in which it became known: when it arrives is part of what happened.
  const rows = plant.rows.filter(row => !plant.isSample(row))
  const run = (arrived: readonly Row[], size: number) =>
    runEntries(
      definition,
      entriesOf(series, arrived, () => size),
    )
  const straight = run(rows, second)

  it('ends in the same state and alarms with 10 % shuffled and 5 % late as in order', async () => {
    const random = seededRandom(11)
    const arrived = disturbed(
      rows,
      { shuffled: 0.1, late: 0.05, late_ms: 110_000 },
      row => row.time_ms < 1000 * SECONDS - TAIL_MS,
      () => random.uniform(),
    )
    const inOrder = await straight
    const other = await run(arrived, second)
    expect(inOrder).toMatchObject({ rewinds: 0, late: 0 })
    expect(inOrder.alarms.length).toBeGreaterThan(0)
    expect(other.rewinds).toBeGreaterThan(20)
    expect(other).toMatchObject({ late: 0, process: inOrder.process, alarms: inOrder.alarms })
  })

  it('ends in the same state and alarms however it is batched', async () => {
    const { state, alarms } = await straight
    expect(await run(rows, 3 * second)).toMatchObject({ state, alarms, rewinds: 0 })
  })

  it('gives the same state, alarms and advice when it is stopped and resumed', async () => {
    const entries = entriesOf(series, plant.rows, () => 5 * second)
    const whole = await runEntries(definition, entries)
    expect(whole.events.length).toBeGreaterThan(3)
    const cuts = new Set([40, 399, 400, 650])
    expect(await runEntries(definition, entries, cuts)).toEqual(whole)
  })
})
