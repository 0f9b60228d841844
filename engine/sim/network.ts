/** The anodes in parallel between beam and metal pad: currents, cell voltage and anode effect. */
import { ANODE_PERIOD_S, type CellParameters } from './parameters.ts'
import { bathMass_kg, type CellState } from './state.ts'

const FARADAY = 96485.33212
const GAS = 8.314462618
/** Above this the covered anodes tip over into an anode effect. */
const EFFECT_ONSET_V = 5
const EFFECT_LAG_S = 2
/** Carbon resistance of a new anode, relative to its mean over life, and how much it falls. */
const NEW_ANODE = 1.1
const WORN_ANODE = 0.2
/** Most anodes of a cell. */
const ANODES_MAX = 64

// What the first pass of updateVoltage keeps for the second.
const SCRATCH_GRADE = new Float64Array(ANODES_MAX)

/** Refreshes what the bath under each anode is like; the second half of updateConditions. */
export function updateLocal(p: CellParameters, s: CellState): void {
  const { oxide_pct, bath_Spcm, lean, limit_Apcm2, base_V, anode_Ocm2 } = s.local
  const T = s.bath_C + 273.15
  const share = (100 * p.anodes) / bathMass_kg(s)
  const critical = (5.5 + 0.018 * (T - 1323)) * 0.3947
  const reversible_V = 1.896 - 0.000572 * T
  const life_s = p.anodes * ANODE_PERIOD_S
  for (let a = 0; a < p.anodes; a++) {
    const oxide = Math.max(0.3, share * s.dissolved_kg[a]!)
    const x = Math.max(-0.05, oxide - p.effectAlumina_pct)
    const full = Math.min(1, oxide / s.saturation_pct)
    const activity = full * (-0.03791 + full * (2.364 + full * (-2.194 + 0.8686 * full)))
    oxide_pct[a] = oxide
    bath_Spcm[a] = s.conductivity_Spcm * (1 - 0.01755 * (oxide - s.alumina_pct))
    lean[a] = (0.431 - 0.1437 * x) / (1 + 7.353 * x)
    limit_Apcm2[a] = Math.max(0.1, critical * (Math.sqrt(oxide) - 0.4))
    base_V[a] =
      reversible_V -
      ((GAS * T) / (6 * FARADAY)) * Math.log(activity) +
      (T / 12533) * (5.843 - 0.56 * Math.log(oxide))
    const worn = NEW_ANODE - WORN_ANODE * Math.min(1, s.age_s[a]! / life_s)
    anode_Ocm2[a] = p.anode_Ohm * p.anodeArea_cm2 * worn
  }
}

