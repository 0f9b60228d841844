import type { Channel, LineDefinition, LineFrame, Quantity, Twin } from '../flow.ts'
import type { WritableTwinFrame } from './frame.ts'
import { packState, type StateArray, type StateKind, statePieces, unpackState } from './snapshot.ts'

/** Residuals are shown up to this many standard deviations. */
const RESIDUAL_MAX = 50

/** A twin of separate assets, told by what one asset does in a step. */
export interface AssetTwin {
  readonly kind: StateKind
  readonly fields: readonly Quantity[]
  readonly channels: readonly Channel[]
  readonly frame: WritableTwinFrame
  /** All memory of the twin but its last tick. */
  readonly state: readonly StateArray[]
  /** Takes the readings of one asset after dt_s and shows it in `frame`. */
  step(input: LineFrame, cell: number, dt_s: number): void
}

/** The twin of all assets of a line; it forecasts nothing and has no profiles. */
export function assetTwin(definition: LineDefinition, asset: AssetTwin): Twin {
  const { kind, fields, channels, frame } = asset
  const lastTick = Float64Array.of(Number.NaN)
  const state = [...asset.state, lastTick]
  return {
    fields,
    channels,
    version: `${kind.name}-${kind.version}`,
    step(input) {
      const ticks = Number.isNaN(lastTick[0]!) ? 1 : Math.max(1, input.tick - lastTick[0]!)
      const dt_s = (ticks * definition.tick_ms) / 1000
      lastTick[0] = input.tick
      frame.tick = input.tick
      frame.time_ms = input.time_ms
      for (let cell = 0; cell < definition.cells.length; cell++) asset.step(input, cell, dt_s)
      return frame
    },
    profiles: () => [],
    forecast: () => undefined,
    snapshot: () => packState(kind, state),
    pieces: () => statePieces(kind, state),
    restore: bytes => unpackState(kind, state, bytes),
  }
}

/** Puts one estimate at place `at` [field][cell] of a frame. */
export function showEstimate(
  frame: WritableTwinFrame,
  at: number,
  mean: number,
  std: number,
  observable: boolean,
): void {
  frame.estimate[at] = mean
  frame.std[at] = std
  frame.observable[at] = observable ? 1 : 0
}

/** How far a reading is off, in standard deviations and bounded. */
export function boundedScore(off: number, std: number): number {
  return Math.max(-RESIDUAL_MAX, Math.min(RESIDUAL_MAX, off / std))
}
