/** Runs a scenario on the full cell and writes its table, as fast as it can. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Quantity } from '#twin-models/model.ts'
import type { CellBank } from '#twin-models/potline/cell/bank.ts'
import { openCells } from '#twin-models/potline/cell/cells.ts'
import {
  type CellLayout,
  inputPlace,
  outputPlace,
  statePlace,
} from '#twin-models/potline/cell/layout.ts'
import { balanceHeat } from '#twin-models/potline/cell/nominal.ts'
import {
  type CellParameters,
  cellParameters,
  type ParameterKey,
  type ParameterSet,
  parameterPlace,
  type Spread,
  setParameter,
  spreadParameters,
} from '#twin-models/potline/cell/parameters.ts'
import {
  type LineParameters,
  type LineSet,
  lineParameters,
  openLine,
} from '#twin-models/potline/line.ts'
import { problemOf } from '../core/errors.ts'
import { seededRandom } from '../core/random.ts'
import { invalid, type Scenario } from './scenario.ts'
import { createSchedule } from './schedule.ts'
import { openTable } from './table.ts'

/** How far a run is. */
export interface Progress {
  readonly time_s: number
  readonly rows: number
}

/** What a run did. */
export interface RunSummary {
  readonly cells: number
  readonly steps: number
  readonly rows: number
  readonly columns: number
  readonly form: string
}

const SETS = path.resolve(import.meta.dirname, '../../twin-models/potline/parameters')
/** Steps between two looks at the progress. */
const STEPS_A_LOOK = 256

/** Runs `scenario` (read from `path`) into the table `out`. */
export async function runScenarioFile(
  scenario: Scenario,
  source: string,
  out: string,
  onProgress: (progress: Progress) => void = () => {},
): Promise<RunSummary> {
  const { bank, advance } = openRun(scenario, source)
  const columns = columnsOf(scenario, bank.layout, source)
  const schedule = createSchedule(
    scenario,
    { layout: bank.layout, nominal: bank.input.slice() },
    source,
  )
  const table = openTable(out, ['time_s', 'cell', ...columns.map(column => column.quantity.name)])
  const row = new Float64Array(columns.length + 2)
  let rows = 0
  const record = (time_s: number) => {
    for (let cell = 0; cell < bank.cellCount; cell++) {
      row[0] = time_s
      row[1] = cell + 1
      for (const [i, { read }] of columns.entries()) row[i + 2] = read(bank, cell)
      table.write(row)
      rows++
    }
  }
  const { dt_s } = scenario
  const steps = Math.ceil(scenario.duration_s / dt_s)
  const stepsARow = Math.max(1, Math.round(scenario.every_s / dt_s))
  try {
    bank.advance(0)
    record(0)
    for (let step = 1; step <= steps; step++) {
      schedule.fill((step - 1) * dt_s, dt_s, bank.input)
      advance(dt_s)
      if (step % stepsARow === 0) record(step * dt_s)
      if (step % STEPS_A_LOOK === 0) onProgress({ time_s: step * dt_s, rows })
    }
  } finally {
    table.close()
  }
  return { cells: bank.cellCount, steps, rows, columns: columns.length + 2, form: bank.form }
}

/** What is run: cells alone, or a line whose rectifier holds the wished current. */
interface Run {
  readonly bank: CellBank
  advance(dt_s: number): void
}

function openRun(scenario: Scenario, source: string): Run {
  const rectifier = rectifierOf(scenario, source)
  const parameters = cellsOf(scenario, source)
  return within(source, 'parameters', () => {
    if (!rectifier) {
      const bank = openCells(parameters)
      return { bank, advance: dt_s => bank.advance(dt_s) }
    }
    const line = openLine(rectifier, parameters)
    return {
      bank: line.bank,
      advance(dt_s) {
        // The schedule writes the wished current where the cells read theirs.
        line.setpoint_A = line.bank.input[line.bank.inputAt(0, inputPlace.line_A)]!
        line.advance(dt_s)
      },
    }
  })
}

