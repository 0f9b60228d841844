import type { LineDefinition, LineKind, Twin } from '../flow.ts'
import { airTwin } from './air/twin.ts'
import { genericTwin } from './generic/twin.ts'
import { machineTwin } from './machine/twin.ts'
import { potlineTwin } from './potline/twin.ts'

/** The twins by kind of line; each passes engine/twin/contract.ts. */
export const twins: Readonly<Record<LineKind, (definition: LineDefinition) => Twin>> = {
  air: airTwin,
  generic: genericTwin,
  machine: machineTwin,
  potline: potlineTwin,
}

/** Builds the twin of a line. */
export function createTwin(definition: LineDefinition): Twin {
  return twins[definition.kind](definition)
}
