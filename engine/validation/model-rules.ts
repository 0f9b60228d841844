/** The full cell under the rules that every process model keeps, in both of its forms. */
import { checkProcessModel } from '#twin-models/contract.ts'
import { openCells } from '#twin-models/potline/cell/cells.ts'
import { inputPlace } from '#twin-models/potline/cell/layout.ts'
import { cellModel } from '#twin-models/potline/cell/model.ts'
import { balanceHeat } from '#twin-models/potline/cell/nominal.ts'
import { cellParameters, setParameter } from '#twin-models/potline/cell/parameters.ts'
import potline350 from '#twin-models/potline/parameters/potline-350.json' with { type: 'json' }
import { type CheckGroup, near } from './check.ts'

const CELLS = 6
const SIZES = { liningNodes: 6, ledgeNodes: 8, channelNodes: 12, anodes: 6, feeders: 5 }
const RULES = { duration_s: 21_600, step_s: 60, tolerance: 1e-4 }
const FORMS = { wasm: 'compiled form', clear: 'clear form' } as const

/** Breaches of the contract: bytes, order of cells, long against short steps, ranges. */
export const modelRulesGroup: CheckGroup = {
  section: '4',
  title: 'Full cell: rules of a process model over six hours, cells that differ',
  run: () =>
    (['wasm', 'clear'] as const).map(form => {
      const parameters = cellParameters(potline350, CELLS, SIZES)
      for (let cell = 0; cell < CELLS; cell++) {
        setParameter(parameters, cell, 'anode_Ohm', 8e-7 + 1e-8 * cell)
      }
      balanceHeat(parameters)
      const bank = openCells(parameters, { form })
      const input = bank.input.slice()
      for (let cell = 0; cell < CELLS; cell++) {
        input[bank.inputAt(cell, inputPlace.heat_W)] = 1000 * cell
      }
      const breaches = checkProcessModel(
        cellModel(SIZES, { form }),
        parameters,
        CELLS,
        input,
        RULES,
      )
      return near({
        id: `4-model-rules-${form}`,
        text: `${FORMS[form]}: equal bytes, any order of cells, one long step as 60 short, ranges; breaches`,
        expected: 0,
        got: breaches.length,
        tolerance: 0,
        source: 'contract of process models',
      })
    }),
}
