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
@inline const PLAN_FORWARD_REST: usize = 128
// @ts-ignore: decorator
@inline const PLAN_BACKWARD_REST: usize = 160
// @ts-ignore: decorator
@inline const PLAN_EVEN: usize = 192
// @ts-ignore: decorator
@inline const PLAN_UNEVEN: usize = 224
// @ts-ignore: decorator
@inline const PLAN_DISSOLVED: usize = 256
// @ts-ignore: decorator
@inline const PLAN_KEPT: usize = 288
// @ts-ignore: decorator
@inline const PLAN_SETTLED_PER_KEPT: usize = 320
// @ts-ignore: decorator
@inline const WORK_FULL: usize = 64
// @ts-ignore: decorator
@inline const WORK_EVENLY: usize = 96
// @ts-ignore: decorator
@inline const WORK_PER_ROOM: usize = 128
// @ts-ignore: decorator
@inline const TAIL: i32 = 48

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

// @ts-ignore: decorator
@inline
function tailOf(nodes: usize): usize {
  return nodes < <usize>TAIL ? nodes : <usize>TAIL
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
  const isLacking = feedAndUse(table, nodes, state, input, output)
  prepare(nodes, plan, input, work)
  prepare(nodes, plan + HALF, input + HALF, work + HALF)
  const last = state + TILE * (2 * nodes - 1)
  if (isLacking || hasRest(plan + PLAN_FORWARD_REST)) {
    dissolve(nodes, state, plan, output, work)
    dissolve(nodes, state + HALF, plan + HALF, output + HALF, work + HALF)
    sweep(nodes, state, TILE, nodes, plan, work)
    sweep(nodes, last, 0 - TILE, nodes, plan, work)
  } else {
    dissolveAndSweep(nodes, state, plan, output, work)
    dissolveAndSweep(nodes, state + HALF, plan + HALF, output + HALF, work + HALF)
    const tail = tailOf(nodes)
    sweep(nodes, state + TILE * (nodes + tail - 1), 0 - TILE, tail, plan, work)
  }
  startBackward(nodes, state, plan, work)
  sweepB(nodes, state, plan, work)
  sweepA(nodes, state, plan, output, work)
  anodeAlumina(table, state, input, output)
}

/** Whether a start of one of the four cells misses something when summed over the tail. */
// @ts-ignore: decorator
@inline
function hasRest(rest: usize): bool {
  const zero = f64x2.splat(0)
  const any = f64x2.ne(v128.load(rest), zero)
  return v128.any_true(v128.or(any, f64x2.ne(v128.load(rest, HALF), zero)))
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
): bool {
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
  // The signs of all that may be below nothing.
  let signs = v128.or(v128.load(input, IN_EVENLY), v128.load(input, IN_EVENLY + HALF))
  signs = v128.or(signs, v128.or(v128.load(input, IN_SATURATION), v128.load(input, IN_SATURATION + HALF)))
  for (let a: usize = 0; a < anodes; a++) {
    const use0 = v128.load(from)
    const use1 = v128.load(from, HALF)
    let i = state + TILE * <usize>load<i32>(anode)
    const end = share + 8 * <usize>load<i32>(anode, 4)
    for (; share < end; share += 8) {
      const part = v128.load64_splat(share)
      const rest0 = sub(v128.load(i), mul(part, use0))
      const rest1 = sub(v128.load(i, HALF), mul(part, use1))
      signs = v128.or(signs, v128.or(rest0, rest1))
      v128.store(i, rest0)
      v128.store(i, rest1, HALF)
      i += TILE
    }
    anode += ANODE_BYTES
    from += TILE
  }
  return v128.any_true(v128.and(signs, f64x2.splat(-0.0)))
}

/**
 * Per node and step of two cells, into the work block: what is divided in a register, V8 divides
 * anew for every node.
 */
function prepare(nodes: usize, plan: usize, input: usize, work: usize): void {
  const all = f64x2.splat(<f64>(nodes + nodes))
  const node = f64x2.div(v128.load(input, IN_BATH), all)
  const evenly = f64x2.div(v128.load(input, IN_EVENLY), all)
  const band = mul(v128.load(input, IN_BAND), node)
  v128.store(work, mul(v128.load(input, IN_SATURATION), node), WORK_FULL)
  v128.store(work, add(evenly, f64x2.splat(NOTHING_KG)), WORK_EVENLY)
  v128.store(work, f64x2.div(v128.load(plan, PLAN_DISSOLVED), band), WORK_PER_ROOM)
}

