import { describe, expect, it } from 'vitest'
import { findRate, type IngestPlan, ingestRun, sustained } from './ingest.ts'
import type { RunResult } from './measure.ts'
import { medianRun, tableOf } from './results.ts'

const run = (change: Readonly<Record<string, unknown>> = {}): RunResult => ({
  ...{ sent: 1, acknowledged: 1, rejected: 0, lost: 0, problems: [] },
  ...{ readings_per_s: 1000, ack_ms_p99: 10 },
  ...change,
})

describe('searching the highest rate', () => {
  const engine = (can_per_s: number) => async (rate: number) =>
    run({ readings_per_s: Math.min(rate, can_per_s) })

  it('closes in on what the engine can do, from above and from below', async () => {
    for (const from of [1_000_000, 20_000]) {
      const found = await findRate(from, engine(230_000), () => {})
      expect(found.readings_per_s).toBeGreaterThan(205_000)
      expect(found.readings_per_s).toBeLessThanOrEqual(230_000)
    }
  })

  it('gives the failed run where no rate is sustained', async () => {
    const broken = async () => run({ problems: ['lost'] })
    const found = await findRate(8000, broken, () => {})
    expect(found.problems).toEqual(['lost'])
    expect(found.tried.every(([, kept]) => !kept)).toBe(true)
  })
})

it('calls a rate sustained only when all was taken, in time, without a problem', () => {
  expect(sustained(run(), 1000)).toBe(true)
  expect(sustained(run(), 1100)).toBe(false)
  expect(sustained(run({ ack_ms_p99: 5000 }), 1000)).toBe(false)
  expect(sustained(run({ problems: ['1 alerts did not arrive'] }), 1000)).toBe(false)
})

it('takes the median of each number, the worst of what is lost, and every problem', () => {
  const all = [3, 1, 2].map(n =>
    run({ ack_ms_p99: 10 * n, lost: n === 1 ? 7 : 0, problems: n === 1 ? ['lost'] : [] }),
  )
  const median = medianRun(all)
  expect(median).toMatchObject({ ack_ms_p99: 20, lost: 7, problems: ['lost'], runs: 3 })
  expect(median.ack_ms_p99_of_runs).toEqual([30, 10, 20])
})

it('tells the bytes a second that go to the log, of several runs the median', () => {
  const all = [9.1, 8.2, 8.4].map(append => run({ store_MiB_per_s: { append, commit: 1 } }))
  expect(tableOf(medianRun(all))).toContain('log       8.4 MiB/s appended, states 1 MiB/s')
  expect(tableOf(run())).toContain('log       - MiB/s appended')
})

it('spreads the assets over lines and sends TWIN-444 beside them', () => {
  const plan: IngestPlan = {
    ...{ rate_per_s: 25_000, seconds_s: 10, warmup_s: 2, learn_s: 0, alerts: 10 },
    ...{ assets_per_line: 1000, delay_ms: 0, seed: 1, store: 'lmdb', alone: false, opcua: true },
    ...{ aligned: false },
  }
  expect(ingestRun(plan).rate!.lines).toBe(3)
  expect(ingestRun(plan).twin!.cells).toBe(444)
  expect(ingestRun({ ...plan, alone: true }).twin).toBeUndefined()
})
