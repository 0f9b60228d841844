import { seededRandom } from '#engine/core/random.ts'
import { cellNames, potlineTag, potlineTags } from '#engine/lines/potline.ts'

/** The potline of the run, as the engine's configuration has it. */
export const POTLINE = { cells: cellNames(8), feeders: 2 }

const TAGS = potlineTags(POTLINE.feeders)
const CELL_TAGS = [
  potlineTag.voltage,
  potlineTag.beam,
  potlineTag.feedShot(1),
  potlineTag.feedShot(2),
  potlineTag.bathTemperature,
  potlineTag.liquidus,
  potlineTag.excessAlf3,
  potlineTag.anodeChange,
] as const
const SECOND_MS = 1000
/** In so many batches a cell is disturbed once at most, for so many of them. */
const EPISODE_BATCHES_LOG2 = 5
const DISTURBED_BATCHES = { anodeEffect: 3, noisy: 10, stuck: 20, spike: 1, none: 0 } as const
type Disturbance = keyof typeof DISTURBED_BATCHES
const CHANCES: readonly (readonly [Disturbance, below: number])[] = [
  ['anodeEffect', 0.2],
  ['noisy', 0.4],
  ['stuck', 0.5],
  ['spike', 0.6],
  ['none', 1],
]
const ANODE_EFFECT_V = 26
const SPIKE_V = 60
const NOISE_V = 0.4
/** Standard deviation of the voltage of a steady and of an unstable cell. */
const UNSTABLE_V = [0.008, 0.06] as const
const FEED_EVERY_S = 80
const FEED_KG = 2.45
const SAMPLE_EVERY_S = 300
/** Bath 13 K above its liquidus, at a usual share of AlF3: what asks for less resistance. */
const SAMPLES = [963, 950, 11] as const
const ANODE_CHANGE_EVERY_S = 900
/** A cell gets no advice for hours after a change of its anodes. */
const ANODES_CHANGED_CELL = 7
/** Two in a thousand signals come late, within what the line goes back for. */
const LATE = { share: 0.002, least_ms: 5_000, most_ms: 100_000 } as const
/** As many are impossible, or far too late. */
const BAD = { share: 0.002, low: -900, hours_ms: 3600_000 } as const

const definitionOf = (tag: string) => TAGS.find(one => one.tag === tag)!

const SERIES = [
  { ref: 1, asset_path: '', tag: potlineTag.current, unit: 'kA' },
  ...POTLINE.cells.flatMap((asset_path, cell) =>
    CELL_TAGS.map((tag, at) => ({
      ref: 2 + cell * CELL_TAGS.length + at,
      ...{ asset_path, tag, unit: definitionOf(tag).unit },
    })),
  ),
]

/** Series of the potline's one producer, in the order of their refs from 1. */
export const potlineSeries = () => SERIES

/** Physical range of a tag, in its unit. */
export const potlineRange = (tag: string) => definitionOf(tag)

/** A reading to send. */
export type Row = readonly [ref: number, time_ms: number, value: number, quality: number]

/**
 * Readings of some seconds of a potline that is run by the clock: it is fed, its beams move, its
 * bath is sampled, anodes are changed; cells have anode effects and run noisily, gauges fail.
 */
export function potlineRows(seed: number, sequence: number, base_ms: number, seconds: number) {
  const random = seededRandom(seed).fork(`pots/${sequence}`)
  const rows: Row[] = []
  const push = (at: number, second: number, value: number): void => {
    const row = disturbed(at, base_ms + second * SECOND_MS + random.integer(SECOND_MS), value)
    rows.push(row)
  }
  const disturbed = (at: number, time_ms: number, value: number): Row => {
    const { ref, tag } = SERIES[at]!
    const [chance, far] = [random.uniform(), random.uniform()]
    if (definitionOf(tag).kind !== 'signal') return [ref, time_ms, value, 0]
    if (chance < LATE.share) {
      const late_ms = LATE.least_ms + far * (LATE.most_ms - LATE.least_ms)
      return [ref, Math.round(time_ms - late_ms), value, 0]
    }
    if (chance < LATE.share + BAD.share) {
      return far < 0.5 ? [ref, time_ms, BAD.low, 0] : [ref, time_ms - BAD.hours_ms, value, 0]
    }
    return [ref, time_ms, value, 0]
  }
  for (let second = 0; second < seconds; second++) {
    const now_s = base_ms / SECOND_MS + second
    push(0, second, 350 + 2 * Math.sin(now_s / 90) + 0.3 * random.normal())
    for (let cell = 0; cell < POTLINE.cells.length; cell++) {
      const first = 1 + cell * CELL_TAGS.length
      const disturbance = disturbanceOf(seed, cell, sequence)
      push(first, second, voltageAt(disturbance, cell, now_s, random.normal()))
      push(first + 1, second, 100 + 0.5 * (Math.floor((now_s + 31 * cell) / 300) % 20))
      const fed_s = (now_s + 7 * cell) % FEED_EVERY_S
      if (fed_s === 0) push(first + 2, second, FEED_KG)
      if (fed_s === FEED_EVERY_S / 2) push(first + 3, second, FEED_KG)
      if ((now_s + 70 * cell) % SAMPLE_EVERY_S === 0) {
        SAMPLES.forEach((value, at) => {
          push(first + 4 + at, second, value)
        })
      }
      const changes = cell === ANODES_CHANGED_CELL && now_s % ANODE_CHANGE_EVERY_S === 0
      if (changes) push(first + 7, second, 1 + cell)
    }
  }
  return { rows, integer: random.integer }
}

/** What is wrong with a cell while a batch is sent. */
function disturbanceOf(seed: number, cell: number, sequence: number): Disturbance {
  const episode = sequence >> EPISODE_BATCHES_LOG2
  const random = seededRandom(seed).fork(`pots ${cell} ${episode}`)
  const drawn = random.uniform()
  const [kind] = CHANCES.find(([, below]) => drawn < below)!
  const begins = random.integer((1 << EPISODE_BATCHES_LOG2) - DISTURBED_BATCHES[kind])
  const within = sequence - (episode << EPISODE_BATCHES_LOG2) - begins
  return within >= 0 && within < DISTURBED_BATCHES[kind] ? kind : 'none'
}

function voltageAt(kind: Disturbance, cell: number, now_s: number, noise: number): number {
  const normal_V = 4.27 + 0.03 * Math.sin((now_s + 37 * cell) / 400) + UNSTABLE_V[cell % 2]! * noise
  if (kind === 'anodeEffect') return ANODE_EFFECT_V + normal_V
  if (kind === 'noisy') return normal_V + (now_s % 2 === 0 ? NOISE_V : -NOISE_V)
  if (kind === 'stuck') return 4.3
  return kind === 'spike' && now_s % 2 === 0 ? SPIKE_V : normal_V
}
