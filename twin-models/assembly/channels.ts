/**
 * Alumina along the cells, four cells at a time: operation by operation the same as
 * twin-models/kernels/transport.ts, where everything is explained; gives its bits.
 * Addresses are those of value 0 of a block; value i is at + 32 * i. The table is that of
 * writeChannelTable, the plan is filled by planChannels.
 */

// @ts-ignore: decorator
@inline const TILE: usize = 32
// @ts-ignore: decorator
@inline const HALF: usize = 16
// @ts-ignore: decorator
@inline const NOTHING_KG: f64 = 1e-100

// Places in the input, output, plan and work blocks.
// @ts-ignore: decorator
@inline const IN_BATH: usize = 0
// @ts-ignore: decorator
@inline const IN_SATURATION: usize = 32
// @ts-ignore: decorator
@inline const IN_BAND: usize = 64
// @ts-ignore: decorator
@inline const IN_PROMPT: usize = 96
// @ts-ignore: decorator
@inline const IN_EVENLY: usize = 128
// @ts-ignore: decorator
@inline const IN_FEED: usize = 160
// @ts-ignore: decorator
@inline const OUT_DISSOLVED: usize = 0
// @ts-ignore: decorator
@inline const OUT_UNDISSOLVED: usize = 32
// @ts-ignore: decorator
@inline const OUT_DISSOLVING: usize = 64
// @ts-ignore: decorator
@inline const OUT_SETTLED: usize = 96
// @ts-ignore: decorator
@inline const OUT_LACKING: usize = 128
// @ts-ignore: decorator
@inline const OUT_ANODES: usize = 160
// @ts-ignore: decorator
@inline const PLAN_FORWARD: usize = 0
// @ts-ignore: decorator
@inline const PLAN_BACKWARD: usize = 32
// @ts-ignore: decorator
@inline const PLAN_FORWARD_START: usize = 64
// @ts-ignore: decorator
@inline const PLAN_BACKWARD_START: usize = 96
// @ts-ignore: decorator
@inline const PLAN_MIXED: usize = 128
// @ts-ignore: decorator
@inline const PLAN_DISSOLVED: usize = 160
// @ts-ignore: decorator
@inline const PLAN_SETTLED: usize = 192
// @ts-ignore: decorator
@inline const CARRIED: usize = 192

// Places in the table.
// @ts-ignore: decorator
@inline const TABLE_HEAD: usize = 32
// @ts-ignore: decorator
@inline const FEEDER_BYTES: usize = 24
// @ts-ignore: decorator
@inline const ANODE_BYTES: usize = 8

// @ts-ignore: decorator
@inline
function add(a: v128, b: v128): v128 {
  return f64x2.add(a, b)
}

// @ts-ignore: decorator
@inline
function sub(a: v128, b: v128): v128 {
  return f64x2.sub(a, b)
}

// @ts-ignore: decorator
@inline
function mul(a: v128, b: v128): v128 {
  return f64x2.mul(a, b)
}

/** One step of the four cells of a tile. */
export function advanceChannels(
  table: usize,
  state: usize,
  plan: usize,
  input: usize,
  output: usize,
  work: usize,
): void {
  const nodes = <usize>load<i32>(table)
  feedAndUse(table, nodes, state, input, output)
  dissolve(nodes, state, plan, input, output, work)
  dissolve(nodes, state + HALF, plan + HALF, input + HALF, output + HALF, work + HALF)
  sweep(nodes, state, plan, work)
  moveB(nodes, state, plan, output, work)
  moveB(nodes, state + HALF, plan + HALF, output + HALF, work + HALF)
  moveA(nodes, state, plan, output, work)
  moveA(nodes, state + HALF, plan + HALF, output + HALF, work + HALF)
  anodeAlumina(table, state, input, output)
}

