import type { Random } from '../core/random.ts'

/** A resonance driven by white noise: coloured noise of a given root mean square. */
export interface Resonance {
  next(): number
}

/** Second order autoregression at `frequency_Hz` that forgets over `memory_s`. */
export function resonance(
  random: Random,
  frequency_Hz: number,
  memory_s: number,
  dt_s: number,
): Resonance {
  const r = Math.exp(-dt_s / memory_s)
  const angle = 2 * Math.PI * frequency_Hz * dt_s
  const a = 2 * r * Math.cos(angle)
  const b = -r * r
  // Stationary variance of an AR(2) process with unit drive.
  const variance = (1 - b) / ((1 + b) * ((1 - b) * (1 - b) - a * a))
  const drive = 1 / Math.sqrt(variance)
  let now = random.normal()
  let before = now * Math.cos(angle) + random.normal() * Math.sin(angle)
  return {
    next() {
      const value = a * now + b * before + drive * random.normal()
      before = now
      now = value
      return value
    },
  }
}

/** The line's rectifier: set point, ripple, slow wander and a weak answer to line voltage. */
export interface Rectifier {
  /** Current of the next second, A. */
  next(line_V: number): number
}

/** A regulated rectifier group that sags a little when the line's voltage rises. */
export function rectifier(random: Random, set_A: number): Rectifier {
  let ripple_A = 0
  let wander_A = 300 * random.normal()
  let expected_V = Number.NaN
  return {
    next(line_V) {
      if (Number.isNaN(expected_V)) expected_V = line_V
      ripple_A += -ripple_A / 15 + 70 * random.normal()
      wander_A += -wander_A / 1800 + 10 * random.normal()
      const sag_A = 45 * (line_V - expected_V)
      expected_V += (line_V - expected_V) / 8
      return set_A + ripple_A + wander_A - sag_A + 60 * random.normal()
    },
  }
}
