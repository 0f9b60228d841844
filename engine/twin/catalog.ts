import type { LineDefinition, LineKind, Twin } from '../flow.ts'
import { genericTwin } from './generic/twin.ts'
import { potlineTwin } from './potline/twin.ts'

/** The twins by kind of line; each passes engine/twin/contract.ts. */
export const twins: Readonly<Record<LineKind, (definition: LineDefinition) => Twin>> = {
  generic: genericTwin,
  potline: potlineTwin,
}

/** Builds the twin of a line. */
export function createTwin(definition: LineDefinition): Twin {
  return twins[definition.kind](definition)
}
