import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { manualClock } from '../core/clock.ts'
import { writeBank } from './bank.ts'
import { modelDesk } from './desk.ts'
import { addFixtureModel, fixtureBank } from './fixture-models.ts'
import { type ModelRegistry, modelRegistry } from './registry.ts'
import { LIVE_MODEL } from './shelf.ts'

describe('an alias that is moved while the gate is at work', () => {
  let folder = ''
  let registry: ModelRegistry
  /** Does something once, when the champion is loaded to be held against. */
  const meanwhile = (move: () => Promise<unknown>) => {
    let work: (() => Promise<unknown>) | undefined = move
    const load: ModelRegistry['load'] = async (name, version) => {
      const now = version === '1' ? work : undefined
      if (now) work = undefined
      await now?.()
      return registry.load(name, version)
    }
    return modelDesk({ ...registry, load }, manualClock(5))
  }
  afterEach(() => rm(folder, { recursive: true, force: true }))
  const aliases = () => registry.aliases(LIVE_MODEL)

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'liquidus-desk-'))
    registry = modelRegistry(folder)
    for (const threshold of [4, 5, 6]) await addFixtureModel(registry, threshold)
    await writeBank(folder, LIVE_MODEL, fixtureBank(1, 3))
    await registry.point(LIVE_MODEL, 'champion', '1')
  })

  it('lets nothing become challenger that was held against an earlier champion', async () => {
    const other = meanwhile(() => registry.point(LIVE_MODEL, 'champion', '3'))
    await expect(other.promote(LIVE_MODEL, '2', 'challenger', 'ann', '')).rejects.toThrow(
      'its champion became version 3 meanwhile; look again, then try again',
    )
    expect(await aliases()).toEqual({ champion: '3', challenger: '', shadow: '3' })
  })

  it('fails no promotion that is done: the challenger was demoted or replaced', async () => {
    for (const [at, later] of ['', '3'].entries()) {
      if (at > 0) await registry.point(LIVE_MODEL, 'champion', '1')
      await registry.point(LIVE_MODEL, 'challenger', '2')
      const other = meanwhile(() => registry.point(LIVE_MODEL, 'challenger', later))
      const moved = await other.promote(LIVE_MODEL, 'challenger', 'champion', 'ann', 'better')
      expect(moved.move).toMatchObject({ alias: 'champion', to: '2', reason: 'better' })
      expect(moved.aliases).toEqual({ champion: '2', challenger: later, shadow: '3' })
    }
  })

  it('leaves no champion that asks to become it: it became challenger only then', async () => {
    const other = meanwhile(() => registry.point(LIVE_MODEL, 'challenger', '2'))
    const { move } = await other.promote(LIVE_MODEL, '2', 'champion', 'ann', 'better')
    expect(move).toMatchObject({ alias: 'champion', from: '1', to: '2' })
    expect(await aliases()).toEqual({ champion: '2', challenger: '', shadow: '3' })
  })
})
