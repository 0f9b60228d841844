import type { AlarmKpis } from '../flow.ts'

/** Figures of a line on which nothing has happened. */
export const fixtureKpis: AlarmKpis = {
  ...{ since_ms: 1_760_000_000_000, time_ms: 1_760_000_000_000, announced: 0 },
  ...{ per_10min: 0, per_hour: 0, per_day: 0, hours_over_30_pct: 0, windows_over_10_pct: 0 },
  ...{
    current_10min: 0,
    max_10min: 0,
    max_hour: 0,
    max_minute: 0,
    flood_pct: 0,
    top10_pct: null,
    top: [],
  },
  ...{ chattering: 0, fleeting: 0, stale: 0, priorities_pct: null, unauthorised: 0 },
  ...{ acknowledge_p50_ms: null, acknowledge_p95_ms: null },
  ...{ shelved_p50_ms: null, shelved_p95_ms: null },
  ...{ shelved: 0, suppressed: 0, out_of_service: 0, not_kept: 0 },
}