/** One Newton step of the anodes in parallel under the line current; sets voltage and currents. */
export function updateVoltage(p: CellParameters, s: CellState, current_A: number): void {
  const { bath_Spcm, lean, limit_Apcm2, base_V, anode_Ocm2 } = s.local
  const { density_Apcm2, idle_share, film_share, offset_m } = s
  const T = s.bath_C + 273.15
  const tafel_V = T / 12533
  const depleted_V = T / 23210
  const cover0 = 0.509 + (0.4322 - 0.3781 * s.ratio) / (1 + 1.637 * s.ratio)
  const area_cm2 = p.anodeArea_cm2 / p.anodes
  const columns = p.anodes / 2
  let needed_A = current_A
  let slope = 0
  for (let a = 0; a < p.anodes; a++) {
    const j = density_Apcm2[a]!
    const k = bath_Spcm[a]!
    const column = a < columns ? a : a - columns
    const wave_m = s.wave_m * (1 - (2 * column + 1) / columns)
    let gap_cm = 100 * (s.gap_m + offset_m[a]! + wave_m)
    if (a === s.spike) gap_cm *= 1 - s.spike_share
    const jj = Math.min(j, 1.6)
    const flow = jj * (0.1823 - 0.1723 * jj + 0.05504 * jj * jj)
    const cover = Math.min(0.97, Math.max(0, cover0 + flow + lean[a]!))
    const layer_cm = (0.5517 + jj) / (1 + 2.167 * jj)
    const limit = limit_Apcm2[a]!
    const spare = Math.max(0.02 * limit, limit - j)
    const bubble_Ocm2 = (p.bubble_share * layer_cm * cover) / (k * (1 - cover))
    const ohmic_Ocm2 = Math.max(0.2, gap_cm - layer_cm) / k + bubble_Ocm2 + anode_Ocm2[a]!
    const here_V =
      base_V[a]! + tafel_V * Math.log(j) + depleted_V * Math.log(limit / spare) + j * ohmic_Ocm2
    const grade = ohmic_Ocm2 + tafel_V / j + depleted_V / spare
    const weight = (area_cm2 * (1 - idle_share[a]!) * (1 - film_share[a]!)) / grade
    const foot_V = here_V - grade * j
    needed_A += weight * foot_V
    slope += weight
    density_Apcm2[a] = foot_V
    SCRATCH_GRADE[a] = grade
  }
  const common_V = needed_A / slope
  for (let a = 0; a < p.anodes; a++) {
    const j = (common_V - density_Apcm2[a]!) / SCRATCH_GRADE[a]!
    density_Apcm2[a] = j < 0.02 ? 0.02 : j > 3 ? 3 : j
  }
  shareCurrent(p, s, current_A)
  const metal_Ohm = p.cathode_Ohm + p.bus_Ohm + s.sludge_Ohm
  s.voltage_V = common_V + s.cathode_V + current_A * metal_Ohm
}

/** Currents by anode; where a density met its bounds, the others make it up. */
function shareCurrent(p: CellParameters, s: CellState, current_A: number): void {
  const { anode_A, density_Apcm2, idle_share, film_share } = s
  let flow = 0
  for (let a = 0; a < p.anodes; a++) {
    flow += density_Apcm2[a]! * (1 - idle_share[a]!) * (1 - film_share[a]!)
  }
  const scale = current_A / flow
  for (let a = 0; a < p.anodes; a++) {
    anode_A[a] = scale * density_Apcm2[a]! * (1 - idle_share[a]!) * (1 - film_share[a]!)
  }
}

/** Starts, holds and leaves the anode effect; adds its voltage. */
export function updateEffect(p: CellParameters, s: CellState, dt_s: number): boolean {
  let started = false
  if (!s.effect) {
    if (s.voltage_V > EFFECT_ONSET_V) {
      s.effect = true
      started = true
    }
  } else if (s.stirred && s.alumina_pct > p.effectAlumina_pct + 0.4) {
    s.effect = false
  }
  s.voltage_V = Math.min(s.voltage_V, 6)
  const wanted_V = s.effect ? s.effect_V - s.voltage_V : 0
  s.extra_V += (wanted_V - s.extra_V) * Math.min(1, dt_s / EFFECT_LAG_S)
  s.voltage_V += s.extra_V
  return started
}

/** Anodes that draw more than their share burn faster, which levels them; cold ones warm up. */
export function wearAnodes(
  p: CellParameters,
  s: CellState,
  current_A: number,
  cold_s: number,
  dt_s: number,
): void {
  const { anode_A, burn_share, offset_m, age_s, idle_share } = s
  const keep = 1 - dt_s / cold_s
  const burn = p.burn_mPerAs * p.anodes * dt_s
  let mean_m = 0
  for (let a = 0; a < p.anodes; a++) {
    offset_m[a]! += burn * (anode_A[a]! * burn_share[a]! - current_A / p.anodes)
    mean_m += offset_m[a]! / p.anodes
    age_s[a]! += dt_s
    idle_share[a]! *= keep
  }
  // The mean distance has its own balance.
  for (let a = 0; a < p.anodes; a++) offset_m[a]! -= mean_m
}
