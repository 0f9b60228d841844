import { fromSi } from '../../core/units.ts'
import { type LineDefinition, type LineFrame, Quality, type ReadingBatch } from '../../flow.ts'
import type { Report } from '../finding.ts'
import type { StateArray, Stateful } from '../state.ts'
import { SILENT_MIN_MS, type TagLimits, tagLimits } from './limits.ts'

/** Watches every sensor by itself: limits, rate, stuck, bad, silent, noisier than it was. */
export interface HealthDetector extends Stateful {
  /** At once, before the tick closes; true where an open tick before theirs would see a change. */
  readings(batch: ReadingBatch, report: Report): boolean
  /** Once per tick: what only the absence of readings shows. */
  tick(frame: LineFrame, report: Report): void
  /** Reason by dense series index. */
  faults(): ReadonlyMap<number, string>
}

/** Of this module alone: the compiler reads what is exported or imported anew in every turn. */
const BAD: number = Quality.bad
const BAD_COUNT = 10 // bad readings in a row before the sensor is called bad
const NOISE_LEARN_COUNT = 600 // readings from which the usual step is learnt
const NOISE_RATIO = 36 // of squared steps: six times the usual amplitude
const NOISE_SHARE = 1 / 60
/** What slow sensors may still send after the quick ones of a line that stops as a whole. */
const LAST_WORDS_MS = 10_000

const Flag = { high: 1, low: 2, stuck: 4, bad: 8, silent: 16, rate: 32, noisy: 64 } as const
const LINE_SILENT = 1
const REASONS: readonly (readonly [flag: number, reason: string])[] = [
  [Flag.stuck, 'stuck'],
  [Flag.bad, 'bad quality'],
  [Flag.silent, 'silent'],
  [Flag.noisy, 'noisier than usual'],
]

interface Health {
  readonly definition: LineDefinition
  readonly cells: number
  readonly tagOf: Uint32Array // [tag][cell], index of the tag
  readonly limits: TagLimits
  readonly last_ms: Float64Array // [tag][cell]
  readonly last: Float64Array // [tag][cell]
  readonly moved_ms: Float64Array // [tag][cell], when the value last changed
  readonly step2: Float64Array // [tag][cell], recent mean of the squared step
  readonly step2Usual: Float64Array // [tag][cell]
  readonly seen: Uint32Array // [tag][cell]
  readonly badRun: Uint8Array // [tag][cell]
  readonly flags: Uint8Array // [tag][cell]
  readonly lineFlag: Uint8Array // [1]
  report: Report
  faults: ReadonlyMap<number, string> | undefined
  stirred: boolean
}

/** Sensor health of all series of a line. */
export function healthDetector(definition: LineDefinition): HealthDetector {
  const cells = definition.cells.length
  const count = definition.tags.length * cells
  const health: Health = {
    definition,
    cells,
    tagOf: Uint32Array.from({ length: count }, (_, i) => Math.floor(i / cells)),
    limits: tagLimits(definition),
    last_ms: new Float64Array(count).fill(Number.NEGATIVE_INFINITY),
    last: new Float64Array(count),
    moved_ms: new Float64Array(count),
    step2: new Float64Array(count),
    step2Usual: new Float64Array(count),
    seen: new Uint32Array(count),
    badRun: new Uint8Array(count),
    flags: new Uint8Array(count),
    lineFlag: new Uint8Array(1),
    report: () => {},
    faults: undefined,
    stirred: false,
  }
  const { last_ms, last, moved_ms, step2, step2Usual, seen, badRun, flags, lineFlag } = health
  const arrays: readonly StateArray[] = [
    ...[last_ms, last, moved_ms, step2, step2Usual],
    ...[seen, badRun, flags, lineFlag],
  ]
  return {
    readings(batch, report) {
      // A late reading never raises an alarm for the past; backfill is all past.
      if (batch.mode === 'backfill') return false
      health.report = report
      health.stirred = false
      readAll(health, batch)
      return health.stirred
    },
    tick(frame, report) {
      health.report = report
      checkSilence(health, frame.time_ms)
    },
    faults() {
      health.faults ??= reasons(health.flags)
      return health.faults
    },
    save(out) {
      for (const array of arrays) out.array(array)
    },
    load(from) {
      for (const array of arrays) from.array(array)
      health.faults = undefined
    },
  }
}

