/**
 * Memory of a bank of cells: one array of numbers with the blocks of every tile, so that both
 * forms work on the same image. Within a block, value i of lane l is at LANES * i + l.
 */
import {
  EXCHANGE_SIZE,
  planSize,
  stateSize,
  type WallShape,
  workSize,
} from '../../kernels/stefan.ts'
import {
  CHANNEL_WORK_VALUES,
  channelInputValues,
  channelOutputValues,
} from '../../kernels/transport.ts'
import { type ChannelLayout, channelLayout } from '../../kernels/transport-layout.ts'
import { PLAN_VALUES } from '../../kernels/transport-plan.ts'
import { BATH_VALUES } from '../bath-lane.ts'
import { ANODE_FACTORS, ANODE_PARTS, anodeWorkLength } from './anodes-places.ts'
import { type CellLayout, cellLayout, LANES } from './layout.ts'
import type { CellParameters } from './parameters.ts'

/** Single values of the scratch; what the parts of a step hand to each other. */
export const WORK_SCALARS = [
  // Composition before the step
  'dissolved_kg',
  'undissolved_kg',
  'bath_kg',
  'superheat_K',
  'efficiency',
  // Amounts of the step
  'fed_kg',
  'alumina_kg',
  'back_kg',
  'alf3Fed_kg',
  'reacted_kg',
  'calcium_kg',
  'cryolite_kg',
  'evolved_kg',
  'sodium_kg',
  'bathFreezing_kg',
  'metalFreezing_kg',
  'bulk_kg',
  'asked_kg',
  'used_kg',
  'made_kg',
  'metalTap_kg',
  'tapped_share',
  'dissolving_kg',
  'capacity_J_K',
  'cold_J',
  'changed_J',
  'rise_m',
  'hot_K',
] as const
export type WorkKey = (typeof WORK_SCALARS)[number]

/** What a cell holds, for the closure: masses and energy. */
export const INVENTORY = [
  'alumina_kg',
  'alf3_kg',
  'cryolite_kg',
  'caf2_kg',
  'others_kg',
  'metal_kg',
  'energy_J',
] as const
export type InventoryKey = (typeof INVENTORY)[number]

/** Places of the single values of the scratch. */
export const workPlace = Object.fromEntries(WORK_SCALARS.map((key, i) => [key, i])) as Readonly<
  Record<WorkKey, number>
>
/** Places in an inventory. */
export const inventoryPlace = Object.fromEntries(INVENTORY.map((key, i) => [key, i])) as Readonly<
  Record<InventoryKey, number>
>

/** Net flows over the boundary have the places of the inventory; then what moved in all. */
export const MOVED_KG = INVENTORY.length
export const MOVED_J = INVENTORY.length + 1
const FLOWS = INVENTORY.length + 2

/** Where the parts of plan and scratch begin, in values from the start of their block. */
export interface CellPlaces {
  readonly layout: CellLayout
  readonly channels: ChannelLayout
  readonly wall: WallShape
  readonly parameters: number
  readonly plan: {
    readonly bathWall: number
    readonly metalWall: number
    readonly channels: number
    readonly anodes: number
    /** Heat capacities of the lining, J/(m2 K): bath level, then metal level. */
    readonly capacities: number
    readonly count: number
  }
  readonly work: {
    readonly before: number
    readonly after: number
    readonly flows: number
    readonly bathExchange: number
    readonly metalExchange: number
    readonly bath: number
    readonly parts: number
    readonly channelInput: number
    readonly channelOutput: number
    /** Scratch of walls, channels and anodes, which use it in turn. */
    readonly inner: number
    readonly count: number
  }
}

