import { readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { scratch } from '#bench/engine-process.ts'
import { problemOf } from '#engine/core/errors.ts'
import { available } from '#engine/tools/require.ts'
import { auditLines, type LineAudit } from './audit.ts'
import { mountSmallDisk } from './disk.ts'
import { applyFault } from './faults.ts'
import { CHAOS_LINES, PRODUCERS } from './lines.ts'
import { machineClock } from './machine-clock.ts'
import { killsOf, type Step, scheduleOf, stepText } from './schedule.ts'
import { buildSite, type Site } from './site.ts'

/** What to do to the system. */
export interface ChaosPlan {
  readonly kills: number
  readonly seed: number
  readonly store: 'lmdb' | 'redis'
}

/** What became of it; a run without violations has zeros in lost to alerts_missed. */
export interface ChaosResult {
  readonly store: string
  readonly seed: number
  readonly kills: number
  /** Faults that happened, by kind. */
  readonly faults: Readonly<Record<string, number>>
  /** Faults that could not be made here, and why. */
  readonly skipped: readonly string[]
  readonly acknowledged: number
  /** Of these, readings whose log entries were let go, as newer ones took their room. */
  readonly trimmed: number
  readonly lost: number
  readonly duplicated: number
  /** Lines whose state or events differ from their log run again, or from a run without faults. */
  readonly hash_mismatches: number
  readonly quarantined: number
  /** Of these, readings whose producer heard only that the batch is durable. */
  readonly rejections_untold: number
  /** Batches that the log still holds, and entries that it let go. */
  readonly log_batches: number
  readonly log_trimmed: number
  /** Log entries that were run again and gave what is stored. */
  readonly log_verified: number
  /** Files of the embedded log that went as a whole; 0 in Redis. */
  readonly log_files_dropped: number
  /** How often late readings changed the past, by line. */
  readonly rewinds: Readonly<Record<string, number>>
  readonly alerts: number
  readonly alerts_repeated: number
  readonly alerts_missed: number
  readonly restart_ms_median: number
  readonly restart_ms_max: number
  readonly seconds: number
  readonly seconds_per_kill: number
  readonly state_hashes: Readonly<Record<string, string>>
  readonly violations: readonly string[]
  /** The faults in order, on a violation only. */
  readonly schedule: readonly string[]
}

/** So often the next fault waits for every producer, not only for the first that is back. */
const EVERYONE_EVERY_STEPS = 4
const PROGRESS_WITHIN_MS = 30_000
const VIOLATIONS_MAX = 50

/** Runs real processes through a seeded schedule of faults and audits what is left. */
export async function runChaos(plan: ChaosPlan, say: (text: string) => void): Promise<ChaosResult> {
  const began_ms = performance.now()
  const redis = plan.store === 'redis' ? available('redis')?.path : undefined
  if (plan.store === 'redis' && redis === undefined) throw new Error('no redis-server on the PATH')
  const place = scratch('chaos')
  const diskAt = path.join(place.path, 'disk')
  const disk = mountSmallDisk(diskAt)
  const clock = machineClock(place.path)
  const skipped = [
    ...(typeof disk === 'string' ? [`disk full: ${disk}`] : []),
    ...(typeof clock === 'string' ? [`clock jumps of the engine: ${clock}`] : []),
  ]
  for (const one of skipped) say(`not done: ${one}`)
  const smallDisk = typeof disk === 'string' ? undefined : disk
  const jumping = typeof clock === 'string' ? undefined : clock
  const steps = scheduleOf({ ...plan, disk: smallDisk !== undefined, clock: jumping !== undefined })
  const faults: Record<string, number> = {}
  const directory = path.join(place.path, 'run')
  const clear = () => {
    smallDisk?.unmount()
    rmSync(place.path, { recursive: true, force: true })
  }
  const stop = onInterrupt(clear, say)
  try {
    const { seed } = plan
    const site = await buildSite({
      directory,
      disk: diskAt,
      seed,
      redis,
      clock: jumping,
      log: 'short',
    })
    sites.add(site)
    try {
      await site.startEngine()
      for (const one of PRODUCERS) site.startProducer(one)
      await disturb(site, steps, say, async ({ fault }) => {
        faults[fault.kind] = (faults[fault.kind] ?? 0) + 1
        await applyFault(site, fault, smallDisk)
      })
      say('the producers finish')
      await site.finishProducers(true)
      await site.settled()
      await site.stopEngine()
      const log_files_dropped = redis === undefined ? droppedFiles(path.join(diskAt, 'data')) : 0
      const journals = path.join(directory, 'journals')
      const audits = await auditLines(site.config, journals, plan.seed)
      say('the same readings without faults')
      const calm = await calmRun(path.join(place.path, 'calm'), plan.seed, audits)
      const violations = [...site.violations, ...calm.violations]
      const found = judge(site, audits, calm.audits, violations)
      return {
        ...{ store: plan.store, seed: plan.seed },
        kills: steps.reduce((sum, { fault }) => sum + killsOf(fault), 0),
        ...{ faults, skipped, ...found, log_files_dropped },
        ...timesOf(site, steps, began_ms),
        violations: violations.slice(0, VIOLATIONS_MAX),
        schedule: violations.length > 0 ? steps.map(stepText) : [],
      }
    } finally {
      await close(site)
    }
  } finally {
    clear()
    stop()
  }
}

/** Files of the embedded log are numbered from 1; those before the oldest went. */
function droppedFiles(data: string): number {
  const numbers = readdirSync(data).flatMap(name => /^log-(\d+)\.mdb$/.exec(name)?.[1] ?? [])
  return Math.min(...numbers.map(Number)) - 1
}

/** Sites whose processes run. */
const sites = new Set<Site>()

async function close(site: Site): Promise<void> {
  await site.close()
  sites.delete(site)
}

/** An interrupted run leaves no process and no disk behind; returns how to stop watching. */
function onInterrupt(clear: () => void, say: (text: string) => void): () => void {
  const interrupted = () => {
    say('interrupted: ending what was started')
    void Promise.allSettled([...sites].map(close)).then(() => {
      clear()
      process.exit(130)
    })
  }
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted)
  return () => process.off('SIGINT', interrupted).off('SIGTERM', interrupted)
}