function readAll(health: Health, batch: ReadingBatch): void {
  const { series, times_ms, values, quality, count } = batch
  const { last_ms, last, moved_ms, seen, badRun, flags, tagOf, limits } = health
  const { high, low, rate_per_s, noise } = limits
  for (let r = 0; r < count; r++) {
    const i = series[r]!
    const t = times_ms[r]!
    const before_ms = last_ms[i]!
    if (t <= before_ms) continue
    const v = values[r]!
    const tag = tagOf[i]!
    const step = v - last[i]!
    // Nearly every reading: nothing stands, the value is within limits, moves, and moves slowly.
    const usual =
      flags[i] === 0 &&
      quality[r]! < BAD &&
      v <= high[tag]! &&
      v >= low[tag]! &&
      seen[i]! > 0 &&
      step !== 0 &&
      Math.abs(step) <= rate_per_s[tag]! * ((t - before_ms) / 1000)
    if (usual) {
      badRun[i] = 0
      moved_ms[i] = t
      if (noise[tag] === 1) checkNoise(health, i, tag, step * step, t)
    } else if (!readOne(health, i, tag, v, quality[r]!, t)) continue
    if (seen[i]! < 0xffffffff) seen[i]!++
    last[i] = v
    last_ms[i] = t
  }
}

/** Runs all checks on one reading; false where it has no value to compare the next one with. */
function readOne(health: Health, i: number, tag: number, v: number, q: number, t: number): boolean {
  const { moved_ms, seen, badRun, flags } = health
  if (Number.isNaN(v) || q >= BAD) {
    countBad(health, i, tag, t)
    return false
  }
  badRun[i] = 0
  if ((flags[i]! & (Flag.bad | Flag.silent)) !== 0) {
    clear(health, i, Flag.bad, 'sensor-bad', t)
    clear(health, i, Flag.silent, 'sensor-silent', t)
  }
  checkLimits(health, i, tag, v, t)
  if (seen[i]! > 0) checkChange(health, i, tag, v, t)
  else moved_ms[i] = t
  return true
}

function checkLimits(health: Health, i: number, tag: number, v: number, t: number): void {
  const { limits, flags } = health
  const high = limits.high[tag]!
  const low = limits.low[tag]!
  if (v > high) {
    if ((flags[i]! & Flag.high) === 0) {
      const text = `${nameOf(health, tag)} ${shown(health, tag, v)} is above its limit`
      set(health, i, Flag.high, 'limit-high', `${text} ${shown(health, tag, high)}`, t)
    }
  } else if ((flags[i]! & Flag.high) !== 0 && v <= high - limits.deadband[tag]!) {
    clear(health, i, Flag.high, 'limit-high', t)
  }
  if (v < low) {
    if ((flags[i]! & Flag.low) === 0) {
      const text = `${nameOf(health, tag)} ${shown(health, tag, v)} is below its limit`
      set(health, i, Flag.low, 'limit-low', `${text} ${shown(health, tag, low)}`, t)
    }
  } else if ((flags[i]! & Flag.low) !== 0 && v >= low + limits.deadband[tag]!) {
    clear(health, i, Flag.low, 'limit-low', t)
  }
}

