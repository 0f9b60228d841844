import type { Channel, Quantity, TwinFrame } from '../flow.ts'

/** A TwinFrame that its twin may write; readers get it as TwinFrame. */
export type WritableTwinFrame = { -readonly [K in keyof TwinFrame]: TwinFrame[K] }

/** Allocates the one frame that a twin reuses, all unknown. */
export function twinFrame(
  fields: readonly Quantity[],
  channels: readonly Channel[],
  cells: number,
): WritableTwinFrame {
  const unknown = (rows: number) => new Float64Array(rows * cells).fill(Number.NaN)
  return {
    tick: 0,
    time_ms: 0,
    estimate: unknown(fields.length),
    std: unknown(fields.length),
    observable: new Uint8Array(fields.length * cells),
    observed: unknown(channels.length),
    expected: unknown(channels.length),
    expected_std: unknown(channels.length),
    residual: unknown(channels.length),
    masked: new Uint8Array(cells),
    trusted: new Uint8Array(cells),
  }
}
