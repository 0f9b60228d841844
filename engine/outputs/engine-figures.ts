import type { Clock } from '../core/clock.ts'
import type { EngineView, LineStatus } from '../flow.ts'
import {
  type LineLoad,
  type LoadStage,
  loadStages,
  type OperationLoad,
  type TenantLoad,
} from '../load.ts'
import { type OperationRates, operationRates } from './operation-rates.ts'

/** Rates are over this time. */
const WINDOW_SAMPLES = 10
const SAMPLE_EVERY_ms = 1000
/** Lines that are told one by one; the busiest first. */
export const LINES_TOLD_MAX = 100

/** Where the figures come from; what is not there is left out. */
export interface FigureSources {
  readonly engine: EngineView
  readonly clock: Clock
  readonly tenants?: () => readonly TenantLoad[]
  readonly store?: () => readonly OperationLoad[]
  /** CPU time of this process since its start. */
  readonly cpu_s: () => number
}

/** Rates of one line. */
export interface LineRates {
  readonly readings_per_s: number
  readonly rejected_per_s: number
  readonly late_per_s: number
  readonly ticks_per_s: number
  /** Mean time of one run of each stage, and the share of the time that it takes. */
  readonly stages: Readonly<Record<LoadStage, { readonly mean_ms: number; readonly share: number }>>
}

/** One line as the figures tell it. */
export interface LineFigures {
  readonly status: LineStatus
  readonly load: LineLoad | undefined
  readonly rates: LineRates
}

/** What one look at the engine gives. */
export interface Figures {
  /** Time that the rates are over. */
  readonly window_s: number
  readonly cpu_cores: number
  readonly lines: readonly { readonly name: string; readonly figures: LineFigures }[]
  readonly operations: readonly OperationRates[]
  readonly tenant: (TenantLoad & { readonly bytes_per_s: number }) | undefined
}

/** Takes samples once a second, so that rates are known when somebody asks. */
export interface EngineWatch {
  start(): void
  close(): void
  figures(tenant: string): Figures
}

interface Sample {
  readonly at_ms: number
  readonly cpu_s: number
  /** By "tenant/line": accepted, rejected, late, ticks, then count and sum of each stage. */
  readonly lines: ReadonlyMap<string, Float64Array>
  readonly operations: readonly OperationLoad[]
  readonly tenantBytes: ReadonlyMap<string, number>
}

/** Makes the watch of an engine. */
export function engineWatch(sources: FigureSources): EngineWatch {
  const { engine, clock } = sources
  const samples: Sample[] = []
  let timer: NodeJS.Timeout | undefined
  const sample = (): Sample => {
    const lines = new Map<string, Float64Array>()
    for (const load of engine.load().lines) {
      const status = engine.line(load.tenant, load.line)?.status()
      if (status) lines.set(`${load.tenant}/${load.line}`, countersOf(status, load))
    }
    return {
      at_ms: clock.elapsed_ms(),
      cpu_s: sources.cpu_s(),
      lines,
      operations: sources.store?.() ?? [],
      tenantBytes: new Map(sources.tenants?.().map(({ tenant, bytes }) => [tenant, bytes])),
    }
  }
  const keep = () => {
    samples.push(sample())
    if (samples.length > WINDOW_SAMPLES) samples.shift()
  }
  return {
    start() {
      keep()
      timer = setInterval(keep, SAMPLE_EVERY_ms)
      timer.unref()
    },
    close: () => clearInterval(timer),
    figures(tenant) {
      const now = sample()
      const before = samples.find(({ at_ms }) => at_ms < now.at_ms) ?? now
      const window_s = (now.at_ms - before.at_ms) / 1000
      const loads = new Map(
        engine.load().lines.flatMap(load => (load.tenant === tenant ? [[load.line, load]] : [])),
      )
      const lines = engine.lines(tenant).map(view => {
        const name = view.definition.line
        const key = `${tenant}/${name}`
        const rates = ratesOf(now.lines.get(key), before.lines.get(key), window_s)
        return { name, figures: { status: view.status(), load: loads.get(name), rates } }
      })
      const own = sources.tenants?.().find(load => load.tenant === tenant)
      const bytes = (now.tenantBytes.get(tenant) ?? 0) - (before.tenantBytes.get(tenant) ?? 0)
      return {
        window_s,
        cpu_cores: per(now.cpu_s - before.cpu_s, window_s),
        lines: lines.sort((a, b) => busyOf(b.figures) - busyOf(a.figures)),
        operations: operationRates(now.operations, before.operations, window_s),
        tenant: own && { ...own, bytes_per_s: per(bytes, window_s) },
      }
    },
  }
}

const per = (count: number, window_s: number): number => (window_s > 0 ? count / window_s : 0)

const busyOf = ({ rates }: LineFigures): number =>
  rates.readings_per_s + Object.values(rates.stages).reduce((sum, { share }) => sum + share, 0)

function countersOf(status: LineStatus, load: LineLoad): Float64Array {
  const counters = new Float64Array(4 + 2 * loadStages.length)
  const ticks = Object.values(status.ticks_closed).reduce((sum, count) => sum + count, 0)
  counters.set([status.readings_accepted, status.readings_rejected, status.readings_late, ticks])
  loadStages.forEach((stage, i) => {
    counters.set([load.stages[stage].count, load.stages[stage].sum_s], 4 + 2 * i)
  })
  return counters
}

function ratesOf(
  now: Float64Array | undefined,
  before: Float64Array | undefined,
  window_s: number,
): LineRates {
  // A line that is younger than the window, or was opened again, starts at zero.
  const more = (at: number) => {
    if (!now || !before) return 0
    return Math.max(0, now[at]! - before[at]!)
  }
  const stage = (i: number) => {
    const runs = more(4 + 2 * i)
    const sum_s = more(5 + 2 * i)
    return { mean_ms: runs > 0 ? (1000 * sum_s) / runs : 0, share: per(sum_s, window_s) }
  }
  return {
    readings_per_s: per(more(0), window_s),
    rejected_per_s: per(more(1), window_s),
    late_per_s: per(more(2), window_s),
    ticks_per_s: per(more(3), window_s),
    stages: Object.fromEntries(
      loadStages.map((name, i) => [name, stage(i)]),
    ) as LineRates['stages'],
  }
}
