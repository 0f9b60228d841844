/** Heat of evaporation of water at room temperature. */
export const EVAPORATION_J_KG = 2.45e6
/** Gas constant and heat of dry air. */
export const AIR_GAS_J_KGK = 287.055
export const AIR_HEAT_J_KGK = 1006
/** Molar mass of water over that of dry air. */
const WATER_TO_AIR = 0.621945

/** Saturation pressure over water (Magnus form of Alduchov and Eskridge 1996). */
export function saturationPressure_Pa(air_K: number): number {
  const celsius = air_K - 273.15
  return 610.94 * Math.exp((17.625 * celsius) / (celsius + 243.04))
}

/** Water per dry air (kg/kg) at a vapour pressure. */
export function humidityAt(vapour_Pa: number, pressure_Pa: number): number {
  return (WATER_TO_AIR * vapour_Pa) / Math.max(pressure_Pa - vapour_Pa, 0.1 * pressure_Pa)
}

/** Water per dry air (kg/kg) at saturation. */
export function saturationHumidity(air_K: number, pressure_Pa: number): number {
  return humidityAt(saturationPressure_Pa(air_K), pressure_Pa)
}

/** Relative humidity of air with `humidity` kg/kg. */
export function relativeHumidity(humidity: number, air_K: number, pressure_Pa: number): number {
  const vapour_Pa = (humidity * pressure_Pa) / (WATER_TO_AIR + humidity)
  return vapour_Pa / saturationPressure_Pa(air_K)
}
