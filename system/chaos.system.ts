import { describe, expect, it } from 'vitest'
import { type ChaosPlan, runChaos } from '#bench/chaos/run.ts'
import { scheduleOf } from '#bench/chaos/schedule.ts'
import { available } from '#engine/tools/require.ts'

const redis = available('redis')
if (!redis) process.stderr.write('not run: no redis-server\n')

/** What must hold whatever happens to the processes. */
async function expectNoViolation(plan: ChaosPlan): Promise<void> {
  const result = await runChaos(plan, () => {})
  expect(result.violations).toEqual([])
  expect(result).toMatchObject({
    ...{ kills: plan.kills, lost: 0, duplicated: 0, hash_mismatches: 0 },
    ...{ alerts_repeated: 0, alerts_missed: 0, schedule: [] },
  })
  expect(result.acknowledged).toBeGreaterThan(500)
  expect(result.state_hashes.steady).toMatch(/^[0-9a-f]{64}$/)
  expect(result.rewinds.pots).toBeGreaterThan(0)
  expect(result.log_verified).toBeGreaterThan(100)
}

describe('a system whose processes are killed at random', () => {
  it('keeps every acknowledged reading once and the state of a run without faults', () =>
    expectNoViolation({ kills: 4, seed: 3, store: 'lmdb' }))

  it.runIf(redis)('does so too with its store in Redis', () =>
    expectNoViolation({ kills: 4, seed: 10, store: 'redis' }),
  )
})

describe('a schedule of faults', () => {
  const plan = { seed: 3, kills: 40, store: 'redis', disk: true, clock: true } as const

  it('is the same for the same seed and another for another', () => {
    expect(scheduleOf(plan)).toEqual(scheduleOf(plan))
    expect(scheduleOf({ ...plan, seed: 4 })).not.toEqual(scheduleOf(plan))
  })

  it('kills no Redis where there is none, and fills no disk and sets no clock but its own', () => {
    const without = { ...plan, store: 'lmdb', disk: false, clock: false } as const
    const kinds = scheduleOf(without).map(step => step.fault.kind)
    expect(kinds).toContain('kill-engine')
    const others = ['disk-full', 'jump-clock']
    expect(kinds.filter(kind => kind.includes('redis') || others.includes(kind))).toEqual([])
  })

  it('sets the clock forwards and backwards', () => {
    const faults = scheduleOf({ ...plan, kills: 400 }).map(step => step.fault)
    const jumps = faults.flatMap(fault => (fault.kind === 'jump-clock' ? [fault.by_ms] : []))
    expect(new Set(jumps)).toEqual(new Set([3600_000, -3600_000]))
  })
})
