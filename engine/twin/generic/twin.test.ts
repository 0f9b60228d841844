import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import type { LineDefinition, LineFrame, TagDefinition } from '../../flow.ts'
import { checkTwin, emptyFrame, putValue } from '../contract.ts'
import { genericTwin } from './twin.ts'

const signal = (tag: string, unit: string, scope: 'line' | 'cell' = 'cell'): TagDefinition => ({
  tag,
  unit,
  scope,
  kind: 'signal',
  period_ms: 1000,
  hold_max_ms: 10_000,
  in_tick: 'last',
  low: -1e9,
  high: 1e9,
})

const definition: LineDefinition = {
  tenant: 'test',
  line: 'wells',
  kind: 'generic',
  clock: 'stream',
  origin: 'recorded',
  tick_ms: 1000,
  cells: ['a', 'b'],
  tags: [
    signal('pressure', 'bar'),
    signal('frozen', 'C'),
    signal('flow', 'l/min', 'line'),
    { ...signal('assay', 'wt%'), kind: 'sample', period_ms: 0 },
  ],
}

/** Coloured noise around a level, SI. */
function ordinary(count: number, colour = 0.8): LineFrame[] {
  const random = seededRandom(5)
  let wander = 0
  return Array.from({ length: count }, (_, tick) => {
    const frame = emptyFrame(definition, tick)
    wander = colour * wander + random.normal()
    for (let cell = 0; cell < 2; cell++) {
      putValue(definition, frame, 'pressure', cell, 5e5 + 1000 * wander + 100 * random.normal())
      putValue(definition, frame, 'frozen', cell, 350)
    }
    putValue(definition, frame, 'flow', 0, 0.01 + 1e-4 * random.normal())
    return frame
  })
}

checkTwin('generic', definition, () => genericTwin(definition), ordinary(400))

describe('the generic twin', () => {
  it('whitens a coloured signal: unit variance and no memory', () => {
    const twin = genericTwin(definition)
    const residual: number[] = []
    for (const frame of ordinary(6000)) residual.push(twin.step(frame).residual[0]!)
    const r = residual.slice(1000)
    const variance = r.reduce((sum, x) => sum + x * x, 0) / r.length
    const lagged = r.slice(1).reduce((sum, x, i) => sum + x * r[i]!, 0) / r.length
    expect(variance).toBeGreaterThan(0.85)
    expect(variance).toBeLessThan(1.2)
    expect(Math.abs(lagged / variance)).toBeLessThan(0.1)
  })

  it('never scores a sensor that never changed, and calls it not observable', () => {
    const twin = genericTwin(definition)
    const frozen = 1 * definition.cells.length
    for (const frame of ordinary(1000)) {
      const out = twin.step(frame)
      expect(out.residual[frozen]).toBeNaN()
      expect(out.observable[frozen]).toBe(0)
    }
  })

  it('shows one wild reading as one large residual and forgets it', () => {
    const twin = genericTwin(definition)
    const frames = ordinary(1200)
    putValue(definition, frames[1000]!, 'pressure', 0, 6e5)
    let after = 0
    for (const frame of frames) {
      const residual = twin.step(frame).residual[0]!
      if (frame.tick === 1000) expect(residual).toBeGreaterThan(20)
      if (frame.tick > 1001) after = Math.max(after, Math.abs(residual))
    }
    expect(after).toBeLessThan(5)
  })

  it('shows a lasting step at once and then learns the new level', () => {
    const twin = genericTwin(definition)
    let settled = 0
    for (const frame of ordinary(4000)) {
      if (frame.tick >= 2000) {
        putValue(definition, frame, 'pressure', 0, frame.values[0]! + 2e4)
      }
      const residual = twin.step(frame).residual[0]!
      if (frame.tick === 2000) expect(residual).toBeGreaterThan(8)
      if (frame.tick > 3000) settled += residual / 1000
    }
    expect(Math.abs(settled)).toBeLessThan(0.3)
  })

  it('does not read a held value again', () => {
    const twin = genericTwin(definition)
    const frames = ordinary(400)
    for (const frame of frames) twin.step(frame)
    const held = ordinary(401).at(-1)!
    held.age_ms.fill(4000)
    const out = twin.step(held)
    expect(out.residual[0]).toBeNaN()
    expect(out.observed[0]).toBe(held.values[0])
  })

  it('stops trusting an asset that has been silent for a minute', () => {
    const twin = genericTwin({ ...definition, tags: definition.tags.slice(0, 1) })
    const only = { ...definition, tags: definition.tags.slice(0, 1) }
    for (const frame of ordinary(400)) twin.step(frame)
    let trusted = 1
    for (let tick = 400; tick < 470; tick++) {
      const frame = emptyFrame(only, tick)
      putValue(only, frame, 'pressure', 1, 5e5 + tick)
      const out = twin.step(frame)
      trusted = out.trusted[0]!
      expect(out.trusted[1]).toBe(1)
    }
    expect(trusted).toBe(0)
  })

  it('names fields by tag and SI unit and shows them in the unit of the tag', () => {
    const [pressure, frozen, flow] = genericTwin(definition).fields
    expect([pressure!.name, frozen!.name, flow!.name]).toEqual([
      'pressure_Pa',
      'frozen_K',
      'flow_m3ps',
    ])
    expect(350 * frozen!.display.scale + frozen!.display.offset).toBeCloseTo(76.85, 9)
    expect(5e5 * pressure!.display.scale + pressure!.display.offset).toBeCloseTo(5, 9)
  })
})
