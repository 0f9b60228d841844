import { openCells } from '#twin-models/potline/cell/cells.ts'
import { inputPlace, LANES, outputPlace } from '#twin-models/potline/cell/layout.ts'
import { balanceHeat } from '#twin-models/potline/cell/nominal.ts'
import {
  cellParameters,
  type ParameterKey,
  padParameters,
  setParameter,
} from '#twin-models/potline/cell/parameters.ts'
import potline350 from '#twin-models/potline/parameters/potline-350.json' with { type: 'json' }
import { seededRandom } from '../../core/random.ts'
import type { LineFrame } from '../../flow.ts'
import { cellNames, potlineDefinition, potlineTag } from '../../lines/potline.ts'
import { emptyFrame, putValue, tagIndexOf } from '../contract.ts'

const FEEDERS = 5
const ANODES = 12
const SHOT_KG = 1.2
const LEAN_SHARE = 0.0225
const RICH_SHARE = 0.0285
const SCAN_S = 10

/** A line whose anode currents and shells are measured. */
export const gaugedLine = (cells: number) =>
  potlineDefinition({
    ...{ tenant: 'test', line: 'potline', cells: cellNames(cells), feeders: FEEDERS },
    ...{ anodes: ANODES, shellTemperatures: 4, clock: 'stream', origin: 'synthetic' },
  })

/**
 * Full cells that differ from the twin's own, with gauges that are 2 % off; fed in turns of
 * under- and overfeeding. For tests only.
 */
export function gaugedPlant(cells: number, seed: number) {
  const definition = gaugedLine(cells)
  const random = seededRandom(seed)
  const parameters = cellParameters(potline350, cells, {
    ...{ liningNodes: 6, ledgeNodes: 6, channelNodes: 28, anodes: ANODES, feeders: FEEDERS },
  })
  for (let cell = 0; cell < cells; cell++) {
    const put = (key: ParameterKey, value: number, off: number) =>
      setParameter(parameters, cell, key, value * (1 + off * (2 * random.uniform() - 1)))
    put('diffusion_m2_s', 0.012, 0.1)
    put('bathSpeed_m_s', 0.002, 0.5)
    put('anodeEffectAlumina_share', 0.0193, 0.03)
    put('bubbleCover', 1, 0.03)
    put('anode_Ohm', 8.5e-7, 0.1)
  }
  padParameters(parameters)
  balanceHeat(parameters)
  const bank = openCells(parameters)
  const gain = Float64Array.from({ length: cells * ANODES }, () => 1 + 0.02 * random.normal())
  const blocked = new Int8Array(cells).fill(-1)
  const overfed = Uint8Array.from({ length: cells }, (_, cell) => cell % 2)
  const owed_kg = new Float64Array(cells)
  const turn = new Uint8Array(cells)
  const current_A = Array.from({ length: ANODES }, (_, i) => potlineTag.anodeCurrent(i + 1))
  const shell_K = [1, 2, 3, 4].map(potlineTag.shellTemperature)
  const scans = new Float64Array(cells * ANODES).fill(Number.NaN)
  const scanned_s = new Float64Array(cells)
  let tick = 0

  const out = (cell: number, key: keyof typeof outputPlace) =>
    bank.output[bank.outputAt(cell, outputPlace[key])]!

  const feed = (frame: ReturnType<typeof emptyFrame>, cell: number) => {
    const { first } = bank.layout.input.feed_kg_s
    const at = bank.inputAt(cell, first)
    for (let j = 0; j < FEEDERS; j++) bank.input[at + LANES * j] = 0
    const alumina = out(cell, 'alumina')
    if (alumina > RICH_SHARE) overfed[cell] = 0
    if (alumina > 0 && alumina < LEAN_SHARE) overfed[cell] = 1
    owed_kg[cell]! += 0.0585 * (overfed[cell] === 1 ? 1.35 : 0.75)
    if (owed_kg[cell]! < SHOT_KG) return
    owed_kg[cell]! -= SHOT_KG
    turn[cell] = (turn[cell]! + 1) % FEEDERS
    const j = turn[cell]!
    const tagIndex = tagIndexOf(definition, potlineTag.feedShot(j + 1))
    frame.events.push({ tagIndex, cell, time_ms: frame.time_ms - 500, value: SHOT_KG })
    bank.input[at + LANES * j] = j === blocked[cell] ? 0 : SHOT_KG
  }

  const show = (frame: ReturnType<typeof emptyFrame>, cell: number) => {
    putValue(definition, frame, potlineTag.voltage, cell, out(cell, 'voltage_V'))
    putValue(definition, frame, potlineTag.beam, cell, 0.2)
    const { first } = bank.layout.state.anode_A
    if (tick % SCAN_S === cell % SCAN_S) {
      scanned_s[cell] = tick
      for (let i = 0; i < ANODES; i++) {
        const true_A = bank.state[bank.stateAt(cell, first + i)]!
        const read_A = true_A * gain[cell * ANODES + i]! * (1 + 0.008 * random.normal())
        scans[cell * ANODES + i] = read_A
      }
    }
    for (let i = 0; i < ANODES; i++) {
      putValue(definition, frame, current_A[i]!, cell, scans[cell * ANODES + i]!)
      const tagIndex = tagIndexOf(definition, current_A[i]!)
      frame.age_ms[tagIndex * cells + cell] = 1000 * (tick - scanned_s[cell]!)
    }
    shell_K.forEach((tag, i) => {
      putValue(definition, frame, tag, cell, out(cell, i < 2 ? 'shellBath_K' : 'shellMetal_K'))
    })
  }

  const step = (): LineFrame => {
    const frame = emptyFrame(definition, tick)
    putValue(definition, frame, potlineTag.current, 0, 350e3)
    for (let cell = 0; cell < cells; cell++) {
      bank.input[bank.inputAt(cell, inputPlace.line_A)] = 350e3
      feed(frame, cell)
    }
    bank.advance(1)
    for (let cell = 0; cell < cells; cell++) show(frame, cell)
    tick++
    return frame
  }

  return {
    definition,
    step,
    frames: (count: number) => Array.from({ length: count }, step),
    alumina_share: (cell: number) => out(cell, 'alumina'),
    /** Feeders count from 1; 0: none is blocked. */
    block: (cell: number, feeder: number) => {
      blocked[cell] = feeder - 1
    },
  }
}
