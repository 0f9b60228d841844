import type { Channel, Quantity, TwinFrame } from '../flow.ts'

/** Finds what a twin gives by name, so that a twin without a field only silences its rules. */
export interface EstimateNames {
  /** First index of the field in `estimate`, or -1. */
  field(name: string): number
  /** First index of the channel of this tag in `observed`, or -1. */
  channel(tag: string): number
}

/** Looks names up once, when the stage is made. */
export function estimateNames(
  fields: readonly Quantity[],
  channels: readonly Channel[],
  cells: number,
): EstimateNames {
  const index = (row: number) => (row < 0 ? -1 : row * cells)
  return {
    field: name => index(fields.findIndex(field => field.name === name)),
    channel: tag => index(channels.findIndex(channel => channel.tag === tag)),
  }
}

/** The estimate of a cell, NaN when the twin has no such field or can not see it now. */
export function estimateAt(twin: TwinFrame, at: number, cell: number): number {
  if (at < 0 || twin.observable[at + cell] === 0) return Number.NaN
  return twin.estimate[at + cell]!
}

/** Standard deviation of that estimate; NaN where no band applies. */
export function stdAt(twin: TwinFrame, at: number, cell: number): number {
  return at < 0 ? Number.NaN : twin.std[at + cell]!
}
