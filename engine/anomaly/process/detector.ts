import type { Channel, LineDefinition, LineFrame, Quantity, TwinFrame } from '../../flow.ts'
import { potlineTag } from '../../lines/potline.ts'
import type { Report } from '../finding.ts'
import { persistence } from '../persistence.ts'
import type { Stateful } from '../state.ts'
import { cellLooks } from './cell-look.ts'
import { feedBalance } from './feed-balance.ts'
import type { Faults } from './quiet.ts'
import { processRules } from './rules.ts'
import { sampleCheck } from './samples.ts'

/** Rules of the potroom on the signals and the twin's estimates of each cell. */
export interface ProcessDetector extends Stateful {
  /** `faults` are those of sensor health, by dense series index. */
  tick(frame: LineFrame, twin: TwinFrame, faults: Faults, report: Report): void
}

/** The process rules of a potline; a rule whose estimate the twin lacks stays silent. */
export function processDetector(
  definition: LineDefinition,
  names: { readonly fields: readonly Quantity[]; readonly channels: readonly Channel[] },
): ProcessDetector {
  const cells = definition.cells.length
  const dt_s = definition.tick_ms / 1000
  const voltageTag = definition.tags.findIndex(({ tag }) => tag === potlineTag.voltage)
  const looks = cellLooks(definition, names)
  const samples = sampleCheck(definition, names)
  const feed = feedBalance(definition, names)
  const rules = processRules.map(rule => ({
    rule,
    held: persistence(cells, rule.need_s, rule.clear_s),
  }))
  const parts: readonly Stateful[] = [looks, samples, feed, ...rules.map(({ held }) => held)]
  return {
    tick(frame, twin, faults, report) {
      for (let cell = 0; cell < cells; cell++) {
        const blind = faults.has(voltageTag * cells + cell)
        const look = looks.fill(twin, cell, blind)
        for (const { rule, held } of rules) {
          const edge = held.look(cell, rule.judge(look), dt_s)
          if (edge === '') continue
          const active = edge === 'began'
          const place = { kind: rule.kind, cell, tagIndex: -1, active, time_ms: frame.time_ms }
          const told = active ? rule.describe(look) : NOTHING
          report({ ...place, ...told, detector: 'process' })
        }
      }
      feed.tick(frame, twin, faults, report)
      samples.tick(frame, twin, report)
    },
    save: out => {
      for (const part of parts) part.save(out)
    },
    load: from => {
      for (const part of parts) part.load(from)
    },
  }
}

const NOTHING = { text: '', score: 0, causes: [] }
