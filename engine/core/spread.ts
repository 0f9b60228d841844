/**
 * A place in [0, 1) for a name: the same each time, and different names far apart (FNV-1a). What
 * many lines do now and then they do at their own times with it, instead of all at once.
 */
export function spreadOf(name: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < name.length; i++) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  }
  // The last byte alone hardly moves the upper bits: names that end in a number would stay together.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32
}
