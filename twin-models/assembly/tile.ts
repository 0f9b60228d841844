/** Values of a tile: two cells in a vector, the other two HALF after it. */

/** Bytes from one value of a cell to its next. */
export const STEP: usize = 32
/** Bytes from the first two cells of a tile to the other two. */
export const HALF: usize = 16

/** The value of a block `offset` bytes after its start. */
// @ts-ignore: decorator
@inline export function get(block: usize, offset: usize): v128 {
  return v128.load(block + offset)
}

/** Sets the value of a block `offset` bytes after its start. */
// @ts-ignore: decorator
@inline export function set(block: usize, offset: usize, value: v128): void {
  v128.store(block + offset, value)
}

/** a / b */
// @ts-ignore: decorator
@inline export function div(a: v128, b: v128): v128 {
  return f64x2.div(a, b)
}
