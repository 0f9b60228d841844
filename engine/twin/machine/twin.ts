import {
  MOTOR_CHANNELS,
  MOTOR_READINGS,
  type MotorEstimate,
  motorEstimator,
  motorReading,
  motorRow,
} from '#twin-models/machine/estimator.ts'
import { machineOutput } from '#twin-models/machine/layout.ts'
import { motors } from '#twin-models/machine/parameters.ts'
import type { LineDefinition, LineFrame, Twin } from '../../flow.ts'
import { assetTwin, boundedScore, showEstimate } from '../asset-twin.ts'
import { twinFrame } from '../frame.ts'
import type { StateKind } from '../snapshot.ts'
import { tagReader } from '../tag-reader.ts'
import {
  machineChannels,
  machineField,
  machineFieldRow,
  machineFields,
  machineTag,
} from './fields.ts'

const KIND: StateKind = { name: 'machine', version: 1 }
/** Temperatures before the motor is trusted. */
const WARM_UP_READINGS = 120
/** A motor without a temperature for this long is no longer trusted. */
const SILENT_S = 60
/** The winding is told while its band is narrower than this. */
const WINDING_STD_MAX_K = 15
const COOLING_STD_MAX = 0.14

/** Rows of the twin's own memory beside the estimator's. */
const MEMORY = { readings: 0, temperatureSilent_s: 1, vibrationSilent_s: 2 } as const
const MEMORY_ROWS = 3

/**
 * Twin of electric motors (line kind `machine`): winding temperature, duty, cooling and severity
 * of vibration from current, vibration and housing temperature.
 */
export function machineTwin(definition: LineDefinition): Twin {
  const cells = definition.cells.length
  const estimator = motorEstimator(motors(cells))
  const readers = [
    tagReader(definition, machineTag.temperature, 'K', 200, 700),
    tagReader(definition, machineTag.windingTemperature, 'K', 200, 1500),
    tagReader(definition, machineTag.ambientTemperature, 'K', 220, 350),
  ]
  const current = tagReader(definition, machineTag.current, 'A', 0, 1e5)
  const vibration = tagReader(definition, machineTag.vibration, 'm/s', 0, 1)
  const used = readers.map((reader, i) => ({ reader, i })).filter(({ reader }) => reader.present)
  const channels = used.map(({ i }) => machineChannels[i]!)
  const reading = new Float64Array(MOTOR_READINGS)
  const memory = new Float64Array(MEMORY_ROWS * cells) // [row][cell]
  memory.fill(SILENT_S, MEMORY.temperatureSilent_s * cells)
  const frame = twinFrame(machineFields, channels, cells)

  const takeReadings = (input: LineFrame, cell: number, dt_s: number) => {
    for (let i = 0; i < MOTOR_CHANNELS; i++) reading[i] = readers[i]!.read(input, cell)
    reading[motorReading.current_A] = current.read(input, cell)
    reading[motorReading.vibration_m_s] = vibration.read(input, cell)
    const warmth =
      Number.isFinite(reading[motorReading.housing_K]!) ||
      Number.isFinite(reading[motorReading.winding_K]!)
    if (warmth) memory[MEMORY.readings * cells + cell]!++
    silence(MEMORY.temperatureSilent_s, cell, warmth, dt_s)
    const shaken = Number.isFinite(reading[motorReading.vibration_m_s]!)
    silence(MEMORY.vibrationSilent_s, cell, shaken, dt_s)
  }

  const silence = (row: number, cell: number, heard: boolean, dt_s: number) => {
    const at = row * cells + cell
    memory[at] = heard ? 0 : Math.min(1e9, memory[at]! + dt_s)
  }

  const alive = (row: number, cell: number) => memory[row * cells + cell]! < SILENT_S

  const showChannels = (input: LineFrame, cell: number, estimate: MotorEstimate) => {
    const warm = memory[MEMORY.readings * cells + cell]! >= WARM_UP_READINGS
    for (let c = 0; c < used.length; c++) {
      const { reader, i } = used[c]!
      const at = c * cells + cell
      frame.observed[at] = reader.held(input, cell)
      frame.expected[at] = estimate.expected[i]!
      frame.expected_std[at] = estimate.expectedStd[i]!
      const shown = boundedScore(reading[i]! - estimate.expected[i]!, estimate.expectedStd[i]!)
      frame.residual[at] = warm ? shown : Number.NaN
    }
  }

  const show = (name: string, cell: number, mean: number, std: number, observable: boolean) =>
    showEstimate(frame, machineFieldRow[name]! * cells + cell, mean, std, observable)

  const showFields = (cell: number, estimate: MotorEstimate) => {
    const { mean, std, output } = estimate
    const warmth = alive(MEMORY.temperatureSilent_s, cell)
    const warm = warmth && memory[MEMORY.readings * cells + cell]! >= WARM_UP_READINGS
    const known = estimate.dutyKnown === 1
    const winding_K = mean[motorRow.winding_K]!
    const windingStd_K = std[motorRow.winding_K]!
    const windingTold = warm && windingStd_K < WINDING_STD_MAX_K
    show(machineField.winding, cell, winding_K, windingStd_K, windingTold)
    show(machineField.housing, cell, mean[motorRow.housing_K]!, std[motorRow.housing_K]!, warmth)
    show(machineField.ambient, cell, mean[motorRow.ambient_K]!, std[motorRow.ambient_K]!, warm)
    const cooling = Math.exp(mean[motorRow.logCooling]!)
    const share = std[motorRow.logCooling]!
    show(machineField.cooling, cell, cooling, share * cooling, warm && share < COOLING_STD_MAX)
    show(machineField.duty, cell, estimate.duty, Number.NaN, known)
    show(machineField.dutyFor, cell, estimate.dutyFor_s, Number.NaN, known)
    show(machineField.load, cell, output[machineOutput.load_1]!, Number.NaN, known)
    show(machineField.utilisation, cell, estimate.utilisation_1, Number.NaN, known)
    const loss_W =
      output[machineOutput.copper_W]! +
      output[machineOutput.iron_W]! +
      output[machineOutput.friction_W]!
    show(machineField.loss, cell, loss_W, Number.NaN, known)
    const margin_K = output[machineOutput.windingMargin_K]!
    show(machineField.margin, cell, margin_K, windingStd_K, windingTold)
    const ageing = output[machineOutput.ageing_1]!
    // Ten kelvin more halve the life.
    show(machineField.ageing, cell, ageing, (ageing * Math.LN2 * windingStd_K) / 10, windingTold)
    const zone = Number.isFinite(reading[motorReading.vibration_m_s]!)
      ? output[machineOutput.vibrationZone]!
      : Number.NaN
    const shaken = alive(MEMORY.vibrationSilent_s, cell) && Number.isFinite(zone)
    show(machineField.vibrationZone, cell, zone, Number.NaN, shaken)
    frame.trusted[cell] = warm ? 1 : 0
  }

  return assetTwin(definition, {
    kind: KIND,
    fields: machineFields,
    channels,
    frame,
    state: [estimator.memory, memory],
    step(input, cell, dt_s) {
      takeReadings(input, cell, dt_s)
      const estimate = estimator.step(cell, dt_s, reading)
      showChannels(input, cell, estimate)
      showFields(cell, estimate)
    },
  })
}
