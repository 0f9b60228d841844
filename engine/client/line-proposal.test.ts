import { expect, test } from 'vitest'
import { POTLINE } from '#engine/ingest/grpc/door-fixture.ts'
import { lineDefinition } from '#engine/ingest/line-definition.ts'
import type { LineDefinition } from '../flow.ts'
import { lineProposal } from './line-proposal.ts'

test('a proposal reads back as the definition it was made of', () => {
  const full: LineDefinition = {
    ...POTLINE,
    kind: 'generic',
    tick_offset_ms: 370,
    tags: [{ ...POTLINE.tags[0]!, alarm_low: 1, alarm_high: 5, rate_max_per_s: 0.5 }],
  }
  for (const definition of [POTLINE, full]) {
    const proposal = lineProposal(definition)
    expect(lineDefinition(definition.tenant, definition.line, proposal)).toEqual(definition)
  }
})