/** Dissolved alumina at each anode [mass share] into the output block, from state and bath. */
export function anodeAlumina(table: usize, state: usize, input: usize, output: usize): void {
  const nodes = load<i32>(table)
  const feeders = <usize>load<i32>(table, 4)
  const anodes = <usize>load<i32>(table, 8)
  const ring = f64x2.splat(2.0 * <f64>nodes)
  const perShare0 = f64x2.div(ring, v128.load(input, IN_BATH))
  const perShare1 = f64x2.div(ring, v128.load(input, IN_BATH + HALF))
  let anode = table + TABLE_HEAD + FEEDER_BYTES * feeders
  let share = anode + ANODE_BYTES * anodes
  let into = output + OUT_ANODES
  for (let a: usize = 0; a < anodes; a++) {
    let i = state + TILE * <usize>load<i32>(anode)
    const end = share + 8 * <usize>load<i32>(anode, 4)
    let sum0 = f64x2.splat(0)
    let sum1 = f64x2.splat(0)
    for (; share < end; share += 8) {
      const part = v128.load64_splat(share)
      sum0 = add(sum0, mul(part, v128.load(i)))
      sum1 = add(sum1, mul(part, v128.load(i, HALF)))
      i += TILE
    }
    v128.store(into, mul(sum0, perShare0))
    v128.store(into, mul(sum1, perShare1), HALF)
    anode += ANODE_BYTES
    into += TILE
  }
}

// @ts-ignore: decorator
@inline
function raise(address: usize, amount0: v128, amount1: v128, share: v128): void {
  v128.store(address, add(v128.load(address), mul(amount0, share)))
  v128.store(address, add(v128.load(address, HALF), mul(amount1, share)), HALF)
}

function feedAndUse(
  table: usize,
  nodes: usize,
  state: usize,
  input: usize,
  output: usize,
): void {
  const feeders = <usize>load<i32>(table, 4)
  const anodes = <usize>load<i32>(table, 8)
  const across = TILE * nodes
  const promptShare0 = v128.load(input, IN_PROMPT)
  const promptShare1 = v128.load(input, IN_PROMPT + HALF)
  let prompt0 = f64x2.splat(0)
  let prompt1 = f64x2.splat(0)
  let feeder = table + TABLE_HEAD
  let from = input + IN_FEED
  for (let f: usize = 0; f < feeders; f++) {
    const feed0 = v128.load(from)
    const feed1 = v128.load(from, HALF)
    const soon0 = mul(feed0, promptShare0)
    const soon1 = mul(feed1, promptShare1)
    const late0 = sub(feed0, soon0)
    const late1 = sub(feed1, soon1)
    prompt0 = add(prompt0, soon0)
    prompt1 = add(prompt1, soon1)
    let a = state + TILE * <usize>load<i32>(feeder)
    for (let side: usize = 0; side < 2; side++) {
      const share = v128.load64_splat(feeder + 8 * side, 8)
      const b = a + across
      raise(a, soon0, soon1, share)
      raise(b, soon0, soon1, share)
      raise(a + 2 * across, late0, late1, share)
      raise(b + 2 * across, late0, late1, share)
      a += TILE
    }
    feeder += FEEDER_BYTES
    from += TILE
  }
  v128.store(output, prompt0, OUT_DISSOLVING)
  v128.store(output, prompt1, OUT_DISSOLVING + HALF)
  let anode = feeder
  let share = anode + ANODE_BYTES * anodes
  for (let a: usize = 0; a < anodes; a++) {
    const use0 = v128.load(from)
    const use1 = v128.load(from, HALF)
    let i = state + TILE * <usize>load<i32>(anode)
    const end = share + 8 * <usize>load<i32>(anode, 4)
    for (; share < end; share += 8) {
      const part = v128.load64_splat(share)
      v128.store(i, sub(v128.load(i), mul(part, use0)))
      v128.store(i, sub(v128.load(i, HALF), mul(part, use1)), HALF)
      i += TILE
    }
    anode += ANODE_BYTES
    from += TILE
  }
}