/** Nodes of two cells as they dissolve, with what may be lacking; the tail of the ring first. */
function dissolve(
  nodes: usize,
  state: usize,
  plan: usize,
  output: usize,
  work: usize,
): void {
  const tail = tailOf(nodes)
  const zero = f64x2.splat(0)
  v128.store(output, zero, OUT_LACKING)
  v128.store(output, zero, OUT_SETTLED)
  clearSums(work)
  const from = state + TILE * (nodes + tail - 1)
  dissolvePart(nodes, from, 0 - TILE, tail, plan, output, work, true, false)
  const dissolved = v128.load(work)
  const undissolved = v128.load(work, TILE)
  clearSums(work)
  const last = state + TILE * (2 * nodes - 1)
  dissolvePart(nodes, state, TILE, nodes, plan, output, work, true, false)
  dissolvePart(nodes, last, 0 - TILE, nodes - tail, plan, output, work, true, false)
  const start = v128.load(plan, PLAN_FORWARD_START)
  const rest = v128.load(plan, PLAN_FORWARD_REST)
  v128.store(work, mul(add(dissolved, mul(rest, v128.load(work))), start))
  v128.store(work, mul(add(undissolved, mul(rest, v128.load(work, TILE))), start), TILE)
}

// @ts-ignore: decorator
@inline
function clearSums(work: usize): void {
  v128.store(work, f64x2.splat(0))
  v128.store(work, f64x2.splat(0), TILE)
}

/**
 * The same where nothing lacks and the tail tells the start, so that the forward recursion goes
 * along; of the tail itself only the sums are known, and it has to be swept.
 */
function dissolveAndSweep(
  nodes: usize,
  state: usize,
  plan: usize,
  output: usize,
  work: usize,
): void {
  const tail = tailOf(nodes)
  const zero = f64x2.splat(0)
  v128.store(output, zero, OUT_LACKING)
  v128.store(output, zero, OUT_SETTLED)
  clearSums(work)
  const from = state + TILE * (nodes + tail - 1)
  dissolvePart(nodes, from, 0 - TILE, tail, plan, output, work, false, false)
  const start = v128.load(plan, PLAN_FORWARD_START)
  v128.store(work, mul(v128.load(work), start))
  v128.store(work, mul(v128.load(work, TILE), start), TILE)
  dissolvePart(nodes, state, TILE, nodes, plan, output, work, false, true)
  const last = state + TILE * (2 * nodes - 1)
  dissolvePart(nodes, last, 0 - TILE, nodes - tail, plan, output, work, false, true)
}

// @ts-ignore: decorator
@inline
function dissolvePart(
  nodes: usize,
  from: usize,
  step: usize,
  count: usize,
  plan: usize,
  output: usize,
  work: usize,
  mayLack: bool,
  isSwept: bool,
): void {
  const ring = nodes + nodes
  const solid = TILE * ring
  const zero = f64x2.splat(0)
  const nothing = f64x2.splat(NOTHING_KG)
  const full = v128.load(work, WORK_FULL)
  const evenly = v128.load(work, WORK_EVENLY)
  const perRoom = v128.load(work, WORK_PER_ROOM)
  const forward = v128.load(plan, PLAN_FORWARD)
  const most = v128.load(plan, PLAN_DISSOLVED)
  const keptShare = v128.load(plan, PLAN_KEPT)
  let melting = v128.load(output, OUT_SETTLED)
  let lacking = v128.load(output, OUT_LACKING)
  let dissolved = v128.load(work)
  let undissolved = v128.load(work, TILE)
  let i = from
  for (let k: usize = 0; k < count; k++) {
    const before = add(v128.load(i), evenly)
    const solids = add(v128.load(i + solid), nothing)
    const room = sub(full, before)
    const share = f64x2.pmin(f64x2.pmax(mul(room, perRoom), zero), most)
    const melted = f64x2.pmin(mul(share, solids), room)
    const left = sub(mul(keptShare, solids), melted)
    let own = add(before, melted)
    melting = add(melting, melted)
    if (mayLack) {
      const owned = own
      own = f64x2.pmax(owned, zero)
      lacking = add(lacking, sub(own, owned))
    }
    dissolved = add(mul(dissolved, forward), own)
    undissolved = add(mul(undissolved, forward), left)
    v128.store(i, isSwept ? dissolved : own)
    v128.store(i + solid, isSwept ? undissolved : left)
    i += step
  }
  v128.store(output, melting, OUT_SETTLED)
  v128.store(output, lacking, OUT_LACKING)
  v128.store(work, dissolved)
  v128.store(work, undissolved, TILE)
}

