import { describe, expect, it } from 'vitest'
import type { LineFrame, Quantity, TwinFrame } from '../../flow.ts'
import { cellNames, potlineDefinition, potlineTag } from '../../lines/potline.ts'
import type { Finding } from '../finding.ts'
import { stateReader, stateWriter } from '../state.ts'
import { sampleCheck } from './samples.ts'

const BATH_K = 1235
const HOUR_MS = 3600_000

/** Dips of a line whose twin believes 1235 K of every cell. */
function dips(cells: number) {
  const definition = potlineDefinition({
    ...{ tenant: 't', line: 'l', cells: cellNames(cells), feeders: 3 },
    ...{ clock: 'stream', origin: 'synthetic' },
  })
  const names = { fields: [{ name: 'bath_K' } as Quantity], channels: [] }
  const check = sampleCheck(definition, names)
  const tagIndex = definition.tags.findIndex(({ tag }) => tag === potlineTag.bathTemperature)
  const twin = {
    estimate: new Float64Array(cells).fill(BATH_K),
    std: new Float64Array(cells).fill(3),
    observable: new Uint8Array(cells).fill(1),
    observed: new Float64Array(0),
  } as unknown as TwinFrame
  const found: Finding[] = []
  let time_ms = 0
  const tick = (samples: LineFrame['samples'], lineCalm_s?: number) => {
    time_ms += HOUR_MS
    const frame = { time_ms, samples } as LineFrame
    check.tick(frame, twin, finding => found.push(finding), lineCalm_s)
  }
  tick([])
  return {
    check,
    dip(cell: number, gap_K: number, lineCalm_s?: number) {
      tick([{ tagIndex, cell, taken_ms: time_ms, value: BATH_K + gap_K }], lineCalm_s)
    },
    begun: () => found.filter(({ active }) => active).map(({ kind, cell }) => `${kind} ${cell}`),
    texts: () => found.map(({ text }) => text),
  }
}

describe('a dip that is off what the twin expects', () => {
  it('is no thermocouple where all dips of the line are off alike', () => {
    const { dip, begun, texts } = dips(4)
    for (let i = 0; i < 40; i++) dip(i % 4, 6)
    dip(1, 12)
    expect(begun()).toEqual([])
    dip(2, -10)
    expect(begun()).toEqual(['thermocouple-bias 2'])
    expect(texts().at(-1)).toContain('is -10 K off')
  })

  it('does not hide itself in a line of one cell', () => {
    const { dip, begun } = dips(1)
    for (let i = 0; i < 20; i++) dip(0, 6)
    dip(0, 12)
    expect(begun()).toEqual(['thermocouple-bias 0'])
  })

  it('does not hide itself behind what a short line had learnt in an earlier state', () => {
    const CELLS = 3
    const out = stateWriter()
    for (const value of [NaN, NaN, -Infinity]) out.array(new Float64Array(CELLS).fill(value))
    out.array(new Uint8Array(CELLS))
    out.array(Float64Array.of(6, 40))
    const { check, dip, begun } = dips(CELLS)
    check.load(stateReader(out.bytes()))
    dip(0, 0) // before it the twin is not known
    dip(0, 12)
    expect(begun()).toEqual(['thermocouple-bias 0'])
    const saved = stateWriter()
    check.save(saved)
    expect(Array.from(new Float64Array(saved.bytes().slice(-16).buffer))).toEqual([0, 0])
  })

  it('teaches nothing of the line while its current is off', () => {
    const { dip, begun } = dips(4)
    for (let i = 0; i < 40; i++) dip(i % 4, 6, 600)
    dip(1, 12)
    expect(begun()).toEqual(['thermocouple-bias 1'])
  })
})
