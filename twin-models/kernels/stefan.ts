/**
 * One step of a multi-layer wall with a moving freeze front: finite volumes of fixed width from
 * the outside through the lining, then volumes of the frozen ledge whose width is ledge / count,
 * so that they move with the front. An implicit tridiagonal solve gives the fluxes; the nodes are
 * then advanced from these fluxes, so energy closes to rounding whatever the solver's error.
 *
 * All arrays are tiles of four cells, [value][lane]: value `i` of the wall of one lane is at
 * `m[at + 4 * i]`, `at` = start + lane. A wall's state is `STATE.nodes_K + lining + ledge` values,
 * its plan (`planWall`) `planSize(shape)` values, its exchange with the cell `EXCHANGE_SIZE`.
 */

/** How many volumes the lining and the ledge have; the same for all walls of a bank. */
export interface WallShape {
  readonly lining: number
  readonly ledge: number
}

/** Places in the state of a wall; nodes run from the outside to the front. */
export const STATE = {
  /** Thickness of the ledge, lining to front. */
  ledge_m: 0,
  /** Heat conducted away from the front in the last step; predicts the front of the next. */
  conducted_W_m2: 1,
  /** Temperature of the outer surface. */
  shell_K: 2,
  /** First of the node temperatures: lining from the outside, then ledge. */
  nodes_K: 3,
} as const

/** Places in what a wall and its cell exchange: four inputs, then what the step found. */
export const EXCHANGE = {
  bath_K: 0,
  liquidus_K: 1,
  transfer_W_m2K: 2,
  ambient_K: 3,
  /** Heat that bath or metal gave to the front. */
  fromBath_W_m2: 4,
  /** Heat that left the outer surface. */
  outside_W_m2: 5,
  /** Speed of the front; above 0 the ledge grows. */
  front_m_s: 6,
  /** Bath that froze, as liquid at the liquidus; below 0 it melted. */
  freezing_kg_m2s: 7,
} as const

/** Values per wall in the exchange with its cell. */
export const EXCHANGE_SIZE = 8

/** Places in a wall's plan: what parameters and time step make constant. Written by `planWall`. */
export const PLAN = {
  step_s: 0,
  perStep_s: 1,
  conductivity_W_mK: 2,
  density_kg_m3: 3,
  /** Ledge density times heat capacity, J/(m3 K). */
  ledgeHeat: 4,
  /** Ledge heat per step, W/(m3 K), and its inverse. */
  heatRate: 5,
  perHeatRate: 6,
  /** Latent heat per volume at 0 K and its slope with the liquidus. */
  latent_J_m3: 7,
  latentSlope_J_m3K: 8,
  least_m: 9,
  /** One over the number of ledge volumes, and the number. */
  perLedgeNode: 10,
  ledgeNodes: 11,
  /** Half the inverse conductivity, m K/W; resistance of the lining's last half volume. */
  halfResistivity: 12,
  joint_m2K_W: 13,
  /** Outside: emissivity times Stefan-Boltzmann, transfer, slope of the radiation. */
  radiation_W_m2K4: 14,
  outside_W_m2K: 15,
  radiationSlope_W_m2K: 16,
  /** Outer flux per temperature of node 0; share of the outer source in flux and in the shell. */
  outerFlux_W_m2K: 17,
  outerShare: 18,
  outerResistance_m2K_W: 19,
  /** Pivot of the last lining volume without the ledge. */
  pivot_W_m2K: 20,
  /** First of the lining's volumes, `LINING_SIZE` values each. */
  lining: 21,
} as const

/** Values per lining volume in a plan, in this order. */
export const LINING = {
  /** Factors of the own old temperature and of the outer neighbour in the elimination. */
  own: 0,
  outer: 1,
  /** Factor of the inner neighbour in the back substitution. */
  inner: 2,
  /** Conductance to the inner neighbour, W/(m2 K); the last volume's is not used. */
  conductance: 3,
  /** Time step over heat capacity, m2 K/W. */
  perCapacity: 4,
} as const

/** Values per lining volume in a plan. */
export const LINING_SIZE = 5

/** Values in a wall's state. */
export function stateSize(shape: WallShape): number {
  return STATE.nodes_K + shape.lining + shape.ledge
}

/** Values in a wall's plan. */
export function planSize(shape: WallShape): number {
  return PLAN.lining + LINING_SIZE * shape.lining
}

