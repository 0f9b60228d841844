/**
 * The metal pad rolls along the cell: the first cosine swings with a period of minutes, several
 * times as far as its gauges err. A notch takes that swing out and leaves what is slow as it is.
 * Its frequency is the cell's own, from the autocovariances of what was not foretold by the
 * modified Yule-Walker equations (Cadzow, Proc. IEEE 70, 1982), which noise of the gauges does
 * not bias; the notch is the one of Nehorai (IEEE Trans. ASSP 33, 1985), of unit gain at rest.
 */

const LAGS = 8
// Places in the memory of a cell: what was not foretold, its autocovariances, then these.
const COVARIANCE = LAGS
const SCANS = 2 * LAGS + 1
const IN = SCANS + 1
const OUT = IN + 2
const MEMORY = OUT + 2

/** Scans that are remembered, and from which on the notch is used. */
const MEMORY_SCANS = 720
const FIRST_SCANS = 60
/** Share of its swing that a roll keeps from one scan to the next. */
const KEPT = 0.975
/** Radius of the poles: how narrow the notch is. */
const POLE = 0.8
/** Cosine of the phase gained in one scan, for periods between 68 s and 256 s. */
const COS_LOW = 0.6
const COS_HIGH = 0.97
const FAR = 0.02

/** Memory of the rolls of a line. */
export const rollMemory = (cells: number) => new Float64Array(cells * MEMORY)

/** The measured amplitude without the roll; `foretold` is what the filter thinks it is. */
export function withoutRoll(
  memory: Float64Array,
  cell: number,
  measured: number,
  foretold: number,
): number {
  const first = cell * MEMORY
  const scans = learnRoll(memory, first, measured - foretold)
  const cosine = rollCosine(memory, first)
  let still = measured
  if (scans === FIRST_SCANS) memory.fill(measured, first + IN, first + MEMORY)
  if (scans >= FIRST_SCANS) {
    const gain = (1 - 2 * POLE * cosine + POLE * POLE) / (2 - 2 * cosine)
    const [in1, in2] = [memory[first + IN]!, memory[first + IN + 1]!]
    const [out1, out2] = [memory[first + OUT]!, memory[first + OUT + 1]!]
    still = gain * (measured - 2 * cosine * in1 + in2) + 2 * POLE * cosine * out1
    still -= POLE * POLE * out2
  }
  memory[first + IN + 1] = memory[first + IN]!
  memory[first + IN] = measured
  memory[first + OUT + 1] = memory[first + OUT]!
  memory[first + OUT] = still
  return still
}

/** Takes in what was not foretold; returns how many scans that were, up to the memory. */
function learnRoll(memory: Float64Array, first: number, error: number): number {
  const bounded = Math.max(-FAR, Math.min(FAR, error))
  const scans = Math.min(MEMORY_SCANS, memory[first + SCANS]! + 1)
  memory[first + SCANS] = scans
  const share = 1 / Math.max(FIRST_SCANS / 2, scans)
  for (let lag = 0; lag <= LAGS; lag++) {
    const other = lag === 0 ? bounded : memory[first + lag - 1]!
    const at = first + COVARIANCE + lag
    memory[at]! += (bounded * other - memory[at]!) * share
  }
  memory.copyWithin(first + 1, first, first + LAGS - 1)
  memory[first] = bounded
  return scans
}

/** Lags from one on are free of the gauges' noise; a swing makes each the sum of its neighbours. */
function rollCosine(memory: Float64Array, first: number): number {
  const at = first + COVARIANCE
  let up = 0
  let down = 0
  for (let lag = 2; lag < LAGS; lag++) {
    const here = memory[at + lag]!
    up += (memory[at + lag + 1]! + KEPT * KEPT * memory[at + lag - 1]!) * here
    down += 2 * KEPT * here * here
  }
  return down > 0 ? Math.max(COS_LOW, Math.min(COS_HIGH, up / down)) : COS_HIGH
}