function rectifierOf(scenario: Scenario, source: string): LineParameters | undefined {
  const { rectifier } = scenario
  if (!rectifier) return undefined
  const set = readSet<LineSet>(rectifier.set, LINE_SET, source, 'rectifier.set')
  const { coupling_m } = rectifier
  return { ...lineParameters(set), ...(coupling_m !== undefined && { coupling_m }) }
}

function cellsOf(scenario: Scenario, source: string): CellParameters {
  const set = readSet<ParameterSet>(scenario.set, CELL_SET, source, 'set')
  const { sizes: given } = scenario
  const sizes = {
    liningNodes: given.liningNodes ?? set.sizes.liningNodes,
    ledgeNodes: given.ledgeNodes ?? set.sizes.ledgeNodes,
    channelNodes: given.channelNodes ?? set.sizes.channelNodes,
    anodes: given.anodes ?? set.sizes.anodes,
    feeders: given.feeders ?? set.sizes.feeders,
  }
  for (const part of ['parameters', 'spread'] as const) {
    const unknown = Object.keys(scenario[part]).find(key => !(key in parameterPlace))
    if (unknown !== undefined) {
      throw invalid(source, `${part}.${unknown}`, 'is no parameter of the cell')
    }
  }
  const parameters = within(source, 'sizes', () => cellParameters(set, scenario.cells, sizes))
  return within(source, 'parameters', () => {
    override(parameters, scenario)
    balanceHeat(parameters)
    return parameters
  })
}

function override(parameters: CellParameters, scenario: Scenario): void {
  for (const [key, value] of Object.entries(scenario.parameters)) {
    for (let cell = 0; cell < parameters.cellCount; cell++) {
      setParameter(parameters, cell, key as ParameterKey, value)
    }
  }
  const random = seededRandom(scenario.seed)
  spreadParameters(parameters, scenario.spread as Spread, () => random.normal())
}

/** A model's complaint about a value, as an error of the scenario. */
function within<Result>(source: string, key: string, run: () => Result): Result {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw invalid(source, key, `does not work: ${problemOf(error)}`)
  }
}

const LINE_SET = /^line-/
const CELL_SET = /^(?!line-)/

function readSet<Set>(name: string, kind: RegExp, source: string, key: string): Set {
  const known = readdirSync(SETS)
    .filter(file => file.endsWith('.json'))
    .map(file => file.slice(0, -'.json'.length))
    .filter(each => kind.test(each))
  if (!known.includes(name)) {
    throw invalid(source, key, `is "${name}"; known: ${known.join(', ')}`)
  }
  return JSON.parse(readFileSync(path.join(SETS, `${name}.json`), 'utf8')) as Set
}

interface Column {
  readonly quantity: Quantity
  read(bank: CellBank, cell: number): number
}

type Kind = 'output' | 'state' | 'input'

/** The columns of what is recorded; a vector gives one for each of its places. */
function columnsOf(scenario: Scenario, layout: CellLayout, source: string): readonly Column[] {
  const scalars: readonly (readonly [Kind, Readonly<Record<string, number>>])[] = [
    ['output', outputPlace],
    ['state', statePlace],
    ['input', inputPlace],
  ]
  return scenario.record.flatMap((name, i) => {
    for (const [kind, places] of scalars) {
      if (name in places) return [columnAt(layout, kind, places[name]!)]
      const run = (layout[kind] as Readonly<Record<string, { first: number; count: number }>>)[name]
      if (run) {
        return Array.from({ length: run.count }, (_, j) => columnAt(layout, kind, run.first + j))
      }
    }
    throw invalid(source, `record[${i}]`, `is "${name}", which is no field of the cell`)
  })
}

function columnAt(layout: CellLayout, kind: Kind, field: number): Column {
  switch (kind) {
    case 'output':
      return {
        quantity: layout.outputs[field]!,
        read: (bank, cell) => bank.output[bank.outputAt(cell, field)]!,
      }
    case 'state':
      return {
        quantity: layout.states[field]!,
        read: (bank, cell) => bank.state[bank.stateAt(cell, field)]!,
      }
    case 'input':
      return {
        quantity: layout.inputs[field]!,
        read: (bank, cell) => bank.input[bank.inputAt(cell, field)]!,
      }
  }
}
