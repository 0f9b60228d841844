import type { FeederModel } from './feeder-model.ts'

const ROUNDS = 4
/** So far off the fit, as a share, an anode is not one of a profile: new, spiked, or misread. */
export const ANODE_GAP = 0.03

/** Reusable memory of a fit. */
export interface WaveFit {
  /** What each anode is off, as a share; NaN where it tells nothing. */
  readonly off: Float64Array // [anode]
  readonly fitted: Float64Array // [anode]
  readonly amplitude: Float64Array // [mode]
}

/** Memory for the anodes of one cell. */
export function waveFit({ anodes, modes }: FeederModel): WaveFit {
  return {
    off: new Float64Array(anodes),
    fitted: new Float64Array(anodes),
    amplitude: new Float64Array(modes),
  }
}

/** Amplitudes of the cosines; what is not known, or far off, is taken to lie on the fit. */
export function fitWaves(model: FeederModel, { off, fitted, amplitude }: WaveFit): void {
  const { anodes, modes, anodeWave } = model
  const known = (a: number) => (Math.abs(off[a]! - fitted[a]!) < ANODE_GAP ? off[a]! : fitted[a]!)
  fitted.fill(0)
  for (let round = 0; round < ROUNDS; round++) {
    let mean = 0
    for (let a = 0; a < anodes; a++) mean += known(a) / anodes
    for (let k = 0; k < modes; k++) {
      let sum = 0
      for (let a = 0; a < anodes; a++) sum += anodeWave[k * anodes + a]! * known(a)
      amplitude[k] = (2 * sum) / anodes
    }
    for (let a = 0; a < anodes; a++) {
      let value = mean
      for (let k = 0; k < modes; k++) value += amplitude[k]! * anodeWave[k * anodes + a]!
      fitted[a] = value
    }
  }
}
