import { expect, it } from 'vitest'
import type { FrameEvent, LineFrame } from '../../flow.ts'
import { potlineDefinition } from '../../lines/potline.ts'
import { stateReader, stateWriter } from '../state.ts'
import { feederContrast } from './feeder-contrast.ts'

const ANODES = 36
const CELLS = 2
const definition = potlineDefinition({
  ...{ tenant: 't', line: 'l', cells: ['c1', 'c2'], feeders: 5 },
  ...{ anodes: ANODES, clock: 'stream', origin: 'synthetic' },
})
const tagIndex = (tag: string) => definition.tags.findIndex(found => found.tag === tag)
const firstAnode = tagIndex('anode_current_01')

function watch() {
  const contrast = feederContrast(definition)
  const values = new Float64Array(definition.tags.length * CELLS).fill(Number.NaN)
  const age_ms = new Float64Array(values.length)
  const quality = new Uint8Array(values.length)
  let tick = 0
  const suspects: number[] = []
  return {
    ...{ contrast, suspects },
    /** Scans in which the first cell's anodes draw what `current_A` says; columns from 0. */
    scan(
      count: number,
      current_A: (column: number, anode: number) => number,
      events: FrameEvent[] = [],
    ) {
      for (let i = 0; i < count; i++) {
        for (let a = 0; a < ANODES; a++) values[(firstAnode + a) * CELLS] = current_A(a % 18, a)
        const frame: LineFrame = {
          ...{ tick, time_ms: tick++ * 1000, closed: 'complete', values, quality, age_ms },
          ...{ events: i === 0 ? events : [], samples: [] },
        }
        contrast.tick(frame, () => false)
        suspects.push(contrast.suspect(0))
      }
    },
  }
}

const even = () => 10_000
/** Feeder 2 of 5 serves columns 4 to 6. */
const leanAtTwo = (column: number) => (column >= 4 && column <= 6 ? 9850 : 10_000)

it('suspects the feeder whose anodes lose current against the others, within minutes', () => {
  const { scan, contrast, suspects } = watch()
  scan(900, even)
  scan(20, leanAtTwo)
  expect(contrast.suspect(0)).toBe(0)
  scan(60, leanAtTwo)
  expect(contrast.suspect(0)).toBe(2)
  expect(contrast.suspect(1)).toBe(0)
  // It stays suspect while the hour gets used to it, and is cleared long after it came back.
  scan(1200, even)
  expect(contrast.suspect(0)).toBe(0)
  expect(new Set(suspects)).toEqual(new Set([0, 2]))
})

it('suspects none where all feeders lose alike, nor one anode that jumps', () => {
  const { scan, suspects } = watch()
  scan(900, even)
  scan(200, () => 9000)
  scan(200, (_, anode) => (anode === 5 ? 7000 : 10_000))
  expect(Math.max(...suspects)).toBe(0)
})

it('suspects none for hours after an anode change', () => {
  const { scan, suspects } = watch()
  scan(900, even)
  const change = { tagIndex: tagIndex('anode_change'), cell: 0, time_ms: 0, value: 10 }
  scan(600, leanAtTwo, [change])
  expect(Math.max(...suspects)).toBe(0)
})

it('goes on the same after snapshot and restore', () => {
  const whole = watch()
  whole.scan(900, even)
  whole.scan(30, leanAtTwo)
  const bytes = ({ contrast }: ReturnType<typeof watch>) => {
    const out = stateWriter()
    contrast.save(out)
    return out.bytes()
  }
  const again = watch()
  again.contrast.load(stateReader(bytes(whole)))
  whole.scan(60, leanAtTwo)
  again.scan(60, leanAtTwo)
  expect(bytes(again)).toEqual(bytes(whole))
  expect(again.contrast.suspect(0)).toBe(2)
})
