import { setTimeout as sleep } from 'node:timers/promises'
import { problemOf } from '#engine/core/errors.ts'
import type { SmallDisk } from './disk.ts'
import { PRODUCERS } from './lines.ts'
import type { Fault } from './schedule.ts'
import type { Site } from './site.ts'

const REDIS_START_WITHIN_MS = 30_000
const AGAIN_MS = 100

/** Does to the site what the fault says, and leaves it with everything running again. */
export async function applyFault(
  site: Site,
  fault: Fault,
  disk: SmallDisk | undefined,
): Promise<void> {
  switch (fault.kind) {
    case 'kill-engine':
      await site.killEngine()
      if (fault.again_ms !== undefined) await site.killStartingEngine(fault.again_ms)
      return site.startEngine()
    case 'kill-producer':
      await site.killProducer(fault.producer)
      return site.startProducer(PRODUCERS.find(one => one.producer === fault.producer)!)
    case 'kill-redis':
      await site.redis?.kill('SIGKILL')
      await sleep(fault.away_ms)
      return startRedis(site)
    case 'pause-redis':
      await site.redis?.kill('SIGSTOP')
      await sleep(fault.for_ms)
      return site.redis?.kill('SIGCONT')
    case 'pause-engine':
      return pauseEngine(site, fault.for_ms)
    case 'cut-producers':
      site.cutProducers()
      return
    case 'cut-redis':
      site.cutRedis()
      return
    case 'disk-full':
      return fillDisk(site, disk!, fault)
    case 'jump-clock':
      return jumpClock(site, fault)
  }
}

async function pauseEngine(site: Site, for_ms: number): Promise<void> {
  const engine = site.engine()
  if (!engine) return
  process.kill(engine.pid, 'SIGSTOP')
  await sleep(for_ms)
  process.kill(engine.pid, 'SIGCONT')
}

async function jumpClock(
  site: Site,
  {
    by_ms,
    for_ms,
    kill,
  }: { readonly by_ms: number; readonly for_ms: number; readonly kill: boolean },
): Promise<void> {
  site.setClock(by_ms)
  try {
    await sleep(for_ms / 2)
    if (kill) {
      await site.killEngine()
      await site.startEngine()
    }
    await sleep(for_ms / 2)
  } finally {
    site.setClock(0)
  }
}

async function fillDisk(
  site: Site,
  disk: SmallDisk,
  { for_ms, kill }: { readonly for_ms: number; readonly kill: boolean },
): Promise<void> {
  disk.fill()
  try {
    await sleep(for_ms)
    if (kill) await site.killEngine()
  } finally {
    disk.free()
  }
  // A Redis that cannot write its file ends itself.
  if (site.redis) await startRedis(site)
  if (kill) await site.startEngine()
}

/** Starts Redis unless it runs; it may still read a file that a kill cut short. */
async function startRedis(site: Site): Promise<void> {
  if (!site.redis || site.redis.running()) return
  const end_ms = performance.now() + REDIS_START_WITHIN_MS
  for (;;) {
    try {
      return await site.redis.start()
    } catch (error) {
      if (performance.now() > end_ms) {
        site.violations.push(`redis does not start: ${problemOf(error)}`)
        return
      }
      await sleep(AGAIN_MS)
    }
  }
}
