import { LiquidusError } from '#engine/core/errors.ts'
import { seededRandom } from '#engine/core/random.ts'

/** TWIN-444: a potline of 444 cells, 10 tags a cell, each once a second. */
export interface TwinPlan {
  readonly line: string
  readonly cells: number
  /** `stream` where history or a backlog is sent, which a wall clock would call late or early. */
  readonly clock: 'wall' | 'stream'
  /** Event time sent before the warm-up, as fast as it is taken: the detectors learn from it. */
  readonly learn_s: number
  readonly warmup_s: number
  readonly seconds_s: number
  readonly seed: number
  /** Alerts of each class that must come of what is injected within the measured time. */
  readonly alerts: Readonly<Record<AlertClass, number>>
}

/** By what an alert needs: one reading, a filtered value of closed ticks, a learnt model. */
export type AlertClass = 'reading' | 'filter' | 'model'
export const ALERT_CLASSES: readonly AlertClass[] = ['reading', 'filter', 'model']

/**
 * Swings beyond those that must be told: a model that by itself found a cell unusual before says
 * nothing new of it.
 */
export const MODEL_RESERVE = 10

/** Disturbances of a class: one for each alert, and the reserve of the models. */
export function injectedOf(plan: TwinPlan, of: AlertClass): number {
  const wanted = plan.alerts[of]
  return wanted > 0 && of === 'model' ? wanted + MODEL_RESERVE : wanted
}

/** When in each second the readings of the line are due. */
export const TWIN_PHASE_MS = 500
export const TWIN_FEEDERS = 5
/** Currents of anode groups per cell. */
export const ANODE_GROUPS = 7

/** Something done to the voltage of a cell, and the event that must come of it. */
export interface Disturbance {
  readonly class: AlertClass
  readonly cell: number
  /** First second it is seen in, counted from the load's beginning, and how many. */
  readonly second: number
  readonly seconds: number
}

interface Shape {
  readonly seconds: number
  /** Seconds after the end until the cell is as before. */
  readonly rest_s: number
  /** Kinds of event that tell of it. */
  readonly kinds: readonly string[]
  /** Voltage of the disturbed cell. */
  voltage_V(normal_V: number, step: number): number
}

/** What is done for each class. */
export const SHAPES: Readonly<Record<AlertClass, Shape>> = {
  // One reading far off: more than the voltage can change in a second.
  reading: { seconds: 1, rest_s: 8, kinds: ['sensor-rate'], voltage_V: () => 48 },
  // An anode effect: the twin's voltage above 8 V for two seconds.
  filter: { seconds: 5, rest_s: 40, kinds: ['anode-effect'], voltage_V: () => 24 },
  // A voltage that swings for longer than the 120 s that the cell model asks for above its
  // threshold, and some seconds until it is there. What it says then stands for an hour.
  model: {
    seconds: 150,
    rest_s: 3600,
    kinds: ['unusual-running', 'unusual-pattern'],
    voltage_V: (normal_V, step) => normal_V + (step % 2 === 0 ? 0.4 : -0.4),
  },
}

/** Places the disturbances: each class has cells of its own, and a cell rests between two. */
export function disturbancesOf(plan: TwinPlan): readonly Disturbance[] {
  const random = seededRandom(plan.seed).fork('disturbances')
  const found: Disturbance[] = []
  const classes = ALERT_CLASSES.filter(name => plan.alerts[name] > 0)
  classes.forEach((name, i) => {
    const wanted = injectedOf(plan, name)
    const { seconds, rest_s } = SHAPES[name]
    const own = Array.from({ length: plan.cells }, (_, cell) => cell).filter(
      cell => cell % classes.length === i,
    )
    const turns = Math.floor((plan.seconds_s - 1 + rest_s) / (seconds + rest_s))
    const room = own.length * turns
    if (wanted > room) {
      throw new LiquidusError('USAGE', {
        problem: `${wanted} alerts of the class "${name}" do not fit; at this time ${room} do`,
      })
    }
    const slack = plan.seconds_s - 1 - turns * (seconds + rest_s) + rest_s
    const places = Array.from({ length: room }, (_, place) => place)
    for (let n = 0; n < wanted; n++) {
      const pick = n + random.integer(room - n)
      const place = places[pick]!
      places[pick] = places[n]!
      const turn = Math.floor(place / own.length)
      const cell = own[place % own.length]!
      const shift = random.fork(`cell ${cell}`).integer(slack + 1)
      const second = plan.warmup_s + turn * (seconds + rest_s) + shift
      found.push({ class: name, cell, second, seconds })
    }
  })
  return found
}
