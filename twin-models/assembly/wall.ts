/**
 * The wall of `kernels/stefan.ts` for a tile of four cells: two vectors `a` and `b` of two lanes
 * each per value, 32 bytes from value to value. The same operations in the same order as the clear
 * form, so the same bits. Arguments ending in `At` are byte addresses of value 0.
 */
import { advanceLedge, eliminateLedge } from './wall-ledge'
import {
  AMBIENT, B, BATH, CONDUCTANCE, CONDUCTIVITY, DENSITY, FREEZING, FROM_BATH, FRONT,
  HALF_RESISTIVITY, INNER, JOINT, LATENT, LATENT_SLOPE, LEAST, LEDGE_NODES, LINING, LINING_BYTES,
  LIQUIDUS, OUTER, OUTER_FLUX, OUTER_RESISTANCE, OUTER_SHARE, OUTSIDE, OUTSIDE_TRANSFER, OWN,
  PER_CAPACITY, PER_HEAT_RATE, PER_LEDGE_NODE, PER_STEP, PIVOT, RADIATION, RADIATION_SLOPE,
  STATE_CONDUCTED, STATE_LEDGE, STATE_NODES, STATE_SHELL, STEP, TRANSFER, VALUE, W_CONDUCTANCE,
  W_FRONT, W_INNER, W_JOINT, W_NARROWING, W_PER_CAPACITY, W_ROWS, W_SOURCE, add, div, mul, sub,
} from './wall-places'

/** Advances one wall of all four cells of a tile by the time step of its plan. */
export function advanceWall(
  lining: i32,
  ledge: i32,
  stateAt: usize,
  planAt: usize,
  exchangeAt: usize,
  workAt: usize,
): void {
  prepare(stateAt, planAt, exchangeAt, workAt)
  prepare(stateAt + B, planAt + B, exchangeAt + B, workAt + B)
  eliminateLining(lining, stateAt, planAt, workAt)
  const lastAt = eliminateLedge(lining, ledge, stateAt, planAt, exchangeAt, workAt)
  moveFront(lastAt, stateAt, planAt, exchangeAt, workAt)
  moveFront(lastAt + B, stateAt + B, planAt + B, exchangeAt + B, workAt + B)
  const firstAt = advanceLedge(lining, ledge, lastAt, stateAt, planAt, exchangeAt, workAt)
  advanceLining(lining, firstAt, stateAt, planAt, exchangeAt, workAt)
}

/** Widths and conductances with the front where the last step's conduction would bring it. */
// @ts-ignore: decorator
@inline
function prepare(at: usize, p: usize, x: usize, w: usize): void {
  const liquidus = v128.load(x, LIQUIDUS)
  const ambient = v128.load(x, AMBIENT)
  const offered = mul(v128.load(x, TRANSFER), sub(v128.load(x, BATH), liquidus))
  const ledge = v128.load(at, STATE_LEDGE)
  const latent = add(v128.load(p, LATENT), mul(v128.load(p, LATENT_SLOPE), liquidus))
  const lowest = mul(sub(v128.load(p, LEAST), ledge), v128.load(p, PER_STEP))
  const free = div(sub(v128.load(at, STATE_CONDUCTED), offered), latent)
  const front = f64x2.max(free, lowest)
  const half = f64x2.splat(0.5)
  const middle = mul(
    add(ledge, mul(mul(half, v128.load(p, STEP)), front)),
    v128.load(p, PER_LEDGE_NODE),
  )
  v128.store(w, front, W_FRONT)
  v128.store(w, div(v128.load(p, CONDUCTIVITY), middle), W_CONDUCTANCE)
  const resistance = add(v128.load(p, JOINT), mul(v128.load(p, HALF_RESISTIVITY), middle))
  v128.store(w, div(f64x2.splat(1), resistance), W_JOINT)

  const shell = v128.load(at, STATE_SHELL)
  const shell2 = mul(shell, shell)
  const ambient2 = mul(ambient, ambient)
  const radiated = mul(v128.load(p, RADIATION), sub(mul(shell2, shell2), mul(ambient2, ambient2)))
  const source = sub(
    add(mul(v128.load(p, OUTSIDE_TRANSFER), ambient), mul(v128.load(p, RADIATION_SLOPE), shell)),
    radiated,
  )
  v128.store(w, source, W_SOURCE)
}

/** Forward elimination from the outside; the factors do not depend on the ledge. */
// @ts-ignore: decorator
@inline
function eliminateLining(lining: i32, at: usize, p: usize, w: usize): void {
  let node = at + STATE_NODES
  let row = w + W_ROWS
  let volume = p + LINING
  let rightA = v128.load(w, W_SOURCE)
  let rightB = v128.load(w, W_SOURCE + B)
  for (let i = 1; i < lining; i++) {
    rightA = add(
      mul(v128.load(volume, OWN), v128.load(node)),
      mul(v128.load(volume, OUTER), rightA),
    )
    rightB = add(
      mul(v128.load(volume, OWN + B), v128.load(node, B)),
      mul(v128.load(volume, OUTER + B), rightB),
    )
    v128.store(row, rightA)
    v128.store(row, rightB, B)
    node += VALUE
    row += VALUE
    volume += LINING_BYTES
  }
  lastLining(rightA, node, row, volume, p, w)
  lastLining(rightB, node + B, row + B, volume + B, p + B, w + B)
}

