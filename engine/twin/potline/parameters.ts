import { balanceHeat } from '#twin-models/potline/cell/nominal.ts'
import {
  type CellParameters,
  cellParameters,
  type ParameterKey,
  padParameters,
  parameterOf,
  setParameter,
} from '#twin-models/potline/cell/parameters.ts'
import potline350 from '#twin-models/potline/parameters/potline-350.json' with { type: 'json' }
import { EXACT_SLOPES, type VoltageParameters } from '#twin-models/potline/voltage.ts'
import type { LineDefinition } from '../../flow.ts'
import { isAnodeCurrent, isFeedShot } from '../../lines/potline.ts'

/** Numbers of the file that a live cell of which nothing is known is given instead. */
const PRIOR: Readonly<Partial<Record<ParameterKey, number>>> = {
  // Where plants run: 960 to 965 C, and the middle of what they see as the onset.
  nominalAlf3_share: 0.12,
  nominalSuperheat_K: 8.5,
  nominalMetal_kg: 20_000,
  anodeEffectAlumina_share: 0.019,
  // The measured voltage tells an anode effect; a few lean anodes of the model do not.
  anodeEffectStarved: 1,
  // AlF3 is added as it is lost, so that only what differs from the usual dose counts.
  na2o_share: 0,
  cao_share: 0,
  evolution_kg_s: 0,
  // What settles comes back within hours; a twin that cannot see it would drift.
  settling_per_s: 0,
  backFeeding_per_s: 0,
  // Feed spreads by eddies; a net loop around the cell differs in sign from cell to cell.
  bathSpeed_m_s: 0,
}

/** Nodes of a live cell: a wall of two layers and the ledge, and the bath between the feeders. */
const LINING_NODES = 8
const LEDGE_NODES = 8
const CHANNEL_NODES = 20
const ANODES_DEFAULT = 36
const FEEDERS_DEFAULT = 5

/** Share of starved anodes that begins an anode effect where a forecast looks for it. */
export const FORECAST_STARVED = potline350.parameters.anodeEffectStarved.value

/** Balanced cells of the size that the tags of a line tell: the prior of each of them. */
export function plantPrior(definition: LineDefinition): CellParameters {
  const count = (is: (tag: string) => boolean) => definition.tags.filter(t => is(t.tag)).length
  const anodes = count(isAnodeCurrent)
  const feeders = count(isFeedShot)
  const parameters = cellParameters(potline350, definition.cells.length, {
    liningNodes: LINING_NODES,
    ledgeNodes: LEDGE_NODES,
    channelNodes: CHANNEL_NODES,
    anodes: anodes >= 2 && anodes % 2 === 0 && anodes <= 128 ? anodes : ANODES_DEFAULT,
    feeders: feeders >= 1 && feeders <= 16 ? feeders : FEEDERS_DEFAULT,
  })
  for (const [key, value] of Object.entries(PRIOR)) {
    for (let cell = 0; cell < parameters.cellCount; cell++) {
      setParameter(parameters, cell, key as ParameterKey, value)
    }
  }
  padParameters(parameters)
  balanceHeat(parameters)
  return parameters
}

/** The same cells with all anodes in one: the curve of the voltage over alumina. */
export function lumpedVoltage(parameters: CellParameters): VoltageParameters {
  const each = (key: ParameterKey) =>
    Float64Array.from({ length: parameters.cellCount }, (_, c) => parameterOf(parameters, c, key))
  return {
    conductivity: parameterOf(parameters, 0, 'wangConductivity') > 0 ? 'wang' : 'hives',
    gapLessBubbles: parameterOf(parameters, 0, 'gapLessBubbles') > 0,
    slopes: EXACT_SLOPES,
    anodeArea_m2: each('anodeArea_m2'),
    anodeCount: new Float64Array(parameters.cellCount).fill(parameters.sizes.anodes),
    fanning: each('fanning'),
    cathodeArea_m2: each('cathodeArea_m2'),
    anodeEffectAlumina_share: each('anodeEffectAlumina_share'),
    bubbleCover: each('bubbleCover'),
    anode_Ohm: each('anode_Ohm'),
    cathode_Ohm: each('cathode_Ohm'),
    bus_Ohm: each('bus_Ohm'),
    lowCurrent_A: each('lowCurrent_A'),
  }
}
