import { Duty } from './layout.ts'
import type { MachineParameters } from './parameters.ts'

/** A current must fall this far under a limit, as a share of rated, to leave the duty above it. */
const HYSTERESIS_1 = 0.03

/**
 * What the motor does now, from its current over rated and from what it did: `dutyFor_s` is how
 * long. Inrush is a start when it follows standstill, and an overload when it comes from running
 * or lasts too long.
 */
export function nextDuty(
  parameters: MachineParameters,
  cell: number,
  duty: number,
  dutyFor_s: number,
  load_1: number,
): Duty {
  const limit = (values: Float64Array, above: Duty) =>
    values[cell]! - (duty >= above ? HYSTERESIS_1 : 0)
  const off = parameters.off_1[cell]!
  if (load_1 < off) return Duty.off
  if (load_1 >= parameters.start_1[cell]!) {
    if (duty === Duty.off) return Duty.start
    const turning = duty === Duty.start && dutyFor_s < parameters.startMax_s[cell]!
    return turning ? Duty.start : Duty.overloaded
  }
  if (load_1 >= limit(parameters.overloaded_1, Duty.overloaded)) return Duty.overloaded
  if (load_1 >= limit(parameters.loaded_1, Duty.loaded)) return Duty.loaded
  return Duty.idle
}

/** Zone of vibration severity: 1 (A, as new) to 4 (D, may be damaged). */
export function vibrationZone(
  parameters: MachineParameters,
  cell: number,
  vibration_m_s: number,
): number {
  if (vibration_m_s <= parameters.zoneAB_m_s[cell]!) return 1
  if (vibration_m_s <= parameters.zoneBC_m_s[cell]!) return 2
  return vibration_m_s <= parameters.zoneCD_m_s[cell]! ? 3 : 4
}
