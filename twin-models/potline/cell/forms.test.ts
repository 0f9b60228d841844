import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import potline350 from '../parameters/potline-350.json' with { type: 'json' }
import type { CellBank } from './bank.ts'
import { openCells } from './cells.ts'
import type { CellSizes } from './layout.ts'
import { balanceHeat } from './nominal.ts'
import { cellParameters, setParameter } from './parameters.ts'
import { eventfulInput, inputsOf, SMALL } from './test-day.ts'
import { eventfulDay } from './test-forms.ts'

/** From `eventfulDay`; the same on Node 20 and 24. */
const RECORDED = 'd4570550d5cf5408b76acd246c1b3cdc3505ae732c7cf805a08f27788b6c0ef2'

/** Cells that differ; one has the other conductivity and one no gas layer in the gap. */
function bank(form: 'wasm' | 'clear', cells: number, sizes?: CellSizes): CellBank {
  const parameters = cellParameters(potline350, cells, sizes)
  setParameter(parameters, 0, 'wangConductivity', 1)
  setParameter(parameters, cells - 1, 'gapLessBubbles', 0)
  for (let cell = 1; cell < cells; cell++)
    setParameter(parameters, cell, 'nominalSuperheat_K', 6 + cell)
  balanceHeat(parameters)
  return openCells(parameters, { form })
}

/** The first field of state or output in which two banks differ in a bit. */
function difference(one: CellBank, other: CellBank): string {
  for (let cell = 0; cell < one.cellCount; cell++) {
    for (const [i, field] of one.layout.states.entries()) {
      const at = one.stateAt(cell, i)
      if (!Object.is(one.state[at], other.state[at])) return `state ${field.name} of cell ${cell}`
    }
    for (const [i, field] of one.layout.outputs.entries()) {
      const at = one.outputAt(cell, i)
      if (!Object.is(one.output[at], other.output[at]))
        return `output ${field.name} of cell ${cell}`
    }
  }
  return ''
}

test('both forms give the same bits over an eventful day, with any number of lanes', () => {
  const [clear, wasm] = [bank('clear', 6, SMALL), bank('wasm', 6, SMALL)]
  expect([clear.form, wasm.form]).toEqual(['clear', 'wasm'])
  clear.advance(0)
  wasm.advance(0)
  expect(difference(clear, wasm)).toBe('')
  const nominal = Array.from({ length: 6 }, (_, cell) => inputsOf(clear, cell))
  let anodeEffects = 0
  for (let time_s = 0; time_s < 86_400; time_s += 30) {
    for (let cell = 0; cell < 6; cell++) {
      eventfulInput(clear, cell, nominal[cell]!, time_s, 30)
    }
    wasm.input.set(clear.input)
    clear.advance(30)
    wasm.advance(30)
    if (time_s % 600 === 0) expect(difference(clear, wasm), `at ${time_s} s`).toBe('')
    anodeEffects += clear.state[clear.stateAt(0, 9)]!
  }
  expect(anodeEffects).toBeGreaterThan(0)
  expect(difference(clear, wasm)).toBe('')
})

test('both forms give the same bits at full size, and for steps of any length', () => {
  const [clear, wasm] = [bank('clear', 2), bank('wasm', 2)]
  const nominal = inputsOf(clear, 0)
  for (const [i, dt_s] of [1, 1, 0.5, 5, 130, 1, 60, 0, 7].entries()) {
    for (const one of [clear, wasm]) {
      for (let cell = 0; cell < 2; cell++)
        eventfulInput(one, cell, nominal, 3600 * (2 + 2 * i), 600)
      one.advance(dt_s)
    }
    expect(difference(clear, wasm), `step ${i}`).toBe('')
  }
})

test('a snapshot brings a bank back to the same bits', () => {
  const one = bank('wasm', 5, SMALL)
  one.advance(20)
  const then = one.snapshot()
  for (let i = 0; i < 10; i++) one.advance(20)
  const later = one.snapshot()
  one.restore(then)
  for (let i = 0; i < 10; i++) one.advance(20)
  expect(Buffer.compare(Buffer.from(later.buffer), Buffer.from(one.snapshot().buffer))).toBe(0)
})

const here = eventfulDay('wasm')

test('a worker thread gives the same bits', async () => {
  const loader = new URL('../../../engine/tools/ts.mjs', import.meta.url).href
  const day = new URL('./test-forms.ts', import.meta.url).href
  const code = `import(${JSON.stringify(loader)})
    .then(() => import(${JSON.stringify(day)}))
    .then(day => require('worker_threads').parentPort.postMessage(day.eventfulDay('wasm')))`
  const worker = new Worker(code, { eval: true })
  const there = await new Promise((resolve, reject) => {
    worker.on('message', resolve)
    worker.on('error', reject)
  })
  expect(there).toBe(here)
  expect(eventfulDay('clear')).toBe(here)
})

test('the bits of an eventful day are those recorded, on any version of Node', () => {
  // After a change of the physics: the hash that this test shows.
  expect(here).toBe(RECORDED)
})
