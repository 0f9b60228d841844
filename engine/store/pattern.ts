/** Bytes that any text encoding would spoil, different for each seed. */
export function patternBytes(seed: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => (seed * 31 + index * 7) & 255)
}
