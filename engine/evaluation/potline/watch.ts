import type { Cause, LineDefinition, LineFrame, OutputEvent, TwinFrame } from '../../flow.ts'
import { potlineTag } from '../../lines/potline.ts'
import { voltageSlope } from './baseline.ts'

/** An alarm as it was shown, in seconds from the start of the line. */
export interface ToldAlarm {
  /** Index of the cell, or -1 for the line. */
  readonly cell: number
  readonly kind: string
  readonly raised_s: number
  readonly text: string
  /** Causes when it was raised, the strongest first. */
  readonly causes: readonly string[]
  /** Any later causes, with the time they were told. */
  later: readonly { readonly time_s: number; readonly causes: readonly string[] }[]
}

/** Start of an anode effect as the voltage shows it. */
export interface Effect {
  readonly cell: number
  readonly time_s: number
}

/** What was seen of a line while it ran. */
export interface Watched {
  readonly cells: number
  readonly seconds: number
  readonly alarms: readonly ToldAlarm[]
  readonly effects: readonly Effect[]
  /** Events that are no alarms, by detector. */
  readonly events: Readonly<Record<string, number>>
  /** Highest score of each minute, [cell][minute]; NaN where nothing was known. */
  readonly risk: Float32Array
  readonly slope: Float32Array
  readonly minutes: number
}

/** Gives the score of "an anode effect is coming" of each cell after a tick. */
export type RiskOf = (frame: LineFrame, twin: TwinFrame) => ArrayLike<number>

const EFFECT_V = 8
const ONSET_V = 6
const CONFIRM_S = 3
/** An effect that comes back within this time is the same effect. */
const SAME_EFFECT_S = 30 * 60
const SLOPE_WINDOW_S = 300

/** Collects what a line said. */
export class LineWatch {
  readonly #definition: LineDefinition
  readonly #start_ms: number
  readonly #minutes: number
  readonly #voltageTag: number
  readonly #riskOf: RiskOf
  readonly #risk: Float32Array
  readonly #slope: Float32Array
  readonly #voltageSlope: ReturnType<typeof voltageSlope>
  readonly #alarms = new Map<string, ToldAlarm>()
  readonly #effects: Effect[] = []
  readonly #events: Record<string, number> = {}
  readonly #hot_s: Int32Array
  readonly #last_s: Float64Array
  #seconds = 0

  constructor(definition: LineDefinition, start_ms: number, hours: number, riskOf: RiskOf) {
    const cells = definition.cells.length
    this.#definition = definition
    this.#start_ms = start_ms
    this.#minutes = Math.ceil(hours * 60)
    this.#voltageTag = definition.tags.findIndex(({ tag }) => tag === potlineTag.voltage)
    this.#riskOf = riskOf
    this.#risk = new Float32Array(cells * this.#minutes).fill(Number.NaN)
    this.#slope = new Float32Array(cells * this.#minutes).fill(Number.NaN)
    this.#voltageSlope = voltageSlope(cells, SLOPE_WINDOW_S)
    this.#hot_s = new Int32Array(cells)
    this.#last_s = new Float64Array(cells).fill(Number.NEGATIVE_INFINITY)
  }

  tick(frame: LineFrame, twin: TwinFrame): void {
    const cells = this.#definition.cells.length
    const time_s = (frame.time_ms - this.#start_ms) / 1000
    const minute = Math.min(this.#minutes - 1, Math.max(0, Math.floor(time_s / 60)))
    const risk = this.#riskOf(frame, twin)
    this.#seconds = Math.max(this.#seconds, time_s)
    for (let cell = 0; cell < cells; cell++) {
      const voltage_V = frame.values[this.#voltageTag * cells + cell]!
      this.#voltageSlope.add(cell, voltage_V)
      const at = cell * this.#minutes + minute
      raise(this.#risk, at, risk[cell]!)
      raise(this.#slope, at, this.#voltageSlope.slope_Vps(cell))
      this.#watchEffect(cell, voltage_V, time_s)
    }
  }

  #watchEffect(cell: number, voltage_V: number, time_s: number): void {
    // From the onset on the seconds count; a short spike of noise is none.
    if (voltage_V > (this.#hot_s[cell]! > 0 ? ONSET_V : EFFECT_V)) {
      this.#hot_s[cell]!++
      if (this.#hot_s[cell]! < CONFIRM_S) return
      const fresh = time_s - this.#last_s[cell]! > SAME_EFFECT_S
      this.#last_s[cell] = time_s
      if (fresh) this.#effects.push({ cell, time_s: time_s - CONFIRM_S })
    } else this.#hot_s[cell] = 0
  }

  event({ channel, body }: OutputEvent): void {
    if (channel === 'anomaly') {
      const by = body.detector.split(' ')[0]!
      this.#events[by] = (this.#events[by] ?? 0) + 1
    }
    if (channel !== 'alarm' || body.suppressed) return
    const texts = body.causes.map((cause: Cause) => cause.text)
    const told = this.#alarms.get(body.id)
    if (told) {
      told.later = [...told.later, { time_s: this.#seconds, causes: texts }]
      return
    }
    this.#alarms.set(body.id, {
      cell: this.#definition.cells.indexOf(body.cell),
      kind: body.kind,
      raised_s: (body.raised_ms - this.#start_ms) / 1000,
      text: body.text,
      causes: texts,
      later: [],
    })
  }

  result(): Watched {
    return {
      cells: this.#definition.cells.length,
      seconds: this.#seconds,
      alarms: [...this.#alarms.values()],
      effects: this.#effects,
      events: this.#events,
      risk: this.#risk,
      slope: this.#slope,
      minutes: this.#minutes,
    }
  }
}

function raise(into: Float32Array, at: number, value: number): void {
  if (Number.isNaN(into[at]!) || value > into[at]!) into[at] = value
}