function checkChange(health: Health, i: number, tag: number, v: number, t: number): void {
  const { limits, flags, last, last_ms, moved_ms } = health
  const step = v - last[i]!
  if (step !== 0) {
    moved_ms[i] = t
    clear(health, i, Flag.stuck, limits.stuckKind[tag]!, t)
  } else if ((flags[i]! & Flag.stuck) === 0 && t - moved_ms[i]! >= limits.stuck_ms[tag]!) {
    const text = `${nameOf(health, tag)} has stood still at ${shown(health, tag, v)}`
    set(health, i, Flag.stuck, limits.stuckKind[tag]!, text, t)
  }
  const dt_s = (t - last_ms[i]!) / 1000
  if (Math.abs(step) > limits.rate_per_s[tag]! * dt_s) {
    set(health, i, Flag.rate, 'sensor-rate', `${nameOf(health, tag)} changed faster than it can`, t)
  } else clear(health, i, Flag.rate, 'sensor-rate', t)
  if (limits.noise[tag] === 1) checkNoise(health, i, tag, step * step, t)
}

function checkNoise(health: Health, i: number, tag: number, square: number, t: number): void {
  const { step2, step2Usual, seen, flags } = health
  step2[i]! += (square - step2[i]!) * NOISE_SHARE
  if (seen[i]! <= NOISE_LEARN_COUNT) {
    step2Usual[i]! += (square - step2Usual[i]!) / seen[i]!
    return
  }
  const usual = step2Usual[i]!
  // A signal that stood still while it was learnt has no usual noise to compare with.
  if (usual === 0) return
  if (step2[i]! > NOISE_RATIO * usual) {
    if ((flags[i]! & Flag.noisy) !== 0) return
    set(health, i, Flag.noisy, 'sensor-noisy', `${nameOf(health, tag)} jumps more than it did`, t)
  } else if (step2[i]! < (NOISE_RATIO / 4) * usual) {
    clear(health, i, Flag.noisy, 'sensor-noisy', t)
  }
}

function countBad(health: Health, i: number, tag: number, t: number): void {
  if (health.badRun[i]! < BAD_COUNT) health.badRun[i]!++
  if (health.badRun[i]! < BAD_COUNT) return
  const text = `${nameOf(health, tag)} is marked bad by its source`
  set(health, i, Flag.bad, 'sensor-bad', text, t)
}

/** One silent sensor is its own fault; when most are silent, or all wait, it is the line's. */
function checkSilence(health: Health, time_ms: number): void {
  const { seen, lineFlag } = health
  const found = census(health, time_ms)
  const { silent, alive } = found
  const quiet = isQuiet(found, time_ms)
  const lineSilent = silent > 1 && (silent > alive || quiet)
  if (lineSilent !== (lineFlag[0] === LINE_SILENT)) {
    lineFlag[0] = lineSilent ? LINE_SILENT : 0
    const some = `${silent} of ${silent + alive} signals send nothing any more`
    const text = lineSilent ? (quiet ? 'no signal comes any more' : some) : ''
    tell(health, -1, -1, 'line-silent', lineSilent, text, time_ms)
  }
  if (lineSilent || silent === 0) return
  for (let i = 0; i < seen.length; i++) {
    if (silence(health, i, time_ms) !== 1 || (health.flags[i]! & Flag.silent) !== 0) continue
    const text = `${nameOf(health, (i / health.cells) | 0)} sends nothing any more`
    set(health, i, Flag.silent, 'sensor-silent', text, time_ms)
  }
}

/** Sensors by what is heard of them. */
interface Census {
  silent: number
  alive: number
  /** When the last of the silent ones sent, and the last of the others. */
  silent_ms: number
  alive_ms: number
  /** The shortest of the others. */
  period_ms: number
}

function census(health: Health, time_ms: number): Census {
  const found: Census = {
    ...{ silent: 0, alive: 0, period_ms: Number.POSITIVE_INFINITY },
    ...{ silent_ms: Number.NEGATIVE_INFINITY, alive_ms: Number.NEGATIVE_INFINITY },
  }
  const tags = health.limits.silent_ms.length
  for (let tag = 0; tag < tags; tag++) countTag(health, tag, time_ms, found)
  return found
}