/** The lining's last volume, whose pivot the ledge takes part in. */
// @ts-ignore: decorator
@inline
function lastLining(right: v128, node: usize, row: usize, volume: usize, p: usize, w: usize): void {
  const joint = v128.load(w, W_JOINT)
  const perPivot = div(f64x2.splat(1), add(v128.load(p, PIVOT), joint))
  const own = mul(v128.load(volume, OWN), v128.load(node))
  v128.store(row, mul(add(own, mul(v128.load(volume, OUTER), right)), perPivot))
  v128.store(w, mul(joint, perPivot), W_INNER)
}

/** The front's true speed from the heat conducted away from it, and the new ledge. */
// @ts-ignore: decorator
@inline
function moveFront(lastAt: usize, at: usize, p: usize, x: usize, w: usize): void {
  const one = f64x2.splat(1)
  const two = f64x2.splat(2)
  const liquidus = v128.load(x, LIQUIDUS)
  const offered = mul(v128.load(x, TRANSFER), sub(v128.load(x, BATH), liquidus))
  const ledge = v128.load(at, STATE_LEDGE)
  const latent = add(v128.load(p, LATENT), mul(v128.load(p, LATENT_SLOPE), liquidus))
  const lowest = mul(sub(v128.load(p, LEAST), ledge), v128.load(p, PER_STEP))
  const conducted = mul(mul(two, v128.load(w, W_CONDUCTANCE)), sub(liquidus, v128.load(lastAt)))
  const front = f64x2.max(div(sub(conducted, offered), latent), lowest)
  const grown = add(ledge, mul(v128.load(p, STEP), front))
  const perNew = div(one, grown)
  v128.store(at, grown, STATE_LEDGE)
  v128.store(at, conducted, STATE_CONDUCTED)
  v128.store(w, front, W_FRONT)
  v128.store(w, mul(ledge, perNew), W_NARROWING)
  v128.store(
    w,
    mul(mul(v128.load(p, PER_HEAT_RATE), v128.load(p, LEDGE_NODES)), perNew),
    W_PER_CAPACITY,
  )
  v128.store(x, front, FRONT)
  v128.store(x, sub(conducted, mul(latent, front)), FROM_BATH)
  v128.store(x, mul(v128.load(p, DENSITY), front), FREEZING)
}

/** Back substitution and new temperatures of the lining, and what leaves its outer surface. */
// @ts-ignore: decorator
@inline
function advanceLining(count: i32, firstAt: usize, at: usize, p: usize, x: usize, w: usize): void {
  let node = at + STATE_NODES + VALUE * <usize>(count - 1)
  let row = w + W_ROWS + VALUE * <usize>(count - 1)
  let volume = p + LINING + LINING_BYTES * <usize>(count - 1)
  const firstA = v128.load(firstAt)
  const firstB = v128.load(firstAt, B)
  let solvedA = add(v128.load(row), mul(v128.load(w, W_INNER), firstA))
  let solvedB = add(v128.load(row, B), mul(v128.load(w, W_INNER + B), firstB))
  let innerA = mul(v128.load(w, W_JOINT), sub(firstA, solvedA))
  let innerB = mul(v128.load(w, W_JOINT + B), sub(firstB, solvedB))
  for (let i = 1; i < count; i++) {
    row -= VALUE
    const perCapacityA = v128.load(volume, PER_CAPACITY)
    const perCapacityB = v128.load(volume, PER_CAPACITY + B)
    volume -= LINING_BYTES
    const nextA = add(v128.load(row), mul(v128.load(volume, INNER), solvedA))
    const nextB = add(v128.load(row, B), mul(v128.load(volume, INNER + B), solvedB))
    const outerA = mul(v128.load(volume, CONDUCTANCE), sub(solvedA, nextA))
    const outerB = mul(v128.load(volume, CONDUCTANCE + B), sub(solvedB, nextB))
    v128.store(node, add(v128.load(node), mul(perCapacityA, sub(innerA, outerA))))
    v128.store(node, add(v128.load(node, B), mul(perCapacityB, sub(innerB, outerB))), B)
    innerA = outerA
    innerB = outerB
    solvedA = nextA
    solvedB = nextB
    node -= VALUE
  }
  firstLining(innerA, solvedA, volume, node, at, p, x, w)
  firstLining(innerB, solvedB, volume + B, node + B, at + B, p + B, x + B, w + B)
}

/** The shell: its volume, its surface and what the surroundings take. */
// @ts-ignore: decorator
@inline
function firstLining(
  inner: v128,
  solved: v128,
  volume: usize,
  node: usize,
  at: usize,
  p: usize,
  x: usize,
  w: usize,
): void {
  const source = v128.load(w, W_SOURCE)
  const share = v128.load(p, OUTER_SHARE)
  const outer = sub(mul(v128.load(p, OUTER_FLUX), solved), mul(share, source))
  v128.store(node, add(v128.load(node), mul(v128.load(volume, PER_CAPACITY), sub(inner, outer))))
  v128.store(at, add(mul(share, solved), mul(v128.load(p, OUTER_RESISTANCE), source)), STATE_SHELL)
  v128.store(x, outer, OUTSIDE)
}
