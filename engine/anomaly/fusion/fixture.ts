import { seededRandom } from '../../core/random.ts'
import type { Channel, LineDefinition, LineFrame, TwinFrame } from '../../flow.ts'
import type { Finding } from '../finding.ts'
import { stateReader, stateWriter } from '../state.ts'
import { type EventBudgetSetting, fusedDetector } from './detector.ts'

/** A generic line of so many cells and channels, one tick a second. */
export function genericLine(cells: number, channels: number) {
  const names = Array.from({ length: channels }, (_, c) => `tag ${c + 1}`)
  const tag = { unit: '1', scope: 'cell', kind: 'signal', period_ms: 1000, hold_max_ms: 10_000 }
  const definition = {
    ...{ tenant: 't', line: 'l', kind: 'generic', clock: 'stream', origin: 'synthetic' },
    ...{ tick_ms: 1000, cells: Array.from({ length: cells }, (_, i) => `cell-${i + 1}`) },
    tags: names.map(name => ({ ...tag, tag: name, in_tick: 'last', low: -99, high: 99 })),
  } as unknown as LineDefinition
  return { definition, fields: [], channels: names.map(n => ({ tag: n, text: n }) as Channel) }
}

/** What a fused detector of such a line is shown, tick by tick. */
export interface FusionRig {
  readonly found: Finding[]
  readonly residual: Float64Array // [channel][cell]
  readonly masked: Uint8Array
  readonly trusted: Uint8Array
  readonly frozen: Uint8Array
  /** Takes one tick of what lies in `residual`. */
  tick(): void
  scores(): readonly { readonly name: string; readonly values: Float64Array }[]
  bytes(): Uint8Array
  /** Goes on with a new detector that has this one's memory, or another's after `ticks`. */
  restore(bytes?: Uint8Array, ticks?: number): void
  ticks(): number
}

/** A fresh rig. */
export function fusionRig(
  cells: number,
  channels: number,
  budget: EventBudgetSetting = { events_per_line_day: 1 },
): FusionRig {
  const line = genericLine(cells, channels)
  const make = () => fusedDetector(line.definition, line, budget)
  let detector = make()
  let count = 0
  const found: Finding[] = []
  const residual = new Float64Array(cells * channels)
  const masked = new Uint8Array(cells)
  const trusted = new Uint8Array(cells).fill(1)
  const frozen = new Uint8Array(cells)
  const bytes = () => {
    const out = stateWriter()
    detector.save(out)
    return out.bytes()
  }
  return {
    ...{ found, residual, masked, trusted, frozen, bytes },
    tick() {
      const time_ms = ++count * 1000
      const frame = { time_ms } as LineFrame
      const twin = { time_ms, residual, masked, trusted } as unknown as TwinFrame
      detector.tick(frame, twin, frozen, finding => found.push(finding))
    },
    scores: () => detector.scores(),
    restore(from = bytes(), ticks = count) {
      count = ticks
      detector = make()
      detector.load(stateReader(from))
    },
    ticks: () => count,
  }
}

/** Fills residuals with noise of unit variance; `memory` is its correlation from tick to tick. */
export function noise(seed: number, memory = 0) {
  const random = seededRandom(seed)
  const fresh = Math.sqrt(1 - memory * memory)
  return (into: Float64Array) => {
    for (let i = 0; i < into.length; i++) into[i] = memory * into[i]! + fresh * random.normal()
  }
}
