import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import { checkDetector } from '../contract.ts'
import { stateReader, stateWriter } from '../state.ts'
import { LEARNERS_MAX } from './line-model.ts'
import { type CvaStream, cvaStream } from './stream.ts'

const PLAN = { cells: 3, channels: 2, lags: 2, rows_min: 300 }

/** Two channels that one slow hidden state drives. */
function driven(seed: number) {
  const random = seededRandom(seed)
  let hidden = 0
  return (broken = false): Float64Array => {
    hidden = 0.95 * hidden + Math.sqrt(1 - 0.95 ** 2) * random.normal()
    const first = 0.9 * hidden + 0.4 * random.normal()
    const second = broken ? -hidden : hidden
    return Float64Array.of(first, 0.9 * second + 0.4 * random.normal())
  }
}

/** Takes a row and asks the model at once, as for a block of one cell. */
function take(stream: CvaStream, cell: number, row: Float64Array, quiet: boolean): boolean {
  const isKnown = stream.take(cell, row, quiet)
  if (isKnown) stream.multiply(Uint32Array.of(cell), 1)
  return isKnown
}

function taught(cells = 3) {
  const stream = cvaStream({ ...PLAN, cells })
  const rows = Array.from({ length: cells }, (_, cell) => driven(cell + 1))
  for (let i = 0; i < 600; i++) {
    for (let cell = 0; cell < cells; cell++) take(stream, cell, rows[cell]!(), true)
  }
  return { stream, rows }
}

describe('canonical variates that a line shares', () => {
  it('know nothing before enough quiet rows', () => {
    const stream = cvaStream(PLAN)
    const row = driven(1)
    for (let i = 0; i < 250; i++) expect(take(stream, 0, row(), true)).toBe(false)
    for (let i = 0; i < 500; i++) expect(take(stream, 1, row(), false)).toBe(false)
    expect(stream.model.fitted()).toBe(false)
  })

  it('find one hidden state behind two channels', () => {
    const { stream } = taught()
    expect(stream.model.states()).toBe(1)
    const { residual, state } = stream.model.statistics()
    expect([residual.count, state.count]).toEqual([3, 1])
  })

  it('are about one where all is well, whatever their number', () => {
    const { stream, rows } = taught()
    let residual = 0
    let state = 0
    const count = 6000
    for (let i = 0; i < count; i++) {
      take(stream, 0, rows[0]!(), false)
      residual += (Math.exp(stream.residualLog(0)) - 1) / count
      state += (Math.exp(stream.stateLog(0)) - 1) / count
    }
    // The mean of a logarithm lies below the logarithm of the mean.
    for (const mean of [residual, state]) {
      expect(mean).toBeGreaterThan(0.4)
      expect(mean).toBeLessThan(1.2)
    }
  })

  it('rise in the one cell whose channels part', () => {
    const { stream, rows } = taught()
    for (let i = 0; i < 100; i++) {
      take(stream, 0, rows[0]!(), false)
      take(stream, 1, rows[1]!(i > 50), false)
    }
    expect(stream.residualLog(1)).toBeGreaterThan(stream.residualLog(0) + 0.5)
  })

  it('are taught by a bounded number of cells', () => {
    const size = (cells: number) => {
      const out = stateWriter()
      cvaStream({ ...PLAN, cells }).model.save(out)
      return out.bytes().length
    }
    expect(size(100 * LEARNERS_MAX)).toBe(size(LEARNERS_MAX))
  })

  it('tell the same of a cell alone and among others, bit for bit', () => {
    const alone = cvaStream({ ...PLAN, cells: 5 })
    const together = cvaStream({ ...PLAN, cells: 5 })
    const rows = Array.from({ length: 5 }, (_, cell) => driven(cell + 1))
    for (let i = 0; i < 400; i++) {
      const asked: number[] = []
      rows.forEach((next, cell) => {
        const row = next()
        // Only cells that do not teach: a fit lies between two rows.
        take(alone, cell, row, i < 200)
        if (i < 200) take(together, cell, row, true)
        else if (together.take(cell, row, false)) asked.push(cell)
        if (asked.length < 4 && cell < 4) return
        together.multiply(Uint32Array.from(asked), asked.length)
        asked.length = 0
      })
    }
    for (let cell = 0; cell < 5; cell++) {
      expect(together.residualLog(cell)).toBe(alone.residualLog(cell))
      expect(together.stateLog(cell)).toBe(alone.stateLog(cell))
    }
    expect(alone.residualLog(0)).toBeGreaterThan(0)
  })

  it('go on the same after a restore in the middle of learning', () => {
    const whole = cvaStream(PLAN)
    let second = cvaStream(PLAN)
    const rows = [driven(1), driven(2), driven(3)]
    for (let i = 0; i < 400; i++) {
      rows.forEach((row, cell) => {
        const value = row()
        take(whole, cell, value, i % 50 !== 0)
        take(second, cell, value, i % 50 !== 0)
      })
      if (i % 70 !== 0) continue
      const out = stateWriter()
      second.save(out)
      second = cvaStream(PLAN)
      second.load(stateReader(out.bytes()))
    }
    const bytes = [whole, second].map(stream => {
      const out = stateWriter()
      stream.save(out)
      return out.bytes()
    })
    expect(whole.model.fitted()).toBe(true)
    expect(bytes[1]).toEqual(bytes[0])
  })
})

const row = driven(9)
checkDetector<Float64Array | undefined>({
  name: 'cva of a line',
  create() {
    const stream = cvaStream({ ...PLAN, cells: 1, rows_min: 100 })
    let begun = 0
    return {
      save: stream.save,
      load: stream.load,
      take(input) {
        if (input === undefined) return
        const before = stream.residualLog(0)
        take(stream, 0, input, true)
        if (before < 4 && stream.residualLog(0) >= 4) begun++
      },
      scores: () => {
        const log = stream.residualLog(0)
        return [Number.isNaN(log) ? 0 : 1 / (1 + Math.exp(-log))]
      },
      begun: () => begun,
    }
  },
  normal: Array.from({ length: 300 }, () => row()),
  missing: [undefined, undefined],
})
