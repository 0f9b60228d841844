/** A fixed number of places that tenants share, so that none takes those of all others. */
export interface Places {
  readonly places_max: number
  /** False where the tenant has as many as it may, or none is free. */
  may(tenant: string): boolean
  /** Takes a place where it may. */
  take(tenant: string): boolean
  leave(tenant: string): void
  held(tenant: string): number
  full(): boolean
}

/**
 * Places for tenants. One with a limit of its own may hold that many. Any other may hold as many as
 * are still free: alone half of all, and there is always one for a tenant that has none.
 */
export function sharedPlaces(
  places_max: number,
  limitOf: (tenant: string) => number | undefined,
): Places {
  const held = new Map<string, number>()
  let taken = 0
  const may = (tenant: string): boolean => {
    const free = places_max - taken
    return free > 0 && (held.get(tenant) ?? 0) < (limitOf(tenant) ?? free)
  }
  return {
    places_max,
    may,
    take(tenant) {
      if (!may(tenant)) return false
      held.set(tenant, (held.get(tenant) ?? 0) + 1)
      taken += 1
      return true
    },
    leave(tenant) {
      const own = held.get(tenant) ?? 0
      if (own === 0) return
      taken -= 1
      if (own === 1) held.delete(tenant)
      else held.set(tenant, own - 1)
    },
    held: tenant => held.get(tenant) ?? 0,
    full: () => taken >= places_max,
  }
}
