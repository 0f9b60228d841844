import { balanceHeat } from '#twin-models/potline/lumped/nominal.ts'
import type { PotlineParameters } from '#twin-models/potline/lumped/parameters.ts'
import { rc350 } from '#twin-models/potline/lumped/rc-350.ts'

/**
 * RC-350 moved to where plants run a cell (960 to 965 C, thinner ledge, anodes that burn and
 * metal that rises): the prior of a cell of which nothing else is known.
 */
export function plantPrior(cells: number): PotlineParameters {
  const parameters = rc350(cells)
  parameters.nominalAlf3_share.fill(0.12)
  parameters.nominalSuperheat_K.fill(8.5)
  parameters.acdDrift.fill(1)
  parameters.anodeEffectAlumina_share.fill(0.019) // the middle of what plants see
  for (let cell = 0; cell < cells; cell++) {
    parameters.ledgeTransfer_W_K[cell]! *= 1.15
  }
  balanceHeat(parameters)
  return parameters
}