function dissolve(
  nodes: usize,
  state: usize,
  plan: usize,
  input: usize,
  output: usize,
  work: usize,
): void {
  const ring = nodes + nodes
  const solid = TILE * ring
  const count = f64x2.splat(<f64>ring)
  const zero = f64x2.splat(0)
  const one = f64x2.splat(1)
  const node = f64x2.div(v128.load(input, IN_BATH), count)
  const full = mul(v128.load(input, IN_SATURATION), node)
  const perBand = f64x2.div(one, mul(v128.load(input, IN_BAND), node))
  const evenly = f64x2.div(v128.load(input, IN_EVENLY), count)
  const forward = v128.load(plan, PLAN_FORWARD)
  const dissolvedShare = v128.load(plan, PLAN_DISSOLVED)
  const settledShare = v128.load(plan, PLAN_SETTLED)
  let dissolving = v128.load(output, OUT_DISSOLVING)
  let settled = zero
  let lacking = zero
  let dissolvedSum = zero
  let undissolvedSum = zero
  let i = state
  let step: usize = TILE
  for (let channel = 0; channel < 2; channel++) {
    for (let k: usize = 0; k < nodes; k++) {
      const before = add(v128.load(i), evenly)
      const solids = v128.load(i + solid)
      const room = sub(full, before)
      const drive = f64x2.pmin(f64x2.pmax(mul(room, perBand), zero), one)
      const melted = f64x2.pmin(mul(mul(dissolvedShare, solids), drive), room)
      const sunk = mul(settledShare, solids)
      const left = sub(sub(solids, melted), sunk)
      const owned = add(before, melted)
      const debt = f64x2.pmin(zero, owned)
      const kept = sub(owned, debt)
      dissolving = add(dissolving, melted)
      settled = add(settled, sunk)
      lacking = sub(lacking, debt)
      v128.store(i, kept)
      v128.store(i + solid, left)
      dissolvedSum = add(mul(dissolvedSum, forward), kept)
      undissolvedSum = add(mul(undissolvedSum, forward), left)
      i += step
    }
    i = state + TILE * (ring - 1)
    step = 0 - TILE
  }
  v128.store(output, dissolving, OUT_DISSOLVING)
  v128.store(output, settled, OUT_SETTLED)
  v128.store(output, lacking, OUT_LACKING)
  const start = v128.load(plan, PLAN_FORWARD_START)
  v128.store(work, mul(dissolvedSum, start))
  v128.store(work, mul(undissolvedSum, start), TILE)
}

function sweep(nodes: usize, state: usize, plan: usize, work: usize): void {
  const ring = nodes + nodes
  const solid = TILE * ring
  const shift = work + CARRIED - state
  const forward0 = v128.load(plan, PLAN_FORWARD)
  const forward1 = v128.load(plan, PLAN_FORWARD + HALF)
  let c0 = v128.load(work)
  let c1 = v128.load(work, HALF)
  let s0 = v128.load(work, TILE)
  let s1 = v128.load(work, TILE + HALF)
  let i = state
  let step: usize = TILE
  for (let channel = 0; channel < 2; channel++) {
    for (let k: usize = 0; k < nodes; k++) {
      const j = i + shift
      c0 = add(mul(c0, forward0), v128.load(i))
      c1 = add(mul(c1, forward1), v128.load(i, HALF))
      s0 = add(mul(s0, forward0), v128.load(i + solid))
      s1 = add(mul(s1, forward1), v128.load(i + solid, HALF))
      v128.store(j, c0)
      v128.store(j, c1, HALF)
      v128.store(j + solid, s0)
      v128.store(j + solid, s1, HALF)
      i += step
    }
    i = state + TILE * (ring - 1)
    step = 0 - TILE
  }
  const backward0 = v128.load(plan, PLAN_BACKWARD)
  const backward1 = v128.load(plan, PLAN_BACKWARD + HALF)
  c0 = f64x2.splat(0)
  c1 = c0
  s0 = c0
  s1 = c0
  i = work + CARRIED + TILE * nodes
  step = TILE
  for (let channel = 0; channel < 2; channel++) {
    for (let k: usize = 0; k < nodes; k++) {
      c0 = add(mul(c0, backward0), v128.load(i))
      c1 = add(mul(c1, backward1), v128.load(i, HALF))
      s0 = add(mul(s0, backward0), v128.load(i + solid))
      s1 = add(mul(s1, backward1), v128.load(i + solid, HALF))
      i += step
    }
    i = work + CARRIED + TILE * (nodes - 1)
    step = 0 - TILE
  }
  const start0 = v128.load(plan, PLAN_BACKWARD_START)
  const start1 = v128.load(plan, PLAN_BACKWARD_START + HALF)
  v128.store(work, mul(c0, start0))
  v128.store(work, mul(c1, start1), HALF)
  v128.store(work, mul(s0, start0), TILE)
  v128.store(work, mul(s1, start1), TILE + HALF)
}

// @ts-ignore: decorator
@inline
function someOrNothing(mass: v128): v128 {
  return v128.andnot(mass, f64x2.lt(mass, f64x2.splat(NOTHING_KG)))
}