/** Places in the scratch of a step: what its parts hand to each other, then the elimination. */
const WORK = {
  /** What the outer surface gives to node 0 besides conduction, negative: W/m2. */
  source: 0,
  /** Lining to first ledge volume, and between ledge volumes: W/(m2 K). */
  joint: 1,
  conductance: 2,
  /** Factor of the first ledge volume in the back substitution of the lining. */
  inner: 3,
  /** Speed of the front: predicted, then found. */
  front: 4,
  /** Old width over new of the ledge volumes, and step over their new heat capacity. */
  narrowing: 5,
  perCapacity: 6,
  /** Right hand side per lining volume; right hand side and factor per ledge volume. */
  rows: 7,
} as const

/** Values of scratch that `advanceWall` needs; nothing in it survives a call. */
export function workSize(shape: WallShape): number {
  return WORK.rows + shape.lining + 2 * shape.ledge
}

/** One wall of one lane: where value 0 of its blocks is. May be one object, moved from wall to wall. */
export interface WallLane {
  shape: WallShape
  state: Float64Array
  stateAt: number
  plan: Float64Array
  planAt: number
  exchange: Float64Array
  exchangeAt: number
  work: Float64Array
  workAt: number
}

/**
 * Advances one wall by the time step of its plan: reads the inputs of the exchange, writes the
 * rest of it and the new state.
 */
export function advanceWall(lane: WallLane): void {
  prepare(lane)
  eliminateLining(lane)
  const last_K = eliminateLedge(lane)
  moveFront(lane, last_K)
  const first_K = advanceLedge(lane, last_K)
  advanceLining(lane, first_K)
}

/** Widths and conductances with the front where the last step's conduction would bring it. */
function prepare(lane: WallLane): void {
  const { state: m, stateAt: at, plan: p, planAt, exchange: x, exchangeAt, work: w, workAt } = lane
  const liquidus_K = x[exchangeAt + 4 * EXCHANGE.liquidus_K]!
  const ambient_K = x[exchangeAt + 4 * EXCHANGE.ambient_K]!
  const offered_W_m2 =
    x[exchangeAt + 4 * EXCHANGE.transfer_W_m2K]! *
    (x[exchangeAt + 4 * EXCHANGE.bath_K]! - liquidus_K)
  const ledge_m = m[at + 4 * STATE.ledge_m]!
  const latent_J_m3 =
    p[planAt + 4 * PLAN.latent_J_m3]! + p[planAt + 4 * PLAN.latentSlope_J_m3K]! * liquidus_K
  const lowest_m_s = (p[planAt + 4 * PLAN.least_m]! - ledge_m) * p[planAt + 4 * PLAN.perStep_s]!
  const free_m_s = (m[at + 4 * STATE.conducted_W_m2]! - offered_W_m2) / latent_J_m3
  const front_m_s = Math.max(free_m_s, lowest_m_s)
  // The conductance of the width half way makes the front nearly second order in time.
  const middle_m =
    (ledge_m + 0.5 * p[planAt + 4 * PLAN.step_s]! * front_m_s) * p[planAt + 4 * PLAN.perLedgeNode]!
  w[workAt + 4 * WORK.front] = front_m_s
  w[workAt + 4 * WORK.conductance] = p[planAt + 4 * PLAN.conductivity_W_mK]! / middle_m
  w[workAt + 4 * WORK.joint] =
    1 / (p[planAt + 4 * PLAN.joint_m2K_W]! + p[planAt + 4 * PLAN.halfResistivity]! * middle_m)

  const shell_K = m[at + 4 * STATE.shell_K]!
  const shell2 = shell_K * shell_K
  const ambient2 = ambient_K * ambient_K
  w[workAt + 4 * WORK.source] =
    p[planAt + 4 * PLAN.outside_W_m2K]! * ambient_K +
    p[planAt + 4 * PLAN.radiationSlope_W_m2K]! * shell_K -
    p[planAt + 4 * PLAN.radiation_W_m2K4]! * (shell2 * shell2 - ambient2 * ambient2)
}

/** Forward elimination from the outside; the factors do not depend on the ledge. */
function eliminateLining(lane: WallLane): void {
  const { state: m, plan: p, planAt, work: w, workAt, shape } = lane
  let node = lane.stateAt + 4 * STATE.nodes_K
  let row = workAt + 4 * WORK.rows
  let volume = planAt + 4 * PLAN.lining
  let right = w[workAt + 4 * WORK.source]!
  for (let i = 1; i < shape.lining; i++) {
    right = p[volume + 4 * LINING.own]! * m[node]! + p[volume + 4 * LINING.outer]! * right
    w[row] = right
    node += 4
    row += 4
    volume += 4 * LINING_SIZE
  }
  const joint = w[workAt + 4 * WORK.joint]!
  const perPivot = 1 / (p[planAt + 4 * PLAN.pivot_W_m2K]! + joint)
  const own = p[volume + 4 * LINING.own]! * m[node]!
  w[row] = (own + p[volume + 4 * LINING.outer]! * right) * perPivot
  w[workAt + 4 * WORK.inner] = joint * perPivot
}

