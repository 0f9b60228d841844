import * as grpc from '@grpc/grpc-js'
import { describe, expect, it, vi } from 'vitest'
import { liquidus } from '#proto/gen/ingest.js'
import { systemClock } from '../../core/clock.ts'
import { type MemoryIntakeOptions, memoryIntake } from '../memory-intake.ts'
import { tenantAllowances } from './allowance.ts'
import type { Door } from './door.ts'
import { isRefusal } from './door.ts'
import { IDENTITY, log, POTLINE, T0_MS } from './door-fixture.ts'
import { defaultLimits } from './limits.ts'
import type { Precedence } from './precedence.ts'
import { UnaryWriter } from './write.ts'

const { Mode, WriteReadingsRequest } = liquidus.ingest.v1

/** The single calls of a door with this precedence. */
function writerOf(
  precedence: Partial<Precedence>,
  options: Partial<MemoryIntakeOptions> & { write_held_ms?: number } = {},
) {
  const intake = memoryIntake({ tenant: 'plant', definitions: [POTLINE], ...options })
  const { write_held_ms = 10_000 } = options
  const door: Door = {
    ...{ intake, log, authenticate: () => IDENTITY, mayWrite: () => true },
    clock: { now_ms: () => T0_MS, elapsed_ms: systemClock.elapsed_ms },
    limits: { ...defaultLimits, write_held_ms },
    allowances: tenantAllowances(() => ({}), systemClock),
    precedence: {
      live: () => () => {},
      holds: () => false,
      credit_bytes: line_bytes => line_bytes,
      ...precedence,
    },
  }
  const writer = new UnaryWriter(door)
  const call = (producerId: string, mode: 'LIVE' | 'BACKFILL') => {
    const series = [{ ref: 1, assetPath: 'cell-101', tag: 'cell_voltage', unit: 'V' }]
    const batch = {
      ...{ mode: Mode[`MODE_${mode}`], series, seriesRefs: [1], values: [4.2] },
      ...{ baseTimeMs: T0_MS, timeOffsetsMs: [0] },
    }
    const request = WriteReadingsRequest.encode({ producerId, line: 'line-1', batch }).finish()
    const of = { request, metadata: new grpc.Metadata(), getAuthContext: () => ({}) }
    return writer.serve(of as never)
  }
  return { call, line: intake.line('line-1') }
}

describe('a single call that backfills', () => {
  it('waits while live readings need all of the log, and goes when they leave room', async () => {
    let holds = true
    const { call, line } = writerOf({ holds: () => holds })
    const backfill = call('history', 'BACKFILL')
    expect(isRefusal(await call('gateway', 'LIVE'))).toBe(false)
    expect(line.entries.map(({ mode }) => mode)).toEqual(['live'])
    holds = false
    expect(isRefusal(await backfill)).toBe(false)
    expect(line.entries.map(({ mode }) => mode)).toEqual(['live', 'backfill'])
  })

  it('is refused when that lasts, and may come again', async () => {
    let holds = true
    const { call, line } = writerOf({ holds: () => holds }, { write_held_ms: 30 })
    const refused = await call('history', 'BACKFILL')
    expect(refused).toMatchObject({ code: grpc.status.UNAVAILABLE })
    expect(refused).toMatchObject({ details: expect.stringContaining('live readings go before') })
    expect(line.entries).toEqual([])
    holds = false
    expect(await call('history', 'BACKFILL')).toMatchObject({ ack: { committedSequence: 1 } })
  })

  it('shares its room with all others of the door, whoever sends them', async () => {
    let flush = () => {}
    const gate = new Promise<void>(resolve => {
      flush = resolve
    })
    const asked: number[] = []
    const holds = (backfilling: number) => {
      asked.push(backfilling)
      return backfilling >= 2
    }
    const { call, line } = writerOf({ holds }, { flushed: () => gate })
    const calls = ['a', 'b', 'c', 'd', 'e'].map(producer => call(producer, 'BACKFILL'))
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(10), 5000)
    expect(line.waiting.now).toBe(2)
    flush()
    for (const answer of await Promise.all(calls)) expect(isRefusal(answer)).toBe(false)
    expect(line.waiting.most).toBe(2)
    expect(line.entries.length).toBe(5)
    expect(Math.max(...asked)).toBe(2)
  })

  it('is told the credit that live readings leave it', async () => {
    const { call } = writerOf({ credit_bytes: () => 7 })
    expect(await call('history', 'BACKFILL')).toMatchObject({ ack: { creditBytes: 7 } })
    const live = await call('gateway', 'LIVE')
    expect(isRefusal(live) ? 0 : live.ack?.creditBytes).toBeGreaterThan(7)
  })
})

describe('a single call with live readings', () => {
  it('holds backfill until its batch is durable or failed', async () => {
    let waiting = 0
    const live = () => {
      waiting++
      return () => {
        waiting--
      }
    }
    const during: number[] = []
    let fails = false
    const flushed = async () => {
      during.push(waiting)
      if (fails) throw new Error('no disk')
    }
    const { call } = writerOf({ live }, { flushed })
    await call('gateway', 'LIVE')
    fails = true
    expect(isRefusal(await call('gateway', 'LIVE'))).toBe(true)
    await call('history', 'BACKFILL')
    expect(during).toEqual([1, 1, 0])
    expect(waiting).toBe(0)
  })
})
