/**
 * The loop of `blockSquares` for WebAssembly, two cells in one register: `squares(weights, rows, n,
 * stacks, out)`, all but the counts in bytes. The same operations in the same order, so the same bits.
 */
export function blockCode(): Uint8Array<ArrayBuffer> {
  const body = [...LOCALS, ...sums(), ...CODE.end]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [1, 0x60, 5, I32, I32, I32, I32, I32, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0x01, 1, 1]), // one page of 64 KiB
    ...section(7, [2, ...name('memory'), 2, 0, ...name('squares'), 0, 0]),
    ...section(10, [1, ...size(body.length), ...body]),
  ])
}

const I32 = 0x7f
const V128 = 0x7b
const NUMBER_BYTES = 8
const PAIR_BYTES = 16 // two cells

const CODE = {
  loop: [0x03, 0x40],
  if: [0x04, 0x40],
  end: [0x0b],
  repeatIf: [0x0d, 0],
  add: [0x6a],
  and: [0x71],
  shiftLeft: [0x74],
  isLess: [0x49],
  addTwo: [0xfd, 0xf0, 0x01],
  multiplyTwo: [0xfd, 0xf2, 0x01],
  zeros: [0xfd, 0x0c, ...new Array<number>(16).fill(0)],
} as const

/** Parameters, then a place in the stacks and its end, then pairs of sums. */
const L = {
  ...{ weights: 0, rows: 1, n: 2, stacks: 3, out: 4, at: 5, end: 6 },
  ...{ a01: 7, a23: 8, b01: 9, b23: 10, s01: 11, s23: 12, weight: 13 },
} as const
const LOCALS = [2, 2, I32, 7, V128]

const get = (local: number) => [0x20, local]
const set = (local: number) => [0x21, local]
const constant = (value: number) => [0x41, ...signed(value)]
const addTo = (local: number, bytes: number) => [
  ...[...get(local), ...constant(bytes), ...CODE.add, ...set(local)],
]
const load = (offset: number) => [...get(L.at), 0xfd, 0x00, 4, ...size(offset)]
const store = (offset: number, local: number) => [
  ...[...get(L.out), ...get(local), 0xfd, 0x0b, 4, ...size(offset)],
]
const clear = (...locals: number[]) => locals.flatMap(local => [...CODE.zeros, ...set(local)])

/** Adds one weight times both pairs of cells. */
function product(weightOffset: number, offset: number, first: number, second: number): number[] {
  const times = (at: number, into: number) => [
    ...[...get(into), ...get(L.weight), ...load(at), ...CODE.multiplyTwo, ...CODE.addTwo],
    ...set(into),
  ]
  return [
    ...[...get(L.weights), 0xfd, 0x0a, 3, ...size(weightOffset), ...set(L.weight)],
    ...[...times(offset, first), ...times(offset + PAIR_BYTES, second)],
  ]
}

function sums(): number[] {
  const pair = 2 * PAIR_BYTES
  const addSquare = (even: number, odd: number, into: number) => [
    ...[...get(even), ...get(odd), ...CODE.addTwo, ...set(even)],
    ...[...get(into), ...get(even), ...get(even), ...CODE.multiplyTwo, ...CODE.addTwo],
    ...set(into),
  ]
  const twoWeights = [
    ...product(0, 0, L.a01, L.a23),
    ...product(NUMBER_BYTES, pair, L.b01, L.b23),
    ...addTo(L.at, 2 * pair),
    ...addTo(L.weights, 2 * NUMBER_BYTES),
  ]
  const lastWeight = [
    ...[...get(L.n), ...constant(1), ...CODE.and],
    ...[...CODE.if, ...product(0, 0, L.a01, L.a23), ...addTo(L.weights, NUMBER_BYTES), ...CODE.end],
  ]
  const isMore = [...get(L.at), ...get(L.end), ...CODE.isLess]
  const row = [
    ...clear(L.a01, L.a23, L.b01, L.b23),
    ...[...get(L.stacks), ...set(L.at)],
    ...[...isMore, ...CODE.if],
    ...[...CODE.loop, ...twoWeights, ...isMore, ...CODE.repeatIf, ...CODE.end],
    ...CODE.end,
    ...lastWeight,
    ...addSquare(L.a01, L.b01, L.s01),
    ...addSquare(L.a23, L.b23, L.s23),
  ]
  // n without its last bit, times the bytes of a block.
  const evenBytes = [...get(L.n), ...constant(-2), ...CODE.and, ...constant(5), ...CODE.shiftLeft]
  return [
    ...[...get(L.stacks), ...evenBytes, ...CODE.add, ...set(L.end)],
    ...clear(L.s01, L.s23),
    ...[...CODE.loop, ...row, ...addTo(L.rows, -1), ...get(L.rows), ...CODE.repeatIf, ...CODE.end],
    ...[...store(0, L.s01), ...store(PAIR_BYTES, L.s23)],
  ]
}

function section(id: number, bytes: readonly number[]): number[] {
  return [id, ...size(bytes.length), ...bytes]
}

const name = (text: string) => [text.length, ...new TextEncoder().encode(text)]

/** A whole number in groups of seven bits. */
function size(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...size(value >>> 7)]
}

/** The same with a sign; only small ones are needed. */
const signed = (value: number): number[] =>
  value >= -64 && value < 64 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(value >> 7)]
