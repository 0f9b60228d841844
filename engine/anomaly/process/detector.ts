import { assert } from '../../core/assert.ts'
import type { Channel, LineDefinition, LineFrame, Quantity, TwinFrame } from '../../flow.ts'
import { potlineTag } from '../../lines/potline.ts'
import type { Report } from '../finding.ts'
import { persistence } from '../persistence.ts'
import type { Stateful } from '../state.ts'
import { anodeCheck } from './anodes.ts'
import { type CellLook, cellLooks } from './cell-look.ts'
import { feedBalance } from './feed-balance.ts'
import { feedSurplus } from './feed-surplus.ts'
import { feederWatch } from './feeder-watch.ts'
import { lineCurrentCheck } from './line-current.ts'
import type { Faults } from './quiet.ts'
import { effectRisk, processRules } from './rules.ts'
import { sampleCheck } from './samples.ts'
import { shellCheck } from './shell.ts'

/** Rules of the potroom on the signals and the twin's estimates of each cell. */
export interface ProcessDetector extends Stateful {
  /** How surely an anode effect is coming, [cell], 0..1; 0 where that can not be judged. */
  readonly risk: Float64Array
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
  const feeders = feederWatch(definition, names)
  const feed = feedBalance(definition, names, cell => feeders.lean(cell))
  const surplus = feedSurplus(definition, cell => feeders.rich(cell))
  const anodes = anodeCheck(definition)
  const shell = shellCheck(definition)
  const line = lineCurrentCheck(definition)
  const currentTag = definition.tags.findIndex(({ tag }) => tag === potlineTag.current)
  const risk = new Float64Array(cells)
  const inEffect = new Uint8Array(cells)
  const restless = new Uint8Array(cells)
  const lean = new Uint8Array(cells)
  const isEffect = (cell: number) => inEffect[cell] === 1
  const mood = {
    isEffect,
    isRestless: (cell: number) => restless[cell] === 1,
    isLean: (cell: number) => lean[cell] === 1,
    lacks: (cell: number) => feed.lacks(cell),
  }
  const feel = (cell: number, { voltage_V, noise_V, risk, slope_Ohmps }: CellLook) => {
    inEffect[cell] = voltage_V > EFFECT_V ? 1 : 0
    restless[cell] = noise_V > RESTLESS_V ? 1 : 0
    lean[cell] = risk > LEAN_RISK || slope_Ohmps > LEAN_OHMPS ? 1 : 0
  }
  const rules = processRules.map(rule => ({
    rule,
    held: persistence(cells, rule.need_s, rule.clear_s),
  }))
  const checks: readonly Stateful[] = [looks, samples, feeders, feed, surplus, anodes, shell, line]
  const parts: readonly Stateful[] = [...checks, ...rules.map(({ held }) => held)]
  return {
    risk,
    tick(frame, twin, faults, report) {
      line.tick(frame, report)
      looks.line(currentTag < 0 ? Number.NaN : frame.values[currentTag * cells]!)
      surplus.feed(frame, line.calm_s())
      for (let cell = 0; cell < cells; cell++) {
        const blind = faults.has(voltageTag * cells + cell)
        const look = looks.fill(twin, cell, blind)
        look.risk = effectRisk(look)
        risk[cell] = look.risk || 0
        feel(cell, look)
        for (const { rule, held } of rules) {
          const edge = held.look(cell, rule.judge(look), dt_s)
          if (edge === '') continue
          const active = edge === 'began'
          const place = { kind: rule.kind, cell, tagIndex: -1, active, time_ms: frame.time_ms }
          const told = active ? rule.describe(look) : NOTHING
          report({ ...place, ...told, detector: 'process' })
        }
        surplus.look(cell, look, frame.time_ms, report)
      }
      feeders.tick(frame, twin, mood)
      feed.tick(frame, twin, faults, report, line.calm_s())
      samples.tick(frame, twin, report, line.calm_s())
      anodes.tick(frame, isEffect, report)
      shell.tick(frame, report)
    },
    save: out => {
      out.text(STATE)
      out.array(risk)
      for (const part of parts) part.save(out)
    },
    load: from => {
      assert(from.text() === STATE, 'the state of the process rules is of this version')
      from.array(risk)
      for (const part of parts) part.load(from)
    },
  }
}

/** Changes with the shape of the state. */
const STATE = 'process-4'
const EFFECT_V = 6
const RESTLESS_V = 0.02
/** A cell that runs lean gets too little, whatever its feeders seem to do. */
const LEAN_RISK = 0.35
const LEAN_OHMPS = 0.012e-6 / 60
const NOTHING = { text: '', score: 0, causes: [] }