async function disturb(
  site: Site,
  steps: readonly Step[],
  say: (text: string) => void,
  apply: (step: Step) => Promise<void>,
): Promise<void> {
  let kills = 0
  const all = steps.reduce((sum, { fault }) => sum + killsOf(fault), 0)
  await site.progress(PROGRESS_WITHIN_MS, true)
  for (const [at, step] of steps.entries()) {
    await sleep(step.wait_ms)
    try {
      await apply(step)
    } catch (error) {
      site.violations.push(`step ${at} (${stepText(step)}): ${problemOf(error)}`)
      throw error
    }
    kills += killsOf(step.fault)
    say(`${kills} of ${all} kills  ${stepText(step)}`)
    const everyone = at % EVERYONE_EVERY_STEPS === EVERYONE_EVERY_STEPS - 1
    const last = at === steps.length - 1
    if (await site.progress(PROGRESS_WITHIN_MS, everyone || last)) continue
    site.violations.push(`no batch is acknowledged after step ${at} (${stepText(step)})`)
    return
  }
}

/** A run of the repeatable lines that nothing disturbs, with as many batches. */
async function calmRun(directory: string, seed: number, audits: readonly LineAudit[]) {
  const site = await buildSite({ directory, disk: directory, seed, log: 'whole' })
  sites.add(site)
  try {
    await site.startEngine()
    for (const { producers, repeatable, line } of CHAOS_LINES) {
      if (!repeatable) continue
      const { sequences } = audits.find(one => one.line === line)!
      for (const one of producers) site.startProducer(one, sequences.get(one.producer) ?? 0)
    }
    await site.finishProducers(false)
    await site.settled()
    await site.stopEngine()
    const calm = await auditLines(site.config, path.join(directory, 'journals'), seed)
    return { audits: calm, violations: site.violations.map(text => `without faults: ${text}`) }
  } finally {
    await close(site)
  }
}

