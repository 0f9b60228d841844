import { createCellWork } from '#twin-models/potline/lumped/balance.ts'
import {
  advanceCell,
  initialiseCell,
  inputIndex,
  outputIndex,
  potlineModel,
  stateIndex,
} from '#twin-models/potline/lumped/cell.ts'
import { balanceHeat } from '#twin-models/potline/lumped/nominal.ts'
import { rc350 } from '#twin-models/potline/lumped/rc-350.ts'
import { type Random, seededRandom } from '../../core/random.ts'
import type { LineFrame } from '../../flow.ts'
import { cellNames, potlineDefinition, potlineTag } from '../../lines/potline.ts'
import { emptyFrame, putValue, tagIndexOf } from '../contract.ts'

const FEEDERS = 5
const SHOT_KG = 1.2
const LEAN_WTPCT = 2.3
const RICH_WTPCT = 2.95

/** A potline for the tests of the twin. */
export const testLine = (cells: number) =>
  potlineDefinition({
    tenant: 'test',
    line: 'potline',
    cells: cellNames(cells),
    feeders: FEEDERS,
    clock: 'stream',
    origin: 'synthetic',
  })

interface Cell {
  readonly state: Float64Array
  readonly input: Float64Array
  readonly output: Float64Array
  /** Feeders that deliver nothing. */
  blocked: number
  overfeeding: boolean
  owed_kg: number
  beam_mm: number
  nextFeeder: number
  added_V: number
}

/**
 * Cells that differ from the twin's own: another conductivity law and hidden parameters 5 to
 * 10 % off, fed in turns of under- and overfeeding. For tests only.
 */
export function testPlant(cells: number, seed: number) {
  const definition = testLine(cells)
  const random = seededRandom(seed)
  const off = (by: number) => 1 + by * (2 * random.uniform() - 1)
  const parameters = { ...rc350(cells), conductivity: 'wang' as const }
  for (let cell = 0; cell < cells; cell++) {
    parameters.anodeEffectAlumina_share[cell] = 0.0193 * off(0.06)
    parameters.bubbleCover[cell]! *= off(0.05)
    parameters.anode_Ohm[cell]! *= off(0.1)
    parameters.nominalAcd_m[cell]! *= off(0.06)
    parameters.nominalBath_kg[cell]! *= off(0.06)
    parameters.nominalAlf3_share[cell] = 0.118 * off(0.08)
    parameters.ledgeTransfer_W_K[cell]! *= off(0.08)
    parameters.dissolution_per_s[cell]! *= off(0.1)
  }
  balanceHeat(parameters)
  const pots: Cell[] = Array.from({ length: cells }, (_, cell) => {
    const pot = {
      state: new Float64Array(potlineModel.states.length),
      input: new Float64Array(potlineModel.inputs.length),
      output: new Float64Array(potlineModel.outputs.length),
      blocked: 0,
      overfeeding: cell % 2 === 0,
      owed_kg: 0,
      beam_mm: 200,
      nextFeeder: 0,
      added_V: 0,
    }
    initialiseCell(parameters, cell, pot.state)
    return pot
  })
  return runPlant({ definition, parameters, seed }, pots, 0)
}

type Line = Readonly<{
  definition: ReturnType<typeof testLine>
  parameters: ReturnType<typeof rc350>
  seed: number
}>

/** The plant from a tick on; it holds the cells it is given. */
function runPlant(line: Line, pots: readonly Cell[], from: number) {
  const { definition, parameters, seed } = line
  const cells = pots.length
  const work = createCellWork()
  let tick = from

  const feed = (pot: Cell, cell: number, frame: ReturnType<typeof emptyFrame>, noise: Random) => {
    const alumina = 100 * pot.output[outputIndex.alumina]!
    if (alumina > RICH_WTPCT) pot.overfeeding = false
    if (alumina < LEAN_WTPCT && alumina > 0) pot.overfeeding = true
    pot.owed_kg += 0.0583 * (pot.overfeeding ? 1.35 : 0.72)
    pot.input[inputIndex.aluminaFeed_kg_s] = 0
    if (pot.owed_kg < SHOT_KG) return
    pot.owed_kg -= SHOT_KG
    pot.nextFeeder = (pot.nextFeeder % FEEDERS) + 1
    const tagIndex = tagIndexOf(definition, potlineTag.feedShot(pot.nextFeeder))
    frame.events.push({ tagIndex, cell, time_ms: frame.time_ms - 500, value: SHOT_KG })
    const arrives = pot.nextFeeder > pot.blocked
    pot.input[inputIndex.aluminaFeed_kg_s] = arrives ? SHOT_KG * (1 + 0.05 * noise.normal()) : 0
  }

  const step = (): LineFrame & ReturnType<typeof emptyFrame> => {
    const frame = emptyFrame(definition, tick)
    // Noise of its own for each second, so that a copy goes on alike.
    const random = seededRandom(seed).fork(`second ${tick}`)
    const line_A = 350e3 + 500 * Math.sin(tick / 300)
    putValue(definition, frame, potlineTag.current, 0, line_A + 20 * random.normal())
    for (let cell = 0; cell < cells; cell++) {
      const pot = pots[cell]!
      pot.input[inputIndex.line_A] = line_A
      feed(pot, cell, frame, random)
      advanceCell(parameters, cell, pot.state, pot.input, 1, pot.output, work)
      pot.input[inputIndex.beam_m_s] = 0
      const cell_V = pot.output[outputIndex.voltage_V]! + pot.added_V + 0.001 * random.normal()
      putValue(definition, frame, potlineTag.voltage, cell, cell_V)
      putValue(definition, frame, potlineTag.beam, cell, pot.beam_mm / 1000)
    }
    tick++
    return frame
  }

  return {
    definition,
    step,
    /** Another plant that is where this one is. */
    copy: () => {
      const held = pots.map(pot => ({
        ...pot,
        ...{ state: pot.state.slice(), input: pot.input.slice(), output: pot.output.slice() },
      }))
      return runPlant(line, held, tick)
    },
    frames: (count: number) => Array.from({ length: count }, step),
    alumina_share: (cell: number) => pots[cell]!.output[outputIndex.alumina]!,
    bath_K: (cell: number) => pots[cell]!.state[stateIndex.bath_K]!,
    block: (cell: number, feeders: number) => {
      pots[cell]!.blocked = feeders
    },
    addVoltage: (cell: number, by_V: number) => {
      pots[cell]!.added_V = by_V
    },
    /** Moves the beam by `by_mm`; `metal` when the metal went with it. */
    moveBeam: (cell: number, by_mm: number, metal = false) => {
      pots[cell]!.beam_mm += by_mm
      if (!metal) pots[cell]!.input[inputIndex.beam_m_s] = by_mm / 1000
    },
  }
}
