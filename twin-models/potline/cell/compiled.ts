/** What the compiled form needs to know of the memory: places that sizes move, by name. */

import { anodeUsePlace } from '../../kernels/transport.ts'
import { channelTableBytes, writeChannelTable } from '../../kernels/transport-layout.ts'
import { LANES } from './layout.ts'
import type { CellPlaces } from './memory.ts'

/** Bytes from one value of a cell to its next. */
export const STEP_BYTES = 8 * LANES

/**
 * Counts and places that depend on the sizes, in the order in which `configure` of the compiled
 * form reads them: counts as they are, places in bytes from the start of their block.
 */
export function sizedPlaces(
  places: CellPlaces,
): readonly (readonly [name: string, value: number])[] {
  const { layout, plan, work, channels, wall } = places
  const at = (value: number) => STEP_BYTES * value
  return [
    ['LINING', wall.lining],
    ['LEDGE', wall.ledge],
    ['NODES', channels.nodes],
    ['ANODES', layout.sizes.anodes],
    ['FEEDERS', layout.sizes.feeders],
    ['STATE_BYTES', at(layout.states.length)],
    ['INPUT_BYTES', at(layout.inputs.length)],
    ['OUTPUT_BYTES', at(layout.outputs.length)],
    ['PARAMETER_BYTES', at(places.parameters)],
    ['PLAN_BYTES', at(plan.count)],
    ['V_bathLedge_m', at(layout.state.bathLedge_m.first)],
    ['V_metalLedge_m', at(layout.state.metalLedge_m.first)],
    ['V_dissolvedA_kg', at(layout.state.dissolvedA_kg.first)],
    ['V_undissolvedA_kg', at(layout.state.undissolvedA_kg.first)],
    ['V_acd_m', at(layout.state.acd_m.first)],
    ['V_deficit_J', at(layout.state.deficit_J.first)],
    ['V_anode_A', at(layout.state.anode_A.first)],
    ['V_feed_kg_s', at(layout.input.feed_kg_s.first)],
    ['V_anodeAlumina_share', at(layout.output.anodeAlumina_share.first)],
    ['Q_bathWall', at(plan.bathWall)],
    ['Q_metalWall', at(plan.metalWall)],
    ['Q_channels', at(plan.channels)],
    ['Q_anodes', at(plan.anodes)],
    ['Q_capacities', at(plan.capacities)],
    ['K_before', at(work.before)],
    ['K_after', at(work.after)],
    ['K_flows', at(work.flows)],
    ['K_bathExchange', at(work.bathExchange)],
    ['K_metalExchange', at(work.metalExchange)],
    ['K_bath', at(work.bath)],
    ['K_parts', at(work.parts)],
    ['K_channelInput', at(work.channelInput)],
    ['K_channelOutput', at(work.channelOutput)],
    ['K_inner', at(work.inner)],
    ['USE_PLACE', at(anodeUsePlace(channels))],
  ]
}

/** Bytes of the configuration and the channel table behind it. */
export function configurationBytes(places: CellPlaces): number {
  return tableOffset(places) + channelTableBytes(places.channels)
}

/** The table follows at a multiple of 8, after the address that says where it is. */
function tableOffset(places: CellPlaces): number {
  return 8 * Math.ceil((4 * (sizedPlaces(places).length + 1)) / 8)
}

/** Writes the configuration at a byte address, a multiple of 8. */
export function writeConfiguration(
  places: CellPlaces,
  memory: ArrayBufferLike,
  address: number,
): void {
  const values = sizedPlaces(places).map(([, value]) => value)
  const table = address + tableOffset(places)
  new Int32Array(memory, address, values.length + 1).set([...values, table])
  writeChannelTable(places.channels, memory, table)
}
