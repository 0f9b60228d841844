import { conditions } from '#engine/anomaly/conditions.ts'
import { dynamicDetector } from '#engine/anomaly/dynamic/detector.ts'
import type { Report } from '#engine/anomaly/finding.ts'
import { fusedDetector } from '#engine/anomaly/fusion/detector.ts'
import { healthDetector } from '#engine/anomaly/health/detector.ts'
import { type Stateful, stateWriter } from '#engine/anomaly/state.ts'
import { systemClock } from '#engine/core/clock.ts'
import { seededRandom } from '#engine/core/random.ts'
import type { LineDefinition, LineFrame, ReadingBatch } from '#engine/flow.ts'
import { genericTwin } from '#engine/twin/generic/twin.ts'
import { latencyHistogram } from './histogram.ts'
import { ALARM_HIGH, lineValues, RANGE_HIGH, scheduleOf, TAGS_COUNT, tagName } from './schedule.ts'

/** Lines of assets with ten tags at 1 Hz, scored as in a running engine. */
export interface LinesCase {
  readonly lines: number
  readonly cells: number
}

/** Ticks until every detector has learnt and multiplies by its model. */
const WARMUP_TICKS = 700
const TICKS = 300
const BATCH_ASSETS = 100
const PARTS = ['predictor', 'readings', 'health', 'dynamic', 'fused'] as const
type Part = (typeof PARTS)[number]
type Times = Record<Part, Float64Array>

const now_ms = () => systemClock.elapsed_ms()

/** A tick of so many lines after one another: its time, and the middle one of each part of a line. */
export function measureLines({ lines, cells }: LinesCase) {
  const plan = { rate_per_s: lines * cells * TAGS_COUNT, seconds_s: 2, warmup_s: 0, alerts: 0 }
  const schedule = scheduleOf({ ...plan, lines, seed: 7 })
  const random = seededRandom(7)
  const rigs = schedule.lines.map(line =>
    lineRig(definitionOf(line.name, line.assets), lineValues(line, random.fork(line.name))),
  )
  const times = timesOf(TICKS * lines)
  const histogram = latencyHistogram()
  for (let tick = 0; tick < WARMUP_TICKS + TICKS; tick++) {
    const isWarm = tick >= WARMUP_TICKS
    let tick_ms = 0
    rigs.forEach((rig, i) => {
      const at = (tick - WARMUP_TICKS) * lines + i
      tick_ms += rig.tick(tick, isWarm ? times : undefined, at)
    })
    if (isWarm) histogram.add(tick_ms)
  }
  const readings = cells * TAGS_COUNT
  const middle = (part: Part) => times[part].toSorted()[times[part].length >> 1]!
  const ns = Object.fromEntries(PARTS.map(part => [part, (1e6 * middle(part)) / readings]))
  const line_ms = PARTS.reduce((sum, part) => sum + middle(part), 0)
  return {
    ...{ lines, cells, readings_per_tick: lines * readings },
    readings_per_s: Math.round((1000 * readings) / line_ms),
    ns_per_reading: rounded(ns),
    ...histogram.percentiles('tick'),
    bytes_per_asset: rigs[0]!.bytesPerAsset(),
    scored: rigs.reduce((sum, rig) => sum + rig.scored(), 0),
  }
}

function definitionOf(line: string, cells: readonly string[]): LineDefinition {
  const rest = { scope: 'cell', kind: 'signal', in_tick: 'last', unit: '1' } as const
  const times = { period_ms: 1000, hold_max_ms: 5000 }
  const limits = { low: 0, high: RANGE_HIGH, alarm_high: ALARM_HIGH }
  return {
    ...{ tenant: 'bench', line, kind: 'generic', clock: 'stream', origin: 'synthetic' },
    ...{ tick_ms: 1000, cells },
    tags: Array.from({ length: TAGS_COUNT }, (_, tag) => ({
      ...{ tag: tagName(tag), ...rest, ...times, ...limits },
    })),
  }
}

function timesOf(ticks: number): Times {
  return Object.fromEntries(PARTS.map(part => [part, new Float64Array(ticks)])) as Times
}

function rounded(values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Math.round(10 * value) / 10]),
  )
}

