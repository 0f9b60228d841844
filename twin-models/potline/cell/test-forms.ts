/** The bits of an eventful day as one hash, to compare forms, threads and versions of Node. */
import { createHash } from 'node:crypto'
import potline350 from '../parameters/potline-350.json' with { type: 'json' }
import type { CellForm } from './bank.ts'
import { openCells } from './cells.ts'
import { balanceHeat } from './nominal.ts'
import { cellParameters } from './parameters.ts'
import { eventfulInput, inputsOf, SMALL } from './test-day.ts'

/** SHA-256 of state and output after an eventful day of two small cells. */
export function eventfulDay(form: CellForm): string {
  const parameters = cellParameters(potline350, 2, SMALL)
  balanceHeat(parameters)
  const bank = openCells(parameters, { form })
  const nominal = inputsOf(bank, 0)
  for (let time_s = 0; time_s < 86_400; time_s += 60) {
    for (let cell = 0; cell < 2; cell++) eventfulInput(bank, cell, nominal, time_s, 60)
    bank.advance(60)
  }
  const hash = createHash('sha256')
  for (let cell = 0; cell < 2; cell++) {
    bank.layout.states.forEach((_, i) => void hash.update(bits(bank.state[bank.stateAt(cell, i)]!)))
    bank.layout.outputs.forEach(
      (_, i) => void hash.update(bits(bank.output[bank.outputAt(cell, i)]!)),
    )
  }
  return hash.digest('hex')
}

function bits(value: number): Uint8Array {
  return new Uint8Array(Float64Array.of(value).buffer)
}
