import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { adviceStage } from '../advice/stage.ts'
import { anomalyStage } from '../anomaly/stage.ts'
import { packSections, unpackSections } from '../core/sections.ts'
import type { DecisionEntry, LineDefinition, LogEntry, OutputEvent } from '../flow.ts'
import { batchDecoder } from '../ingest/batch-decoder.ts'
import { BatchBuilder } from '../sim/batch.ts'
import { parseFaults } from '../sim/faults.ts'
import { createPlant } from '../sim/plant.ts'
import { plantDefinition } from '../sim/run.ts'
import { createTwin } from '../twin/catalog.ts'
import { type BatchColumns, loggedBatch, realFold, tinyLine, tinySecond } from './fixture-line.ts'
import { foldEntry, type LineFold, lineFold } from './fold.ts'
import { stateHash } from './state-hash.ts'

interface Outcome {
  readonly hash: string
  readonly events: string[]
}

/** Folds the entries; before each one in `cuts` the fold is stored, thrown away and restored. */
function fold(
  definition: LineDefinition,
  entries: readonly LogEntry[],
  cuts: ReadonlySet<number> = new Set(),
): Outcome & { readonly state: string } {
  let line = realFold(definition)
  const events: OutputEvent[] = []
  const kept = new Map<number, Uint8Array>()
  entries.forEach((entry, i) => {
    if (cuts.has(i)) {
      const stored = line.snapshot()
      const { blobs, numbers } = line.takeKept()
      for (const { number, bytes } of blobs) kept.set(number, bytes)
      for (const number of kept.keys()) if (!numbers.includes(number)) kept.delete(number)
      line = realFold(definition)
      line.restore(stored, new Set(kept.keys()))
    }
    foldEntry(line, { position: i + 1, entry, size_bytes: 1 }, step => events.push(...step.events))
  })
  const bytes = line.snapshot()
  const state = createHash('sha256').update(bytes).digest('hex')
  return { hash: stateHash(bytes), events: events.map(one => JSON.stringify(one)), state }
}

const copied = (columns: BatchColumns): BatchColumns => ({
  ...columns,
  series: [...columns.series],
  refs: columns.refs.slice(0, columns.count),
  times_ms: columns.times_ms.slice(0, columns.count),
  values: columns.values.slice(0, columns.count),
})

/** Three cells, one of them noisy and one with a stuck voltage, two seconds to a batch. */
function potlineBatches(seconds: number): { definition: LineDefinition; batches: BatchColumns[] } {
  const [cells, feeders] = [3, 2]
  const definition = {
    ...plantDefinition({ line: 'pots', cells, feeders, speed: 60 }),
    tenant: 't',
  }
  const faults = parseFaults('noisy-cell@1m:cell=2 stuck-voltage@1m:cell=3', cells, feeders)
  const plant = createPlant({ seed: 3, cells, feeders, start_ms: 0, faults })
  const builder = new BatchBuilder(definition)
  const batches: BatchColumns[] = []
  for (let second = 0; second < seconds; second += 2) {
    builder.clear()
    builder.add(plant.step())
    builder.add(plant.step())
    batches.push(copied(builder))
  }
  return { definition, batches }
}

/** A line that leaves its limits, falls silent, and comes back; entry by entry. */
function genericEntries(seconds: number): LogEntry[] {
  const entries: LogEntry[] = []
  const decision = { on: 'alarm', action: 'acknowledge', target: '' } as const
  let sequence = 0
  for (let second = 100; second < 100 + seconds; second++) {
    const silent = second % 61 > 50
    const value = (series: number) =>
      second % 37 === 5 && series === 1 ? 400 : second % 41 === 7 ? Number.NaN : second % 11
    if (!silent) entries.push(loggedBatch(++sequence, tinySecond(second, value)))
    if (second % 29 === 0) entries.push(said({ ...decision, target: 'nobody' }))
  }
  return entries
}

