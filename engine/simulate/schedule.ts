/** Turns the events of a scenario into the inputs of each step. */
import { type CellLayout, inputPlace, LANES, placeOf } from '#twin-models/potline/cell/layout.ts'
import { invalid, type Scenario, type ScenarioEvent } from './scenario.ts'

/** What the schedule must know of the cells. */
export interface ScheduleCells {
  readonly layout: CellLayout
  /** Inputs that hold nominal operation. */
  readonly nominal: Float64Array // [tile][input][lane]
}

/** Inputs of a run, step by step; steps must be asked for in order. */
export interface Schedule {
  /** Fills `input` [tile][field][lane] for the step from `time_s`. */
  fill(time_s: number, dt_s: number, input: Float64Array): void
}

/** What a steady scenario takes from nominal operation. */
const HELD = [
  inputPlace.alf3Feed_kg_s,
  inputPlace.metalTap_kg_s,
  inputPlace.bathTap_kg_s,
  inputPlace.beam_m_s,
]
const MOST_OCCURRENCES = 200_000

interface Occurrence {
  readonly at_s: number
  readonly event: ScenarioEvent
}

/** An amount that flows into one input over a time. */
interface Flow {
  readonly from_s: number
  readonly to_s: number
  readonly field: number
  readonly rate: number
  readonly cells: readonly number[]
}

/** A blocked feeder. */
interface Block {
  readonly to_s: number
  readonly feeder: number
  readonly cells: readonly number[]
}

/** Builds the schedule; an event that no cell of this size can have is an error with its key. */
export function createSchedule(scenario: Scenario, cells: ScheduleCells, path: string): Schedule {
  checkSizes(scenario, cells.layout, path)
  return new Timeline(scenario, cells, occurrencesOf(scenario, path))
}

class Timeline implements Schedule {
  readonly #scenario: Scenario
  readonly #layout: CellLayout
  readonly #nominal: Float64Array // [tile][input][lane]
  readonly #nominalLine_A: number
  readonly #occurrences: readonly Occurrence[]
  readonly #all: readonly number[]
  readonly #ratio: Float64Array // [cell]
  readonly #due_kg: Float64Array // [cell][feeder]
  #line_A: number
  #flows: readonly Flow[] = []
  #blocks: readonly Block[] = []
  #next = 0

  constructor(
    scenario: Scenario,
    { layout, nominal }: ScheduleCells,
    occurrences: readonly Occurrence[],
  ) {
    const { feeders } = layout.sizes
    this.#scenario = scenario
    this.#layout = layout
    this.#nominal = nominal
    this.#nominalLine_A = nominal[placeOf(layout.inputs.length, 0, inputPlace.line_A)]!
    this.#occurrences = occurrences
    this.#all = Array.from({ length: scenario.cells }, (_, cell) => cell)
    this.#ratio = new Float64Array(scenario.cells).fill(scenario.feed.ratio)
    this.#due_kg = new Float64Array(scenario.cells * feeders)
    this.#line_A = scenario.line_A ?? this.#nominalLine_A
    startFeeders(this.#due_kg, feeders, scenario.feed.shot_kg)
  }

  fill(time_s: number, dt_s: number, input: Float64Array): void {
    input.fill(0)
    const end_s = time_s + dt_s
    while (this.#next < this.#occurrences.length) {
      const { at_s, event } = this.#occurrences[this.#next]!
      if (at_s >= end_s) break
      this.#next++
      this.#begin(at_s, event, dt_s, input)
    }
    this.#feed(dt_s, input)
    this.#add(input, this.#all, inputPlace.line_A, this.#line_A)
    for (const { from_s, to_s, field, rate, cells } of this.#flows) {
      const share = (Math.min(to_s, end_s) - Math.max(from_s, time_s)) / dt_s
      this.#add(input, cells, field, rate * share)
    }
    for (const { feeder, cells } of this.#blocks) {
      const field = this.#layout.input.feed_kg_s.first + feeder
      for (const cell of cells) input[this.#place(cell, field)] = 0
    }
    this.#flows = this.#flows.filter(flow => flow.to_s > end_s)
    this.#blocks = this.#blocks.filter(block => block.to_s > end_s)
    padInput(input, this.#layout.inputs.length, this.#scenario.cells)
  }

  #place(cell: number, field: number): number {
    return placeOf(this.#layout.inputs.length, cell, field)
  }

  #add(input: Float64Array, cells: readonly number[], field: number, value: number): void {
    for (const cell of cells) {
      const at = this.#place(cell, field)
      input[at] = input[at]! + value
    }
  }

  /** What begins in a step: a new level, a single amount, or a flow that lasts. */
  #begin(at_s: number, event: ScenarioEvent, dt_s: number, input: Float64Array): void {
    const cells = event.cells?.map(cell => cell - 1) ?? this.#all
    switch (event.type) {
      case 'current':
        this.#line_A = event.line_A
        break
      case 'feed':
        for (const cell of cells) this.#ratio[cell] = event.ratio
        break
      case 'shot': {
        const field = this.#layout.input.feed_kg_s.first + event.feeder - 1
        this.#add(input, cells, field, event.kg / dt_s)
        break
      }
      case 'block':
        this.#blocks = [
          ...this.#blocks,
          { to_s: at_s + event.duration_s, feeder: event.feeder - 1, cells },
        ]
        break
      case 'anodeChange':
        for (const cell of cells) input[this.#place(cell, inputPlace.anodeChange)] = event.anode
        break
      case 'quench':
        this.#add(input, cells, inputPlace.quench, 1)
        break
      default:
        this.#flows = [...this.#flows, flowOf(at_s, event, dt_s, cells)]
    }
  }

  #feed(dt_s: number, input: Float64Array): void {
    const scale = this.#line_A / this.#nominalLine_A
    const { first, count } = this.#layout.input.feed_kg_s
    const { shot_kg } = this.#scenario.feed
    for (const cell of this.#all) {
      if (this.#scenario.steady) {
        for (const field of HELD) {
          const place = this.#place(cell, field)
          input[place] = input[place]! + this.#nominal[place]! * scale
        }
      }
      for (let feeder = 0; feeder < count; feeder++) {
        const at = cell * count + feeder
        const place = this.#place(cell, first + feeder)
        const use_kg = this.#nominal[place]! * this.#ratio[cell]! * scale * dt_s
        const waiting_kg = this.#due_kg[at]! + use_kg
        const given_kg = shot_kg > 0 ? shot_kg * Math.floor(waiting_kg / shot_kg) : waiting_kg
        this.#due_kg[at] = waiting_kg - given_kg
        input[place] = input[place]! + given_kg / dt_s
      }
    }
  }
}

