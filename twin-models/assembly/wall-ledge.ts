/**
 * The ledge of `wall.ts`: elimination towards the front, back substitution and new temperatures.
 */
import {
  B, HEAT_RATE, LEDGE_HEAT, LIQUIDUS, PER_LEDGE_NODE, STATE_LEDGE, STATE_NODES, VALUE,
  W_CONDUCTANCE, W_FRONT, W_INNER, W_JOINT, W_NARROWING, W_PER_CAPACITY, W_ROWS, add, div, mul,
  sub,
} from './wall-places'

/** Forward elimination through the ledge; the address of the temperature of its last volume. */
// @ts-ignore: decorator
@inline
export function eliminateLedge(
  lining: i32,
  count: i32,
  at: usize,
  p: usize,
  x: usize,
  w: usize,
): usize {
  const half = f64x2.splat(0.5)
  const one = f64x2.splat(1)
  const two = f64x2.splat(2)

  const conductanceA = v128.load(w, W_CONDUCTANCE)
  const conductanceB = v128.load(w, W_CONDUCTANCE + B)
  const shareA = v128.load(p, PER_LEDGE_NODE)
  const shareB = v128.load(p, PER_LEDGE_NODE + B)
  const oldA = mul(mul(v128.load(p, HEAT_RATE), shareA), v128.load(at, STATE_LEDGE))
  const oldB = mul(mul(v128.load(p, HEAT_RATE + B), shareB), v128.load(at, STATE_LEDGE + B))
  const halfSweepA = mul(mul(mul(half, shareA), v128.load(p, LEDGE_HEAT)), v128.load(w, W_FRONT))
  const halfSweepB = mul(
    mul(mul(half, shareB), v128.load(p, LEDGE_HEAT + B)),
    v128.load(w, W_FRONT + B),
  )
  const scaleA = div(one, add(add(oldA, mul(two, conductanceA)), halfSweepA))
  const scaleB = div(one, add(add(oldB, mul(two, conductanceB)), halfSweepB))
  const ownA = mul(oldA, scaleA)
  const ownB = mul(oldB, scaleB)
  const gA = mul(conductanceA, scaleA)
  const gB = mul(conductanceB, scaleB)
  const stepA = mul(halfSweepA, scaleA)
  const stepB = mul(halfSweepB, scaleB)
  const jointA = mul(v128.load(w, W_JOINT), scaleA)
  const jointB = mul(v128.load(w, W_JOINT + B), scaleB)

  let node = at + STATE_NODES + VALUE * <usize>lining
  let row = w + W_ROWS + VALUE * <usize>lining
  let beforeA = one
  let beforeB = one
  let pivotsA = sub(sub(one, sub(gA, jointA)), mul(jointA, v128.load(w, W_INNER)))
  let pivotsB = sub(sub(one, sub(gB, jointB)), mul(jointB, v128.load(w, W_INNER + B)))
  let perPivotA = div(one, pivotsA)
  let perPivotB = div(one, pivotsB)
  let sweepA = stepA
  let sweepB = stepB
  let rightA = mul(add(mul(ownA, v128.load(node)), mul(jointA, v128.load(row - VALUE))), perPivotA)
  let rightB = mul(
    add(mul(ownB, v128.load(node, B)), mul(jointB, v128.load(row - VALUE, B))),
    perPivotB,
  )
  v128.store(row, rightA)
  v128.store(row, rightB, B)
  v128.store(row, mul(add(gA, sweepA), perPivotA), VALUE)
  v128.store(row, mul(add(gB, sweepB), perPivotB), VALUE + B)
  for (let i = 2; i < count; i++) {
    node += VALUE
    row += 2 * VALUE
    const lowerA = sub(gA, sweepA)
    const lowerB = sub(gB, sweepB)
    const nextA = sub(pivotsA, mul(mul(lowerA, add(gA, sweepA)), beforeA))
    const nextB = sub(pivotsB, mul(mul(lowerB, add(gB, sweepB)), beforeB))
    perPivotA = div(pivotsA, nextA)
    perPivotB = div(pivotsB, nextB)
    beforeA = pivotsA
    beforeB = pivotsB
    pivotsA = nextA
    pivotsB = nextB
    sweepA = add(sweepA, stepA)
    sweepB = add(sweepB, stepB)
    rightA = mul(add(mul(ownA, v128.load(node)), mul(lowerA, rightA)), perPivotA)
    rightB = mul(add(mul(ownB, v128.load(node, B)), mul(lowerB, rightB)), perPivotB)
    v128.store(row, rightA)
    v128.store(row, rightB, B)
    v128.store(row, mul(add(gA, sweepA), perPivotA), VALUE)
    v128.store(row, mul(add(gB, sweepB), perPivotB), VALUE + B)
  }
  row += 2 * VALUE
  node += VALUE
  lastLedge(row, gA, sweepA, stepA, pivotsA, beforeA, ownA, rightA, node, x)
  lastLedge(row + B, gB, sweepB, stepB, pivotsB, beforeB, ownB, rightB, node + B, x + B)
  return row
}