/** The places for the sizes and geometry of a bank. */
export function cellPlaces(parameters: CellParameters): CellPlaces {
  const { sizes, geometry } = parameters
  const layout = cellLayout(sizes)
  const row = sizes.anodes / 2
  const channels = channelLayout({
    nodes: sizes.channelNodes,
    length_m: geometry.channelLength_m,
    feeders_m: geometry.feeders_m,
    anodes_m: Array.from({ length: row }, (_, i) => (geometry.channelLength_m * (i + 0.5)) / row),
    anodeLength_m: geometry.anodeLength_m,
  })
  const wall = { lining: sizes.liningNodes, ledge: sizes.ledgeNodes }
  if (stateSize(wall) !== 3 + layout.state.bathWall_K.count) throw new Error('wall state moved')
  const plan = running()
  const work = running()
  work(WORK_SCALARS.length)
  const inner = Math.max(workSize(wall), CHANNEL_WORK_VALUES, anodeWorkLength(sizes.anodes))
  return {
    layout,
    channels,
    wall,
    parameters: parameters.layout.fields.length,
    plan: {
      bathWall: plan(planSize(wall)),
      metalWall: plan(planSize(wall)),
      channels: plan(PLAN_VALUES),
      anodes: plan(ANODE_FACTORS),
      capacities: plan(2 * sizes.liningNodes),
      count: plan(0),
    },
    work: {
      before: work(INVENTORY.length),
      after: work(INVENTORY.length),
      flows: work(FLOWS),
      bathExchange: work(EXCHANGE_SIZE),
      metalExchange: work(EXCHANGE_SIZE),
      bath: work(BATH_VALUES),
      parts: work(ANODE_PARTS),
      channelInput: work(channelInputValues(channels)),
      channelOutput: work(channelOutputValues(channels)),
      inner: work(inner),
      count: work(0),
    },
  }
}

/** Hands out places one after the other. */
function running(): (count: number) => number {
  let next = 0
  return count => {
    next += count
    return next - count
  }
}

/** Where the blocks of a bank are in its memory, in numbers from its start. */
export interface BankMemory {
  readonly tiles: number
  readonly parametersAt: number
  readonly planAt: number
  readonly stateAt: number
  readonly inputAt: number
  readonly outputAt: number
  /** Scratch of one tile, used by all. */
  readonly workAt: number
  /** End of the memory. */
  readonly end: number
}

/** Lays out the blocks of a bank from `start`, a multiple of LANES. */
export function bankMemory(places: CellPlaces, cellCount: number, start: number): BankMemory {
  const tiles = Math.ceil(cellCount / LANES)
  const { states, inputs, outputs } = places.layout
  let next = start
  const block = (values: number) => {
    next += LANES * values
    return next - LANES * values
  }
  return {
    tiles,
    parametersAt: block(tiles * places.parameters),
    planAt: block(tiles * places.plan.count),
    stateAt: block(tiles * states.length),
    inputAt: block(tiles * inputs.length),
    outputAt: block(tiles * outputs.length),
    workAt: block(places.work.count),
    end: next,
  }
}

/** One lane of a tile: where value 0 of its blocks is. One object, moved from lane to lane. */
export interface CellLane {
  readonly places: CellPlaces
  readonly m: Float64Array
  parameters: number
  plan: number
  state: number
  input: number
  output: number
  work: number
}

/** A lane of a bank's memory to move about. */
export function createLane(places: CellPlaces, m: Float64Array): CellLane {
  return { places, m, parameters: 0, plan: 0, state: 0, input: 0, output: 0, work: 0 }
}

/** Moves a lane to a cell of the bank. */
export function moveLane(lane: CellLane, memory: BankMemory, cell: number): void {
  const { layout, parameters, plan } = lane.places
  const l = cell % LANES
  const tile = (cell - l) / LANES
  lane.parameters = memory.parametersAt + LANES * tile * parameters + l
  lane.plan = memory.planAt + LANES * tile * plan.count + l
  lane.state = memory.stateAt + LANES * tile * layout.states.length + l
  lane.input = memory.inputAt + LANES * tile * layout.inputs.length + l
  lane.output = memory.outputAt + LANES * tile * layout.outputs.length + l
  lane.work = memory.workAt + l
}
