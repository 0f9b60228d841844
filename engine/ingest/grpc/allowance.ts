import type { Clock } from '../../core/clock.ts'
import { type Places, sharedPlaces } from '../../core/places.ts'
import type { TenantLimits, TenantLoad } from '../../load.ts'
import { defaultLimits } from './limits.ts'

/** What a tenant may send: asked before each message, told of each batch. */
export interface Allowance {
  readonly limits: TenantLimits
  /** How long the next message has to wait; 0: it may come now. */
  wait_ms(): number
  /** The limit that makes it wait. */
  limit(): 'readings_per_s_max' | 'bytes_per_s_max'
  /** Counts a batch; one that is larger than what is left is taken, and the next waits for it. */
  take(readings: number, bytes: number): void
  /** The credit that a producer of the tenant may have of `line_bytes`, which its line gives. */
  credit_bytes(line_bytes: number): number
  /** A stream opens; false when the tenant has as many as it may. */
  openStream(): boolean
  closeStream(): void
  /** Something was turned away because of a limit. */
  refuse(): void
  /** A producer was held for so long. */
  paced(duration_ms: number): void
  load(): TenantLoad
}

/** The allowances of all tenants. */
export interface Allowances {
  of(tenant: string): Allowance
  /** What each tenant that has called so far sends. */
  loads(): readonly TenantLoad[]
}

/** A tenant may send this much at once after it was quiet. */
const BURST_S = 1
/** A paced producer may have this much on its way, so that one batch is never too large for long. */
const CREDIT_S = 0.25
const CREDIT_MIN_BYTES = 64 * 1024
/** Tenants come from the keys of the configuration; beyond it they share one allowance. */
const TENANTS_MAX = 1000

/** Makes the allowances; a tenant without limits is counted, and leaves streams to others. */
export function tenantAllowances(
  limitsOf: (tenant: string) => TenantLimits,
  clock: Clock,
): Allowances {
  const byTenant = new Map<string, Allowance>()
  const streams_max = defaultLimits.streams_max
  const streams = sharedPlaces(streams_max, tenant => limitsOf(tenant).streams_max)
  return {
    of(tenant) {
      const key = byTenant.size < TENANTS_MAX || byTenant.has(tenant) ? tenant : 'others'
      let allowance = byTenant.get(key)
      if (!allowance) {
        allowance = tenantAllowance(key, limitsOf(tenant), streams, clock)
        byTenant.set(key, allowance)
      }
      return allowance
    },
    loads: () => [...byTenant.values()].map(allowance => allowance.load()),
  }
}

function tenantAllowance(
  tenant: string,
  limits: TenantLimits,
  streams: Places,
  clock: Clock,
): Allowance {
  const readingsBucket = bucket(limits.readings_per_s_max, clock)
  const bytesBucket = bucket(limits.bytes_per_s_max, clock)
  const { bytes_per_s_max } = limits
  const paced_bytes =
    bytes_per_s_max === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(CREDIT_MIN_BYTES, bytes_per_s_max * CREDIT_S)
  const wait_ms = () => Math.max(readingsBucket.wait_ms(), bytesBucket.wait_ms())
  let readings = 0
  let bytes = 0
  let refused = 0
  let paced_ms = 0
  return {
    limits,
    wait_ms,
    limit: () =>
      readingsBucket.wait_ms() >= bytesBucket.wait_ms() ? 'readings_per_s_max' : 'bytes_per_s_max',
    take(more, more_bytes) {
      readings += more
      bytes += more_bytes
      readingsBucket.take(more)
      bytesBucket.take(more_bytes)
    },
    credit_bytes: line_bytes =>
      Math.round(wait_ms() > 0 ? CREDIT_MIN_BYTES : Math.min(line_bytes, paced_bytes)),
    openStream: () => streams.take(tenant),
    closeStream: () => streams.leave(tenant),
    refuse() {
      refused++
    },
    paced(duration_ms) {
      paced_ms += duration_ms
    },
    load: () => ({
      ...{ tenant, limits, streams: streams.held(tenant), readings, bytes, refused },
      paced_s: paced_ms / 1000,
    }),
  }
}

/** A token bucket that may go into debt: who comes next waits until it is paid. */
function bucket(per_s: number | undefined, clock: Clock) {
  if (per_s === undefined) return { wait_ms: () => 0, take: (_count: number) => {} }
  const full = per_s * BURST_S
  let left = full
  let at_ms = clock.elapsed_ms()
  const fill = () => {
    const now_ms = clock.elapsed_ms()
    left = Math.min(full, left + (per_s * (now_ms - at_ms)) / 1000)
    at_ms = now_ms
  }
  return {
    wait_ms(): number {
      if (left > 0) return 0
      fill()
      return left > 0 ? 0 : Math.max(1, Math.ceil((1000 * -left) / per_s))
    },
    take(count: number): void {
      fill()
      left -= count
    },
  }
}