const said = (decision: DecisionEntry['decision']): DecisionEntry => ({
  ...{ kind: 'decision', decision, subject: 'ann', role: 'operator', comment: '', decided_ms: 5 },
})

const cutsIn = (length: number) =>
  fc.uniqueArray(fc.nat(length - 1), { minLength: 1, maxLength: 6 }).map(cuts => new Set(cuts))

describe('versions that the log names', () => {
  it('are put in force between two entries, and again after a restore', () => {
    const seen: string[] = []
    const make = () => {
      const twin = createTwin(tinyLine)
      const line = lineFold(tinyLine, {
        ...{ decoder: batchDecoder(tinyLine), twin, anomaly: anomalyStage(tinyLine, twin, {}) },
        advice: adviceStage(tinyLine, twin, {}),
        putInForce: ({ model }) => seen.push(`${model} after ${line.time_ms()}`),
      })
      return line
    }
    const line = make()
    let position = 0
    const take = (entry: LogEntry) =>
      foldEntry(line, { position: ++position, entry, size_bytes: 1 }, () => {})
    take({ kind: 'version', versions: { model: 'm/1' } })
    for (let second = 1; second <= 5; second++) {
      take(
        loggedBatch(
          second,
          tinySecond(100 + second, () => 1),
        ),
      )
    }
    take({ kind: 'version', versions: { model: 'm/2' } })
    take(
      loggedBatch(
        6,
        tinySecond(106, () => 1),
      ),
    )
    const restored = make()
    restored.restore(line.snapshot(), new Set())
    const times = seen.map(text => Number(text.split(' ').at(-1)))
    expect(seen.map(text => text.split(' ')[0])).toEqual(['m/1', 'm/2', 'm/2'])
    expect(times[0]).toBe(0)
    expect(times[1]! % 1000).toBe(0)
    expect(times[1]).toBeGreaterThan(100_000)
    expect(restored.versions()).toEqual({ model: 'm/2' })
  })

  it('are put in force alike, without the room of the checkpoints, while running and restored', () => {
    const seen: unknown[] = []
    const make = () => realFold(tinyLine, undefined, { putInForce: named => seen.push(named) })
    const line = make()
    const versions = { model: 'm/1', checkpoint_bytes: '1000000' }
    const entry = { kind: 'version', versions } as const
    foldEntry(line, { position: 1, entry, size_bytes: 1 }, () => {})
    const restored = make()
    restored.restore(line.snapshot(), new Set())
    expect(seen).toEqual([{ model: 'm/1' }, { model: 'm/1' }])
    expect(restored.versions()).toEqual(versions)
  })
})

describe('the clocks of producers', () => {
  const wall = { ...tinyLine, clock: 'wall' } as const
  const take = (line: LineFold, from: number, to: number) => {
    for (let i = from; i < to; i++) {
      const columns = tinySecond(100 + i, () => 1)
      const entry = { ...loggedBatch(i + 1, columns), received_ms: 1000 * (100 + i) - 9000 }
      foldEntry(line, { position: i + 1, entry, size_bytes: 1 }, () => {})
    }
    return line
  }
  const restored = (state: Uint8Array) => {
    const line = realFold(wall)
    line.restore(state, new Set())
    return line
  }

  it('are judged across a restart as without one', () => {
    const whole = take(realFold(wall), 0, 30).clockProblems()
    expect(whole).toEqual([expect.stringMatching(/producer p is 9\.\d s ahead/)])
    const line = take(realFold(wall), 0, 20)
    expect(take(restored(line.snapshot()), 20, 30).clockProblems()).toEqual(whole)
    const judged = take(realFold(wall), 0, 30).snapshot()
    expect(restored(judged).clockProblems()).toEqual(whole)
  })

  it('are judged anew after a state of an engine that did not keep them', () => {
    const line = take(realFold(wall), 0, 20)
    const sections = [...unpackSections(line.snapshot())].filter(([name]) => name !== 'skew')
    const old = restored(packSections(sections))
    expect(take(old, 20, 30).clockProblems()).toEqual([])
    expect(take(old, 30, 50).clockProblems()).toHaveLength(1)
  })
})

