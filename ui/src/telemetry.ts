import type { Quantity } from '#engine/flow.ts'
import type { Telemetry } from '#engine/outputs/websocket/protocol.ts'

/** One estimate of one cell. */
export interface Estimate {
  readonly value: number
  readonly std: number
  readonly observable: boolean
}

/** The estimate of a field of a cell, NaN before the first frame. */
export function estimateAt(
  telemetry: Telemetry | undefined,
  field: number,
  cell: number,
  cells: number,
): Estimate {
  if (!telemetry || field < 0) return { value: Number.NaN, std: Number.NaN, observable: false }
  const at = field * cells + cell
  return {
    value: telemetry.estimate[at] ?? Number.NaN,
    std: telemetry.std[at] ?? Number.NaN,
    observable: telemetry.observable[at] === 1,
  }
}

/** What the page looks for among a twin's fields; names differ from twin to twin. */
const ROLES = {
  superheat: /^superheat/,
  alumina: /^(alumina|dissolved_alumina)/,
  bath: /^(bath|bath_temperature)_K$/,
  liquidus: /^liquidus/,
  acd: /^(acd|anode_cathode)/,
  feed: /^(feed_efficiency|feed_share|feed_ratio|feed_factor)/,
  noise: /^noise|_noise/,
  resistance: /^(pseudo_)?resistance/,
  energy: /^(specific_)?energy/,
  ledge: /^ledge/,
  efficiency: /^current_efficiency/,
} as const

export type Role = keyof typeof ROLES

/** Short names for table heads, where a field's full text is too long. */
export const ROLE_TEXTS: Readonly<Record<Role, string>> = {
  superheat: 'Superheat',
  alumina: 'Alumina',
  bath: 'Bath',
  liquidus: 'Liquidus',
  acd: 'ACD',
  feed: 'Alumina delivered',
  noise: 'Noise',
  resistance: 'Resistance',
  energy: 'Energy',
  ledge: 'Ledge',
  efficiency: 'Current efficiency',
}

/** Index of the field that plays a role, or -1. */
export function fieldIndex(fields: readonly Quantity[], role: Role): number {
  return fields.findIndex(field => ROLES[role].test(field.name))
}
