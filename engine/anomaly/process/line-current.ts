import type { LineDefinition, LineFrame } from '../../flow.ts'
import { potlineTag } from '../../lines/potline.ts'
import type { Report } from '../finding.ts'
import { persistence, Verdict } from '../persistence.ts'
import type { Stateful } from '../state.ts'

/** Watches the line current for a loss that no cell explains. */
export interface LineCurrentCheck extends Stateful {
  tick(frame: LineFrame, report: Report): void
  /** Seconds since the current was last off its usual. */
  calm_s(): number
}

/** A regulated rectifier holds the current to a per cent, also through anode effects. */
const LOW_SHARE = 0.96
const BACK_SHARE = 0.98
const MET_S = 600
const USUAL_S = 2 * 3600
/** A current that stays low this long is the new set point. */
const NEW_USUAL_S = 12 * 3600
/** Beyond this the pseudo-resistance moves with the current. */
const OFF_SHARE = 0.015
const CALM_MAX_S = 1e6

/** The check of a line; silent where the current is not measured. */
export function lineCurrentCheck(definition: LineDefinition): LineCurrentCheck {
  const cells = definition.cells.length
  const dt_s = definition.tick_ms / 1000
  const tagIndex = definition.tags.findIndex(({ tag }) => tag === potlineTag.current)
  const held = persistence(1, 30, 120)
  const state = Float64Array.of(Number.NaN, 0, CALM_MAX_S) // usual current, seconds known, seconds calm

  /** Takes the current; gives its share of the usual. */
  const learn = (current_A: number): number => {
    if (Number.isNaN(state[0]!)) state[0] = current_A
    const share = current_A / state[0]!
    const memory_s = share < BACK_SHARE ? NEW_USUAL_S : USUAL_S
    state[1] = Math.min(NEW_USUAL_S, state[1]! + dt_s)
    state[2] = Math.abs(share - 1) > OFF_SHARE ? 0 : Math.min(CALM_MAX_S, state[2]! + dt_s)
    state[0]! += (current_A - state[0]!) * (dt_s / Math.min(memory_s, state[1]))
    return share
  }

  return {
    tick(frame, report) {
      const current_A = tagIndex < 0 ? Number.NaN : frame.values[tagIndex * cells]!
      if (!Number.isFinite(current_A)) return
      const share = learn(current_A)
      if (state[1]! < MET_S) return
      const { present, absent, unknown } = Verdict
      const verdict = share < LOW_SHARE ? present : share > BACK_SHARE ? absent : unknown
      const edge = held.look(0, verdict, dt_s)
      if (edge === '') return
      const active = edge === 'began'
      const told = active ? lost(current_A, share) : { text: '', score: 0, causes: [] }
      const place = { kind: 'line-current-low', cell: -1, tagIndex, active, time_ms: frame.time_ms }
      report({ ...place, ...told, detector: 'process' })
    },
    calm_s: () => state[2]!,
    save(out) {
      out.array(state)
      held.save(out)
    },
    load(from) {
      from.array(state)
      held.load(from)
    },
  }
}

function lost(current_A: number, share: number) {
  const percent = Math.round(100 * (1 - share))
  return {
    text: `line current ${(current_A / 1000).toFixed(0)} kA, ${percent} % below its usual`,
    score: 1,
    causes: [{ text: 'rectifier lost load or was turned down', weight: 1 }],
  }
}
