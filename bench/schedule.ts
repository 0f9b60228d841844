import { LiquidusError } from '#engine/core/errors.ts'
import { type Random, seededRandom } from '#engine/core/random.ts'

/** Tags of every asset; each sends one reading a second. */
export const TAGS_COUNT = 10
/** Alarm limit of every tag; normal readings stay far below it. */
export const ALARM_HIGH = 80
export const RANGE_HIGH = 100
/** Two crossings of one series are this far apart, so that each is an alarm of its own. */
const CROSSING_GAP_S = 10
/** Share of all places for a crossing that may be used: more would not be random any more. */
const CROSSING_SHARE_MAX = 0.3
const SECOND_MS = 1000

/** What one run is asked to do. */
export interface LoadPlan {
  readonly rate_per_s: number
  /** Measured time; the warm-up comes before it and is sent, but not timed. */
  readonly seconds_s: number
  readonly warmup_s: number
  readonly alerts: number
  readonly lines: number
  readonly seed: number
  /**
   * Assets whose readings are due at one instant: they share one of the instants that are this far
   * apart. Absent or 0: each asset has a time of its own.
   */
  readonly slot_ms?: number
  /** With slots: all lines begin their second together, at the whole second. */
  readonly aligned?: boolean
  /** Event time that is sent before the warm-up, as fast as it is taken; for what learns. */
  readonly learn_s?: number
}

/** One reading above its limit; the next reading of the series is normal again. */
export interface Crossing {
  readonly line: number
  readonly asset: number
  readonly tag: number
  readonly second: number
}

/** The load of one line: all readings of an asset are due together, once a second. */
export interface LineSchedule {
  readonly name: string
  readonly assets: readonly string[]
  /** The line's seconds, and so its ticks, begin this much after the whole ones. */
  readonly tick_offset_ms: number
  /** When an asset's readings are due after each whole second, whole ms, ascending. */
  readonly phase_ms: Uint16Array // [asset]
  /** Groups of TAGS_COUNT readings, one group per asset and second, in order of due time. */
  readonly groups: number
  /** Seconds of groups that are due before the load begins. */
  readonly learn_s: number
  readonly crossings: readonly Crossing[]
}

export interface Schedule {
  readonly plan: LoadPlan
  readonly lines: readonly LineSchedule[]
}

/** Due time of a group, ms after the load began; negative: what is learnt from before. */
export function dueOf(line: LineSchedule, group: number): number {
  const count = line.assets.length
  return (Math.floor(group / count) - line.learn_s) * SECOND_MS + line.phase_ms[group % count]!
}

/** The first group after `group` that is due at another time, at most `end`. */
export function nextDue(line: LineSchedule, group: number, end: number): number {
  const count = line.assets.length
  const phase_ms = line.phase_ms[group % count]
  let next = group + 1
  while (next < end && next % count !== 0 && line.phase_ms[next % count] === phase_ms) next++
  return next
}

export const tagName = (tag: number): string => `tag_${String(tag + 1).padStart(2, '0')}`

/** Lays out the whole load before it begins, so that nothing can shift what is due when. */
export function scheduleOf(plan: LoadPlan): Schedule {
  const assets = Math.round(plan.rate_per_s / TAGS_COUNT)
  if (plan.lines < 1 || assets < plan.lines) {
    throw new LiquidusError('USAGE', {
      problem: `--rate must give each of ${plan.lines} lines an asset: ${TAGS_COUNT} readings/s`,
    })
  }
  const random = seededRandom(plan.seed)
  const { slot_ms = 0, learn_s = 0, aligned = false } = plan
  const seconds = learn_s + plan.warmup_s + plan.seconds_s
  const lines = Array.from({ length: plan.lines }, (_, i) => {
    const count = Math.floor(assets / plan.lines) + (i < assets % plan.lines ? 1 : 0)
    const phases = random.fork(`phases ${i}`)
    // Lines take turns within a slot, and within the second unless they are aligned.
    const turn_ms = (SECOND_MS * i) / plan.lines
    const slot_turn_ms = (slot_ms * i) / plan.lines
    const tick_offset_ms =
      slot_ms > 0 && !aligned ? Math.floor(turn_ms + (slot_turn_ms * slot_ms) / SECOND_MS) : 0
    const first_ms = aligned ? Math.floor(slot_turn_ms) : tick_offset_ms
    return {
      name: `bench-${i + 1}`,
      assets: Array.from({ length: count }, (_, k) => `unit-${String(k + 1).padStart(3, '0')}`),
      tick_offset_ms,
      phase_ms:
        slot_ms > 0
          ? slotted(count, slot_ms, first_ms)
          : Uint16Array.from({ length: count }, () => phases.integer(SECOND_MS)).sort(),
      groups: count * seconds,
      learn_s,
    }
  })
  const crossings = crossingsOf(
    plan,
    lines.map(line => line.assets.length),
    random.fork('crossings'),
  )
  return {
    plan,
    lines: lines.map((line, i) => ({
      ...line,
      crossings: crossings.filter(crossing => crossing.line === i),
    })),
  }
}