/** One line with what looks at it, each part timed. */
function lineRig(
  definition: LineDefinition,
  fill: (group: number, into: Float64Array, at: number) => void,
) {
  const cells = definition.cells.length
  const twin = genericTwin(definition)
  const health = healthDetector(definition)
  const dynamic = dynamicDetector(definition, twin)
  const fused = fusedDetector(definition, twin)
  const standing = conditions(cells)
  const report: Report = finding => standing.note(finding)
  const batches = batchesOf(cells)
  const group = new Float64Array(TAGS_COUNT)
  const values = new Float64Array(cells * TAGS_COUNT) // [tag][cell]
  const quality = new Uint8Array(values.length)
  const age_ms = new Float64Array(values.length).fill(100)
  const rest = { closed: 'complete', values, quality, age_ms, events: [], samples: [] } as const

  const next = (tick: number): void => {
    for (let cell = 0; cell < cells; cell++) {
      fill(tick * cells + cell, group, 0)
      for (let tag = 0; tag < TAGS_COUNT; tag++) values[tag * cells + cell] = group[tag]!
    }
    for (const batch of batches) {
      batch.times_ms.fill(1000 * tick + 900)
      for (let r = 0; r < batch.count; r++) batch.values[r] = values[batch.series[r]!]!
    }
  }
  const sizeOf = (part: Stateful): number => {
    const out = stateWriter()
    part.save(out)
    return Math.round(out.bytes().length / cells)
  }

  return {
    /** Gives the time of all but the readings, which come before the tick. */
    tick(tick: number, times: Times | undefined, at: number): number {
      next(tick)
      const frame: LineFrame = { tick, time_ms: 1000 * (tick + 1), ...rest }
      const marks = [now_ms()]
      for (const batch of batches) health.readings(batch, report)
      marks.push(now_ms())
      const expected = twin.step(frame)
      marks.push(now_ms())
      health.tick(frame, report)
      marks.push(now_ms())
      dynamic.tick(frame, expected, standing.besidesDynamics, report)
      marks.push(now_ms())
      fused.tick(frame, expected, standing.frozen, report)
      marks.push(now_ms())
      const [start, read, predicted, healthy, moved, end] = marks as [number, ...number[]]
      if (times) {
        times.readings[at] = read! - start
        times.predictor[at] = predicted! - read!
        times.health[at] = healthy! - predicted!
        times.dynamic[at] = moved! - healthy!
        times.fused[at] = end! - moved!
      }
      return end! - read!
    },
    scored: () => dynamic.scores.reduce((count, score) => count + Number(score > 0), 0),
    bytesPerAsset: () => ({
      predictor: Math.round(twin.snapshot().length / cells),
      ...{ health: sizeOf(health), dynamic: sizeOf(dynamic), fused: sizeOf(fused) },
    }),
  }
}

/** A second of a line as a gateway sends it: some assets a batch, all tags of each. */
function batchesOf(cells: number): ReadingBatch[] {
  return Array.from({ length: Math.ceil(cells / BATCH_ASSETS) }, (_, b) => {
    const first = b * BATCH_ASSETS
    const count = Math.min(BATCH_ASSETS, cells - first) * TAGS_COUNT
    const series = Uint32Array.from(
      { length: count },
      (_, r) => (r % TAGS_COUNT) * cells + first + Math.floor(r / TAGS_COUNT),
    )
    return {
      ...{ producer: 'bench', epoch: 1, sequence: b + 1, received_ms: 0, mode: 'live', count },
      ...{ series, times_ms: new Float64Array(count), values: new Float64Array(count) },
      quality: new Uint8Array(count),
    } as ReadingBatch
  })
}

/** The measured cases as a table. */
export function linesText(cases: readonly ReturnType<typeof measureLines>[]): string {
  const heads = ['readings/s', 'tick p50', 'tick p99', ...PARTS.map(part => `${part} ns`)]
  const lines = [`lines x assets of ten tags ${heads.map(head => head.padStart(13)).join('')}`]
  for (const one of cases) {
    const figures = one as unknown as Readonly<Record<string, number>>
    const cellsOf = [
      String(one.readings_per_s),
      ...['p50', 'p99'].map(name => `${figures[`tick_ms_${name}`]!.toFixed(1)} ms`),
      ...PARTS.map(part => String(one.ns_per_reading[part])),
    ]
    const name = `${one.lines} x ${one.cells}`.padEnd(27)
    lines.push(name + cellsOf.map(cell => cell.padStart(13)).join(''))
  }
  return lines.join('\n')
}
