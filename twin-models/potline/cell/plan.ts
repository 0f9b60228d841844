/** What parameters and length of step make constant, for one cell: the plan of its kernels. */

import {
  buildWall,
  planWall,
  type WallGeometry,
  type WallLayer,
} from '../../kernels/stefan-wall.ts'
import { planChannels } from '../../kernels/transport-plan.ts'
import { fillAnodeFactors } from './anodes-places.ts'
import { REFERENCE_K } from './constants.ts'
import { LANES } from './layout.ts'
import type { CellLane } from './memory.ts'
import {
  type CellParameters,
  type ParameterKey,
  parameterPlace,
  type WallHeight,
} from './parameters.ts'

/** Finite volumes per layer: at least one each, the rest where a layer's volumes are widest. */
export function nodesOfLayers(thickness_m: readonly number[], nodes: number): number[] {
  const counts = thickness_m.map(() => 1)
  if (nodes < counts.length) {
    throw new RangeError(`size liningNodes is ${nodes}; the lining has ${counts.length} layers`)
  }
  for (let left = nodes - counts.length; left > 0; left--) {
    let widest = 0
    for (let i = 1; i < counts.length; i++) {
      if (thickness_m[i]! / counts[i]! > thickness_m[widest]! / counts[widest]!) widest = i
    }
    counts[widest] = counts[widest]! + 1
  }
  return counts
}

/** The wall of the cell at the lane, at one height. */
export function wallOf(
  parameters: CellParameters,
  lane: CellLane,
  height: WallHeight,
): WallGeometry {
  const { m, parameters: p } = lane
  const get = (key: ParameterKey) => m[p + LANES * parameterPlace[key]]!
  const places = parameters.layout.layers[height]
  // Equal cells share their volumes, so the counts follow the first cell of the bank.
  const first = Array.from(
    { length: parameters.layers },
    (_, i) => parameters.values[LANES * (places.thickness_m.first + i)]!,
  )
  const counts = nodesOfLayers(first, parameters.sizes.liningNodes)
  const layers: WallLayer[] = counts.map((nodes, i) => ({
    name: `${height} ${i + 1}`,
    thickness_m: m[p + LANES * (places.thickness_m.first + i)]!,
    conductivity_W_mK: m[p + LANES * (places.conductivity_W_mK.first + i)]!,
    density_kg_m3: m[p + LANES * (places.density_kg_m3.first + i)]!,
    heat_J_kgK: m[p + LANES * (places.heat_J_kgK.first + i)]!,
    joint_m2K_W: m[p + LANES * (places.joint_m2K_W.first + i)]!,
    nodes,
  }))
  return buildWall({
    layers,
    ledge: {
      conductivity_W_mK: get('ledgeConductivity_W_mK'),
      density_kg_m3: get('ledgeDensity_kg_m3'),
      heat_J_kgK: get('ledgeHeat_J_kgK'),
      liquidHeat_J_kgK: get('bathHeat_J_kgK'),
      fusion_J_kg: get('fusion_J_kg'),
      reference_K: REFERENCE_K,
      least_m: get('ledgeLeast_m'),
      nodes: parameters.sizes.ledgeNodes,
    },
    outside_W_m2K: get('outside_W_m2K'),
    emissivity: get('emissivity'),
  })
}

/** Fills the plan of the cell at the lane for steps of `step_s`. */
export function planCell(parameters: CellParameters, lane: CellLane, step_s: number): void {
  const { m, parameters: p, plan, places } = lane
  const get = (key: ParameterKey) => m[p + LANES * parameterPlace[key]]!
  const bath = wallOf(parameters, lane, 'bath')
  const metal = wallOf(parameters, lane, 'metal')
  planWall(bath, step_s, m, plan + LANES * places.plan.bathWall)
  planWall(metal, step_s, m, plan + LANES * places.plan.metalWall)
  const capacities = plan + LANES * places.plan.capacities
  for (let i = 0; i < places.wall.lining; i++) {
    m[capacities + LANES * i] = bath.capacity_J_m2K[i]!
    m[capacities + LANES * (places.wall.lining + i)] = metal.capacity_J_m2K[i]!
  }
  planChannels(
    places.channels,
    m,
    plan + LANES * places.plan.channels,
    {
      velocity_m_s: get('bathSpeed_m_s'),
      dispersion_m2_s: get('diffusion_m2_s'),
      exchange_per_s: get('exchange_per_s'),
      dissolution_per_s: get('dissolution_per_s'),
      settling_per_s: get('settling_per_s'),
    },
    step_s,
  )
  fillAnodeFactors(m, plan + LANES * places.plan.anodes, places.layout.sizes.anodes, {
    anodeArea_m2: get('anodeArea_m2'),
    fanning: get('fanning'),
    cathodeArea_m2: get('cathodeArea_m2'),
    anodeEffectAlumina_share: get('anodeEffectAlumina_share'),
    bubbleCover: get('bubbleCover'),
    gapLessBubbles: get('gapLessBubbles'),
    anode_Ohm: get('anode_Ohm'),
    anodeAgeing: get('anodeAgeing'),
    anodeLife_s: get('anodeLife_s'),
    cathode_Ohm: get('cathode_Ohm'),
    bus_Ohm: get('bus_Ohm'),
    lowCurrent_A: get('lowCurrent_A'),
    coldAnode_J: get('coldAnode_J'),
    anodeHeating_s: get('anodeHeating_s'),
    carbonUse_kg_kg: get('carbonUse_kg_kg'),
    anodeDensity_kg_m3: get('anodeDensity_kg_m3'),
    acdDrift: get('acdDrift'),
  })
}
