import { describe, expect, it } from 'vitest'
import {
  createRing,
  openSlot,
  pastEstimate,
  putRing,
  ringIsDue,
  ringRow,
  shiftRing,
} from './ring.ts'

const STEP_S = 1200

/** A ring in which cell 1 was as hot as the hour says. */
function filled(hours: number) {
  const ring = createRing(2)
  for (let time_s = 0; time_s <= hours * 3600; time_s += 60) {
    if (!ringIsDue(ring, time_s)) continue
    putRing(ring, openSlot(ring, time_s), ringRow.bath_K, 1, 1200 + time_s / 3600)
  }
  return ring
}

describe('the ring of past estimates', () => {
  it('gives an earlier estimate, interpolated between its slots', () => {
    const ring = filled(10)
    expect(pastEstimate(ring, ringRow.bath_K, 1, 4 * 3600, 99)).toBeCloseTo(1204, 9)
    expect(pastEstimate(ring, ringRow.bath_K, 1, 4 * 3600 + STEP_S / 2, 99)).toBeCloseTo(
      1204 + 1 / 6,
      1,
    )
  })

  it('reaches back 36 hours and falls back on now before that', () => {
    const ring = filled(100)
    expect(pastEstimate(ring, ringRow.bath_K, 1, 64 * 3600, 99)).toBeCloseTo(1264, 9)
    expect(pastEstimate(ring, ringRow.bath_K, 1, 50 * 3600, 99)).toBe(99)
    expect(pastEstimate(createRing(1), ringRow.bath_K, 0, 0, 99)).toBe(99)
  })

  it('opens each slot once, with times before 1970 too', () => {
    const ring = createRing(1)
    expect(ringIsDue(ring, -5000)).toBe(true)
    openSlot(ring, -5000)
    expect(ringIsDue(ring, -4900)).toBe(false)
    expect(ringIsDue(ring, -5000 + STEP_S)).toBe(true)
  })

  it('keeps a hundredth of a kelvin and a thousandth of a per cent', () => {
    const ring = createRing(1)
    const slot = openSlot(ring, 0)
    putRing(ring, slot, ringRow.bath_K, 0, 1234.567)
    putRing(ring, slot, ringRow.alf3_wtpct, 0, 11.2346)
    putRing(ring, slot, ringRow.alumina_wtpct, 0, 2.3457)
    expect(pastEstimate(ring, ringRow.bath_K, 0, 0, 99)).toBeCloseTo(1234.57, 9)
    expect(pastEstimate(ring, ringRow.alf3_wtpct, 0, 0, 99)).toBeCloseTo(11.235, 9)
    expect(pastEstimate(ring, ringRow.alumina_wtpct, 0, 0, 99)).toBeCloseTo(2.3455, 9)
    putRing(ring, slot, ringRow.bath_K, 0, 1e9)
    expect(pastEstimate(ring, ringRow.bath_K, 0, 0, 99)).toBeLessThan(1600)
  })

  it('shifts one quantity of one cell', () => {
    const ring = filled(10)
    shiftRing(ring, ringRow.bath_K, 1, 2)
    expect(pastEstimate(ring, ringRow.bath_K, 1, 4 * 3600, 99)).toBeCloseTo(1206, 9)
    expect(pastEstimate(ring, ringRow.bath_K, 0, 4 * 3600, 99)).toBe(1200)
  })
})
