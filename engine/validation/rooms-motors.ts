import { type AirCheck, airChecks } from '#twin-models/air/checks.ts'
import { type MachineCheck, machineChecks } from '#twin-models/machine/checks.ts'
import { type Check, type CheckGroup, near, nearShare } from './check.ts'

/** Tolerances are shares of the expected value, or plain where that is zero. */
const judged =
  (prefix: string) =>
  (check: AirCheck | MachineCheck): Check => {
    const claim = { ...check, id: `${prefix}-${check.id}` }
    return check.expected === 0 ? near(claim) : nearShare(claim)
  }

/** The well-mixed room against its closed forms. */
export const roomGroup: CheckGroup = {
  section: 'air',
  title: 'Room: balances of air, moisture, particles and heat',
  run: () => airChecks().map(judged('air')),
}

/** The motor's thermal network against its closed forms. */
export const motorGroup: CheckGroup = {
  section: 'machine',
  title: 'Motor: two-node thermal network',
  run: () => machineChecks().map(judged('machine')),
}
