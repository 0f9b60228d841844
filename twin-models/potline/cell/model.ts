/** The full cell as a pure process model; banks of `cells.ts` are its quicker form. */
import type { ProcessModel } from '../../model.ts'
import type { CellBank } from './bank.ts'
import { type CellOptions, openCells } from './cells.ts'
import { type CellSizes, cellLayout, LANES } from './layout.ts'
import type { CellParameters } from './parameters.ts'

/** The process model for cells of the given sizes; parameters must be balanced. */
export function cellModel(
  sizes: CellSizes,
  options: CellOptions = {},
): ProcessModel<CellParameters> {
  const layout = cellLayout(sizes)
  // A memo of what follows from the parameters alone; state and output come and go with each call.
  const banks = new WeakMap<CellParameters, { bank: CellBank; values: Float64Array }>()
  const bankOf = (parameters: CellParameters): CellBank => {
    const known = banks.get(parameters)
    if (known?.values.every((value, i) => value === parameters.values[i])) return known.bank
    const bank = openCells(parameters, options)
    banks.set(parameters, { bank, values: parameters.values.slice() })
    return bank
  }
  return {
    name: 'cell',
    version: '1',
    lanes: LANES,
    inputs: layout.inputs,
    states: layout.states,
    outputs: layout.outputs,
    sources: [
      'solheim1996',
      'skybakmoen1997',
      'hives1996',
      'wang1992',
      'haupin1998',
      'grjotheim1988',
      'dewing1991',
      'nist2023',
    ],
    initialise(parameters, state) {
      const bank = bankOf(parameters)
      bank.initialise()
      state.set(bank.state)
    },
    advance(parameters, state, input, dt_s, output) {
      const bank = bankOf(parameters)
      bank.state.set(state)
      bank.input.set(input)
      bank.output.fill(0)
      bank.advance(dt_s)
      state.set(bank.state)
      output.set(bank.output)
    },
  }
}