describe('lineFold', () => {
  it('of a potline gives equal bytes and events wherever it is stored and restored', () => {
    const { definition, batches } = potlineBatches(400)
    const entries: LogEntry[] = batches.map((one, i) => loggedBatch(i + 1, one))
    const whole = fold(definition, entries)
    expect(whole.events.length).toBeGreaterThan(1)
    // An alarm of the run is acknowledged, so that decisions are part of it.
    const raised = whole.events.map(text => JSON.parse(text) as OutputEvent)
    const alarm = raised.find(one => one.channel === 'alarm')!
    entries.push(said({ on: 'alarm', action: 'acknowledge', target: alarm.body.id }))
    const decided = fold(definition, entries)
    expect(decided.events.length).toBeGreaterThan(whole.events.length)
    fc.assert(
      fc.property(cutsIn(entries.length), cuts => {
        expect(fold(definition, entries, cuts)).toEqual(decided)
      }),
      { numRuns: 8, seed: 1 },
    )
  })

  it('of a generic line does so too, with gaps, limits and decisions', () => {
    const entries = genericEntries(300)
    const whole = fold(tinyLine, entries)
    expect(whole.events.length).toBeGreaterThan(5)
    fc.assert(
      fc.property(cutsIn(entries.length), cuts => {
        expect(fold(tinyLine, entries, cuts)).toEqual(whole)
      }),
      { numRuns: 25, seed: 1 },
    )
  })

  it('closes the same ticks and ends in the same state however a producer cuts its batches', () => {
    const { definition, batches } = potlineBatches(240)
    const whole = fold(
      definition,
      batches.map((one, i) => loggedBatch(i + 1, one)),
    )
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 3 }), sizes => {
        const entries: LogEntry[] = []
        let turn = 0
        for (const batch of batches) {
          for (let first = 0; first < batch.count; ) {
            const count = Math.min(sizes[turn++ % sizes.length]!, batch.count - first)
            const cut = { ...batch, series: first === 0 ? batch.series : [], count }
            entries.push(
              loggedBatch(entries.length + 1, {
                ...cut,
                refs: batch.refs.slice(first, first + count),
                times_ms: batch.times_ms.slice(first, first + count),
                values: batch.values.slice(first, first + count),
              }),
            )
            first += count
          }
        }
        const cutUp = fold(definition, entries)
        expect(cutUp.hash).toBe(whole.hash)
        expect(cutUp.events).toEqual(whole.events)
      }),
      { numRuns: 8, seed: 1 },
    )
  })

  it('finds the same alarms whether a producer sends a second or minutes at a time', () => {
    const seconds = Array.from({ length: 300 }, (_, i) =>
      tinySecond(100 + i, series => (i % 37 < 4 && series === 1 ? 400 : i % 11)),
    )
    const sentBy = (size: number) => {
      const entries: LogEntry[] = []
      for (let first = 0; first < seconds.length; first += size) {
        const part = seconds.slice(first, first + size)
        const columns = {
          series: part[0]!.series,
          count: part.length * part[0]!.count,
          refs: Uint32Array.from(part.flatMap(one => [...one.refs])),
          times_ms: Float64Array.from(part.flatMap(one => [...one.times_ms])),
          values: Float64Array.from(part.flatMap(one => [...one.values])),
        }
        entries.push(loggedBatch(entries.length + 1, columns))
      }
      return fold(tinyLine, entries)
    }
    const { hash, events } = sentBy(1)
    expect(events.length).toBeGreaterThan(20)
    for (const size of [10, 100, 300]) expect(sentBy(size)).toMatchObject({ hash, events })
  })
})
