/** What a setpoint class may do (process model specification 8). Units as a SCADA shows them. */
export interface SetpointLimits {
  readonly unit: string
  /** Range around the reference value, as a share of it. */
  readonly range_share: number
  readonly interval_min_s: number
  /** Smallest change worth a person's attention. */
  readonly step_min: number
}

export const targetResistance: SetpointLimits & { readonly step_max: number } = {
  unit: 'uOhm',
  range_share: 0.05,
  step_max: 0.1,
  step_min: 0.02,
  interval_min_s: 15 * 60,
}

export const baseFeedRate: SetpointLimits & { readonly step_max_share: number } = {
  unit: 'kg/h',
  range_share: 0.15,
  step_max_share: 0.05,
  step_min: 0.5,
  interval_min_s: 3600,
}

/** Windows that a forecast must stay in; the sources are in process model specification 8. */
export const window = {
  superheat_low_K: 5,
  superheat_high_K: 15,
  superheat_target_K: 9,
  alumina_low_share: 0.02,
  alumina_high_share: 0.04,
  voltage_high_V: 4.6,
  voltage_low_V: 3.9,
  /** Short-term voltage noise above which a cell counts as unstable. */
  noise_high_V: 0.03,
  excess_alf3_low_share: 0.095,
  excess_alf3_high_share: 0.13,
} as const

/** Horizon and grid of the forecasts that stand behind a recommendation. */
export const forecastGrid = { horizon_s: 2 * 3600, step_s: 300 } as const

/** One-sided 90 %: a worst case lies this many standard deviations from the mean. */
export const WORST_SIGMA = 1.2816