/** The forward recursion over so many nodes, from the sums in the work block on. */
function sweep(
  nodes: usize,
  from: usize,
  step: usize,
  count: usize,
  plan: usize,
  work: usize,
): void {
  const solid = TILE * (nodes + nodes)
  const forward0 = v128.load(plan, PLAN_FORWARD)
  const forward1 = v128.load(plan, PLAN_FORWARD + HALF)
  let c0 = v128.load(work)
  let c1 = v128.load(work, HALF)
  let s0 = v128.load(work, TILE)
  let s1 = v128.load(work, TILE + HALF)
  let i = from
  for (let k: usize = 0; k < count; k++) {
    c0 = add(mul(c0, forward0), v128.load(i))
    c1 = add(mul(c1, forward1), v128.load(i, HALF))
    s0 = add(mul(s0, forward0), v128.load(i + solid))
    s1 = add(mul(s1, forward1), v128.load(i + solid, HALF))
    v128.store(i, c0)
    v128.store(i, c1, HALF)
    v128.store(i + solid, s0)
    v128.store(i + solid, s1, HALF)
    i += step
  }
  v128.store(work, c0)
  v128.store(work, c1, HALF)
  v128.store(work, s0, TILE)
  v128.store(work, s1, TILE + HALF)
}

function startBackward(nodes: usize, state: usize, plan: usize, work: usize): void {
  const tail = tailOf(nodes)
  clearSums(work)
  clearSums(work + HALF)
  if (hasRest(plan + PLAN_BACKWARD_REST)) {
    sumBackward(nodes, state + TILE * nodes, TILE, nodes, plan, work)
    sumBackward(nodes, state + TILE * (nodes - 1), 0 - TILE, nodes - tail, plan, work)
  }
  const rest0 = v128.load(plan, PLAN_BACKWARD_REST)
  const rest1 = v128.load(plan, PLAN_BACKWARD_REST + HALF)
  const dissolved0 = mul(rest0, v128.load(work))
  const dissolved1 = mul(rest1, v128.load(work, HALF))
  const undissolved0 = mul(rest0, v128.load(work, TILE))
  const undissolved1 = mul(rest1, v128.load(work, TILE + HALF))
  clearSums(work)
  clearSums(work + HALF)
  sumBackward(nodes, state + TILE * (tail - 1), 0 - TILE, tail, plan, work)
  const start0 = v128.load(plan, PLAN_BACKWARD_START)
  const start1 = v128.load(plan, PLAN_BACKWARD_START + HALF)
  v128.store(work, mul(add(v128.load(work), dissolved0), start0))
  v128.store(work, mul(add(v128.load(work, HALF), dissolved1), start1), HALF)
  v128.store(work, mul(add(v128.load(work, TILE), undissolved0), start0), TILE)
  v128.store(work, mul(add(v128.load(work, TILE + HALF), undissolved1), start1), TILE + HALF)
}

function sumBackward(
  nodes: usize,
  from: usize,
  step: usize,
  count: usize,
  plan: usize,
  work: usize,
): void {
  const solid = TILE * (nodes + nodes)
  const backward0 = v128.load(plan, PLAN_BACKWARD)
  const backward1 = v128.load(plan, PLAN_BACKWARD + HALF)
  let c0 = v128.load(work)
  let c1 = v128.load(work, HALF)
  let s0 = v128.load(work, TILE)
  let s1 = v128.load(work, TILE + HALF)
  let i = from
  for (let k: usize = 0; k < count; k++) {
    c0 = add(mul(c0, backward0), v128.load(i))
    c1 = add(mul(c1, backward1), v128.load(i, HALF))
    s0 = add(mul(s0, backward0), v128.load(i + solid))
    s1 = add(mul(s1, backward1), v128.load(i + solid, HALF))
    i += step
  }
  v128.store(work, c0)
  v128.store(work, c1, HALF)
  v128.store(work, s0, TILE)
  v128.store(work, s1, TILE + HALF)
}