type FlowEvent = Extract<
  ScenarioEvent,
  { type: 'beam' | 'metalTap' | 'bathTap' | 'alf3' | 'heat' | 'tilt' }
>

/** The flow of an event whose amount is spread over its duration, or over one step. */
function flowOf(at_s: number, event: FlowEvent, dt_s: number, cells: readonly number[]): Flow {
  const to_s = at_s + Math.max(event.duration_s, dt_s)
  const flow = (field: number, rate: number) => ({ from_s: at_s, to_s, field, rate, cells })
  const length_s = to_s - at_s
  switch (event.type) {
    case 'beam':
      return flow(inputPlace.beam_m_s, event.rise_m / length_s)
    case 'metalTap':
      return flow(inputPlace.metalTap_kg_s, event.kg / length_s)
    case 'bathTap':
      return flow(inputPlace.bathTap_kg_s, event.kg / length_s)
    case 'alf3':
      return flow(inputPlace.alf3Feed_kg_s, event.kg / length_s)
    case 'heat':
      return flow(inputPlace.heat_W, (event.heat_W * event.duration_s) / length_s)
    case 'tilt':
      return flow(inputPlace.metalTilt_m, (event.tilt_m * event.duration_s) / length_s)
  }
}

/** Feeders begin out of step, as in a plant, so that shots do not fall together. */
function startFeeders(due_kg: Float64Array, feeders: number, shot_kg: number): void {
  for (let i = 0; i < due_kg.length; i++) {
    const cell = Math.floor(i / feeders)
    due_kg[i] = (shot_kg * (((i % feeders) + cell * 0.37) % feeders)) / feeders
  }
}

/** The unused lanes of the last tile get the input of its first cell. */
function padInput(input: Float64Array, fields: number, cells: number): void {
  const first = cells - 1 - ((cells - 1) % LANES)
  for (let cell = cells; cell % LANES !== 0; cell++) {
    for (let field = 0; field < fields; field++) {
      input[placeOf(fields, cell, field)] = input[placeOf(fields, first, field)]!
    }
  }
}

function occurrencesOf(scenario: Scenario, path: string): readonly Occurrence[] {
  const found: Occurrence[] = []
  for (const [i, event] of scenario.events.entries()) {
    const every_s = event.every_s ?? Number.POSITIVE_INFINITY
    const until_s = Math.min(event.until_s ?? scenario.duration_s, scenario.duration_s)
    for (let n = 0; n === 0 || event.at_s + n * every_s < until_s; n++) {
      found.push({ at_s: event.at_s + (n === 0 ? 0 : n * every_s), event })
      if (found.length > MOST_OCCURRENCES) {
        throw invalid(path, `events[${i}].every_s`, `makes more than ${MOST_OCCURRENCES} events`)
      }
    }
  }
  return found.sort((a, b) => a.at_s - b.at_s)
}

function checkSizes(scenario: Scenario, layout: CellLayout, path: string): void {
  for (const [i, event] of scenario.events.entries()) {
    if ('feeder' in event && event.feeder > layout.sizes.feeders) {
      throw invalid(path, `events[${i}].feeder`, `is ${event.feeder} of ${layout.sizes.feeders}`)
    }
    if (event.type === 'anodeChange' && event.anode > layout.sizes.anodes) {
      throw invalid(path, `events[${i}].anode`, `is ${event.anode} of ${layout.sizes.anodes}`)
    }
  }
}