/**
 * Forward elimination through the ledge, rows divided by their common diagonal; the temperature of
 * its last volume. A pivot is the ratio of two neighbours in a three-term recurrence, so that no
 * division waits for the one before.
 */
function eliminateLedge(lane: WallLane): number {
  const { state: m, plan: p, planAt, work: w, workAt, shape } = lane
  const count = shape.ledge
  const liquidus_K = lane.exchange[lane.exchangeAt + 4 * EXCHANGE.liquidus_K]!
  const front_m_s = w[workAt + 4 * WORK.front]!
  const conductance = w[workAt + 4 * WORK.conductance]!
  const joint = w[workAt + 4 * WORK.joint]!
  const share = p[planAt + 4 * PLAN.perLedgeNode]!
  const heatRate = p[planAt + 4 * PLAN.heatRate]! * share
  const old = heatRate * lane.state[lane.stateAt + 4 * STATE.ledge_m]!
  // Half of what the front sweeps through the first inner face, W/(m2 K).
  const halfSweep = 0.5 * share * p[planAt + 4 * PLAN.ledgeHeat]! * front_m_s
  // The capacity of the new width, both neighbours, less half of what each face sweeps.
  const diagonal = old + 2 * conductance + halfSweep
  const scale = 1 / diagonal
  const own = old * scale
  const g = conductance * scale
  const step = halfSweep * scale
  const jointShare = joint * scale

  let node = lane.stateAt + 4 * (STATE.nodes_K + shape.lining)
  let row = workAt + 4 * (WORK.rows + shape.lining)
  let before = 1
  let pivots = 1 - (g - jointShare) - jointShare * w[workAt + 4 * WORK.inner]!
  let perPivot = 1 / pivots
  let sweep = step
  let right = (own * m[node]! + jointShare * w[row - 4]!) * perPivot
  w[row] = right
  w[row + 4] = (g + sweep) * perPivot
  for (let i = 2; i < count; i++) {
    node += 4
    row += 8
    const lower = g - sweep
    const next = pivots - lower * (g + sweep) * before
    perPivot = pivots / next
    before = pivots
    pivots = next
    sweep += step
    right = (own * m[node]! + lower * right) * perPivot
    w[row] = right
    w[row + 4] = (g + sweep) * perPivot
  }
  // The last volume is half a width from the liquidus.
  const lower = g - sweep
  const next = pivots * (1 + g + sweep + step) - lower * (g + sweep) * before
  const front = 2 * (g + sweep + step) * liquidus_K
  return ((own * m[node + 4]! + lower * right + front) * pivots) / next
}

/** The front's true speed from the heat conducted away from it, and the new ledge. */
function moveFront(lane: WallLane, last_K: number): void {
  const { state: m, stateAt: at, plan: p, planAt, exchange: x, exchangeAt, work: w, workAt } = lane
  const liquidus_K = x[exchangeAt + 4 * EXCHANGE.liquidus_K]!
  const offered_W_m2 =
    x[exchangeAt + 4 * EXCHANGE.transfer_W_m2K]! *
    (x[exchangeAt + 4 * EXCHANGE.bath_K]! - liquidus_K)
  const ledge_m = m[at + 4 * STATE.ledge_m]!
  const latent_J_m3 =
    p[planAt + 4 * PLAN.latent_J_m3]! + p[planAt + 4 * PLAN.latentSlope_J_m3K]! * liquidus_K
  const lowest_m_s = (p[planAt + 4 * PLAN.least_m]! - ledge_m) * p[planAt + 4 * PLAN.perStep_s]!
  const conducted_W_m2 = 2 * w[workAt + 4 * WORK.conductance]! * (liquidus_K - last_K)
  const free_m_s = (conducted_W_m2 - offered_W_m2) / latent_J_m3
  const front_m_s = Math.max(free_m_s, lowest_m_s)
  const new_m = ledge_m + p[planAt + 4 * PLAN.step_s]! * front_m_s
  const perNew = 1 / new_m
  m[at + 4 * STATE.ledge_m] = new_m
  m[at + 4 * STATE.conducted_W_m2] = conducted_W_m2
  w[workAt + 4 * WORK.front] = front_m_s
  w[workAt + 4 * WORK.narrowing] = ledge_m * perNew
  w[workAt + 4 * WORK.perCapacity] =
    p[planAt + 4 * PLAN.perHeatRate]! * p[planAt + 4 * PLAN.ledgeNodes]! * perNew
  x[exchangeAt + 4 * EXCHANGE.front_m_s] = front_m_s
  x[exchangeAt + 4 * EXCHANGE.fromBath_W_m2] = conducted_W_m2 - latent_J_m3 * front_m_s
  x[exchangeAt + 4 * EXCHANGE.freezing_kg_m2s] = p[planAt + 4 * PLAN.density_kg_m3]! * front_m_s
}

