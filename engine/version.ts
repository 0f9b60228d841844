import type { LineDefinition } from './flow.ts'
import type { ModelShelf } from './training/shelf.ts'
/** Version of the engine; equal to package.json, which a test checks. */
export const VERSION = '0.6.1'

/** Whether models of the registry score the line. */
export function scoresModels({ kind }: Pick<LineDefinition, 'kind'>): boolean {
  return kind === 'potline'
}

/** Versions in force for a tenant's lines, as their log names them. */
export function versionsOf(
  shelf: Pick<ModelShelf, 'inForce'>,
  tenant: string,
): Readonly<Record<string, string>> {
  return { engine: VERSION, ...shelf.inForce(tenant) }
}
