import { currentRise } from './feeder-model.ts'
import { WAVE_STATES, type WaveFilter } from './wave-filter.ts'
import type { WaveFit } from './wave-fit.ts'

/** Farther off than this alumina is not thought to be, in wt%. */
const OFF_MAX_WTPCT = 0.6

/**
 * Straightens the measured amplitudes: a lean end of the cell answers more steeply than its mean,
 * a rich one less. What the profile in the filter adds by that to a straight answer is taken out,
 * as an extended Kalman filter does by its measurement function.
 */
export function straighten(
  { model, estimate }: WaveFilter,
  { amplitude }: WaveFit,
  cell: number,
  margin_wtpct: number,
  perWtpct: number,
): void {
  const { anodes, modes, anodeWave } = model
  const columns = anodes / 2
  const first = cell * modes * WAVE_STATES
  for (let column = 0; column < columns; column++) {
    let off_wtpct = 0
    for (let k = 0; k < modes; k++) {
      off_wtpct += anodeWave[k * anodes + column]! * estimate[first + k * WAVE_STATES]!
    }
    off_wtpct = Math.max(-OFF_MAX_WTPCT, Math.min(OFF_MAX_WTPCT, off_wtpct))
    const bend = (2 / columns) * (currentRise(margin_wtpct, off_wtpct) - perWtpct * off_wtpct)
    for (let k = 0; k < modes; k++) amplitude[k]! -= anodeWave[k * anodes + column]! * bend
  }
}
