import { expect, test } from 'vitest'
import { lineProposal } from '../client/line-proposal.ts'
import type { LineDefinition } from '../flow.ts'
import { lineDefinition } from './line-definition.ts'

const line: LineDefinition = {
  tenant: 'local',
  line: 'rooms',
  kind: 'air',
  clock: 'stream',
  origin: 'recorded',
  tick_ms: 30_000,
  cells: ['room-1'],
  tags: [
    {
      ...{ tag: 'co2', unit: 'ppm', scope: 'cell', kind: 'signal', in_tick: 'last' },
      ...{ period_ms: 30_000, hold_max_ms: 90_000, low: 0, high: 10_000 },
    },
  ],
}

test('a proposed line comes out as its producer defined it, whatever its kind', () => {
  for (const kind of ['potline', 'machine', 'air', 'generic'] as const) {
    expect(lineDefinition('local', 'rooms', lineProposal({ ...line, kind }))).toEqual({
      ...line,
      kind,
    })
  }
})

test('ticks that are moved by a tick or more are refused, with the reason', () => {
  const proposal = { ...lineProposal(line), tickOffsetMs: 30_000 }
  expect(lineDefinition('local', 'rooms', proposal)).toEqual({
    problem: 'tick_offset_ms 30000 is not less than tick_ms 30000',
  })
})

test('a line of a kind that this engine does not know is a set of signals', () => {
  const proposal = { ...lineProposal(line), kind: 99 }
  expect(lineDefinition('local', 'rooms', proposal)).toEqual({ ...line, kind: 'generic' })
})