/** Back substitution and new temperatures of the ledge; the solved value of its first volume. */
function advanceLedge(lane: WallLane, last_K: number): number {
  const { state: m, plan: p, planAt, work: w, workAt, shape } = lane
  const count = shape.ledge
  const liquidus_K = lane.exchange[lane.exchangeAt + 4 * EXCHANGE.liquidus_K]!
  const narrowing = w[workAt + 4 * WORK.narrowing]!
  const perCapacity = w[workAt + 4 * WORK.perCapacity]!
  const g = w[workAt + 4 * WORK.conductance]! * perCapacity
  const step =
    0.5 *
    p[planAt + 4 * PLAN.perLedgeNode]! *
    p[planAt + 4 * PLAN.ledgeHeat]! *
    w[workAt + 4 * WORK.front]! *
    perCapacity
  let node = lane.stateAt + 4 * (STATE.nodes_K + shape.lining + count - 1)
  let row = workAt + 4 * (WORK.rows + shape.lining) + 8 * (count - 2)
  let sweep = step * count
  let solved = last_K
  // Heat through a volume's inner face, as the temperature it gives to the volume.
  let inner = 2 * (g * (liquidus_K - solved) + sweep * liquidus_K)
  for (let i = 1; i < count; i++) {
    sweep -= step
    const next = w[row]! + w[row + 4]! * solved
    const outer = (g + sweep) * solved - (g - sweep) * next
    m[node] = narrowing * m[node]! + (inner - outer)
    inner = outer
    solved = next
    node -= 4
    row -= 8
  }
  const joint = w[workAt + 4 * WORK.joint]!
  const lining_K =
    w[workAt + 4 * (WORK.rows + shape.lining - 1)]! + w[workAt + 4 * WORK.inner]! * solved
  m[node] = narrowing * m[node]! + (inner - joint * (solved - lining_K) * perCapacity)
  return solved
}

/** Back substitution and new temperatures of the lining, and what leaves its outer surface. */
function advanceLining(lane: WallLane, first_K: number): void {
  const { state: m, stateAt: at, plan: p, planAt, exchange: x, exchangeAt, work: w, workAt } = lane
  const count = lane.shape.lining
  let node = at + 4 * (STATE.nodes_K + count - 1)
  let row = workAt + 4 * (WORK.rows + count - 1)
  let volume = planAt + 4 * (PLAN.lining + LINING_SIZE * (count - 1))
  let solved = w[row]! + w[workAt + 4 * WORK.inner]! * first_K
  let inner = w[workAt + 4 * WORK.joint]! * (first_K - solved)
  for (let i = 1; i < count; i++) {
    row -= 4
    const perCapacity = p[volume + 4 * LINING.perCapacity]!
    volume -= 4 * LINING_SIZE
    const next = w[row]! + p[volume + 4 * LINING.inner]! * solved
    const outer = p[volume + 4 * LINING.conductance]! * (solved - next)
    m[node] = m[node]! + perCapacity * (inner - outer)
    inner = outer
    solved = next
    node -= 4
  }
  const source = w[workAt + 4 * WORK.source]!
  const outer =
    p[planAt + 4 * PLAN.outerFlux_W_m2K]! * solved - p[planAt + 4 * PLAN.outerShare]! * source
  m[node] = m[node]! + p[volume + 4 * LINING.perCapacity]! * (inner - outer)
  m[at + 4 * STATE.shell_K] =
    p[planAt + 4 * PLAN.outerShare]! * solved + p[planAt + 4 * PLAN.outerResistance_m2K_W]! * source
  x[exchangeAt + 4 * EXCHANGE.outside_W_m2] = outer
}