/** Adds the sensors of one tag, in numbers of its own: those of an object cost more than the look. */
function countTag(
  { seen, last_ms, cells, limits }: Health,
  tag: number,
  time_ms: number,
  into: Census,
): void {
  const after_ms = limits.silent_ms[tag]!
  if (after_ms === Infinity) return
  let silent = 0
  let alive = 0
  let silent_ms = Number.NEGATIVE_INFINITY
  let alive_ms = Number.NEGATIVE_INFINITY
  for (let i = tag * cells; i < (tag + 1) * cells; i++) {
    if (seen[i] === 0) continue
    const sent_ms = last_ms[i]!
    if (time_ms - sent_ms > after_ms) {
      silent++
      if (sent_ms > silent_ms) silent_ms = sent_ms
    } else {
      alive++
      if (sent_ms > alive_ms) alive_ms = sent_ms
    }
  }
  into.silent += silent
  into.alive += alive
  into.silent_ms = Math.max(into.silent_ms, silent_ms)
  into.alive_ms = Math.max(into.alive_ms, alive_ms)
  if (alive > 0) into.period_ms = Math.min(into.period_ms, limits.period_ms[tag]!)
}

/** The quick ones are silent and nothing has come since: that the slow ones are not says little. */
function isQuiet({ silent_ms, alive_ms, alive, period_ms }: Census, time_ms: number): boolean {
  const quiet_ms = time_ms - Math.max(silent_ms, alive_ms)
  if (alive_ms - silent_ms > LAST_WORDS_MS) return false
  return quiet_ms > Math.max(SILENT_MIN_MS, alive > 0 ? 2 * period_ms : 0)
}

/** 1 silent, 0 alive, -1 when nothing is expected of it. */
function silence({ limits, cells, seen, last_ms }: Health, i: number, time_ms: number): number {
  const after_ms = limits.silent_ms[(i / cells) | 0]!
  if (seen[i] === 0 || after_ms === Infinity) return -1
  return time_ms - last_ms[i]! > after_ms ? 1 : 0
}

function set(health: Health, i: number, flag: number, kind: string, text: string, t: number): void {
  if ((health.flags[i]! & flag) !== 0) return
  health.flags[i]! |= flag
  tellSeries(health, i, kind, true, text, t)
}

function clear(health: Health, i: number, flag: number, kind: string, t: number): void {
  if ((health.flags[i]! & flag) === 0) return
  health.flags[i]! &= ~flag
  tellSeries(health, i, kind, false, '', t)
}

function tellSeries(
  health: Health,
  i: number,
  kind: string,
  active: boolean,
  text: string,
  t: number,
): void {
  const tag = (i / health.cells) | 0
  const cell = health.definition.tags[tag]!.scope === 'line' ? -1 : i % health.cells
  health.faults = undefined
  health.stirred = true
  tell(health, cell, tag, kind, active, text, t)
}

function tell(
  health: Health,
  cell: number,
  tagIndex: number,
  kind: string,
  active: boolean,
  text: string,
  time_ms: number,
): void {
  const causes = active ? [{ text, weight: 1 }] : []
  health.report({
    ...{ kind, cell, tagIndex, active, time_ms, text, causes },
    score: active ? 1 : 0,
    detector: 'health',
  })
}

const nameOf = (health: Health, tag: number): string =>
  health.definition.tags[tag]!.tag.replaceAll('_', ' ')

function shown(health: Health, tag: number, value: number): string {
  const { unit } = health.definition.tags[tag]!
  const text = String(Number(fromSi(value, unit).toPrecision(4)))
  return unit === '' || unit === '1' ? text : `${text} ${unit}`
}

function reasons(flags: Uint8Array): ReadonlyMap<number, string> {
  const found = new Map<number, string>()
  for (let i = 0; i < flags.length; i++) {
    if (flags[i] === 0) continue
    const reason = REASONS.find(([flag]) => (flags[i]! & flag) !== 0)
    if (reason) found.set(i, reason[1])
  }
  return found
}
