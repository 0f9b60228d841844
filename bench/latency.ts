import { measureRun, type RunResult } from './measure.ts'
import type { LoadPlan } from './schedule.ts'

/** A load of a few lines whose readings have times of their own, as a small plant sends them. */
export function measureLatency(
  plan: LoadPlan,
  store: 'lmdb' | 'redis',
  say: (text: string) => void,
): Promise<RunResult> {
  return measureRun({ rate: plan, store, delay_ms: 0, hidden: false, opcua: true }, say)
}
