import { expect, it } from 'vitest'
import { type Counted, problemsOf } from './counted.ts'
import { Figures } from './figures.ts'
import type { Rig } from './rig.ts'
import { scheduleOf } from './schedule.ts'
import { ackFigures } from './sender/ack-figures.ts'

const START_MS = 1_700_000_000_000
const plan = { rate_per_s: 100, seconds_s: 4, warmup_s: 1, alerts: 0, lines: 1, seed: 1 }
const counted: Counted = {
  ...{ sent: 500, acknowledged: 500, rejected: 0, lost: 0, reconnects: 0, engine_accepted: 500 },
  ...{ behind_entries: 0, ticks_closed: {} },
}

function rigWith(committed: number, socket = ''): Rig {
  const figures = new Figures(scheduleOf(plan))
  figures.expect(START_MS)
  figures.start(START_MS)
  figures.committed('bench-1', START_MS / 1000 + committed - 1, START_MS + 1000 * committed)
  const listener = () => ({ lost: () => socket, close() {} })
  const scores = { unscored: () => ['bench-1: 3 of 10 assets'] }
  return { figures, twin: undefined, listener, scores } as unknown as Rig
}

it('finds no problem in a run where all is there', () => {
  expect(problemsOf(rigWith(5), counted, false)).toEqual([])
})

it('fails a run that misses a frame, a reading, a score or its socket, or doubles a reading', () => {
  expect(problemsOf(rigWith(4), counted, false)).toEqual(['1 of 4 expected frames are missing'])
  expect(problemsOf(rigWith(5), { ...counted, lost: 2 }, false)[0]).toMatch('2 of 500 readings')
  expect(problemsOf(rigWith(5), { ...counted, engine_accepted: 501 }, false)[0]).toMatch('501')
  expect(problemsOf(rigWith(5), counted, true)[0]).toMatch('1 lines are not scored')
  expect(problemsOf(rigWith(5, 'closed with 1013'), counted, false)[0]).toMatch('1013')
  const behind = { ...counted, behind_entries: 3 }
  expect(problemsOf(rigWith(5), behind, false)[0]).toMatch('3 log entries behind')
})

it('times an acknowledgement from when its readings were due, and stretches a late rate', () => {
  const figures = ackFigures()
  figures.acknowledged(0, 10, START_MS)
  figures.begin(START_MS, START_MS + 1000, 4)
  figures.acknowledged(500, 10, START_MS + 600)
  for (let second = 1; second < 5; second++) {
    figures.handed(1000 * second, 1 << 20, START_MS + 1000 * second + 2)
    figures.acknowledged(1000 * second, 100, START_MS + 1000 * second + 40)
  }
  const calm = figures.report()
  expect(calm.ack_ms_p50).toBeCloseTo(40, 0)
  expect(calm.sender_late_ms_p99).toBeCloseTo(2, 0)
  expect([calm.readings_per_s, calm.wire_MiB_per_s]).toEqual([100, 1])
  figures.acknowledged(5000, 100, START_MS + 5040) // due when the measured time is over
  expect(figures.report().readings_per_s).toBe(100)
  figures.acknowledged(4500, 400, START_MS + 10_000)
  // 800 readings, the last of them nine seconds after the first was due: one second is allowed.
  expect(figures.report().readings_per_s).toBe(100)
})
