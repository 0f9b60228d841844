import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { systemClock } from '../core/clock.ts'
import { LiquidusError } from '../core/errors.ts'
import { openLmdbStore } from '../store/lmdb/store.ts'
import { lineDirectory } from './directory.ts'
import { calmGauge, loggedBatch, noTrend, realFold, tinyLine, tinySecond } from './fixture-line.ts'
import { inlineFolds } from './inline-seat.ts'

const away = () =>
  new LiquidusError('STORE_UNAVAILABLE', { store: 'lmdb', problem: 'away' }, { retry: true })
const anna = { subject: 'anna', tenant: 'local', role: 'operator' } as const

let close = async () => {}
afterEach(() => close())

/** An engine whose store loses the next answer to an append, or tries that append again. */
async function open() {
  const directory = mkdtempSync(path.join(tmpdir(), 'liquidus-lost-'))
  const disk = await openLmdbStore({ directory })
  const next: { fate?: 'lost' | 'tried again' | undefined } = {}
  const engine = lineDirectory({
    store: {
      ...disk,
      async append(...args) {
        const at = await disk.append(...args)
        const { fate } = next
        next.fate = undefined
        if (fate === 'lost') throw away()
        return fate === 'tried again' ? disk.append(...args) : at
      },
    },
    ...{ clock: systemClock, version: '1', versions: {}, log_entries_max: 5000 },
    folds: inlineFolds(of => ({ fold: realFold(of), trend: noTrend }), systemClock),
    ...{ gauge: calmGauge, mayCreate: () => true, report: () => {} },
  })
  close = async () => {
    await engine.close()
    rmSync(directory, { recursive: true })
  }
  await engine.open([tinyLine])
  const line = engine.find('local', 'tiny')!
  const view = engine.line('local', 'tiny')!
  const { epoch } = await line.openProducer('p')
  const send = (sequence: number, value = 1) =>
    line.append(
      loggedBatch(
        sequence,
        tinySecond(100 + sequence, () => value),
        epoch,
      ),
      [],
    )
  await send(1)
  await vi.waitFor(() => expect(view.status().readings_accepted).toBe(4))
  return { engine, line, view, send, next }
}

it('folds a batch whose append had no answer, and asks the store what the producer has', async () => {
  const { engine, line, view, send, next } = await open()
  next.fate = 'lost'
  await expect(send(2, 500)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  // The batch is in the log: a caller that went on from 1 would send the next one as 2, in vain.
  expect(line.producer('p').epoch).toBe(0)
  await vi.waitFor(() => expect(view.alarms().length).toBeGreaterThan(0))
  expect(view.status()).toMatchObject({ readings_accepted: 8, behind_entries: 0 })
  expect(await line.openProducer('p')).toMatchObject({ epoch: 2, committed_sequence: 2 })
  expect(engine.health().problems.join()).toMatch(/away/)
})

it('folds a decision whose append had no answer', async () => {
  const { view, next } = await open()
  next.fate = 'lost'
  const decision = { on: 'alarm', action: 'acknowledge', target: 'none' } as const
  await expect(view.decide(decision, anna, '')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  await vi.waitFor(() => expect(view.status().position).toBe(2))
})

it('folds a batch that the store tried again and found to be there', async () => {
  const { line, view, send, next } = await open()
  next.fate = 'tried again'
  await send(2)
  expect(line.producer('p')).toMatchObject({ epoch: 1, committed_sequence: 2 })
  await vi.waitFor(() => expect(view.status().readings_accepted).toBe(8))
  await send(2) // a plain duplicate
  expect(view.status()).toMatchObject({ readings_accepted: 8, behind_entries: 0 })
})
