/** Constants of the full cell; the compiled form gets them from here. */
import { ALUMINA_KG_MOL, ALUMINIUM_KG_MOL, aluminaHeating_V, energyNeed_V } from '../heat.ts'
import { FARADAY_C_MOL } from '../voltage.ts'

/** Zero of all enthalpies: the temperature that the thermochemistry of the reaction is for. */
export const REFERENCE_K = 1233.15
/** Alumina per coulomb at full efficiency. */
export const ALUMINA_KG_C = ALUMINA_KG_MOL / (6 * FARADAY_C_MOL)
/** Metal per alumina. */
export const METAL_PER_ALUMINA = (2 * ALUMINIUM_KG_MOL) / ALUMINA_KG_MOL
/** Need of the current where it makes no metal: carbon burnt by the back reaction. */
export const REACTION_V = energyNeed_V(0)
/** Further need per alumina used, from cold carbon and hot solid alumina. */
export const REACTION_J_KG =
  (energyNeed_V(1) - energyNeed_V(0) - aluminaHeating_V(1)) / ALUMINA_KG_C

// 3 Na2O + 4 AlF3 = 2 Na3AlF6 + Al2O3 and 3 CaO + 2 AlF3 = 3 CaF2 + Al2O3, by mass.
/** AlF3 used up per Na2O fed. */
export const ALF3_PER_NA2O = 1.807
/** Cryolite made per Na2O fed. */
export const CRYOLITE_PER_NA2O = 2.258
/** AlF3 used up per CaO fed. */
export const ALF3_PER_CAO = 0.998
/** CaF2 made per CaO fed. */
export const CAF2_PER_CAO = 1.392
// Na3AlF6 + Al = 2 AlF3 + 3 Na, per mass of sodium; what is left over is AlF3.
/** Cryolite used up per sodium that the lining takes up. */
export const CRYOLITE_PER_SODIUM = 3.044
/** Metal used up per sodium. */
export const METAL_PER_SODIUM = 0.391
/** AlF3 made per sodium. */
export const ALF3_PER_SODIUM = CRYOLITE_PER_SODIUM + METAL_PER_SODIUM - 1
/** Fumes double with every 35 K, near what vapour pressures over cryolite do; own choice. */
export const FUMES_PER_K = 0.0086
/** They grow no further this much above the nominal superheat. */
export const FUMES_MOST_K = 300

// The correlations are held at the end of what they are good for.
/** Most alumina that the correlations see. */
export const ALUMINA_MAX_WTPCT = 15
/** Most AlF3 that the correlations see. */
export const ALF3_MAX_WTPCT = 30
/** Most of each other salt that the correlations see. */
export const OTHERS_MAX_WTPCT = 20
/** Lowest temperature that the correlations see. */
export const BATH_LOWEST_K = 1000
/** Highest temperature that the correlations see. */
export const BATH_HIGHEST_K = 1500

/** Least alumina at saturation, where the correlation runs out below zero. */
export const SATURATION_LEAST_WTPCT = 1

// Where the crust melts away, the bath between the anodes radiates; emissivity is our own choice.
/** Temperature at which the crust begins to go. */
export const CRUST_K = 1273
/** It is gone this much above. */
export const CRUST_RANGE_K = 50
/** Least share of the cavity that the anodes leave open. */
export const OPEN_LEAST = 0.1
/** Emissivity of bath times Stefan-Boltzmann constant. */
export const OPEN_BATH_W_M2K4 = 0.5 * 5.670374419e-8

/** Share of the nominal bath or metal that no tap goes below. */
export const TAP_REST = 0.25
/** Share of the AlF3 that one step may use up, per way. */
export const ALF3_STEP_MAX = 0.25
/** Share of the cryolite that freezing on the walls, or in the bath, may take in one step. */
export const CRYOLITE_STEP_MAX = 0.25
/** A bath further below its liquidus is solid and takes no more heat from the ledge. */
export const SUBCOOLED_MOST_K = 10
/** A front may conduct this much more than foreseen, as its ledge gets thinner ... */
export const CONDUCTION_MARGIN = 1.1
/** ... and this much, where it conducted nothing. */
export const CONDUCTION_MORE_W_M2 = 5e3
/** Share of the cryolite that the lining may take in one step, as sodium. */
export const SODIUM_STEP_MAX = 0.01
/** Alumina this close above saturation no longer dissolves freely. */
export const SATURATION_BAND_SHARE = 0.005
/** Sludge goes back freely where the bath is this far below saturation ... */
export const BACK_FEEDING_SHARE = 0.02
/** ... and this far above its liquidus. */
export const BACK_FEEDING_K = 5

/** Newton steps of the anode network per step of the cell; it starts from the last currents. */
export const ANODE_ITERATIONS = 2
/** Alumina over the onset that ends a quenched anode effect. */
export const RECOVERY_MARGIN_WTPCT = 0.4
/** Below it the energy per metal is not told. */
export const LEAST_METAL_KG_S = 1e-4
// Added to what moved, so that a residual is a number where nothing moves at all.
/** Least mass that residuals are relative to. */
export const LEAST_KG = 0.1
/** Least energy that residuals are relative to. */
export const LEAST_J = 1e5