/** The ledge's last volume, half a width from the liquidus. */
// @ts-ignore: decorator
@inline
function lastLedge(
  row: usize,
  g: v128,
  sweep: v128,
  step: v128,
  pivots: v128,
  before: v128,
  own: v128,
  right: v128,
  node: usize,
  x: usize,
): void {
  const one = f64x2.splat(1)
  const two = f64x2.splat(2)
  const lower = sub(g, sweep)
  const next = sub(
    mul(pivots, add(add(add(one, g), sweep), step)),
    mul(mul(lower, add(g, sweep)), before),
  )
  const front = mul(mul(two, add(add(g, sweep), step)), v128.load(x, LIQUIDUS))
  const sum = add(add(mul(own, v128.load(node)), mul(lower, right)), front)
  v128.store(row, div(mul(sum, pivots), next))
}

/** Back substitution and new temperatures of the ledge; the address of its first solved value. */
// @ts-ignore: decorator
@inline
export function advanceLedge(
  lining: i32,
  count: i32,
  lastAt: usize,
  at: usize,
  p: usize,
  x: usize,
  w: usize,
): usize {
  const half = f64x2.splat(0.5)
  const two = f64x2.splat(2)
  const countF = f64x2.splat(<f64>count)
  const narrowingA = v128.load(w, W_NARROWING)
  const narrowingB = v128.load(w, W_NARROWING + B)
  const perCapacityA = v128.load(w, W_PER_CAPACITY)
  const perCapacityB = v128.load(w, W_PER_CAPACITY + B)
  const gA = mul(v128.load(w, W_CONDUCTANCE), perCapacityA)
  const gB = mul(v128.load(w, W_CONDUCTANCE + B), perCapacityB)
  const stepA = mul(
    mul(
      mul(mul(half, v128.load(p, PER_LEDGE_NODE)), v128.load(p, LEDGE_HEAT)),
      v128.load(w, W_FRONT),
    ),
    perCapacityA,
  )
  const stepB = mul(
    mul(
      mul(mul(half, v128.load(p, PER_LEDGE_NODE + B)), v128.load(p, LEDGE_HEAT + B)),
      v128.load(w, W_FRONT + B),
    ),
    perCapacityB,
  )
  let node = at + STATE_NODES + VALUE * <usize>(lining + count - 1)
  let row = lastAt - 2 * VALUE
  let sweepA = mul(stepA, countF)
  let sweepB = mul(stepB, countF)
  let solvedA = v128.load(lastAt)
  let solvedB = v128.load(lastAt, B)
  const liquidusA = v128.load(x, LIQUIDUS)
  const liquidusB = v128.load(x, LIQUIDUS + B)
  let innerA = mul(two, add(mul(gA, sub(liquidusA, solvedA)), mul(sweepA, liquidusA)))
  let innerB = mul(two, add(mul(gB, sub(liquidusB, solvedB)), mul(sweepB, liquidusB)))
  for (let i = 1; i < count; i++) {
    sweepA = sub(sweepA, stepA)
    sweepB = sub(sweepB, stepB)
    const nextA = add(v128.load(row), mul(v128.load(row, VALUE), solvedA))
    const nextB = add(v128.load(row, B), mul(v128.load(row, VALUE + B), solvedB))
    const outerA = sub(mul(add(gA, sweepA), solvedA), mul(sub(gA, sweepA), nextA))
    const outerB = sub(mul(add(gB, sweepB), solvedB), mul(sub(gB, sweepB), nextB))
    v128.store(node, add(mul(narrowingA, v128.load(node)), sub(innerA, outerA)))
    v128.store(node, add(mul(narrowingB, v128.load(node, B)), sub(innerB, outerB)), B)
    innerA = outerA
    innerB = outerB
    solvedA = nextA
    solvedB = nextB
    node -= VALUE
    row -= 2 * VALUE
  }
  firstLedge(innerA, solvedA, narrowingA, perCapacityA, lining, node, w)
  firstLedge(innerB, solvedB, narrowingB, perCapacityB, lining, node + B, w + B)
  v128.store(lastAt, solvedA)
  v128.store(lastAt, solvedB, B)
  return lastAt
}

/** The ledge's volume on the lining. */
// @ts-ignore: decorator
@inline
function firstLedge(
  inner: v128,
  solved: v128,
  narrowing: v128,
  perCapacity: v128,
  lining: i32,
  node: usize,
  w: usize,
): void {
  const liningK = add(
    v128.load(w + W_ROWS + VALUE * <usize>(lining - 1)),
    mul(v128.load(w, W_INNER), solved),
  )
  const outer = mul(mul(v128.load(w, W_JOINT), sub(solved, liningK)), perCapacity)
  v128.store(node, add(mul(narrowing, v128.load(node)), sub(inner, outer)))
}
