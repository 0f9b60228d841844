import type { Channel, Quantity, TwinFrame } from '../../flow.ts'
import { potlineTag } from '../../lines/potline.ts'
import { estimateNames } from '../estimates.ts'

/** What a model of one asset sees of it. */
export interface AssetRows {
  readonly names: readonly string[] // [channel]
  /** Fills the row of a cell; false when nothing of it is known now. */
  fill(twin: TwinFrame, cell: number, into: Float64Array): boolean
}

const RESIDUAL_MAX = 10

/** What the potline twin could not explain, and how noisy and steep the voltage is. */
export function residualRows(
  twinOf: { readonly fields: readonly Quantity[]; readonly channels: readonly Channel[] },
  cells: number,
): AssetRows {
  const find = estimateNames(twinOf.fields, twinOf.channels, cells)
  const residual = find.channel(potlineTag.voltage)
  const noise = find.field('voltage_noise_V')
  const slope = find.field('resistance_slope_Ohmps')
  return {
    names: ['voltage beside the twin', 'voltage noise', 'resistance slope'],
    fill(twin, cell, into) {
      if (residual < 0 || twin.masked[cell] === 1 || twin.trusted[cell] === 0) return false
      const value = twin.residual[residual + cell]!
      if (Number.isNaN(value)) return false
      into[0] = Math.max(-RESIDUAL_MAX, Math.min(RESIDUAL_MAX, value))
      into[1] = noise < 0 ? Number.NaN : Math.log(twin.estimate[noise + cell]! + 1e-6)
      into[2] = slope < 0 ? Number.NaN : twin.estimate[slope + cell]!
      return true
    },
  }
}