function sweepB(nodes: usize, state: usize, plan: usize, work: usize): void {
  const solid = TILE * (nodes + nodes)
  const backward0 = v128.load(plan, PLAN_BACKWARD)
  const backward1 = v128.load(plan, PLAN_BACKWARD + HALF)
  let c0 = v128.load(work)
  let c1 = v128.load(work, HALF)
  let s0 = v128.load(work, TILE)
  let s1 = v128.load(work, TILE + HALF)
  let i = state + TILE * nodes
  for (let k: usize = 0; k < nodes; k++) {
    c0 = add(mul(c0, backward0), v128.load(i))
    c1 = add(mul(c1, backward1), v128.load(i, HALF))
    s0 = add(mul(s0, backward0), v128.load(i + solid))
    s1 = add(mul(s1, backward1), v128.load(i + solid, HALF))
    v128.store(i, c0)
    v128.store(i, c1, HALF)
    v128.store(i + solid, s0)
    v128.store(i + solid, s1, HALF)
    i += TILE
  }
  v128.store(work, c0)
  v128.store(work, c1, HALF)
  v128.store(work, s0, TILE)
  v128.store(work, s1, TILE + HALF)
}

function sweepA(nodes: usize, state: usize, plan: usize, output: usize, work: usize): void {
  const solid = TILE * (nodes + nodes)
  sweepFacing(nodes, state, plan, work, output + OUT_DISSOLVED)
  sweepFacing(nodes, state + solid, plan, work + TILE, output + OUT_UNDISSOLVED)
  finish(plan, output)
  finish(plan + HALF, output + HALF)
}

/** One of the two masses of four cells through A, where it mixes with the facing node of B. */
// @ts-ignore: decorator
@inline
function sweepFacing(nodes: usize, state: usize, plan: usize, work: usize, total: usize): void {
  const across = TILE * nodes
  const backward0 = v128.load(plan, PLAN_BACKWARD)
  const backward1 = v128.load(plan, PLAN_BACKWARD + HALF)
  const even0 = v128.load(plan, PLAN_EVEN)
  const even1 = v128.load(plan, PLAN_EVEN + HALF)
  const uneven0 = v128.load(plan, PLAN_UNEVEN)
  const uneven1 = v128.load(plan, PLAN_UNEVEN + HALF)
  let z0 = v128.load(work)
  let z1 = v128.load(work, HALF)
  let total0 = f64x2.splat(0)
  let total1 = f64x2.splat(0)
  let i = state + across
  for (let k: usize = 0; k < nodes; k++) {
    i -= TILE
    z0 = add(mul(z0, backward0), v128.load(i))
    z1 = add(mul(z1, backward1), v128.load(i, HALF))
    const facing0 = v128.load(i + across)
    const facing1 = v128.load(i + across, HALF)
    const sum0 = add(z0, facing0)
    const sum1 = add(z1, facing1)
    const apart0 = mul(sub(z0, facing0), uneven0)
    const apart1 = mul(sub(z1, facing1), uneven1)
    const mean0 = mul(sum0, even0)
    const mean1 = mul(sum1, even1)
    v128.store(i, add(mean0, apart0))
    v128.store(i, add(mean1, apart1), HALF)
    v128.store(i + across, sub(mean0, apart0))
    v128.store(i + across, sub(mean1, apart1), HALF)
    total0 = add(total0, sum0)
    total1 = add(total1, sum1)
  }
  v128.store(total, mul(total0, add(even0, even0)))
  v128.store(total, mul(total1, add(even1, even1)), HALF)
}

/** What melted and what settled, from the sums. */
// @ts-ignore: decorator
@inline
function finish(plan: usize, output: usize): void {
  const melted = v128.load(output, OUT_SETTLED)
  const kept = add(v128.load(output, OUT_UNDISSOLVED), melted)
  const sunk = mul(kept, v128.load(plan, PLAN_SETTLED_PER_KEPT))
  v128.store(output, add(v128.load(output, OUT_DISSOLVING), melted), OUT_DISSOLVING)
  v128.store(output, f64x2.pmax(sunk, f64x2.splat(0)), OUT_SETTLED)
}