/** Sums the audits up; what is wrong goes to `violations`. */
function judge(
  site: Site,
  audits: readonly LineAudit[],
  calm: readonly LineAudit[],
  violations: string[],
) {
  let hash_mismatches = 0
  let alerts_missed = 0
  for (const audit of audits) {
    violations.push(...audit.violations.map(text => `${audit.line}: ${text}`))
    const undisturbed = calm.find(one => one.line === audit.line)!
    const { repeatable } = CHAOS_LINES.find(one => one.line === audit.line)!
    const differs = repeatable ? differences(audit, undisturbed) : []
    violations.push(...differs.map(text => `${audit.line}: ${text}`))
    if (differs.length > 0 || !audit.verified) hash_mismatches += 1
    const heard = site.alerts.heard.get(audit.line)!
    const missed = [...audit.eventIds].filter(([offset, id]) => heard.get(offset) !== id)
    alerts_missed += missed.length
    if (missed.length > 0) {
      violations.push(`${audit.line}: the dashboard missed ${missed.length}, first ${missed[0]}`)
    }
    if (audit.events_repeated > 0) {
      violations.push(`${audit.line}: ${audit.events_repeated} events repeat an id`)
    }
  }
  violations.push(...site.alerts.faults.map(text => `the dashboard heard twice: ${text}`))
  if (site.alerts.snapshots > 0) {
    violations.push(`the dashboard could not resume ${site.alerts.snapshots} times`)
  }
  const sum = (of: (audit: LineAudit) => number) => audits.reduce((all, one) => all + of(one), 0)
  const repeated = sum(one => one.events_repeated) + site.alerts.faults.length
  return {
    acknowledged: sum(one => one.acknowledged),
    trimmed: sum(one => one.trimmed),
    lost: sum(one => one.lost),
    duplicated: sum(one => one.duplicated),
    hash_mismatches,
    quarantined: sum(one => one.rejected),
    rejections_untold: sum(one => one.rejections_untold),
    log_batches: sum(one => one.batches),
    alerts: sum(one => one.events),
    alerts_repeated: repeated,
    alerts_missed,
    log_trimmed: sum(one => one.trimmed_entries),
    log_verified: sum(one => one.entries_verified),
    state_hashes: Object.fromEntries(audits.map(one => [one.line, one.state_hash])),
    rewinds: Object.fromEntries(site.rewinds),
  }
}

/** What a disturbed line has otherwise than the same line without faults. */
function differences(audit: LineAudit, calm: LineAudit): string[] {
  const found: string[] = []
  const [hash, calmHash] = [audit.state_hash, calm.state_hash]
  if (hash !== calmHash) found.push(`state ${hash}, without faults ${calmHash}`)
  if (audit.events !== calm.events) {
    found.push(`${audit.events} events, without faults ${calm.events}`)
  }
  for (const [offset, text] of audit.eventTexts) {
    const other = calm.eventTexts.get(offset)
    if (other === undefined || other === text) continue
    found.push(`event ${offset} is ${text}, without faults ${other}`)
    break
  }
  return found
}

function timesOf(site: Site, steps: readonly Step[], began_ms: number) {
  const restarts = site.restarts_ms.slice(1).sort((a, b) => a - b)
  const seconds = (performance.now() - began_ms) / 1000
  const kills = steps.reduce((sum, { fault }) => sum + killsOf(fault), 0)
  return {
    restart_ms_median: Math.round(restarts[restarts.length >> 1] ?? 0),
    restart_ms_max: Math.round(restarts.at(-1) ?? 0),
    seconds: Math.round(seconds),
    seconds_per_kill: Math.round((100 * seconds) / Math.max(1, kills)) / 100,
  }
}