function moveB(nodes: usize, state: usize, plan: usize, output: usize, work: usize): void {
  const forward = v128.load(plan, PLAN_FORWARD)
  const backward = v128.load(plan, PLAN_BACKWARD)
  const shift = work + CARRIED - state
  const solid = TILE * 2 * nodes
  let i = state + TILE * nodes
  let back = mul(backward, v128.load(work))
  let solidBack = mul(backward, v128.load(work, TILE))
  let z = add(v128.load(i + shift), back)
  let solidZ = add(v128.load(i + shift + solid), solidBack)
  let out = sub(mul(forward, z), back)
  let solidOut = sub(mul(forward, solidZ), solidBack)
  v128.store(work, out, 4 * TILE)
  v128.store(work, solidOut, 5 * TILE)
  let total = f64x2.splat(0)
  let solidTotal = f64x2.splat(0)
  for (let k: usize = 1; k < nodes; k++) {
    const next = i + TILE
    back = mul(backward, z)
    solidBack = mul(backward, solidZ)
    z = add(v128.load(next + shift), back)
    solidZ = add(v128.load(next + shift + solid), solidBack)
    const entering = sub(mul(forward, z), back)
    const solidEntering = sub(mul(forward, solidZ), solidBack)
    const node = someOrNothing(add(v128.load(i), sub(entering, out)))
    const solidNode = someOrNothing(add(v128.load(i + solid), sub(solidEntering, solidOut)))
    v128.store(i, node)
    v128.store(i + solid, solidNode)
    total = add(total, node)
    solidTotal = add(solidTotal, solidNode)
    out = entering
    solidOut = solidEntering
    i = next
  }
  v128.store(work, z)
  v128.store(work, solidZ, TILE)
  v128.store(work, out, 2 * TILE)
  v128.store(work, solidOut, 3 * TILE)
  v128.store(output, total, OUT_DISSOLVED)
  v128.store(output, solidTotal, OUT_UNDISSOLVED)
}

function moveA(nodes: usize, state: usize, plan: usize, output: usize, work: usize): void {
  const forward = v128.load(plan, PLAN_FORWARD)
  const backward = v128.load(plan, PLAN_BACKWARD)
  const mixed = v128.load(plan, PLAN_MIXED)
  const shift = work + CARRIED - state
  const solid = TILE * 2 * nodes
  const across = TILE * nodes
  let z = v128.load(work)
  let solidZ = v128.load(work, TILE)
  let out = v128.load(work, 2 * TILE)
  let solidOut = v128.load(work, 3 * TILE)
  let total = v128.load(output, OUT_DISSOLVED)
  let solidTotal = v128.load(output, OUT_UNDISSOLVED)
  let open = state + TILE * (2 * nodes - 1)
  let next = state + TILE * (nodes - 1)
  for (let k: usize = 0; k <= nodes; k++) {
    let entering = v128.load(work, 4 * TILE)
    let solidEntering = v128.load(work, 5 * TILE)
    if (k < nodes) {
      const back = mul(backward, z)
      const solidBack = mul(backward, solidZ)
      z = add(v128.load(next + shift), back)
      solidZ = add(v128.load(next + shift + solid), solidBack)
      entering = sub(mul(forward, z), back)
      solidEntering = sub(mul(forward, solidZ), solidBack)
    }
    let node = someOrNothing(add(v128.load(open), sub(entering, out)))
    let solidNode = someOrNothing(add(v128.load(open + solid), sub(solidEntering, solidOut)))
    total = add(total, node)
    solidTotal = add(solidTotal, solidNode)
    if (k > 0) {
      const facing = open + across
      const other = v128.load(facing)
      const solidOther = v128.load(facing + solid)
      const change = mul(mixed, sub(node, other))
      const solidChange = mul(mixed, sub(solidNode, solidOther))
      v128.store(facing, add(other, change))
      v128.store(facing + solid, add(solidOther, solidChange))
      node = sub(node, change)
      solidNode = sub(solidNode, solidChange)
    }
    v128.store(open, node)
    v128.store(open + solid, solidNode)
    out = entering
    solidOut = solidEntering
    open = next
    next -= TILE
  }
  v128.store(output, total, OUT_DISSOLVED)
  v128.store(output, solidTotal, OUT_UNDISSOLVED)
}
