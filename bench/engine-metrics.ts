/** The engine's own counters at one moment, lines and threads added up. */
export interface EngineCounters {
  /** By stage. */
  readonly seconds: ReadonlyMap<string, number>
  readonly runs: ReadonlyMap<string, number>
  /** By store operation. */
  readonly bytes: ReadonlyMap<string, number>
  readonly gc_s: number
}

const SAMPLE = /^(liquidus_[a-z_]+)(?:\{([^}]*)\})? (\S+)$/

/** Reads what the bench needs out of Prometheus text. */
export function parseCounters(text: string): EngineCounters {
  const seconds = new Map<string, number>()
  const runs = new Map<string, number>()
  const bytes = new Map<string, number>()
  const gc = new Map<string, number>()
  const add = (to: Map<string, number>, label: string, labels: string, value: number) => {
    const key = new RegExp(`${label}="([^"]*)"`).exec(labels)?.[1] ?? ''
    to.set(key, (to.get(key) ?? 0) + value)
  }
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = SAMPLE.exec(line) ?? []
    if (name === 'liquidus_stage_seconds_total') add(seconds, 'stage', labels, Number(value))
    else if (name === 'liquidus_stage_runs_total') add(runs, 'stage', labels, Number(value))
    else if (name === 'liquidus_store_bytes_total') add(bytes, 'operation', labels, Number(value))
    else if (name === 'liquidus_gc_pause_seconds_total') add(gc, 'none', labels, Number(value))
  }
  return { seconds, runs, bytes, gc_s: gc.get('') ?? 0 }
}

/** What the engine's metrics say now; all empty when they cannot be read. */
export async function scrapeCounters(http: string): Promise<EngineCounters> {
  try {
    const response = await fetch(`${http}/metrics`)
    return parseCounters(response.ok ? await response.text() : '')
  } catch {
    return parseCounters('')
  }
}

const MIB = 1024 ** 2

/** What passed between two scrapes, as far as the engine tells it. */
export function countersBetween(
  before: EngineCounters,
  after: EngineCounters,
  passed_s: number,
): Readonly<Record<string, unknown>> {
  const stages: Record<string, number> = {}
  for (const [stage, sum_s] of after.seconds) {
    const runs = (after.runs.get(stage) ?? 0) - (before.runs.get(stage) ?? 0)
    if (runs <= 0) continue
    const mean_ms = (1000 * (sum_s - (before.seconds.get(stage) ?? 0))) / runs
    stages[stage] = Number(mean_ms.toPrecision(3))
  }
  const moved: Record<string, number> = {}
  for (const [operation, bytes] of after.bytes) {
    const per_s = (bytes - (before.bytes.get(operation) ?? 0)) / passed_s / MIB
    if (per_s > 0) moved[operation] = Number(per_s.toPrecision(3))
  }
  return {
    ...(Object.keys(stages).length > 0 ? { mean_ms_by_stage: stages } : {}),
    ...(Object.keys(moved).length > 0 ? { store_MiB_per_s: moved } : {}),
    gc_cores: Number(((after.gc_s - before.gc_s) / passed_s).toPrecision(3)),
  }
}
