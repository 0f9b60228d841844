import { expect, it } from 'vitest'
import { countersBetween, parseCounters } from './engine-metrics.ts'

const text = (runs: number, bytes: number) => `# HELP liquidus_stage_seconds_total Time.
liquidus_stage_seconds_total{line="a",stage="twin"} ${runs * 0.002}
liquidus_stage_seconds_total{line="b",stage="twin"} ${runs * 0.004}
liquidus_stage_runs_total{line="a",stage="twin"} ${runs}
liquidus_stage_runs_total{line="b",stage="twin"} ${runs}
liquidus_store_bytes_total{operation="append"} ${bytes}
liquidus_gc_pause_seconds_total{thread="main"} ${runs * 0.01}
`

it('gives the mean time of a stage over lines, store rates and the share of collection', () => {
  const told = countersBetween(parseCounters(text(10, 0)), parseCounters(text(30, 4 << 20)), 2)
  expect(told).toEqual({
    mean_ms_by_stage: { twin: 3 },
    store_MiB_per_s: { append: 2 },
    gc_cores: 0.1,
  })
})

it('says nothing of what the engine does not tell', () => {
  expect(countersBetween(parseCounters(''), parseCounters(''), 1)).toEqual({ gc_cores: 0 })
})
