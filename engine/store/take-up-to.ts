/** Takes the first ones that wait; the bytes may pass the limit by the last one taken. */
export function takeUpTo<T extends { readonly size: number }>(
  waiting: T[],
  count_max: number,
  bytes_max: number,
): T[] {
  let count = 0
  let size = 0
  while (count < waiting.length && count < count_max && size < bytes_max) {
    size += waiting[count]!.size
    count++
  }
  return waiting.splice(0, count)
}