/** Equal shares of the assets, one per slot of a second that begins at `offset_ms`. */
function slotted(count: number, slot_ms: number, offset_ms: number): Uint16Array {
  const slots = Math.floor(SECOND_MS / slot_ms)
  return Uint16Array.from(
    { length: count },
    (_, k) => Math.floor((k * slots) / count) * slot_ms + offset_ms,
  )
}

/** Crossings at random places of the measured time, the last second left out for the return. */
function crossingsOf(plan: LoadPlan, assets: readonly number[], random: Random): Crossing[] {
  const seconds = plan.seconds_s - 1
  const total = assets.reduce((sum, count) => sum + count, 0)
  const room = total * TAGS_COUNT * Math.ceil(seconds / CROSSING_GAP_S) * CROSSING_SHARE_MAX
  if (plan.alerts > room) {
    throw new LiquidusError('USAGE', {
      problem:
        `--alerts ${plan.alerts} does not fit; at this rate and time ` +
        `take ${Math.floor(room)} or fewer`,
    })
  }
  const taken = new Map<string, number[]>()
  const found: Crossing[] = []
  while (found.length < plan.alerts) {
    let asset = random.integer(total)
    let line = 0
    while (asset >= assets[line]!) asset -= assets[line++]!
    const tag = random.integer(TAGS_COUNT)
    const second = (plan.learn_s ?? 0) + plan.warmup_s + random.integer(seconds)
    const series = `${line}/${asset}/${tag}`
    const others = taken.get(series) ?? []
    if (others.some(other => Math.abs(other - second) < CROSSING_GAP_S)) continue
    taken.set(series, [...others, second])
    found.push({ line, asset, tag, second })
  }
  return found
}

/** Normal numbers drawn once; a load of a million readings a second has no time to draw more. */
const NORMALS = 1 << 16

/** Gives the values of a line's groups, in order: noise around a level, and the crossings. */
export function lineValues(
  schedule: LineSchedule,
  random: Random,
): (group: number, into: Float64Array, at: number) => void {
  const { assets, crossings } = schedule
  const series = assets.length * TAGS_COUNT
  const level = Float64Array.from({ length: series }, () => 40 + 20 * random.uniform())
  const noise = new Float64Array(series)
  const normals = Float64Array.from({ length: NORMALS }, () => 0.8 * random.normal())
  const above = Float64Array.from(
    crossings,
    ({ asset, tag, second }) => (second * assets.length + asset) * TAGS_COUNT + tag,
  ).sort()
  let crossed = 0
  let drawn = 0
  return (group, into, at) => {
    const first = (group % assets.length) * TAGS_COUNT
    if (first === 0) drawn = random.integer(NORMALS)
    for (let tag = 0; tag < TAGS_COUNT; tag++) {
      const i = first + tag
      const now = 0.9 * noise[i]! + normals[drawn++ & (NORMALS - 1)]!
      noise[i] = now
      into[at + tag] = Math.min(75, level[i]! + now)
    }
    for (; above[crossed]! < (group + 1) * TAGS_COUNT; crossed++) {
      const tag = above[crossed]! - group * TAGS_COUNT
      if (tag >= 0) into[at + tag] = ALARM_HIGH + 5 + 10 * random.uniform()
    }
  }
}

/** The engine's configuration for this load. */
export function configOf({ plan, lines }: Schedule): Record<string, unknown> & {
  readonly lines: readonly object[]
} {
  return {
    log_level: 'error',
    lines: lines.map(({ name, assets, tick_offset_ms }) => ({
      line: name,
      kind: 'generic',
      // What is learnt from lies before the beginning, which a wall clock would call late.
      clock: (plan.learn_s ?? 0) > 0 ? 'stream' : 'wall',
      origin: 'synthetic',
      ...{ tick_ms: SECOND_MS, tick_offset_ms },
      cells: assets,
      tags: Array.from({ length: TAGS_COUNT }, (_, tag) => ({
        tag: tagName(tag),
        unit: '1',
        period_ms: SECOND_MS,
        hold_max_ms: 5000,
        low: 0,
        high: RANGE_HIGH,
        alarm_high: ALARM_HIGH,
      })),
    })),
  }
}
