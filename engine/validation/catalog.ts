import { aluminaDecayGroup } from './alumina-decay.ts'
import { anodeGroup } from './anodes.ts'
import { alternativesGroup, conductivityGroup, liquidusGroup, saturationGroup } from './bath.ts'
import { ntnuDefectGroup, ntnuStartGroup, ntnuTrajectoryGroup } from './benchmarks.ts'
import {
  cellAgainstLumpedGroup,
  cellNominalGroup,
  cellOrderGroup,
  cellSpaceOrderGroup,
  closureGroup,
} from './cell.ts'
import type { Check, CheckGroup } from './check.ts'
import { otherPropertiesGroup, pfcGroup } from './emissions.ts'
import { energyNeedGroup, entnerGroup, faradayGroup } from './facts.ts'
import { flexibleCellGroup } from './flexible-cell.ts'
import { nominalGroup, scenarioGroups } from './lumped.ts'
import { modelRulesGroup } from './model-rules.ts'
import { motorGroup, roomGroup } from './rooms-motors.ts'
import { transportGroup, transportOrderGroup } from './transport.ts'
import { spreadsheetGroup, voltageCurveGroup, voltageSlopeGroup } from './voltage.ts'
import { enthalpyGroup, wallGroup } from './wall.ts'
import { ledgeExactGroup, neumannExactGroup } from './wall-exact.ts'

/** Every check of the process model, in the order of its sections. */
export const CHECK_GROUPS: readonly CheckGroup[] = [
  faradayGroup,
  energyNeedGroup,
  entnerGroup,
  ntnuStartGroup,
  ntnuTrajectoryGroup,
  ntnuDefectGroup,
  aluminaDecayGroup,
  flexibleCellGroup,
  liquidusGroup,
  saturationGroup,
  conductivityGroup,
  otherPropertiesGroup,
  voltageCurveGroup,
  voltageSlopeGroup,
  spreadsheetGroup,
  alternativesGroup,
  pfcGroup,
  nominalGroup,
  ...scenarioGroups,
  cellNominalGroup,
  cellAgainstLumpedGroup,
  cellOrderGroup,
  cellSpaceOrderGroup,
  closureGroup,
  modelRulesGroup,
  neumannExactGroup,
  ledgeExactGroup,
  wallGroup,
  enthalpyGroup,
  transportGroup,
  transportOrderGroup,
  anodeGroup,
  motorGroup,
  roomGroup,
]

/** A group after it ran. */
export interface GroupResult {
  readonly section: string
  readonly title: string
  readonly checks: readonly Check[]
}

/** Runs groups one after the other and reports each as it is done. */
export function runChecks(
  groups: readonly CheckGroup[],
  onGroup: (result: GroupResult, done: number) => void = () => {},
): readonly GroupResult[] {
  return groups.map((group, i) => {
    const result = { section: group.section, title: group.title, checks: group.run() }
    onGroup(result, i + 1)
    return result
  })
}

/** How many checks passed and failed. */
export function countChecks(results: readonly GroupResult[]): { passed: number; failed: number } {
  const checks = results.flatMap(result => result.checks)
  const passed = checks.filter(check => check.pass).length
  return { passed, failed: checks.length - passed }
}
