/** Rows of the room filter's state: the model's states, then what is hidden behind its inputs. */
export const roomRow = {
  co2_1: 0,
  humidity_1: 1,
  particles_kg_m3: 2,
  air_K: 3,
  structure_K: 4,
  outdoorCo2_1: 5,
  /** Natural logarithm of the air changes per second. */
  logAirChange: 6,
  occupants_1: 7,
  heat_W: 8,
  outdoorHumidity_1: 9,
  outdoorParticles_kg_m3: 10,
  outdoor_K: 11,
} as const
export const ROOM_ROWS = 12

/** What is believed of one row before and between readings. */
export interface RowTuning {
  /** Standard deviation before the first reading. */
  readonly start: number
  /** Standard deviation gained in one hour. */
  readonly walk_perRoot_h: number
  /** Standard deviation that it never exceeds. */
  readonly most: number
  /** Time constant of the pull to its nominal value; 0: none. */
  readonly pull_s: number
}

const row = (start: number, walk_perRoot_h: number, most: number, pull_h = 0): RowTuning => ({
  start,
  walk_perRoot_h,
  most,
  pull_s: pull_h * 3600,
})

/** Tuning of the filter by row, from how rooms are built and used; README.md says what was fitted. */
export const ROOM_TUNING: readonly RowTuning[] = [
  row(100e-6, 45e-6, 1000e-6), // imperfect mixing
  row(2e-3, 3e-4, 5e-3),
  row(10e-9, 5e-9, 100e-9),
  row(2, 0.05, 5),
  row(2, 0.05, 5),
  row(40e-6, 5e-6, 60e-6, 48), // outdoors and the zero of the sensor
  row(0.6, 0.15, 0.8, 24), // doors and windows
  row(1, 1, 20), // people come and go
  row(100, 30, 300, 6), // lamps, sun, devices
  row(2e-3, 5e-4, 4e-3, 24),
  row(10e-9, 3e-9, 50e-9, 24),
  row(6, 0.7, 8, 48),
]

/** How presence is believed to begin, end and show. */
export interface PresenceTuning {
  readonly start_1: number
  readonly emptyFor_s: number
  readonly occupiedFor_s: number
  /** People on entry: mean and standard deviation. */
  readonly entry_1: number
  readonly entryStd_1: number
  /** Fewest people of an occupied room. */
  readonly fewest_1: number
  /** People differ in breath, and rooms from their drawings: part of the band of the count. */
  readonly countSpread_1: number
  /** Share of readings with motion in an occupied and in an empty room. */
  readonly motionOccupied_1: number
  readonly motionEmpty_1: number
  /** Evidence of one kind repeats itself within this time. */
  readonly motionMemory_s: number
  /** Least illuminance of a place of work. */
  readonly lit_lx: number
  readonly litOccupied_1: number
  readonly litEmpty_1: number
  readonly lightMemory_s: number
}

export const PRESENCE_TUNING: PresenceTuning = {
  start_1: 0.3,
  emptyFor_s: 4 * 3600,
  occupiedFor_s: 1.5 * 3600,
  entry_1: 1.5,
  entryStd_1: 1,
  fewest_1: 0.7,
  countSpread_1: 0.25,
  motionOccupied_1: 0.35,
  motionEmpty_1: 0.01,
  motionMemory_s: 60,
  lit_lx: 100,
  litOccupied_1: 0.9,
  litEmpty_1: 0.15,
  lightMemory_s: 600,
}

/** Standard deviation of one reading by channel: resolution, noise and lag of cheap sensors. */
export const READING_STD = {
  co2_1: 2.5e-6,
  humidity_1: 2e-4,
  particles_kg_m3: 2e-9,
  air_K: 0.04,
  outdoor_K: 0.5,
} as const
